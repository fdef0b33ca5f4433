package model

// Real tokenizers differ between models, and one with its vocabulary built in is exact for one vendor only, so sizes are
// estimated. English prose has about 4.5 bytes a token, SQL and YAML about 3.5, Chinese and Japanese about 3 (a
// character), so bytes/3.5 errs on the high side for prompts such as Codicil's; a message costs some 4 tokens more.
const (
	bytesPerTokenTimesTwo = 7
	tokensPerMessage      = 4
)

// EstimateTokens returns about how many tokens text is; it errs on the high side.
func EstimateTokens(text string) int { return tokensOf(len(text)) }

func tokensOf(bytes int) int {
	return (2*bytes + bytesPerTokenTimesTwo - 1) / bytesPerTokenTimesTwo
}

// Tokens returns about how many tokens the whole prompt of r is, tools and schema included.
func (r Request) Tokens() int {
	n := 0
	for _, m := range r.Messages {
		n += tokensPerMessage + EstimateTokens(m.Text)
		for _, c := range m.ToolCalls {
			n += EstimateTokens(c.Name) + EstimateTokens(c.Arguments)
		}
	}
	for _, t := range r.Tools {
		n += tokensPerMessage + EstimateTokens(t.Name) + EstimateTokens(t.Description) + tokensOf(len(t.Parameters))
	}
	if r.Schema != nil {
		n += tokensOf(len(r.Schema.JSON))
	}
	return n
}
