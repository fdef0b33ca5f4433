package spec

// Expectation is one thing that may be seen to change. Exactly one field is set.
// Tables are named table or schema.table, columns table.column.
type Expectation struct {
	AddTable      string        `yaml:"add_table,omitempty" json:"add_table,omitempty"`
	DropTable     string        `yaml:"drop_table,omitempty" json:"drop_table,omitempty"`
	RenameTable   *Rename       `yaml:"rename_table,omitempty,flow" json:"rename_table,omitempty"`
	AddColumn     string        `yaml:"add_column,omitempty" json:"add_column,omitempty"`
	DropColumn    string        `yaml:"drop_column,omitempty" json:"drop_column,omitempty"`
	RenameColumn  *Rename       `yaml:"rename_column,omitempty,flow" json:"rename_column,omitempty"`
	ChangeType    *Alteration   `yaml:"change_type,omitempty,flow" json:"change_type,omitempty"`
	ChangeNull    *Alteration   `yaml:"change_null,omitempty,flow" json:"change_null,omitempty"`
	ChangeKey     *Alteration   `yaml:"change_key,omitempty,flow" json:"change_key,omitempty"`
	ChangeMeaning *Meaning      `yaml:"change_meaning,omitempty,flow" json:"change_meaning,omitempty"`
	Reorder       string        `yaml:"reorder,omitempty" json:"reorder,omitempty"`
	ChangeValues  *ColumnChange `yaml:"change_values,omitempty,flow" json:"change_values,omitempty"`
	ChangeRows    *RowChange    `yaml:"change_rows,omitempty,flow" json:"change_rows,omitempty"`
	AddRows       *RowChange    `yaml:"add_rows,omitempty,flow" json:"add_rows,omitempty"`
	DropRows      *RowChange    `yaml:"drop_rows,omitempty,flow" json:"drop_rows,omitempty"`
	ChangeSeed    *SeedChange   `yaml:"change_seed,omitempty,flow" json:"change_seed,omitempty"`
	ChangeTest    *TestChange   `yaml:"change_test,omitempty,flow" json:"change_test,omitempty"`
}

// Rename is a new name for a table (orders) or column (orders.amount).
type Rename struct {
	From string `yaml:"from" json:"from"`
	To   string `yaml:"to" json:"to"`
}

// Alteration changes On to To: for change_type a column and its new type (string), for change_null a column and
// whether it is nullable afterwards (bool), for change_key a table and its new key (a list of strings, empty for none).
type Alteration struct {
	On string `yaml:"on" json:"on"`
	To any    `yaml:"to" json:"to"`
}

// Meaning is a changed field of the spec that is neither type, nullability nor key.
type Meaning struct {
	// On is a table, a column, or "product" for the fields of the product itself.
	On string `yaml:"on" json:"on"`
	// Field is the name of the field in spec.yaml, such as unit, description, why, purpose or owner.
	Field string `yaml:"field" json:"field"`
}

// ColumnChange is a change of values in a column, of the rows that Where selects at the base; empty allows any row.
type ColumnChange struct {
	Column string `yaml:"column" json:"column"`
	Where  string `yaml:"where,omitempty" json:"where,omitempty"`
}

// RowChange is a change of rows in a table. Where is read on the base row for what is lost and on the head row for
// what is gained; empty allows any row.
type RowChange struct {
	Table string `yaml:"table" json:"table"`
	Where string `yaml:"where,omitempty" json:"where,omitempty"`
}

// SeedChange allows rows of a seed to be altered or removed.
type SeedChange struct {
	// Seed is the table's name or the file's path in the product.
	Seed  string `yaml:"seed" json:"seed"`
	Where string `yaml:"where,omitempty" json:"where,omitempty"`
}

// TestChange allows a test to be altered or deleted.
type TestChange struct {
	// Test is the file's path in the product.
	Test    string `yaml:"test" json:"test"`
	Because string `yaml:"because" json:"because"`
}

// ProductTarget is the On of a Meaning that concerns the product itself.
const ProductTarget = "product"
