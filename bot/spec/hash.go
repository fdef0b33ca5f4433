package spec

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Hash returns "sha256:" and the hash of what s says, its version left out. The order of keys, comments and quoting in
// the file do not count, nor does nullable: true or that of a key's column; the order of tables and columns does.
func Hash(s *Spec) string { return sum(canonicalSpec(s)) }

// Fingerprint returns "sha256:" and the hash of what s says and of the ids of its ledger: what an amendment is written against.
func Fingerprint(s *Spec, ids []int) string {
	return sum(map[string]any{"spec": canonicalSpec(s), "ledger": canonical(ids)})
}

// canonicalSpec is the JSON value of s without what does not count.
func canonicalSpec(s *Spec) any {
	c := *s
	c.Version = ""
	c.Tables = make([]Table, len(s.Tables))
	for i, t := range s.Tables {
		t.Columns = append([]Column(nil), t.Columns...)
		for j := range t.Columns {
			if n := t.Columns[j].Nullable; n != nil && (*n || s.Tables[i].InKey(t.Columns[j].Name)) {
				t.Columns[j].Nullable = nil
			}
		}
		c.Tables[i] = t
	}
	return canonical(c)
}

// canonical turns v into a plain JSON value in which nothing is empty: no empty text, list, mapping or null in a mapping.
func canonical(v any) any {
	data, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("encode %T: %v", v, err)) // formats are plain data that always encode
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var out any
	if err := dec.Decode(&out); err != nil {
		panic(fmt.Sprintf("decode %T: %v", v, err))
	}
	return prune(out)
}

// prune takes empty values out of mappings.
func prune(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if e = prune(e); isEmpty(e) {
				delete(v, k)
			} else {
				v[k] = e
			}
		}
	case []any:
		for i := range v {
			v[i] = prune(v[i])
		}
	}
	return v
}

// isEmpty says whether a JSON value says nothing.
func isEmpty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// sum hashes a JSON value.
func sum(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("encode %T: %v", v, err))
	}
	h := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(h[:])
}
