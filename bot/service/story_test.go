package service_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/forge/localforge"
)

// botLogin is how the bot is called on the forge.
const botLogin = "codicil[bot]"

// acts are parts of the story, which stand for themselves or follow each other.
type acts int

const (
	// asked is: jane wants something, is asked back, answers, and merges what comes of it.
	asked acts = 1 << iota
	// ruling is: a rule comes that neither product keeps, and omar opens a merge request that breaks a promise. After asked, the rule joins what is open.
	ruling
)

// story is what people do in the town, each thing as soon as the forge shows what they wait for, whether the bot lives or not.
type story struct {
	*town
	acts
	most  time.Duration
	issue int
	// ask and reply are jane's comments, orders and bills the bot's merge requests, fix omar's.
	ask, reply         int64
	orders, bills, fix int
}

// play plays some acts.
func (w *town) play(what acts, most time.Duration) *story {
	w.Helper()
	s := &story{town: w, acts: what, most: most}
	jane := w.Person("jane")
	if what&asked != 0 {
		s.asks(jane)
		s.until("the merge request of orders is proven", func() bool { s.orders = s.proven("commerce", "shop", "orders", 2); return s.orders != 0 })
	}
	if what&ruling != 0 {
		s.rules(w.Person("omar"))
		s.until("the merge request of bills is proven", func() bool { s.bills = s.proven("finance", "books", "bills", 2); return s.bills != 0 })
		last := 2
		if what&asked != 0 {
			last = 3
		}
		s.until("the rule has come to orders", func() bool { s.orders = s.proven("commerce", "shop", "orders", last); return s.orders != 0 })
	}
	if what&asked != 0 {
		done(s, "merge", func() (struct{}, error) {
			return struct{}{}, jane.Merge(context.Background(), "commerce", "shop", s.orders)
		})
		s.until("the issue is closed", func() bool { x, _ := w.Thread("commerce", "shop", s.issue); return x.State == "closed" })
	}
	if what&ruling != 0 {
		s.until("the fix is judged", func() bool {
			x, _ := w.Thread("finance", "books", s.fix)
			return len(s.remarks("finance", "books", s.fix, "")) > 0 && len(x.Checks) > 0 && x.Checks[0].Status == "completed"
		})
	}
	return s
}

// asks has jane ask and answer.
func (s *story) asks(jane localforge.Person) {
	s.Helper()
	ctx := context.Background()
	s.issue = done(s, "open an issue", func() (int, error) { return jane.OpenIssue(ctx, "commerce", "shop", "Items", "How many?") })
	s.ask = done(s, "ask", func() (int64, error) { return jane.Comment(ctx, "commerce", "shop", s.issue, want) })
	s.until("the bot asks back", func() bool { return len(s.remarks("commerce", "shop", s.issue, "If nobody says")) > 0 })
	s.reply = done(s, "answer", func() (int64, error) { return jane.Comment(ctx, "commerce", "shop", s.issue, "1. "+answer) })
}

// rules has a rule come, and omar open a merge request.
func (s *story) rules(omar localforge.Person) {
	s.Helper()
	ctx := context.Background()
	done(s, "push the rule", func() (string, error) {
		return s.Commit(ctx, localforge.Commit{Owner: "northtrail", Name: "guidelines", By: "ada", Message: "Gross or net", Write: map[string]string{"gross.md": rule}})
	})
	done(s, "push a fix", func() (string, error) {
		return s.Commit(ctx, localforge.Commit{Owner: "finance", Name: "books", By: "omar", Branch: "fix", Message: "Round",
			Write: map[string]string{"bills/models/bills.sql": "select order_id, cast(amount + 1 as decimal(10,2)) as amount\nfrom orders\n"}})
	})
	s.fix = done(s, "open a merge request", func() (int, error) {
		return omar.OpenPull(ctx, "finance", "books", localforge.NewPull{Title: "Round", Body: "It is simpler.", Head: "fix"})
	})
}

// done does something that must succeed.
func done[T any](s *story, what string, f func() (T, error)) T {
	s.Helper()
	v, err := f()
	if err != nil {
		s.Fatalf("%s: %v", what, err)
	}
	return v
}

// until waits for something to be seen on the forge.
func (s *story) until(what string, is func() bool) {
	s.Helper()
	for end := time.Now().Add(s.most); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			s.Fatalf("%s: not within %v\n%s", what, s.most, s.tell())
		}
	}
}

// remarks are the bot's comments at an issue with some words in them.
func (w *town) remarks(owner, name string, number int, words string) (out []localforge.Remark) {
	x, _ := w.Thread(owner, name, number)
	for _, r := range x.Remarks {
		if r.Author == botLogin && strings.Contains(r.Body, words) {
			out = append(out, r)
		}
	}
	return out
}

// proven is the number of the bot's open merge request in a repository, if its branch holds an amendment of a product, its head a check that is over, and it has labels.
func (w *town) proven(owner, name, product string, amendment int) int {
	for _, i := range w.Issues(owner, name) {
		if i.Pull == nil || i.Author != botLogin || i.State != "open" {
			continue
		}
		_, there := w.File(context.Background(), owner, name, i.Pull.HeadSHA, fmt.Sprintf("%s/amendments/%04d.yaml", product, amendment))
		x, _ := w.Thread(owner, name, i.Number)
		if there && len(i.Labels) > 0 && slices.ContainsFunc(x.Checks, func(c localforge.Check) bool { return c.Status == "completed" }) {
			return i.Number
		}
	}
	return 0
}

// tell says what is on the forge, for a test that failed.
func (w *town) tell() string {
	var b strings.Builder
	for _, r := range w.Repositories() {
		for _, i := range w.Issues(r.Owner, r.Name) {
			fmt.Fprintf(&b, "%s/%s#%d %s by %s: %s\n", r.Owner, r.Name, i.Number, i.State, i.Author, i.Title)
			x, _ := w.Thread(r.Owner, r.Name, i.Number)
			for _, c := range x.Remarks {
				fmt.Fprintf(&b, "  %d %s %v: %.300q\n", c.ID, c.Author, c.Reactions, c.Body)
			}
			for _, c := range x.Checks {
				fmt.Fprintf(&b, "  check %d %s %s %s\n", c.ID, c.Name, c.Status, c.Conclusion)
			}
		}
	}
	return b.String()
}
