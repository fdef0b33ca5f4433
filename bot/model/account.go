package model

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// Budget limits what one change may spend. Zero fields do not limit.
type Budget struct {
	Tokens   int           // in and out together
	Cost     float64       // in the currency of the Prices
	Duration time.Duration // since the Account was opened, what was spent before that included
	Rounds   int
}

// BudgetError says which limit of a Budget stands in the way of the next request. Nothing was sent.
type BudgetError struct {
	Limit   string // "tokens", "cost", "duration" or "rounds"
	Message string
}

// Error says which limit, how much of it is used, and what to do.
func (e *BudgetError) Error() string { return e.Message }

// Spending is what one stage spent.
type Spending struct {
	Stage    string `json:"stage"`
	Requests int    `json:"requests"`
	Usage    Usage  `json:"usage"`
	// Cost counts the requests whose price is known; CostKnown says whether that is all of them.
	Cost      float64 `json:"cost"`
	CostKnown bool    `json:"cost_known"`
}

// Spent is what a change has spent so far. It can be stored, and an Account opened with it again.
type Spent struct {
	Stages  []Spending    `json:"stages"` // in the order of their first request
	Total   Spending      `json:"total"`
	Rounds  int           `json:"rounds"`
	Elapsed time.Duration `json:"elapsed"` // in nanoseconds
}

// Account counts what a change spends and holds it to a budget. It is safe for concurrent use.
type Account struct {
	budget  Budget
	prices  Prices
	now     func() time.Time
	start   time.Time
	mu      sync.Mutex
	spent   Spent
	holding Usage   // estimates of requests under way
	held    float64 // and their cost
}

// NewAccount opens an account; earlier is what the change spent before a restart, mostly the zero value.
func NewAccount(b Budget, p Prices, earlier Spent, now func() time.Time) *Account {
	earlier.Stages = slices.Clone(earlier.Stages)
	if earlier.Total.Requests == 0 {
		earlier.Total.CostKnown = true
	}
	return &Account{budget: b, prices: p, now: now, start: now().Add(-earlier.Elapsed), spent: earlier}
}

// Spent returns what has been spent so far.
func (a *Account) Spent() Spent {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.spent
	s.Stages = slices.Clone(s.Stages)
	s.Elapsed = a.now().Sub(a.start)
	return s
}

// Round counts a round, or returns a *BudgetError if there is none left.
func (a *Account) Round() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.budget.Rounds > 0 && a.spent.Rounds >= a.budget.Rounds {
		return &BudgetError{"rounds", fmt.Sprintf("all %d rounds of the budget are used; raise the limit of rounds to go on", a.budget.Rounds)}
	}
	a.spent.Rounds++
	return nil
}

// left returns how much of the budget's duration is left, if it has one.
func (a *Account) left() (d time.Duration, limited bool) {
	return a.start.Add(a.budget.Duration).Sub(a.now()), a.budget.Duration > 0
}

func (a *Account) late() *BudgetError {
	return &BudgetError{"duration", fmt.Sprintf("the %s of the budget are over; raise the limit of time to go on", a.budget.Duration)}
}

// reserve sets aside what a request will spend at least, and returns the func that books what it did spend.
// It returns a *BudgetError if the budget is used up, or too small for the prompt.
func (a *Account) reserve(stage, model string, in int) (settle func(Usage), err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	estimate := Usage{In: in}
	cost, known := a.prices.Cost(model, estimate)
	if err := a.refusal(stage, model, in, cost, known); err != nil {
		return nil, err
	}
	a.holding, a.held = a.holding.Add(estimate), a.held+cost
	return func(u Usage) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.holding.In -= in
		a.held -= cost
		a.book(stage, model, u)
	}, nil
}

func (a *Account) refusal(stage, model string, in int, cost float64, known bool) error {
	b, total := a.budget, a.spent.Total
	used, paid := total.Usage.Total()+a.holding.Total(), total.Cost+a.held
	switch {
	case b.Tokens > 0 && used >= b.Tokens:
		return &BudgetError{"tokens", fmt.Sprintf("%d of the %d tokens of the budget are used; raise the limit of tokens to go on", used, b.Tokens)}
	case b.Tokens > 0 && used+in > b.Tokens:
		return &BudgetError{"tokens", fmt.Sprintf("%s needs about %d tokens, and %d of the %d tokens of the budget are used; raise the limit of tokens to go on", stage, in, used, b.Tokens)}
	case b.Cost > 0 && (!known || !total.CostKnown):
		return &BudgetError{"cost", fmt.Sprintf("no price is known for %s, so the limit of cost cannot be kept; add its price or take that limit away", model)}
	case b.Cost > 0 && paid >= b.Cost:
		return &BudgetError{"cost", fmt.Sprintf("%.4g of the budget's %.4g are spent; raise the limit of cost to go on", paid, b.Cost)}
	case b.Cost > 0 && paid+cost > b.Cost:
		return &BudgetError{"cost", fmt.Sprintf("%s would cost at least %.4g, and %.4g of the budget's %.4g are spent; raise the limit of cost to go on", stage, cost, paid, b.Cost)}
	}
	if left, limited := a.left(); limited && left <= 0 {
		return a.late()
	}
	return nil
}

// book adds what a request spent to its stage and to the total.
func (a *Account) book(stage, model string, u Usage) {
	cost, known := a.prices.Cost(model, u)
	i := slices.IndexFunc(a.spent.Stages, func(s Spending) bool { return s.Stage == stage })
	if i < 0 {
		i = len(a.spent.Stages)
		a.spent.Stages = append(a.spent.Stages, Spending{Stage: stage, CostKnown: true})
	}
	for _, s := range []*Spending{&a.spent.Stages[i], &a.spent.Total} {
		s.Requests++
		s.Usage = s.Usage.Add(u)
		s.Cost += cost
		s.CostKnown = s.CostKnown && known
	}
}
