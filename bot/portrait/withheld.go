package portrait

import (
	"context"
	"fmt"
	"strings"

	"github.com/codicil-dev/codicil/bot/product"
)

// Withheld says of which columns of the build's own tables no values would be shown in the mode Masked, whatever the options'
// mode is: columns in lower case, by the table's full name.
func Withheld(ctx context.Context, p *product.Product, b *product.Build, builder *product.Builder, o Options) (map[string]map[string]bool, error) {
	o = o.withDefaults()
	o.Data = Masked
	k, err := learn(ctx, p, b, builder, o)
	if err != nil {
		return nil, fmt.Errorf("find what is confidential in %s: %w", p.Name(), err)
	}
	out := map[string]map[string]bool{}
	for _, s := range k.sheets {
		if s.input {
			continue
		}
		columns := map[string]bool{}
		for _, c := range s.columns {
			if name := strings.ToLower(c.Name); s.hidden[name] {
				columns[name] = true
			}
		}
		out[s.label] = columns
	}
	return out, nil
}

// closed forgets what specs of other products leave open: a column that they call name may be that of an article, and ours that of a person.
func (r *rules) closed() { r.known = map[string]bool{} }
