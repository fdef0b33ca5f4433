package spec

import (
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// build turns a value of the formats into YAML: structs by their yaml tags, keys of maps in order of the alphabet.
func build(v reflect.Value) *yaml.Node {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return scalar("!!null", "null")
		}
		return build(v.Elem())
	case reflect.Struct:
		if t, ok := v.Interface().(time.Time); ok {
			return scalar("!!timestamp", t.Format(time.RFC3339Nano))
		}
		return buildStruct(v)
	case reflect.Slice:
		n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		for i := range v.Len() {
			n.Content = append(n.Content, build(v.Index(i)))
		}
		if v.Len() == 0 {
			n.Style = yaml.FlowStyle
		}
		return n
	case reflect.Map:
		n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, k := range keys {
			n.Content = append(n.Content, build(k), build(v.MapIndex(k)))
		}
		return n
	case reflect.Bool:
		return scalar("!!bool", strconv.FormatBool(v.Bool()))
	case reflect.Float64, reflect.Float32:
		text := strconv.FormatFloat(v.Float(), 'g', -1, 64)
		if !strings.ContainsAny(text, ".e") {
			text += ".0"
		}
		return scalar("!!float", text)
	case reflect.String:
		return textNode(v.String())
	}
	return scalar("!!int", strconv.FormatInt(v.Int(), 10))
}

// scalar is a plain value.
func scalar(tag, value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}
}

// buildStruct writes the fields of a struct in order.
func buildStruct(v reflect.Value) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for i := range v.NumField() {
		key, options, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		f := v.Field(i)
		none := f.IsZero() || (f.Kind() == reflect.Slice || f.Kind() == reflect.Map) && f.Len() == 0
		if key == "" || none && strings.Contains(options, "omitempty") {
			continue
		}
		value := build(f)
		if strings.Contains(options, "flow") {
			value.Style |= yaml.FlowStyle
		}
		n.Content = append(n.Content, scalar("!!str", key), value)
	}
	return n
}

// ambiguous are texts that some readers of YAML take for a boolean or a number if they are not quoted.
var ambiguous = regexp.MustCompile(`(?i)^(y|n|yes|no|on|off|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?|[-+]?\.?[0-9][0-9_]*(\.[0-9_]*)?(e[-+]?[0-9]+)?)$`)

// textNode is a text: over several lines as a literal block if that keeps every character, else in quotes if needed.
func textNode(s string) *yaml.Node {
	n := scalar("!!str", s)
	switch {
	case strings.Contains(s, "\n") && literal(s):
		n.Style = yaml.LiteralStyle
	case len(s) > foldWidth && foldable(s):
		n.Style = yaml.FoldedStyle
	case strings.ContainsFunc(s, func(c rune) bool { return c != ' ' && (unicode.IsSpace(c) || unicode.IsControl(c)) }), ambiguous.MatchString(s):
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

// literal says whether a text of several lines can stand as a literal block.
func literal(s string) bool {
	if strings.HasPrefix(s, " ") || strings.HasPrefix(s, "\n") || strings.HasPrefix(s, "\t") || strings.TrimSpace(s) == "" {
		return false
	}
	for _, c := range s {
		if c != '\n' && c != ' ' && c != '\t' && !unicode.IsPrint(c) {
			return false
		}
	}
	return !strings.HasSuffix(s, "\n\n") && !strings.Contains(s, " \n") && !strings.Contains(s, "\t\n") && !strings.HasSuffix(s, " ") && !strings.HasSuffix(s, "\t")
}
