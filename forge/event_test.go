package forge_test

import (
	"testing"
	"time"

	"github.com/codicil-dev/codicil/forge"
)

// What is one event, whoever tells of it, has one key; what are two has two, also within the second that hosts tell the time by.
func TestKeysTellEventsApart(t *testing.T) {
	at := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	comment := func(action string, id int64, stamp string) forge.Event {
		return forge.Event{Kind: forge.EventComment, Action: action, Stamp: stamp, Comment: &forge.Comment{ID: id, Updated: at}}
	}
	request := func(action, head, stamp string) forge.Event {
		return forge.Event{Kind: forge.EventMergeRequest, Action: action, Stamp: stamp, MergeRequest: &forge.MergeRequest{Number: 7, HeadSHA: head, Updated: at}}
	}
	push := func(before, after, stamp string) forge.Event {
		return forge.Event{Kind: forge.EventPush, Stamp: stamp, Push: &forge.Push{Ref: "refs/heads/main", Before: before, After: after}}
	}
	group := func(action, stamp string) forge.Event {
		return forge.Event{Kind: forge.EventMergeGroup, Action: action, Stamp: stamp, Group: &forge.MergeGroup{SHA: "a"}}
	}
	issue := func(action, stamp string) forge.Event {
		return forge.Event{Kind: forge.EventIssue, Action: action, Stamp: stamp, Issue: &forge.Issue{Number: 7, Updated: at}}
	}
	review := func(action, stamp string) forge.Event {
		e := request(action, "a", stamp)
		e.Kind, e.Review = forge.EventReview, &forge.Review{At: at}
		return e
	}
	other := request("labeled", "a", "x")
	other.Repository.ID = 2
	for name, c := range map[string]struct {
		a, b forge.Event
		one  bool
	}{
		"a comment that is told and found":     {comment("created", 1, "x"), comment("created", 1, ""), true},
		"two comments":                         {comment("created", 1, "x"), comment("created", 2, "y"), false},
		"a comment and its end":                {comment("created", 1, "x"), comment("deleted", 1, "y"), false},
		"an edit that is repeated":             {comment("edited", 1, "x"), comment("edited", 1, "x"), true},
		"two edits of a comment":               {comment("edited", 1, "x"), comment("edited", 1, "y"), false},
		"a label that is told twice":           {request("labeled", "a", "x"), request("labeled", "a", "x"), true},
		"two labels":                           {request("labeled", "a", "x"), request("labeled", "a", "y"), false},
		"two closings":                         {request("closed", "a", "x"), request("closed", "a", "y"), false},
		"one told, one found":                  {request("closed", "a", "x"), request("closed", "a", "found"), false},
		"found twice":                          {request("synchronize", "a", ""), request("synchronize", "a", ""), true},
		"a new head and an edit":               {request("synchronize", "b", "x"), request("edited", "b", "y"), false},
		"two heads":                            {request("synchronize", "a", "x"), request("synchronize", "b", "y"), false},
		"one number in two repositories":       {request("labeled", "a", "x"), other, false},
		"a push that is repeated":              {push("a", "b", "x"), push("a", "b", "x"), true},
		"there, back, and there again":         {push("a", "b", "x"), push("a", "b", "y"), false},
		"an issue that is labelled twice":      {issue("labeled", "x"), issue("labeled", "y"), false},
		"an issue's label that is told twice":  {issue("labeled", "x"), issue("labeled", "x"), true},
		"two reviews":                          {review("submitted", "x"), review("submitted", "y"), false},
		"a merge group that comes and goes":    {group("requested", "x"), group("destroyed", "y"), false},
		"a merge group that is told of twice":  {group("requested", "x"), group("requested", "x"), true},
		"a merge request and a review of it":   {request("edited", "a", "x"), review("edited", "x"), false},
		"an issue and a merge request's event": {issue("edited", "x"), request("edited", "a", "x"), false},
	} {
		if (c.a.Key() == c.b.Key()) != c.one {
			t.Errorf("%s: %q and %q, one: %v", name, c.a.Key(), c.b.Key(), c.one)
		}
	}
}
