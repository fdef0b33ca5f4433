// Package standing tells from the bot's database how things stand: what is done, what is not and why, what is under way and what went wrong.
package standing

import "time"

// Standing is how things stand at one moment. All texts that others wrote are in it as they are read, one line each, without what looks
// like a secret; they still have to be escaped for where they are shown. Lists may be empty, and are never nil.
type Standing struct {
	At time.Time `json:"at"`
	// Running says that a bot has the database. Whoever reads it says so: the database can't tell.
	Running bool `json:"running"`
	// Since is when the database was made.
	Since time.Time `json:"since"`
	// Warnings are what somebody should look into.
	Warnings []string  `json:"warnings"`
	Products []Product `json:"products"`
	// Working is what the bot is at, Waiting what waits for its turn or for an answer.
	Working []Trigger `json:"working"`
	Waiting []Trigger `json:"waiting"`
	// Open are the open merge requests and those that are about to be opened; Ended those that were merged or closed lately, the newest first.
	Open  []Change `json:"open"`
	Ended []Change `json:"ended"`
	// NotDone is what lately came to no change, the newest first.
	NotDone   []Trigger  `json:"not_done"`
	Campaigns []Campaign `json:"campaigns"`
	// DeadJobs and DeadWrites were given up; Troubled jobs are tried again.
	DeadJobs   []Job   `json:"dead_jobs"`
	DeadWrites []Write `json:"dead_writes"`
	Troubled   []Job   `json:"troubled_jobs"`
	Hosts      []Host  `json:"hosts"`
	// Troubles are what is wrong with how repositories are looked after.
	Troubles []Trouble `json:"repository_troubles"`
	Events   []Event   `json:"events"`
	// Spent is what all changes spent together.
	Spent Spent `json:"spent"`
	// Spenders are the newest changes that spent something, the newest first; only read with Options.Whole and without a product.
	Spenders []Change `json:"-"`
}

// Product is a data product that the bot looks after.
type Product struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	// Path is its folder in Repository, "." for the root.
	Path       string   `json:"path"`
	Repository string   `json:"repository"`
	URL        string   `json:"url"` // of the repository
	Owner      string   `json:"owner"`
	Inputs     []string `json:"inputs"`
	// Unreadable says why its spec can't be read.
	Unreadable string `json:"unreadable,omitempty"`
	Gone       bool   `json:"gone,omitempty"`
	// Under is how many triggers of it are not over; Merged how many changes were merged.
	Under  int `json:"under_way"`
	Merged int `json:"merged"`
	// Open and OpenURL are the number and address of its open merge request; 0 and "" if there is none.
	Open    int    `json:"open"`
	OpenURL string `json:"open_url,omitempty"`
}

// Trigger is something that was asked of a product.
type Trigger struct {
	ID         int64  `json:"id"`
	ProductID  int64  `json:"product_id"`
	Product    string `json:"product"`
	Repository string `json:"repository"`
	// Kind is what it came from, such as issue or guideline; State how far it is.
	Kind  string `json:"kind"`
	State string `json:"state"`
	// What is what was asked, in the asker's words, By is who asked, URL where.
	What string `json:"what"`
	By   string `json:"by,omitempty"`
	URL  string `json:"url,omitempty"`
	// Why says why it waits, or ended as it did.
	Why string `json:"why,omitempty"`
	// Questions are those that wait for an answer.
	Questions []string  `json:"questions,omitempty"`
	Attempts  int       `json:"attempts,omitempty"`
	Change    int64     `json:"change_id,omitempty"`
	Campaign  int64     `json:"campaign_id,omitempty"`
	Created   time.Time `json:"created"`
	Updated   time.Time `json:"updated"`
}

// Change is the work on a product, from what was asked to its merge request.
type Change struct {
	ID         int64  `json:"id"`
	UID        string `json:"uid"`
	ProductID  int64  `json:"product_id"`
	Product    string `json:"product"`
	Repository string `json:"repository"`
	State      string `json:"state"`
	Title      string `json:"title"`
	// Number and URL are those of its merge request; 0 and "" while there is none.
	Number int    `json:"number"`
	URL    string `json:"url,omitempty"`
	// Verdict and Impact are those of its proof; empty where there was none yet.
	Verdict  string `json:"verdict,omitempty"`
	Impact   string `json:"impact,omitempty"`
	Draft    bool   `json:"draft,omitempty"`
	Approved bool   `json:"approved,omitempty"`
	Branch   string `json:"branch"`
	ClosedBy string `json:"closed_by,omitempty"`
	Why      string `json:"why,omitempty"`
	// Asked is what it serves.
	Asked   []Trigger `json:"asked"`
	Spent   Spent     `json:"spent"`
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
}

// Spent is what was spent on a model.
type Spent struct {
	Requests int `json:"requests"`
	In       int `json:"tokens_in"`
	Out      int `json:"tokens_out"`
	// Cost is in the currency of the configuration; CostKnown says that it is all of it.
	Cost      float64 `json:"cost"`
	CostKnown bool    `json:"cost_known"`
}

// Campaign is all the work that one guideline's revision, or one turn of the week, starts.
type Campaign struct {
	ID    int64  `json:"id"`
	Kind  string `json:"kind"`
	State string `json:"state"`
	Title string `json:"title"`
	URL   string `json:"url,omitempty"`
	// Guideline is the rule's id.
	Guideline string `json:"guideline,omitempty"`
	Withdrawn bool   `json:"withdrawn,omitempty"`
	// Why says why it ended before all was decided.
	Why     string    `json:"why,omitempty"`
	Created time.Time `json:"created"`
	// Counts are how many products there are with each outcome: see [Outcomes].
	Counts   map[string]int `json:"counts"`
	Products []Member       `json:"products"`
	// CanPause and CanResume say what may be done with it.
	CanPause  bool `json:"can_pause"`
	CanResume bool `json:"can_resume"`
}

// Member is a product in a campaign.
type Member struct {
	ProductID  int64  `json:"product_id"`
	Product    string `json:"product"`
	Repository string `json:"repository"`
	// Outcome is one of [Outcomes], and Why says why.
	Outcome string `json:"outcome"`
	Why     string `json:"why,omitempty"`
	Number  int    `json:"number,omitempty"`
	URL     string `json:"url,omitempty"`
}

// Job is a job that did not go well.
type Job struct {
	ID int64 `json:"id"`
	// What says what it does; Line and Argument are the queue's words for it.
	What     string    `json:"what"`
	Line     string    `json:"line"`
	Argument string    `json:"argument"`
	Error    string    `json:"error"`
	Attempts int       `json:"attempts"`
	At       time.Time `json:"at"`
}

// Write is a write on a forge that was refused for good.
type Write struct {
	ID         int64     `json:"id"`
	Kind       string    `json:"kind"`
	Key        string    `json:"key"`
	Repository string    `json:"repository"`
	Error      string    `json:"error"`
	Attempts   int       `json:"attempts"`
	Created    time.Time `json:"created"`
}

// Host is a forge.
type Host struct {
	Name         string `json:"name"`
	Repositories int    `json:"repositories"`
	// LastWebhook is when a webhook came last, Swept when a repository was looked through last; the zero time for never.
	LastWebhook time.Time `json:"last_webhook,omitzero"`
	Swept       time.Time `json:"swept,omitzero"`
	// Found is how many events have been found by looking since the last webhook.
	Found int `json:"found_since"`
	// Limits are what the forge allowed when it last said so, without those that have begun anew since.
	Limits []Limit `json:"limits"`
}

// Limit is what a forge allows one credential.
type Limit struct {
	Who  string `json:"who"`
	Kind string `json:"kind,omitempty"`
	// Limit is how many requests there may be, Remaining how many are left until Reset; Limit is 0 where the forge did not say.
	Limit     int       `json:"limit,omitempty"`
	Remaining int       `json:"remaining"`
	Reset     time.Time `json:"reset,omitzero"`
	// Until is when requests go on that have to wait; the zero time where none has to.
	Until time.Time `json:"until,omitzero"`
}

// Trouble is what is wrong with how a repository is looked after.
type Trouble struct {
	Repository string `json:"repository"`
	// Why says why it could not be looked through, Since when that began; empty and the zero time if it could.
	Why   string    `json:"why,omitempty"`
	Since time.Time `json:"since,omitzero"`
	// Products is how many products it holds where that is more than Limit, which is how many are looked after; both are 0 elsewhere.
	Products int `json:"products,omitempty"`
	Limit    int `json:"limit,omitempty"`
}

// Event is something that a forge told.
type Event struct {
	Host string `json:"host"`
	Name string `json:"name"`
	What string `json:"what"`
	// Found says that it was found by looking.
	Found    bool      `json:"found,omitempty"`
	Received time.Time `json:"received"`
	// Outcome says what came of it; Done is the zero time while it waits.
	Outcome string    `json:"outcome,omitempty"`
	Done    time.Time `json:"done,omitzero"`
}
