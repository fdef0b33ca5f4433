package triage

import (
	"encoding/json"
	"fmt"

	"github.com/codicil-dev/codicil/forge"
)

// Proof is a job of the line that verifies what people bring.
type Proof struct {
	Repository int64 `json:"repository"`
	// Number is a merge request's; 0 for a merge queue's commit.
	Number int    `json:"number,omitempty"`
	Head   string `json:"head"`
	// Base is the branch that it goes to, or for a queue's commit the commit that it is compared with.
	Base string `json:"base"`
	// Fork says that it comes from another repository, Allowed that somebody with write access lets this commit run.
	Fork    bool `json:"fork,omitempty"`
	Allowed bool `json:"allowed,omitempty"`
	// Again tells apart the times that somebody asked for the check once more; empty for the first.
	Again string `json:"again,omitempty"`
}

// String is the job's argument.
func (p Proof) String() string {
	text, err := json.Marshal(p)
	if err != nil {
		panic(fmt.Sprintf("triage: %v", err)) // strings and numbers only
	}
	return string(text)
}

// RefreshOrder is a job of the line that asks what is out of date at a product.
type RefreshOrder struct {
	Product int64 `json:"product"`
	// Issue is where somebody asked, with the key of the command; 0 if the week turned.
	Issue int    `json:"issue,omitempty"`
	Key   string `json:"key,omitempty"`
	// Campaign is that of the night.
	Campaign int64 `json:"campaign,omitempty"`
}

// String is the job's argument.
func (o RefreshOrder) String() string {
	text, err := json.Marshal(o)
	if err != nil {
		panic(fmt.Sprintf("triage: %v", err)) // strings and numbers only
	}
	return string(text)
}

func proofOf(repository int64, mr forge.MergeRequest, allowed bool) string {
	return Proof{Repository: repository, Number: mr.Number, Head: mr.HeadSHA, Base: mr.Base, Fork: fromFork(mr), Allowed: allowed}.String()
}

func fromFork(mr forge.MergeRequest) bool { return mr.HeadRepo.IsZero() }

// AllowedKey names the setting that says that a fork's commit may run.
func AllowedKey(repo forge.Repo, sha string) string { return "allowed/" + repo.Key() + "/" + sha }
