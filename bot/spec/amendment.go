package spec

import (
	"strings"
	"time"
)

// ToBeDone is the change of an amendment that is not implemented yet.
const ToBeDone = "<tbd>"

// Kinds of origin.
const (
	OriginBootstrap = "bootstrap"
	OriginIssue     = "issue"
	OriginGuideline = "guideline"
	OriginRefresh   = "refresh"
	OriginSpec      = "spec"
)

// Amendment is one entry of the ledger: a requirement, how it was read, its proof, and what was done.
type Amendment struct {
	ID int `yaml:"id" json:"id"`
	// Requirement is in the asker's own words.
	Requirement string `yaml:"requirement" json:"requirement"`
	Origin      Origin `yaml:"origin" json:"origin"`
	// Reading is how the requirement was understood.
	Reading   string     `yaml:"reading" json:"reading"`
	Questions []Question `yaml:"questions,omitempty" json:"questions,omitempty"`
	// Affects are the tables (orders) and columns (orders.item_count) that it is about.
	Affects []string `yaml:"affects,omitempty,flow" json:"affects,omitempty"`
	// Expects is all that may be seen to change; the rest is drift.
	Expects []Expectation `yaml:"expects" json:"expects"`
	// Checks prove the requirement; their names are unique in the ledger.
	Checks     []Check        `yaml:"checks" json:"checks"`
	Supersedes []Supersession `yaml:"supersedes,omitempty" json:"supersedes,omitempty"`
	Rejected   []Rejection    `yaml:"rejected,omitempty" json:"rejected,omitempty"`
	// Base is the fingerprint (Fingerprint) of the spec and ledger that it was written against; empty if unknown.
	Base string `yaml:"base,omitempty" json:"base,omitempty"`
	// Result is the hash (Hash) of the spec afterwards; empty if unknown.
	Result string `yaml:"result,omitempty" json:"result,omitempty"`
	// Change is what was done, or ToBeDone.
	Change string `yaml:"change" json:"change"`
}

// Pending says whether the amendment is not implemented yet; its failures are review.
func (a *Amendment) Pending() bool { return strings.TrimSpace(a.Change) == ToBeDone }

// IsPlaceholder says whether a text still waits to be written: it is all in <angle brackets>, as a draft leaves it.
// ToBeDone is no placeholder.
func IsPlaceholder(text string) bool {
	text = strings.TrimSpace(text)
	return strings.HasPrefix(text, "<") && strings.HasSuffix(text, ">") && text != ToBeDone
}

// Origin is where an amendment came from.
type Origin struct {
	// Kind is bootstrap, issue, guideline, refresh or spec.
	Kind   string     `yaml:"kind" json:"kind"`
	URL    string     `yaml:"url,omitempty" json:"url,omitempty"`
	Author string     `yaml:"author,omitempty" json:"author,omitempty"`
	At     *time.Time `yaml:"at,omitempty" json:"at,omitempty"`
	// ID and Revision name the guideline, for kind guideline.
	ID       string `yaml:"id,omitempty" json:"id,omitempty"`
	Revision string `yaml:"revision,omitempty" json:"revision,omitempty"`
}

// Question is something that was unclear, and the answer.
type Question struct {
	Ask    string `yaml:"ask" json:"ask"`
	Answer string `yaml:"answer" json:"answer"`
}

// Check is an executable proof: either SQL whose returned rows are violations, or a CEL expression over the spec that must be true.
type Check struct {
	Name string `yaml:"name" json:"name"`
	SQL  string `yaml:"sql,omitempty" json:"sql,omitempty"`
	CEL  string `yaml:"cel,omitempty" json:"cel,omitempty"`
}

// Supersession retires earlier checks in the open. Without Checks it retires all checks of that amendment.
type Supersession struct {
	Amendment int      `yaml:"amendment" json:"amendment"`
	Checks    []string `yaml:"checks,omitempty" json:"checks,omitempty"`
	Because   string   `yaml:"because" json:"because"`
}

// Rejection is an option that was turned down, with the amendments that it would have broken.
type Rejection struct {
	Option string `yaml:"option" json:"option"`
	Breaks []int  `yaml:"breaks,omitempty,flow" json:"breaks,omitempty"`
}
