package model

// Price is what a million tokens cost, in the currency of the configuration.
type Price struct {
	In  float64 `yaml:"in" json:"in"`
	Out float64 `yaml:"out" json:"out"`
	// Cached is the price of prompt tokens that the endpoint had cached; 0 means that they cost as much as others.
	Cached float64 `yaml:"cached" json:"cached,omitempty"`
}

// Prices maps a model's name to its price. A model that is absent costs an unknown amount, never nothing.
type Prices map[string]Price

// Cost returns what usage of a model cost, and whether that is known.
func (p Prices) Cost(model string, u Usage) (cost float64, known bool) {
	price, known := p[model]
	if !known {
		return 0, false
	}
	cached := price.Cached
	if cached == 0 {
		cached = price.In
	}
	sum := float64(u.In-u.Cached)*price.In + float64(u.Cached)*cached + float64(u.Out)*price.Out
	return sum / 1e6, true
}
