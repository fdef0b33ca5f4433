package product

import (
	"context"
	"fmt"
	"sync"

	"github.com/codicil-dev/codicil/bot/engine"
)

// Parse has DuckDB parse each text, in a session that holds nothing else; see [engine.Session.Parse]. What parsed is remembered, since the same
// models and checks are read again at each stage of a change, and a session costs far more than the parsing. The trees are not to be changed.
func (b *Builder) Parse(ctx context.Context, texts []string) ([]engine.Tree, error) {
	trees, unknown := b.parsed.find(texts)
	if len(unknown) == 0 {
		return trees, nil
	}
	session, done, err := engine.Kept(ctx, "nothing but a parser", func() (*engine.Session, error) { return b.empty(ctx) })
	if err != nil {
		return nil, err
	}
	defer done()
	ask := make([]string, len(unknown))
	for i, at := range unknown {
		ask[i] = texts[at]
	}
	found, err := session.Parse(ctx, ask)
	if err != nil {
		return nil, err
	}
	if len(found) != len(ask) {
		return nil, fmt.Errorf("parse SQL: %d of %d texts came back", len(found), len(ask))
	}
	for i, at := range unknown {
		trees[at] = found[i]
	}
	b.parsed.keep(ask, found)
	return trees, nil
}

// empty starts a session that holds nothing.
func (b *Builder) empty(ctx context.Context) (*engine.Session, error) {
	session, err := engine.Start(ctx, b.Options())
	if err != nil {
		return nil, err
	}
	if err := session.Lock(ctx); err != nil {
		_ = session.Close()
		return nil, err
	}
	return session, nil
}

// mostParsed is how many bytes of texts and trees are remembered.
const mostParsed = 4 << 20

// memory remembers trees by their texts. What did not parse is not remembered: the text may not have been to blame.
type memory struct {
	mu    sync.Mutex
	trees map[string]engine.Tree
	size  int
}

// find returns the trees that are known, and the places of the texts that are not.
func (p *memory) find(texts []string) (trees []engine.Tree, unknown []int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	trees = make([]engine.Tree, len(texts))
	for i, text := range texts {
		tree, ok := p.trees[text]
		if !ok {
			unknown = append(unknown, i)
		}
		trees[i] = tree
	}
	return trees, unknown
}

// keep remembers trees; once there are too many, those from before are forgotten.
func (p *memory) keep(texts []string, trees []engine.Tree) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, text := range texts {
		size := len(text) + len(trees[i].JSON)
		if _, known := p.trees[text]; known || trees[i].Err != nil || size > mostParsed/4 {
			continue
		}
		if p.trees == nil || p.size+size > mostParsed {
			p.trees, p.size = map[string]engine.Tree{}, 0
		}
		p.trees[text], p.size = trees[i], p.size+size
	}
}
