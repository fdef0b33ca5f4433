package product

import (
	"context"
	"strings"
	"testing"

	"github.com/codicil-dev/codicil/bot/engine"
)

func TestParseRemembers(t *testing.T) {
	b := &Builder{AllowUnconfined: true}
	first, err := b.Parse(context.Background(), []string{"select 1", "selec 1", "select 1"})
	if err != nil {
		t.Fatal(err)
	}
	if first[0].Err != nil || first[1].Err == nil || string(first[0].JSON) != string(first[2].JSON) {
		t.Errorf("parsed %+v", first)
	}
	over, cancel := context.WithCancel(context.Background())
	cancel() // in which no session starts
	if again, err := b.Parse(over, []string{"select 1"}); err != nil || string(again[0].JSON) != string(first[0].JSON) {
		t.Errorf("the same again: %+v, %v", again, err)
	}
	if _, err := b.Parse(over, []string{"selec 1"}); err == nil {
		t.Error("what did not parse is remembered")
	}
}

func TestParsedForgets(t *testing.T) {
	var p memory
	for _, text := range []string{"a", "b", "c", "d", "e"} {
		p.keep([]string{text}, []engine.Tree{{JSON: []byte(strings.Repeat("x", mostParsed/4-1))}})
	}
	if _, unknown := p.find([]string{"a", "e"}); len(unknown) != 1 || p.size > mostParsed {
		t.Errorf("%d of two are forgotten, %d bytes kept", len(unknown), p.size)
	}
}
