package github

import (
	"encoding/json"

	"github.com/codicil-dev/codicil/forge"
)

// checkEvent is what is read of a check that somebody wants again. GitHub's client refuses some of GitHub's own examples for their times.
type checkEvent struct {
	Run *struct {
		ID      int64
		Name    string
		HeadSHA string `json:"head_sha"`
		Key     string `json:"external_id"`
		URL     string `json:"html_url"`
		App     struct{ ID int64 }
	} `json:"check_run"`
	Suite *struct {
		HeadSHA string `json:"head_sha"`
		App     struct{ ID int64 }
	} `json:"check_suite"`
}

// readCheck reads a check's event, if it is this App's and asks for the check again.
func (h *Host) readCheck(e *forge.Event, payload []byte) error {
	var in checkEvent
	if err := json.Unmarshal(payload, &in); err != nil {
		return err
	}
	if in.Run == nil && in.Suite == nil {
		return missing("check")
	}
	if e.Action != forge.ActionRerequested || h.options.App == nil {
		return nil
	}
	switch own := h.options.App.ID; {
	case in.Run != nil && in.Run.App.ID == own:
		e.Check = &forge.Check{ID: in.Run.ID, Name: in.Run.Name, SHA: in.Run.HeadSHA, Key: in.Run.Key, URL: in.Run.URL}
	case in.Run == nil && in.Suite.App.ID == own: // all checks of a commit
		e.Check = &forge.Check{SHA: in.Suite.HeadSHA}
	default:
		return nil
	}
	e.Kind = forge.EventCheck
	return nil
}
