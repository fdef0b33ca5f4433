// Package prompts turns what a stage of the author's work needs to know into the text that a model is asked.
//
// One template a file, and one typed function each. What is the same for every product comes first and is the same to the
// byte, so that endpoints which cache prompts by their beginning can: System, Guidelines, Product, then the task. Therefore
// System tells of every stage how its task is done (how-*.tmpl), whichever follows, and a task is little more than its data.
package prompts

import (
	"embed"
	"fmt"
	"strings"
	"text/template"

	"github.com/codicil-dev/codicil/bot/proposal"
)

//go:embed *.tmpl
var files embed.FS

// templates are parsed at the start, so that a broken one can't be shipped.
var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"fence": proposal.Fence,
	"join":  strings.Join,
}).ParseFS(files, "*.tmpl"))

// render fills in a template.
func render(name string, data any) (string, error) {
	var b strings.Builder
	if err := templates.ExecuteTemplate(&b, name, data); err != nil {
		return "", fmt.Errorf("render prompt %s: %w", name, err)
	}
	return strings.TrimSpace(b.String()) + "\n", nil
}

// File is a text with a name: a file of the product, or anything else that is shown as data.
type File struct {
	Path string
	// Text is untrusted: it is always shown inside a fence that it can't close.
	Text string
}

// Guideline is a rule of the organisation.
type Guideline struct {
	ID, Title string
	// AppliesTo is the CEL expression over a spec that says which products it binds.
	AppliesTo string
	Text      string
}

// System is what holds for every product, with how the task of each stage is done.
func System() (string, error) { return render("system.tmpl", nil) }

// Guidelines shows the organisation's rules, the same for every product.
func Guidelines(guidelines []Guideline) (string, error) {
	return render("guidelines.tmpl", struct{ Guidelines []Guideline }{guidelines})
}

// ProductData is what every stage may know of a product.
type ProductData struct {
	Name string
	// Spec is the text of spec.yaml, Ledger the amendments in order, Files the models, tests and seeds.
	Spec   string
	Ledger []File
	Files  []File
	// Readers are the other products that read this one, a line each.
	Readers []string
	// Omitted names files that are left out because the product is large.
	Omitted []string
	// Tables says of each table what it holds: columns, rows, samples as far as they may be shown.
	Tables []Table
	// Overlap says which models repeat each other.
	Overlap []string
	// New says that the product does not exist yet; Given is what its spec begins with, Neighbours are products that it may read.
	New        bool
	Given      string
	Neighbours []File
	// SpecOnly leaves the implementation out, for a reader who shall judge by the spec.
	SpecOnly bool
}

// Table is what a table holds, as text.
type Table struct {
	Name string
	Text string
}

// Product shows a product.
func Product(p ProductData) (string, error) { return render("product.tmpl", p) }

// Answered is a question with its answer.
type Answered struct {
	Ask, Answer string
}

// RefineTask is a requirement to be understood.
type RefineTask struct {
	Requirement string
	Answers     []Answered
	// Supersede names the checks that the asker allows to be retired, as in AmendTask.
	Supersede []string
}

// Refine asks whether a requirement is clear.
func Refine(t RefineTask) (string, error) { return render("refine.tmpl", t) }

// AmendTask is a requirement to be written into spec and ledger.
type AmendTask struct {
	Requirement, Reading string
	// Facts are what was found out about the data when the requirement was read.
	Facts   []string
	Answers []Answered
	// ID is the new amendment's id, Path its file, Origin its kind of origin.
	ID     int
	Path   string
	Origin string
	// Supersede names the checks that may be retired, as "amendment 1: name of the check".
	Supersede []string
	// Complaint is why whoever was to implement the amendment Last could not; both are empty at first.
	Complaint, Last string
}

// Amend asks for the new spec and its amendment.
func Amend(t AmendTask) (string, error) { return render("amend.tmpl", t) }

// Check is a check of a guideline.
type Check struct {
	Name string
	// Text is its SQL, or its CEL expression.
	Text string
}

// Adoption is a guideline that a product is to keep.
type Adoption struct {
	ID, Title string
	// Text is the guideline's prose, Before that of the revision before it; empty if there is none.
	Text, Before string
	// Failing tell which of its checks fail as the product is, a line each; empty if it has no checks.
	Failing []string
	// Evidence is what else is known to be out of date, a line each.
	Evidence []string
}

// RefineGuidelineTask is a guideline to be understood for a product that does not keep it.
type RefineGuidelineTask struct {
	Adoption
	// Answers are questions with what was assumed, Supersede the checks that may be retired.
	Answers   []Answered
	Supersede []string
}

// RefineGuideline asks what keeps a guideline.
func RefineGuideline(t RefineGuidelineTask) (string, error) {
	return render("guideline-refine.tmpl", t)
}

// AmendGuidelineTask is a guideline to be written into spec and ledger.
type AmendGuidelineTask struct {
	// AmendTask is as for a person's requirement, which itself is not shown.
	AmendTask
	Adoption
	// Checks are those that are copied from the guideline, Retired those of an earlier adoption that end.
	Checks  []Check
	Retired []string
}

// AmendGuideline asks for the spec and the amendment that adopt a guideline.
func AmendGuideline(t AmendGuidelineTask) (string, error) { return render("guideline-amend.tmpl", t) }

// AmendEditTask is a hand edit of the spec to be declared.
type AmendEditTask struct {
	// Requirement is what was said with the edit, SpecDiff the edit.
	Requirement, SpecDiff string
	// Path is the new amendment's file, Draft what a program makes of the edit.
	Path, Draft string
	// Supersede, Complaint and Last are as in AmendTask.
	Supersede       []string
	Complaint, Last string
}

// AmendEdit asks for the rest of an amendment that declares a hand edit.
func AmendEdit(t AmendEditTask) (string, error) { return render("edit-amend.tmpl", t) }

// RefreshTask is a product to be looked at again.
type RefreshTask struct {
	// Evidence is what is known to be out of date, a line each; it may be empty.
	Evidence []string
	// Answers are questions with what was assumed.
	Answers []Answered
}

// Refresh asks whether the implementation is still the best one.
func Refresh(t RefreshTask) (string, error) { return render("refresh-refine.tmpl", t) }

// RenewTask is an implementation to be renewed for an unchanged spec.
type RenewTask struct {
	Evidence, Facts []string
	// Path is the amendment's file, Amendment its text.
	Path, Amendment string
}

// Renew asks for the best implementation of an unchanged spec.
func Renew(t RenewTask) (string, error) { return render("refresh-implement.tmpl", t) }

// ImplementTask is an amended spec to be implemented.
type ImplementTask struct {
	Requirement string
	// Facts are what was found out about the data when the requirement was read.
	Facts []string
	// Path is the new amendment's file, Amendment its text, SpecDiff what it changed in spec.yaml.
	Path, Amendment, SpecDiff string
}

// Implement asks for the best implementation of the whole spec.
func Implement(t ImplementTask) (string, error) { return render("implement.tmpl", t) }

// Faults sends an answer back within its conversation, with what is wrong with it.
func Faults(faults []string) (string, error) {
	return render("faults.tmpl", struct{ Faults []string }{faults})
}

// Doubts asks whether checks that prove nothing new are meant so.
func Doubts(doubts []string) (string, error) {
	return render("doubts.tmpl", struct{ Doubts []string }{doubts})
}

// RepairTask is an implementation that failed its proof.
type RepairTask struct {
	Round, Rounds int
	Results, Diff string
	// Objections are what a review holds against the change, each with the rows that prove it.
	Objections []string
}

// Repair asks for what failed to be mended.
func Repair(t RepairTask) (string, error) { return render("repair.tmpl", t) }

// MendTask is a product that does not build, before anything was asked of it.
type MendTask struct {
	Round, Rounds int
	Results, Diff string
}

// Mend asks for its models to be mended.
func Mend(t MendTask) (string, error) { return render("mend.tmpl", t) }

// ReviewTask is a change to be doubted.
type ReviewTask struct {
	Diff, Results string
	// Tables are what a counter-example may read, a line each with its columns and their types.
	Tables []string
}

// Review asks for objections with counter-examples.
func Review(t ReviewTask) (string, error) { return render("review.tmpl", t) }

// DraftTask is a product without a spec.
type DraftTask struct {
	// Spec and Amendment are the draft that the build and the data made, with placeholders; Path is the amendment's file.
	Spec, Amendment, Path string
	// Interface says which tables are part of it, and why others are not.
	Interface string
	// Keys are other sets of columns that name one row as well, as "table: columns".
	Keys []string
	// Masked says that values which look personal are withheld.
	Masked bool
}

// Draft asks for what the facts can't tell of a product without a spec.
func Draft(t DraftTask) (string, error) { return render("init.tmpl", t) }
