package demo_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/demo"
	"github.com/codicil-dev/codicil/bot/demo/tiny"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/forge/localforge"
)

// What people do with the bot at issues and merge requests, each with a product of its own in one town.
func TestTalk(t *testing.T) {
	m := &tiny.Model{Before: func(ctx context.Context, _, stage, requirement string) error {
		if stage == "implement" && strings.Contains(requirement, "slowly") {
			<-ctx.Done() // until somebody takes it back
			return ctx.Err()
		}
		return nil
	}}
	scenes := map[string]func(h house){
		"orders": anIssueBecomesAMergedRequest, "refunds": whatIsNotClearIsAnswered, "asked": questionsAreAnswered, "clash": aConflictIsTakenInTheOpen,
		"joined": twoIssuesShareAMergeRequest, "approved": whatIsApprovedIsLeftAlone, "parted": whatDoesNotFitWaits, "refined": aMergeRequestIsRefined,
		"closed": whatIsClosedStaysClosed, "guests": peoplesCommitsAreKept, "falls": whatFailsOnTheNewBaseIsRed, "stopped": workIsTakenBack, "readers": readersMayNot, "held": whatIsThereByNowIsNotProposed,
		"drafts": aDraftIsNotMadeWorse, "twice": oneIssueForOneMergeRequest,
		"rewound": aBranchIsSetBack, "replaced": aBranchIsSetElsewhere, "pruned": aBranchIsDeleted, "locked": aConversationIsLocked,
	}
	owners := map[string][]tiny.Product{"finance": {{Name: "ledgers", Bare: true}}, "marketing": {{Name: "mails"}}}
	for name := range scenes {
		owners["commerce"] = append(owners["commerce"], tiny.Product{Name: name})
	}
	owners["commerce"] = append(owners["commerce"], tiny.Product{Name: "moved"}, tiny.Product{Name: "reads", Reads: "moved"}, tiny.Product{Name: "west"}, tiny.Product{Name: "east"})
	p := street(t, owners, demo.Options{}, m)
	parts := map[string]func(p *play){
		"moved": theDefaultBranchMoves, "pair": twoProductsAreAskedForInOneIssue,
		"alone": func(p *play) { whereThereIsOneProduct(p.house("marketing", "mails")) },
		"bare":  func(p *play) { whereThereIsNone(p.house("finance", "ledgers")) },
	}
	for name, scene := range scenes {
		parts[name] = func(p *play) { scene(p.house("commerce", name)) }
	}
	together(p, parts)
}

// together plays all parts at once: they mostly wait.
func together(p *play, parts map[string]func(p *play)) {
	var all sync.WaitGroup
	for name, part := range parts {
		all.Go(func() { p.TB.(*testing.T).Run(name, func(t *testing.T) { part(p.in(t)) }) })
	}
	all.Wait()
}

// A comment becomes a merge request, and that a closed issue; nothing is said more often than needed.
func anIssueBecomesAMergedRequest(h house) {
	issue := h.opens("ada", "Sizes", "We want to see sizes.")
	command := h.says("jane", issue, "Good idea.\n\n/amend orders: add a column size, sloppily")
	c := h.opened(0)
	h.hears(issue, "is ready to be looked at", c.URL)
	if c.Draft || c.Verdict == "fail" {
		h.Errorf("the change is red: %+v", c)
	}
	for _, r := range h.thread(issue).Remarks {
		if r.ID == command && r.Reactions["eyes"] != 1 {
			h.Errorf("the command was not seen: %v", r.Reactions)
		}
	}
	mr := h.thread(c.Number)
	if !strings.Contains(mr.Body, "Closes #") || !strings.Contains(mr.Body, "add a column size") {
		h.Errorf("the merge request does not lead to its issue:\n%s", mr.Body)
	}
	h.show(issue)
	h.show(c.Number)
	h.merges(c.Number)
	h.hears(issue, "is merged")
	h.until("the issue is closed", func() bool { return h.thread(issue).State == "closed" }, nil)
	h.until("the branch is gone", func() bool { return !h.there(c.Branch) }, nil)
	if said := h.bots(issue); len(said) != 1 {
		h.Errorf("%d comments instead of one that is kept current:\n%s", len(said), strings.Join(said, "\n---\n"))
	}
	if !strings.Contains(h.file("", "models/orders.sql"), "as size") {
		h.Error("the default branch does not have the column")
	}
}

// What can't be begun is answered with what to write instead.
func whatIsNotClearIsAnswered(h house) {
	issue := h.opens("jane", "Many things", "")
	for _, x := range []struct {
		says string
		want []string
	}{
		{"/amend add a column size", []string{"Which one is it for?", "/amend refunds: add a column size"}},
		{"/amend nothing/there: add a column size", []string{"There is no product `nothing/there`"}},
		{"/ammend refunds: add a column size", []string{"did you mean `/amend TEXT`?"}},
		{"/codicil stauts", []string{"did you mean `/codicil status`?"}},
		{"/codicil dance", []string{"`/codicil dance`", "`/codicil help`"}},
		{"/amend refunds: " + strings.Repeat("äöü ", 16_200), []string{"kB of text"}},
		{"/codicil help", []string{"| command | what it does |"}},
		{"/codicil why refunds.cents", []string{"refunds", "cents"}},
		{"/codicil why refunds.nonsense", []string{"has no table or column"}},
		{"/codicil status", []string{"| **refunds** |"}},
		{"/codicil cancel", []string{"Nothing is under way here."}},
		{"/codicil retry", []string{"nothing here that failed"}},
		{"/codicil rebase", []string{"open merge request of the bot"}},
		{"/codicil pause", []string{"that a guideline or a refresh started"}},
		{"/answer 1. yes", []string{"No question waits"}},
		{"/amend refunds: is there a column cents?", []string{"does so already"}},
		{"/amend commerce/refunds: what is the weather?", []string{"is not the place for it"}},
	} {
		h.says("jane", issue, x.says)
		h.hears(issue, x.want...)
	}
	h.quiet1()
	before := len(h.bots(issue))
	for _, quiet := range []string{"```\n/amend refunds: add a column size\n```", "> /amend refunds: add a column size", "No command, but /amend in a line", "/assign me", "/cc someone"} {
		h.says("jane", issue, quiet)
	}
	// The second of two commands is obeyed as well.
	h.says("jane", issue, "/codicil why refunds\n/amend refunds: add a column weight")
	c := h.opened(0)
	h.hears(issue, "is ready to be looked at", c.URL)
	if said := h.bots(issue); len(said) != before+2 {
		h.Errorf("%d answers to two commands:\n%s", len(said)-before, strings.Join(said[before:], "\n---\n"))
	}
	h.show(issue)
}

// quiet1 gives what was said last the time to be answered.
func (h house) quiet1() { time.Sleep(300 * time.Millisecond) }

// Questions are answered by whoever asked, also without write access, or by a maintainer.
func questionsAreAnswered(h house) {
	issue := h.asks("jane", "add a column size, I am very unsure")
	h.hears(issue, "2 things are unclear", "Shall it be there for all rows?")
	h.says("lee", issue, "1. No, never")
	h.says("lee", issue, "/answer 1. No, never")
	h.hears(issue, "needs write access")
	h.says("jane", issue, "I have to think about it.")
	h.says("jane", issue, "2. Yes, a whole one, and never negative")
	h.hears(issue, "1 thing is unclear still", "Who reads it?")
	h.says("ada", issue, "Not for me to say.")
	h.must(h.town.Grant(h.owner, demo.Repository, "ada", localforge.Write))
	h.says("ada", issue, "/answer Finance does")
	c := h.opened(0)
	ledger := h.file(c.Branch, "amendments/0002.yaml")
	for _, want := range []string{"Yes (assumed)", "never negative", "Finance does"} {
		if !strings.Contains(ledger, want) {
			h.Errorf("the ledger lacks %q:\n%s", want, ledger)
		}
	}
	if strings.Contains(ledger, "No, never") {
		h.Error("the answer of a reader counted")
	}
	h.show(issue)
}

// A conflict names the ways out, of which each can be copied.
func aConflictIsTakenInTheOpen(h house) {
	issue := h.asks("jane", "add a column size")
	c := h.opened(0)
	h.merges(c.Number)
	h.hears(issue, "is merged")
	second := h.asks("jane", "drop the column size")
	said := h.hears(second, "promised otherwise before")
	_, copied, _ := strings.Cut(said, "```\n")
	copied, _, ok := strings.Cut(copied, "```")
	if !ok || !strings.Contains(copied, "--supersede 2:") {
		h.Fatalf("there is no line to copy:\n%s", said)
	}
	h.says("jane", second, strings.TrimSpace(copied))
	c = h.opened(c.Number)
	if c.Verdict == "fail" || !strings.Contains(h.file(c.Branch, "amendments/0003.yaml"), "supersedes") {
		h.Errorf("the change is %s:\n%s", c.Verdict, h.file(c.Branch, "amendments/0003.yaml"))
	}
	h.show(second)
	h.show(c.Number)
}

// What two issues ask for comes in one merge request, which closes both.
func twoIssuesShareAMergeRequest(h house) {
	first := h.asks("jane", "add a column size")
	c := h.opened(0)
	second := h.asks("jane", "add a column weight")
	h.hears(second, "is ready to be looked at", c.URL)
	mr := h.thread(c.Number)
	if n := strings.Count(mr.Body, "Closes #"); n != 2 {
		h.Errorf("it closes %d issues:\n%s", n, mr.Body)
	}
	h.show(c.Number)
	h.merges(c.Number)
	for _, issue := range []int{first, second} {
		h.hears(issue, "is merged")
		h.until("the issue is closed", func() bool { return h.thread(issue).State == "closed" }, nil)
	}
	if text := h.file("", "models/joined.sql"); !strings.Contains(text, "as size") || !strings.Contains(text, "as weight") {
		h.Errorf("not both columns came:\n%s", text)
	}
}

// A merge request that is approved is not changed under its reviewers; what comes later waits, and goes on by itself.
func whatIsApprovedIsLeftAlone(h house) {
	h.asks("jane", "add a column size")
	c := h.opened(0)
	h.must(h.town.Person("lee").Approve(h.Context(), h.owner, demo.Repository, c.Number)) // a reader's word, which counts for nothing
	h.must(h.town.Person("jane").Approve(h.Context(), h.owner, demo.Repository, c.Number))
	h.until("the approval is known", func() bool { return h.change().Approved }, nil)
	second := h.asks("jane", "add a column weight")
	h.hears(second, "waits", c.URL)
	if now := h.change(); now.Head != c.Head || !now.Approved {
		h.Errorf("the approved change was touched: %+v", now)
	}
	h.show(second)
	h.merges(c.Number)
	next := h.opened(c.Number)
	h.hears(second, "is ready to be looked at", next.URL)
}

// What can't be proven together with an open merge request waits for it, and is tried again when that is decided.
func whatDoesNotFitWaits(h house) {
	h.asks("jane", "add a column size")
	c := h.opened(0)
	second := h.asks("jane", "add a column weight instead of size")
	h.hears(second, "waits", "can't be proven")
	if now := h.change(); now.Head != c.Head || now.Draft {
		h.Errorf("the green merge request was touched: %+v", now)
	}
	h.must(h.town.Person("jane").Close(h.Context(), h.owner, demo.Repository, c.Number))
	next := h.opened(c.Number)
	h.hears(second, "is ready to be looked at", next.URL)
	if next.Draft {
		h.Errorf("it is red: %+v", next)
	}
}

// An /amend at the bot's merge request adds commits to its branch, unless the whole would be red.
func aMergeRequestIsRefined(h house) {
	h.asks("jane", "add a column size")
	c := h.opened(0)
	h.says("jane", c.Number, "/amend")
	h.hears(c.Number, "what is needed")
	h.says("jane", c.Number, "/amend add a column weight instead of size")
	h.hears(c.Number, "could not be changed", "stays as it was")
	if now := h.change(); now.Head != c.Head || now.Draft {
		h.Errorf("the green merge request was touched: %+v", now)
	}
	h.says("jane", c.Number, "/amend add a column length")
	h.hears(c.Number, "is ready to be looked at")
	h.until("the branch has more", func() bool { return h.change().Head != c.Head }, nil)
	now := h.change()
	if now.Number != c.Number || now.Draft || !strings.Contains(h.file(now.Branch, "models/refined.sql"), "as length") {
		h.Errorf("it was not refined: %+v", now)
	}
	if mr := h.thread(c.Number); !strings.Contains(mr.Body, "add a column length") || !strings.Contains(mr.Body, "add a column size") {
		h.Errorf("the body does not tell of both:\n%s", mr.Body)
	}
	h.show(c.Number)
	h.merges(c.Number)
	h.hears(c.Number, "is merged")
}

// A closed merge request stays closed; it can be opened again, asked for again, and retried.
func whatIsClosedStaysClosed(h house) {
	person := h.town.Person("jane")
	issue := h.asks("jane", "add a column size")
	c := h.opened(0)
	h.must(person.Close(h.Context(), h.owner, demo.Repository, c.Number))
	h.hears(issue, "was closed without being merged")
	if h.thread(issue).State != "open" {
		h.Error("the issue was closed with it")
	}
	h.must(person.Reopen(h.Context(), h.owner, demo.Repository, c.Number))
	h.hears(issue, "is ready to be looked at", c.URL)
	time.Sleep(1100 * time.Millisecond) // the forge tells times to the second, and two such events in one are one
	h.must(person.Close(h.Context(), h.owner, demo.Repository, c.Number))
	h.hears(issue, "was closed without being merged")
	h.says("jane", issue, "/codicil retry")
	next := h.opened(c.Number)
	h.hears(issue, "is ready to be looked at", next.URL)
	// At the merge request itself, cancel closes it.
	h.says("jane", next.Number, "/codicil cancel")
	h.hears(issue, "was closed without being merged")
	// A spec edited by hand that was declined is not proposed again until it changes.
	changed := strings.TrimSuffix(h.file("", "spec.yaml"), "\n") + "\n      - {name: edge, type: BIGINT, description: \"Its edge.\", why: Somebody asked for it., nullable: false}\n"
	h.commits("", "Edges are needed", map[string]string{"spec.yaml": changed})
	edited := h.opened(next.Number)
	h.must(person.Close(h.Context(), h.owner, demo.Repository, edited.Number))
	h.until("it is declined", func() bool { return h.change().State == state.ChangeDeclined }, nil)
	h.commits("", "A comment", map[string]string{"spec.yaml": "# The spec.\n" + changed})
	h.commits("", "Another word", map[string]string{"spec.yaml": "# The spec.\n" + strings.Replace(changed, "Its edge.", "The edge that it has.", 1)})
	again := h.opened(edited.Number)
	if n := len(h.triggers("closed", state.TriggerDeclined)); n != 2 {
		h.Errorf("%d triggers are declined, want the cancelled issue's and the edit's", n)
	}
	h.show(again.Number)
}

// A person's commit on the bot's branch is kept and built upon, and never rebased away.
func peoplesCommitsAreKept(h house) {
	h.asks("jane", "add a column size")
	c := h.opened(0)
	note := map[string]string{"models/guests_clean.sql": h.file(c.Branch, "models/guests_clean.sql") + "-- as it comes\n"}
	sha := h.commits(c.Branch, "A note", note)
	h.until("the commit is seen", func() bool { return h.change().Foreign == sha }, nil)
	h.says("jane", c.Number, "/codicil rebase")
	h.hears(c.Number, "holds commits of", "not overwritten")
	h.says("jane", c.Number, "/amend add a column weight")
	h.until("the branch has more", func() bool { now := h.change(); return now.Head != c.Head && now.State == state.ChangeOpen }, nil)
	now := h.change()
	if text := h.file(now.Branch, "models/guests_clean.sql"); !strings.Contains(text, "as it comes") {
		h.Errorf("the person's commit is lost:\n%s", text)
	}
	if text := h.file(now.Branch, "models/guests.sql"); !strings.Contains(text, "as weight") {
		h.Errorf("nothing was built upon it:\n%s", text)
	}
	h.merges(c.Number)
	h.until("the branch is gone", func() bool { return !h.there(c.Branch) }, nil)
}

// A change that fails on the default branch as it moved, and that can't be made anew, is red until it holds again.
func whatFailsOnTheNewBaseIsRed(h house) {
	h.asks("jane", "add a column size")
	c := h.opened(0)
	const clean = "models/falls_clean.sql"
	was := h.file("", clean)
	sha := h.commits(c.Branch, "A note", map[string]string{"models/falls.sql": h.file(c.Branch, "models/falls.sql") + "-- as it comes\n"})
	h.until("the commit is seen", func() bool { return h.change().Foreign == sha }, nil)
	check := func() localforge.Check {
		if checks := h.thread(c.Number).Checks; len(checks) == 1 {
			return checks[0]
		}
		return localforge.Check{}
	}
	h.until("the commit is proven", func() bool { return check().Conclusion == "success" }, nil)
	h.commits("", "Only what is dear", map[string]string{clean: strings.Replace(was, "cents > 0", "cents > 300", 1)})
	h.hears(c.Number, "on it this fails")
	h.until("it is red and a draft", func() bool { return check().Conclusion == "failure" && h.thread(c.Number).State == "draft" }, nil)
	h.commits("", "All again", map[string]string{clean: was})
	h.until("it is green and no draft", func() bool { return check().Conclusion == "success" && h.thread(c.Number).State == "open" }, nil)
}

// What waits, is worked on or asked about can be taken back, and taken up again.
func workIsTakenBack(h house) {
	issue := h.asks("jane", "add a column size, I am unsure")
	h.hears(issue, "2 things are unclear")
	h.says("jane", issue, "/codicil cancel")
	h.hears(issue, "the work was cancelled")
	h.says("jane", issue, "1. Yes") // too late, and only talk
	slow := h.asks("jane", "add a column weight, slowly")
	h.hears(slow, "Implementing the whole spec**")
	behind := h.asks("jane", "add a column length, slowly")
	h.says("jane", behind, "/codicil cancel")
	h.hears(behind, "the work was cancelled")
	h.says("jane", slow, "/codicil cancel")
	h.hears(slow, "the work was cancelled")
	h.until("nothing is worked on", func() bool { return h.change().State == state.ChangeAbandoned }, nil)
	if open := h.triggers("stopped", state.TriggerWaiting, state.TriggerWorking, state.TriggerOpen, state.TriggerAsked); len(open) > 0 {
		h.Errorf("this goes on: %+v", open)
	}
	h.says("jane", issue, "/codicil retry")
	h.hears(issue, "Waiting for answers", "the questions")
	h.says("jane", issue, "1. yes\n2. yes")
	c := h.opened(0)
	h.hears(issue, "is ready to be looked at", c.URL)
	// From the issue, cancel closes the merge request that is only for it.
	h.says("jane", issue, "/codicil cancel")
	h.hears(issue, "was closed without being merged")
	h.show(issue)
}

// Who may not write gets one answer at each place, and whose right is taken away may not any more.
func readersMayNot(h house) {
	issue := h.opens("lee", "Sizes", "")
	h.says("lee", issue, "/amend readers: add a column size")
	h.hears(issue, "needs write access")
	h.says("lee", issue, "/codicil status")
	h.says("lee", issue, "/codicil help")
	h.must(h.town.Grant(h.owner, demo.Repository, "omar", localforge.Write))
	h.says("omar", issue, "/codicil why readers.cents")
	h.hears(issue, "readers.cents")
	h.must(h.town.Grant(h.owner, demo.Repository, "omar", localforge.Read))
	h.says("omar", issue, "/amend readers: add a column weight")
	h.until("he is refused", func() bool { return len(h.bots(issue)) == 3 }, func() string { return strings.Join(h.bots(issue), "\n---\n") })
	// An edit does not make a command of what was none, and what is edited away was obeyed as it was.
	id := h.says("jane", issue, "Nothing.")
	h.must(h.town.Person("jane").EditComment(h.Context(), h.owner, demo.Repository, id, "/amend readers: add a column edited"))
	gone := h.says("jane", issue, "/amend readers: add a column length")
	h.must(h.town.Person("jane").DeleteComment(h.Context(), h.owner, demo.Repository, gone))
	c := h.opened(0)
	if n := len(h.triggers("readers")); n != 1 {
		h.Errorf("%d wishes were taken up", n)
	}
	if text := h.file(c.Branch, "models/readers.sql"); !strings.Contains(text, "as length") {
		h.Errorf("not what was asked:\n%s", text)
	}
	// A status comment that somebody deletes is not written again.
	h.hears(issue, "is ready to be looked at")
	for _, r := range h.thread(issue).Remarks {
		if r.Author == "codicil[bot]" && strings.Contains(r.Body, "is ready to be looked at") {
			h.must(h.town.Person("jane").DeleteComment(h.Context(), h.owner, demo.Repository, r.ID))
		}
	}
	h.merges(c.Number)
	h.until("the issue is closed", func() bool { return h.thread(issue).State == "closed" }, nil)
	for _, said := range h.bots(issue) {
		if strings.Contains(said, "merge") {
			h.Errorf("it came back:\n%s", said)
		}
	}
}

// When the default branch moves under an open merge request, it is proven again, and made anew only if it must be.
func theDefaultBranchMoves(p *play) {
	moved, reads := p.house("commerce", "moved"), p.house("commerce", "reads")
	reads.asks("jane", "add a column size")
	c := reads.opened(0)
	reads.must(reads.town.Person("jane").Approve(p.Context(), "commerce", demo.Repository, c.Number))
	reads.until("the approval is known", func() bool { return reads.change().Approved }, nil)
	moved.commits("", "One more", map[string]string{"seeds/raw_moved.csv": moved.file("", "seeds/raw_moved.csv") + "4,500\n"})
	reads.until("it is proven on the new base", func() bool { return reads.change().Base != c.Base }, nil)
	if now := reads.change(); now.Head != c.Head || !now.Approved {
		p.Errorf("the approval was thrown away: %+v", now)
	}
	// Somebody takes the number of the amendment.
	files := map[string]string{}
	for _, name := range []string{"spec.yaml", "amendments/0001.yaml", "models/reads.sql"} {
		files[name] = reads.file("", name)
	}
	changed, err := tiny.Product{Name: "reads", Reads: "moved"}.Changed(files, "weight")
	reads.must(err)
	reads.commits("", "Weights, by hand", changed)
	reads.until("it is made anew", func() bool {
		now := reads.change()
		return now.Head != c.Head && now.State == state.ChangeOpen
	}, nil)
	now := reads.change()
	if now.Number != c.Number || now.Draft || !strings.Contains(reads.file(now.Branch, "amendments/0003.yaml"), "add_column: reads.size") {
		p.Errorf("it was not renumbered: %+v", now)
	}
	// Asked for, it is made anew on the same base as well.
	reads.says("jane", now.Number, "/codicil rebase")
	reads.hears(now.Number, "made anew")
	reads.show(now.Number)
	reads.merges(now.Number)
	reads.until("it is merged", func() bool { return reads.change().State == state.ChangeMerged }, nil)
}

// With one product in the repository, nobody has to name it; an /amend without words means the issue.
func whereThereIsOneProduct(h house) {
	issue := h.opens("mia", "Please add a column size", "It would help.")
	h.says("mia", issue, "/amend")
	c := h.opened(0)
	h.hears(issue, "is ready to be looked at", c.URL)
	if text := h.file(c.Branch, "amendments/0002.yaml"); !strings.Contains(text, "It would help") {
		h.Errorf("the issue's words are not the requirement:\n%s", text)
	}
	// At a person's merge request, an /amend does not close that.
	h.commits("mine", "A note", map[string]string{"models/mails_clean.sql": h.file("", "models/mails_clean.sql") + "-- as it comes\n"})
	pull, err := h.town.Person("mia").OpenPull(h.Context(), h.owner, demo.Repository, localforge.NewPull{Title: "A note", Head: "mine"})
	h.must(err)
	h.says("mia", pull, "/amend add a column weight")
	h.hears(pull, "is ready to be looked at", c.URL)
	h.merges(c.Number)
	h.hears(pull, "is merged")
	h.until("the issue is closed", func() bool { return h.thread(issue).State == "closed" }, nil)
	h.quiet()
	if h.thread(pull).State != "open" {
		h.Error("the person's merge request was closed")
	}
}

// A folder of models without a spec gets one drafted.
func whereThereIsNone(h house) {
	issue := h.opens("omar", "Ledgers", "")
	h.says("omar", issue, "/amend add a column size")
	h.hears(issue, "There is no data product", "/codicil init PATH")
	h.says("omar", issue, "/codicil init ../../etc")
	h.hears(issue, "no folder of this repository")
	h.says("omar", issue, "/codicil init finance/nothing")
	h.hears(issue, "finance/nothing", "nothing to draft a spec from")
	h.says("omar", issue, "/codicil init finance/ledgers")
	var number int
	h.until("a merge request is open", func() bool {
		for _, i := range h.town.Issues("finance", demo.Repository) {
			if i.Pull != nil {
				number = i.Number
			}
		}
		return number != 0
	}, func() string { return strings.Join(h.bots(issue), "\n---\n") })
	h.show(issue)
	h.show(number)
	h.hears(issue, "is ready to be looked at")
	// The draft can be refined and brought up to date as any other merge request, though the default branch has no such product yet.
	h.says("omar", number, "/amend what is the weather?")
	h.hears(number, "is not the place for it")
	h.says("omar", number, "/codicil rebase")
	h.hears(number, "made anew")
	h.show(number)
	h.merges(number)
	h.hears(issue, "is merged")
	h.says("omar", issue, "/codicil why ledgers")
	h.hears(issue, "ledgers")
	h.says("omar", issue, "/codicil init finance/ledgers")
	h.hears(issue, "has a spec already")
}

// An issue at which two products were asked to change is closed with the second one.
func twoProductsAreAskedForInOneIssue(p *play) {
	west, east := p.house("commerce", "west"), p.house("commerce", "east")
	issue := west.opens("jane", "Sizes everywhere", "")
	west.says("jane", issue, "/amend east: add a column size, I am unsure")
	west.says("jane", issue, "/amend west: add a column size")
	c := west.opened(0)
	west.hears(issue, "things are unclear")
	west.says("jane", c.Number, "/codicil rebase") // whose body may have been written before the other was asked
	west.hears(c.Number, "made anew")
	west.merges(c.Number)
	west.hears(issue, "is merged")
	west.quiet()
	if west.thread(issue).State != "open" {
		west.Error("the issue is closed while something that was asked for there waits")
	}
	west.says("jane", issue, "1. yes\n2. yes")
	east.merges(east.opened(0).Number)
	west.until("the issue is closed", func() bool { return west.thread(issue).State == "closed" }, nil)
}

// What can't be proven together with a draft waits as behind any other merge request, and is no part of it.
func aDraftIsNotMadeWorse(h house) {
	h.asks("jane", "add a column size, wrongly")
	c := h.opened(0)
	if !c.Draft {
		h.Fatalf("it is no draft: %+v", c)
	}
	second := h.asks("jane", "add a column weight")
	h.hears(second, "waits", "can't be proven")
	if now := h.change(); now.Head != c.Head {
		h.Errorf("the draft was changed: %+v", now)
	}
	h.must(h.town.Person("jane").Close(h.Context(), h.owner, demo.Repository, c.Number))
	next := h.opened(c.Number)
	h.hears(second, "is ready to be looked at", next.URL)
	if next.Draft {
		h.Errorf("it is red: %+v", next)
	}
}

// Where all that a merge request is for was asked at one issue, cancel closes it from there.
func oneIssueForOneMergeRequest(h house) {
	issue := h.asks("jane", "add a column size")
	h.opened(0)
	h.says("jane", issue, "/amend twice: add a column weight\n/codicil dance")
	h.hears(issue, "dance", "nothing was done for it")
	h.until("both are in it", func() bool { return len(h.triggers("twice", state.TriggerOpen)) == 2 }, nil)
	h.quiet()
	h.says("jane", issue, "/codicil cancel")
	h.until("both are declined", func() bool { return len(h.triggers("twice", state.TriggerDeclined)) == 2 }, func() string { return strings.Join(h.bots(issue), "\n---\n") })
}

// What somebody brings by hand while the bot's merge request for the same is open needs no merge request any more.
func whatIsThereByNowIsNotProposed(h house) {
	issue := h.asks("jane", "add a column size")
	c := h.opened(0)
	files := map[string]string{}
	for _, name := range []string{"spec.yaml", "amendments/0001.yaml", "models/held.sql"} {
		files[name] = h.file("", name)
	}
	changed, err := tiny.Product{Name: "held"}.Changed(files, "size")
	h.must(err)
	h.commits("", "Sizes, by hand", changed)
	h.hears(c.Number, "holds all of this by now")
	h.hears(issue, "does so already")
	h.until("the merge request is closed", func() bool { return h.thread(c.Number).State == "closed" }, nil)
	h.until("the wish and the move of the base are answered", func() bool { return len(h.triggers("held", state.TriggerAnswered)) == 2 }, nil)
}
