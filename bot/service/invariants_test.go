package service_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/forge"
	"github.com/codicil-dev/codicil/forge/github"
)

// hold finds what is not as it has to be at the end of the story, whatever went wrong in between. The bot must be stopped.
func (s *story) hold(deaths int) {
	s.Helper()
	s.onForge()
	s.inDatabase()
	s.leftNothing()
	s.askedOnce(deaths)
}

// wanted is how merge requests, triggers and changes are to end.
func (a acts) wanted() (requests []string, rows map[string]int) {
	switch a {
	case asked:
		return []string{"commerce/shop merged"}, map[string]int{"orders: issue merged": 1, "orders: change merged draft=false": 1}
	case ruling:
		return []string{"commerce/shop open", "finance/books open"}, map[string]int{
			"orders: guideline open": 1, "orders: change open draft=false": 1, "bills: guideline open": 1, "bills: change open draft=false": 1}
	}
	return []string{"commerce/shop merged", "finance/books open"}, map[string]int{
		"orders: issue merged": 1, "orders: guideline merged": 1, "orders: change merged draft=false": 1,
		"bills: guideline open": 1, "bills: base answered": 1, "bills: change open draft=false": 1}
}

func (s *story) onForge() {
	s.Helper()
	var requests []string
	for _, r := range s.Repositories() {
		branches := 0
		for _, i := range s.Issues(r.Owner, r.Name) {
			if i.Pull == nil || i.Author != botLogin {
				continue
			}
			requests = append(requests, fmt.Sprintf("%s/%s %s", r.Owner, r.Name, i.State))
			s.checks(r.Owner, r.Name, i.Number)
			if len(i.Labels) == 0 {
				s.Errorf("#%d of %s has no label", i.Number, r.Owner)
			}
			if n := len(s.remarks(r.Owner, r.Name, i.Number, "")); n != 0 {
				s.Errorf("%d comments at the bot's own merge request", n)
			}
			if files, err := s.Files(context.Background(), r.Owner, r.Name, i.Pull.Head); err == nil && len(files) > 0 {
				branches++
			}
			if i.State == "open" {
				branches--
			}
		}
		if branches != 0 {
			s.Errorf("%s/%s has %d branches more of the bot than open merge requests", r.Owner, r.Name, branches)
		}
	}
	slices.Sort(requests)
	if want, _ := s.wanted(); !slices.Equal(want, requests) {
		s.Errorf("merge requests of the bot: %v, want %v", requests, want)
	}
	if s.acts&ruling != 0 {
		s.atFix()
	}
	if s.acts&asked != 0 {
		s.atIssue()
	}
}

// atFix looks at omar's merge request.
func (s *story) atFix() {
	s.Helper()
	s.checks("finance", "books", s.fix)
	if n := len(s.remarks("finance", "books", s.fix, "")); n != 1 {
		s.Errorf("%d comments at the person's merge request", n)
	}
	if x, _ := s.Thread("finance", "books", s.fix); len(x.Checks) == 1 && x.Checks[0].Conclusion != "failure" {
		s.Errorf("the check of the person's merge request is %s", x.Checks[0].Conclusion)
	}
}

// atIssue looks at jane's issue.
func (s *story) atIssue() {
	s.Helper()
	x, _ := s.Thread("commerce", "shop", s.issue)
	if x.State != "closed" {
		s.Errorf("the issue is %s", x.State)
	}
	own := s.remarks("commerce", "shop", s.issue, "")
	if len(own) != 2 || len(s.remarks("commerce", "shop", s.issue, "is merged")) != 1 || len(s.remarks("commerce", "shop", s.issue, "If nobody says")) != 1 {
		s.Errorf("at the issue are not just the questions and the status:\n%s", s.tell())
	}
	for _, c := range x.Remarks {
		if (c.ID == s.ask || c.ID == s.reply) && c.Reactions["eyes"] != 1 {
			s.Errorf("reactions %v to %.40q", c.Reactions, c.Body)
		}
	}
}

// host is the forge as the bot sees it.
func (w *town) host() *github.Host {
	w.Helper()
	h, err := github.New(github.Options{Host: "localforge", BaseURL: w.API() + "/", App: &github.App{ID: w.setting.App, Key: []byte(w.setting.Key)}})
	if err != nil {
		w.Fatal(err)
	}
	return h
}

// checks finds checks of a merge request's head that are there more than once.
func (s *story) checks(owner, name string, number int) {
	s.Helper()
	x, _ := s.Thread(owner, name, number)
	all, err := s.host().Checks(context.Background(), forge.Repo{Host: "localforge", Owner: owner, Name: name}, x.Pull.HeadSHA, "")
	if err != nil {
		s.Fatal(err)
	}
	if len(all) != 1 {
		s.Errorf("%d checks at %s/%s#%d", len(all), owner, name, number)
	}
}

// inDatabase looks at triggers, changes, writes and jobs.
func (s *story) inDatabase() {
	s.Helper()
	db, err := state.Open(context.Background(), filepath.Join(s.setting.Data, "codicil.db"), nil)
	if err != nil {
		s.Fatal(err)
	}
	defer db.Close()
	got := map[string]int{}
	var left []string
	err = db.View(context.Background(), func(tx *state.Tx) error {
		products, err := tx.Products()
		if err != nil {
			return err
		}
		for _, p := range products {
			triggers, err := tx.TriggersOf(p.ID)
			if err != nil {
				return err
			}
			for _, x := range triggers {
				if p.Name == "orders" && x.Kind == state.KindBase && x.State == state.TriggerAnswered {
					continue // the merge was told of as a push first
				}
				got[fmt.Sprintf("%s: %s %s", p.Name, x.Kind, x.State)]++
			}
			changes, err := tx.ChangesOf(p.ID)
			if err != nil {
				return err
			}
			for _, c := range changes {
				if c.State != state.ChangeAbandoned {
					got[fmt.Sprintf("%s: change %s draft=%t", p.Name, c.State, c.Draft)]++
				}
			}
		}
		n, err := tx.Unlooked()
		if err != nil {
			return err
		}
		if n > 0 {
			left = append(left, fmt.Sprintf("%d deliveries", n))
		}
		for _, w := range []state.WriteState{state.WritePending, state.WriteDead} {
			writes, err := tx.WritesIn(w)
			if err != nil {
				return err
			}
			for _, x := range writes {
				left = append(left, fmt.Sprintf("write %s is %s: %s", x.Key, x.State, x.Error))
			}
		}
		behind, err := tx.Behind()
		for _, p := range behind {
			left = append(left, "work on "+p.Name)
		}
		if err != nil {
			return err
		}
		// A sweep may just have had a campaign go on: that waits for the next process.
		rows, err := tx.SQL.Query(`select queue, args, state, errors from river_job where state != 'completed' and not (queue = 'campaign' and state = 'available')`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var queue, args, state string
			var errors *string
			if err := rows.Scan(&queue, &args, &state, &errors); err != nil {
				return err
			}
			left = append(left, fmt.Sprintf("job %s %s is %s %v", queue, args, state, errors))
		}
		return rows.Err()
	})
	if err != nil {
		s.Fatal(err)
	}
	_, want := s.wanted()
	if diff := cmp.Diff(want, got); diff != "" {
		s.Error(diff)
	}
	if len(left) > 0 {
		s.Errorf("left in the database:\n%s", strings.Join(left, "\n"))
	}
}

// leftNothing finds files that a dead process left.
func (s *story) leftNothing() {
	s.Helper()
	_ = filepath.WalkDir(s.setting.Data, func(name string, d fs.DirEntry, err error) error {
		base := filepath.Base(name)
		if strings.HasPrefix(base, "tmp") || strings.HasSuffix(base, ".lock") && filepath.Dir(name) != s.setting.Data || strings.HasPrefix(base, "codicil-") {
			s.Errorf("%s is left", name)
		}
		return err
	})
}

// askedOnce finds requests to the model that were made more often than once and the one that was under way at each death.
func (s *story) askedOnce(deaths int) {
	s.Helper()
	text, err := os.ReadFile(s.setting.Asked)
	if err != nil {
		s.Fatal(err)
	}
	count := map[string]int{}
	for line := range strings.Lines(string(text)) {
		count[strings.TrimSpace(line)]++
	}
	twice := 0
	for _, n := range count {
		twice += n - 1
	}
	// Two changes may be worked on at once.
	if twice > 2*deaths {
		all, _ := json.Marshal(count)
		s.Errorf("%d requests were made again: %s", twice, all)
	}
}
