package spec

import (
	"reflect"
	"strings"
)

// typeAt follows a location from t through structs, lists, maps and pointers; nil if it leads out of them.
func typeAt(t reflect.Type, location []string) reflect.Type {
	for _, segment := range location {
		switch t = bare(t); {
		case t == nil:
			return nil
		case t.Kind() == reflect.Slice, t.Kind() == reflect.Map:
			t = t.Elem()
		default:
			f, ok := fieldOf(t, segment)
			if !ok {
				return nil
			}
			t = f.Type
		}
	}
	return bare(t)
}

// bare takes pointers off t.
func bare(t reflect.Type) reflect.Type {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// fieldOf finds the field of a struct by its key.
func fieldOf(t reflect.Type, key string) (reflect.StructField, bool) {
	if t == nil || t.Kind() != reflect.Struct {
		return reflect.StructField{}, false
	}
	for i := range t.NumField() {
		if f := t.Field(i); keyOf(f) == key {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

// keyOf is the key of a struct's field; "" if it has none.
func keyOf(f reflect.StructField) string {
	key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if key == "-" {
		return ""
	}
	return key
}

// keysOf lists the keys of a struct in order.
func keysOf(t reflect.Type) []string {
	if t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	var keys []string
	for i := range t.NumField() {
		if k := keyOf(t.Field(i)); k != "" {
			keys = append(keys, k)
		}
	}
	return keys
}
