package bot

import "time"

// Status is the outcome of one Result.
type Status string

// The statuses, from best to worst. NotRun is a result that could not be had; its message says why.
const (
	Pass   Status = "pass"
	NotRun Status = "not_run"
	Review Status = "review"
	Fail   Status = "fail"
)

// Verdict is what a whole verification comes to: the worst of its results, where NotRun counts as pass.
type Verdict string

// The verdicts.
const (
	VerdictPass   Verdict = "pass"
	VerdictReview Verdict = "review"
	VerdictFail   Verdict = "fail"
)

// Impact is what a change means for the readers of a product, in terms of semantic versions.
type Impact string

// The impacts, in rising order.
const (
	ImpactNone  Impact = "none"
	ImpactPatch Impact = "patch"
	ImpactMinor Impact = "minor"
	ImpactMajor Impact = "major"
)

// rank orders impacts; an unknown one counts as none.
func (i Impact) rank() int {
	switch i {
	case ImpactPatch:
		return 1
	case ImpactMinor:
		return 2
	case ImpactMajor:
		return 3
	}
	return 0
}

// Max returns the greater of i and j.
func (i Impact) Max(j Impact) Impact {
	if j.rank() > i.rank() {
		return j
	}
	return i
}

// Area groups results the way a reader asks for them.
type Area string

// The areas, in the order in which reports show them.
const (
	AreaBuild         Area = "build"         // does it build, and how well was that confined
	AreaLedger        Area = "ledger"        // is the history of why intact and complete
	AreaContract      Area = "contract"      // is what exists what the spec says
	AreaRequirements  Area = "requirements"  // does every earlier and new requirement hold
	AreaGuidelines    Area = "guidelines"    // does every guideline that applies hold
	AreaTests         Area = "tests"         // do the product's own tests hold
	AreaCompatibility Area = "compatibility" // what would a reader of the output notice
	AreaDrift         Area = "drift"         // was everything that changed declared
)

// Areas lists all areas in the order in which reports show them.
func Areas() []Area {
	return []Area{AreaBuild, AreaLedger, AreaContract, AreaRequirements, AreaGuidelines, AreaTests, AreaCompatibility, AreaDrift}
}

// Sample is a few rows that show why a result is as it is. Values are DuckDB's text form; nil is NULL;
// classified columns hold "•••" throughout.
type Sample struct {
	Columns []string    `json:"columns"`
	Rows    [][]*string `json:"rows"`
	// Total is how many rows there are in all, at least len(Rows).
	Total int64 `json:"total"`
}

// Result is one answer about one product.
type Result struct {
	Product string `json:"product"`
	// ID is stable from run to run and unique within a product, for example "requirements/2/item_count is the sum".
	ID     string `json:"id"`
	Area   Area   `json:"area"`
	Name   string `json:"name"`
	Status Status `json:"status"`
	// Message says why; it may be empty for a pass.
	Message string `json:"message"`
	// Amendment is the id of the amendment that the result speaks of; 0 for none.
	Amendment int `json:"amendment,omitempty"`
	// Requirement is that amendment's requirement in the asker's words, for a check.
	Requirement string `json:"requirement,omitempty"`
	// New marks a check or amendment that the base did not have.
	New bool `json:"new,omitempty"`
	// Proof says, for a new check, what it did at the base: "failed before" or "held before"; empty where that was not asked.
	Proof string `json:"proof,omitempty"`
	// File and Line name the place to look at; Line 0 means the whole file.
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	// Sample holds the failing rows, at most a few.
	Sample *Sample `json:"sample,omitempty"`
}

// DifferenceKind names what a reader would notice.
type DifferenceKind string

// The kinds of difference.
const (
	TableAdded        DifferenceKind = "table_added"
	TableRemoved      DifferenceKind = "table_removed"
	TableRenamed      DifferenceKind = "table_renamed"
	TableEmptied      DifferenceKind = "table_emptied"
	ColumnAdded       DifferenceKind = "column_added"
	ColumnRemoved     DifferenceKind = "column_removed"
	ColumnRenamed     DifferenceKind = "column_renamed"
	ColumnsReordered  DifferenceKind = "columns_reordered"
	TypeWidened       DifferenceKind = "type_widened"
	TypeNarrowed      DifferenceKind = "type_narrowed"
	TypeChanged       DifferenceKind = "type_changed" // another family, or neither wider nor narrower
	NotNullLost       DifferenceKind = "not_null_lost"
	NotNullGained     DifferenceKind = "not_null_gained"
	NullShareUp       DifferenceKind = "null_share_up"
	KeyLost           DifferenceKind = "key_lost"
	KeyGained         DifferenceKind = "key_gained"
	GrainChanged      DifferenceKind = "grain_changed"
	RowsLost          DifferenceKind = "rows_lost"
	RowsGained        DifferenceKind = "rows_gained"
	RowsDuplicated    DifferenceKind = "rows_duplicated"
	ValuesChanged     DifferenceKind = "values_changed"
	AcceptedWidened   DifferenceKind = "accepted_values_widened"
	AcceptedNarrowed  DifferenceKind = "accepted_values_narrowed"
	ReferenceOrphaned DifferenceKind = "reference_orphaned"
	MeaningChanged    DifferenceKind = "meaning_changed" // a field of the spec: unit, classification, description, why, …
	SeedChanged       DifferenceKind = "seed_changed"
	TestRemoved       DifferenceKind = "test_removed"
	TestChanged       DifferenceKind = "test_changed"
	Unstable          DifferenceKind = "unstable" // differs from run to run by itself, so it says nothing
)

// Example is one row of a difference. Old and New are nil for NULL and for a side that has no such row.
type Example struct {
	// Key names the row: its key, or for a table without one a few of its columns. Classified columns hold "•••".
	Key []Cell  `json:"key,omitempty"`
	Old *string `json:"old"`
	New *string `json:"new"`
}

// Cell is a column's name and value; nil is NULL.
type Cell struct {
	Column string  `json:"column"`
	Value  *string `json:"value"`
}

// Difference is something that a reader of the product would notice between base and head.
type Difference struct {
	Product string         `json:"product"`
	Kind    DifferenceKind `json:"kind"`
	Table   string         `json:"table,omitempty"`
	Column  string         `json:"column,omitempty"`
	// Field is the field of the spec, for MeaningChanged.
	Field string `json:"field,omitempty"`
	// Declared says whether an amendment of this change expects it; DeclaredBy is that amendment's id.
	Declared   bool `json:"declared"`
	DeclaredBy int  `json:"declared_by,omitempty"`
	// FollowsFrom names changed products that this product reads, where it did not change itself: the difference is their
	// doing, declared or not there, and to be looked at here.
	FollowsFrom []string `json:"follows_from,omitempty"`
	// Unbounded marks a value or row change that is declared without a where.
	Unbounded bool `json:"unbounded,omitempty"`
	// Breaking says whether a reader may break.
	Breaking bool   `json:"breaking"`
	Impact   Impact `json:"impact"`
	Old      string `json:"old,omitempty"`
	New      string `json:"new,omitempty"`
	// Count is the number of rows concerned, of Total rows at the base (or at head for what is gained).
	Count int64 `json:"count,omitempty"`
	Total int64 `json:"total,omitempty"`
	// Factor is the constant by which every changed value was multiplied; 0 if there is none.
	Factor   float64   `json:"factor,omitempty"`
	Examples []Example `json:"examples,omitempty"`
	// Message is the difference in one sentence.
	Message string `json:"message"`
}

// Undeclared says whether the difference is drift: nothing declares it, and it neither follows from another product's change nor comes
// from output that is never the same.
func (d Difference) Undeclared() bool {
	return !d.Declared && d.Kind != Unstable && len(d.FollowsFrom) == 0
}

// ProductReport is what one product comes to.
type ProductReport struct {
	Product string  `json:"product"`
	Path    string  `json:"path"`
	Verdict Verdict `json:"verdict"`
	Impact  Impact  `json:"impact"`
	// Version is the head's, BaseVersion the base's (empty for a new product), LeastVersion the least that the impact allows.
	Version      string `json:"version,omitempty"`
	BaseVersion  string `json:"base_version,omitempty"`
	LeastVersion string `json:"least_version,omitempty"`
}

// Report is a whole verification of one or many products.
type Report struct {
	// Schema is the URL of the JSON Schema that the JSON form follows.
	Schema  string    `json:"$schema"`
	Codicil string    `json:"codicil"` // the version of the program
	At      time.Time `json:"at"`
	// Seconds is how long the verification took.
	Seconds float64 `json:"seconds"`
	// Base names what was compared against: a commit or a folder; empty if nothing was.
	Base        string          `json:"base,omitempty"`
	Verdict     Verdict         `json:"verdict"`
	Impact      Impact          `json:"impact"`
	Products    []ProductReport `json:"products"`
	Results     []Result        `json:"results"`
	Differences []Difference    `json:"differences"`
	// Notes are remarks about how the run was made: what confined it, what was rebuilt, what was cached.
	Notes []string `json:"notes,omitempty"`
}

// VerdictOf is the verdict that results come to.
func VerdictOf(results []Result) Verdict {
	v := VerdictPass
	for _, r := range results {
		switch r.Status {
		case Fail:
			return VerdictFail
		case Review:
			v = VerdictReview
		}
	}
	return v
}
