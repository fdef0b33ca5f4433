package why

import (
	"time"

	"github.com/codicil-dev/codicil/bot"
)

// Kinds of story.
const (
	KindProduct = "product"
	KindTable   = "table"
	KindColumn  = "column"
)

// Story is what a thing is, why it exists, how it came about and what holds it.
type Story struct {
	Product string `json:"product"`
	Version string `json:"version"`
	Owner   Owner  `json:"owner"`
	Kind    string `json:"kind"`
	// Name is the product, table or table.column; of a thing that is gone, its last name.
	Name string `json:"name"`
	// Asked is the name that was asked for, where that is an earlier one.
	Asked string `json:"asked,omitempty"`
	// Gone says what became of a thing that the spec has no more; nil if it is there.
	Gone *Event `json:"gone,omitempty"`
	// Renames are its changes of name, the oldest first.
	Renames []Event `json:"renames"`
	// Description says what it is, for a product its purpose; Why is empty for a product. Both are empty if it is gone.
	Description string `json:"description"`
	Why         string `json:"why"`
	Facts       []Fact `json:"facts"`
	// Parts are a product's tables or a table's columns.
	Parts      []Part      `json:"parts"`
	Amendments []Amendment `json:"amendments"`
	Checks     []Check     `json:"checks"`
	Retired    []Check     `json:"retired"`
	// Verified tells of the verification that the results are from; nil if there was none.
	Verified *Verified `json:"verified"`
}

// Owner says who answers for the product.
type Owner struct {
	Team    string `json:"team"`
	Contact string `json:"contact,omitempty"`
}

// Event is what an amendment did to a name.
type Event struct {
	// What is renamed or dropped.
	What string `json:"what"`
	From string `json:"from"`
	To   string `json:"to,omitempty"`
	// By is the amendment's id.
	By int `json:"by"`
}

// Fact is one thing that the spec says, such as type or unit.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Part is a table of a product or a column of a table, in one line.
type Part struct {
	Name        string `json:"name"`
	Facts       string `json:"facts"`
	Description string `json:"description"`
}

// Amendment is one that made the thing so.
type Amendment struct {
	ID          int    `json:"id"`
	Requirement string `json:"requirement"`
	// Origin is bootstrap, issue, guideline, refresh or spec; Guideline and Revision name the guideline.
	Origin    string     `json:"origin"`
	Guideline string     `json:"guideline,omitempty"`
	Revision  string     `json:"revision,omitempty"`
	URL       string     `json:"url,omitempty"`
	Author    string     `json:"author,omitempty"`
	At        *time.Time `json:"at,omitempty"`
	Reading   string     `json:"reading"`
	Questions []Question `json:"questions"`
	// Expects is what it changed about the thing, such as "add column orders.item_count".
	Expects []string `json:"expects"`
	Change  string   `json:"change"`
	// Pending says that it is not implemented yet.
	Pending  bool       `json:"pending"`
	Rejected []Rejected `json:"rejected"`
	// Retires are the earlier promises that it took back, Superseded those of its own that later ones took back.
	Retires    []Retirement `json:"retires"`
	Superseded []Retirement `json:"superseded"`
	// Checks is how many of its checks bind.
	Checks int `json:"checks"`
}

// Question is something that was unclear, and the answer.
type Question struct {
	Ask    string `json:"ask"`
	Answer string `json:"answer"`
}

// Rejected is an option that was turned down, and what it would have broken.
type Rejected struct {
	Option string   `json:"option"`
	Breaks []Broken `json:"breaks"`
}

// Broken is an amendment that an option would have broken; Requirement is empty if the ledger lacks it.
type Broken struct {
	Amendment   int    `json:"amendment"`
	Requirement string `json:"requirement"`
}

// Retirement tells that promises of one amendment were taken back by another.
type Retirement struct {
	// Amendment made the promises, By took them back.
	Amendment int `json:"amendment"`
	By        int `json:"by"`
	// Checks are their names; All says that none is left.
	Checks  []string `json:"checks"`
	All     bool     `json:"all"`
	Because string   `json:"because"`
}

// Ways in which a check concerns a thing.
const (
	// ByReading is a check that reads it, or for CEL one that would fail if the spec said something else of it.
	ByReading = "reads"
	// ByAmendment is a check of an amendment about the thing that does not read it.
	ByAmendment = "amendment"
	// ByContract is what the spec itself promises.
	ByContract = "contract"
)

// Check is a proof that holds the thing, with its last result.
type Check struct {
	Amendment int    `json:"amendment,omitempty"`
	Guideline string `json:"guideline,omitempty"`
	Name      string `json:"name"`
	SQL       string `json:"sql,omitempty"`
	CEL       string `json:"cel,omitempty"`
	Relation  string `json:"relation"`
	Pending   bool   `json:"pending"`
	// Status is the last result; not_run if there is none, with the reason in Message. Empty for a retired check.
	Status  bot.Status `json:"status,omitempty"`
	Message string     `json:"message"`
	// RetiredBy and Because are set for a retired check.
	RetiredBy int    `json:"retired_by,omitempty"`
	Because   string `json:"because,omitempty"`
}

// Verified tells of the last verification.
type Verified struct {
	At   time.Time `json:"at"`
	Base string    `json:"base,omitempty"`
	// Changed says that the product changed since.
	Changed bool `json:"changed"`
}

// fill makes lists empty rather than null.
func (s *Story) fill() {
	s.Renames, s.Facts, s.Parts = list(s.Renames), list(s.Facts), list(s.Parts)
	s.Amendments, s.Checks, s.Retired = list(s.Amendments), list(s.Checks), list(s.Retired)
	for i := range s.Amendments {
		a := &s.Amendments[i]
		a.Questions, a.Expects, a.Rejected = list(a.Questions), list(a.Expects), list(a.Rejected)
		a.Retires, a.Superseded = list(a.Retires), list(a.Superseded)
		for j := range a.Rejected {
			a.Rejected[j].Breaks = list(a.Rejected[j].Breaks)
		}
	}
}

func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}
