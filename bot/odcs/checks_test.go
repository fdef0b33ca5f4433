package odcs

import "testing"

func TestStatement(t *testing.T) {
	for sql, want := range map[string]string{
		"select 1":                          "select 1",
		"select 1;\n":                       "select 1",
		"select 1; -- never; ever\n":        "select 1",
		"select 1 /* a */ ; /* b":           "select 1",
		"select '; -- no'":                  "select '; -- no'",
		"select ';''--' ;":                  "select ';''--'",
		"select $$;--$$ -- x":               "select $$;--$$",
		"-- head\nselect 1 -- tail":         "-- head\nselect 1",
		`select "a--b";`:                    `select "a--b"`,
		"select 1 -- one\nfrom t -- two\n;": "select 1 -- one\nfrom t",
		"":                                  "",
	} {
		if got := statement(sql); got != want {
			t.Errorf("statement(%q) = %q, not %q", sql, got, want)
		}
	}
}

func TestTypes(t *testing.T) {
	for _, c := range []struct {
		property map[string]any
		want     string
	}{
		{map[string]any{"physicalType": "NUMBER(10,2)", "logicalType": "number"}, "DECIMAL(10,2)"},
		{map[string]any{"physicalType": "character varying(5)"}, "VARCHAR(5)"},
		{map[string]any{"physicalType": "INT64"}, "INT64"},
		{map[string]any{"physicalType": "TIMESTAMP_NTZ(9)"}, "TIMESTAMP"},
		{map[string]any{"physicalType": "int[]"}, "int[]"},
		{map[string]any{"physicalType": "AVRO record", "logicalType": "integer", "logicalTypeOptions": map[string]any{"format": "u16"}}, "USMALLINT"},
		{map[string]any{"logicalType": "string", "logicalTypeOptions": map[string]any{"maxLength": int64(4)}}, "VARCHAR(4)"},
		{map[string]any{"logicalType": "timestamp", "logicalTypeOptions": map[string]any{"timezone": true}}, "TIMESTAMPTZ"},
		{map[string]any{"logicalType": "array", "items": map[string]any{"logicalType": "boolean"}}, "BOOLEAN[]"},
		{map[string]any{"logicalType": "object", "properties": []any{map[string]any{"name": `a"b`, "logicalType": "date"}}}, `STRUCT("a""b" DATE)`},
		{map[string]any{"logicalType": "object"}, "JSON"},
		{map[string]any{}, "VARCHAR"},
	} {
		if got := duckDBType(c.property); got != c.want {
			t.Errorf("%v gives %q, not %q", c.property, got, c.want)
		}
	}
}

func TestSlug(t *testing.T) {
	for want, names := range map[string][]string{
		"orders-event-stream": {"Orders Event Stream", "x"},
		"my-quantum":          {"", "my quantum", "53581432-6c55-4ba2-a65f-72344a91553a"},
		"contract-53581432-6c55-4ba2-a65f-72344a91553a": {"", "53581432-6c55-4ba2-a65f-72344a91553a"},
		"p-2024-sales": {"2024 Sales"},
		"contract":     {"漢字"},
		"a_b":          {"_A_b!"},
	} {
		if got := slug(names...); got != want {
			t.Errorf("slug(%q) = %q, not %q", names, got, want)
		}
	}
}
