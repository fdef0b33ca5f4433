package author_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/portrait"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
)

// The club is a product that nobody has written a spec for.
func club() map[string]string {
	return map[string]string{
		"club/models/staging/stg_members.sql": "select member_id, trim(name) as name, email, plan, cast(joined as date) as joined_on from raw_members\n",
		"club/models/members.sql":             "select member_id, name, email, plan, joined_on from stg_members\n",
		"club/models/fees.sql":                "select member_id, cast(sum(fee) as decimal(10,2)) as paid from raw_fees where member_id in (select member_id from stg_members) group by 1\n",
		"club/seeds/raw_members.csv": "member_id,name,email,plan,joined\n1,Ada Lovelace,ada@example.com,gold,2025-01-01\n2,Grace Hopper,grace@example.com,basic,2025-01-02\n3,Mary Shelley,mary@example.com,gold,2025-01-03\n" +
			"4,Jane Austen,jane@example.com,basic,2025-01-04\n5,Emmy Noether,,gold,2025-01-05\n6,Marie Curie,marie@example.com,basic,2025-01-06\n7,Lise Meitner,lise@example.com,gold,2025-01-07\n" +
			"8,Rosa Parks,rosa@example.com,basic,2025-01-08\n9,Ida Rhodes,ida@example.com,gold,2025-01-09\n10,Hedy Lamarr,hedy@example.com,basic,2025-01-10\n",
		"club/seeds/raw_fees.csv":  "member_id,fee\n1,10.00\n1,10.00\n2,5.00\n",
		"club/tests/has_plan.sql":  "select * from members where plan is null\n",
		"club/notes/unrelated.txt": "not part of a product\n",
	}
}

// clubWords is the spec of the club as a good model fills it in.
const clubWords = `spec: 1
product: club
version: 1.0.0
owner: {team: desk}
purpose: Says who is a member and what they paid.
tables:
  - name: fees
    description: One row for each member who ever paid.
    why: Not asked for explicitly, needed for telling who paid.
    key: [member_id]
    columns:
      - name: member_id
        type: BIGINT
        description: The member.
        why: Leads to the member.
        references: members.member_id
      - name: paid
        type: DECIMAL(10,2)
        description: All that the member ever paid.
        why: Not asked for explicitly, needed for the accounts.
        nullable: false
  - name: members
    description: One row for each member.
    why: Not asked for explicitly, needed for the list at the door.
    key: [member_id]
    columns:
      - name: member_id
        type: BIGINT
        description: Number of the member.
        why: Names the member.
      - name: name
        type: VARCHAR
        description: How the member is called.
        why: The door greets people by it.
        nullable: false
        classification: pii
      - name: email
        type: VARCHAR
        description: Where the member is reached; NULL if nowhere.
        why: Invitations go there.
        nullable: true
        classification: pii
      - name: plan
        type: VARCHAR
        description: What the member has booked.
        why: The fee depends on it.
        nullable: false
        values: [basic, gold]
      - name: joined_on
        type: DATE
        description: The day on which the membership began.
        why: Anniversaries are counted from it.
        nullable: false
`

// clubLedger is the first amendment as a model writes it, with checks.
func clubLedger(checks ...string) string {
	text := "id: 1\nrequirement: whatever\norigin: {kind: bootstrap}\nreading: Members are listed, and their fees summed.\nexpects: []\nchecks:\n"
	for i := 0; i < len(checks); i += 2 {
		text += "  - name: " + checks[i] + "\n    sql: " + checks[i+1] + "\n"
	}
	if len(checks) == 0 {
		text = strings.ReplaceAll(text, "checks:\n", "checks: []\n")
	}
	return file("amendments/0001.yaml", text+"change: something else\n")
}

const paidCheck = "select sum(paid) as paid from fees having sum(paid) <> (select sum(fee) from raw_fees)"

func drafts(words string, checks ...string) string {
	return file("spec.yaml", words) + clubLedger(checks...)
}

// fresh puts files into a folder and returns the club as a newcomer.
func fresh(t *testing.T, files map[string]string) author.Newcomer {
	t.Helper()
	job := put(t, files)
	job.Path = "club"
	return author.Newcomer{Job: job, Owner: spec.Owner{Team: "desk"}}
}

func draft(t *testing.T, s *script, n author.Newcomer) *author.Outcome {
	t.Helper()
	o, err := newAuthor(s).Draft(t.Context(), n, true)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func drafter(t *testing.T, answers ...string) *script {
	return &script{t: t, answers: map[string][]string{author.StageDraft: answers}}
}

// last is the last text that the model was asked.
func (s *script) last() string {
	m := s.asked[len(s.asked)-1].Messages
	return m[len(m)-1].Text
}

// all is everything that the model was ever sent.
func (s *script) all() string {
	var b strings.Builder
	for _, r := range s.asked {
		for _, m := range r.Messages {
			b.WriteString(m.Text + "\n")
		}
	}
	return b.String()
}

func TestDraft(t *testing.T) {
	t.Parallel()
	n := fresh(t, club())
	s := drafter(t, drafts(clubWords, "fees are all there", paidCheck))
	o := draft(t, s, n)
	wantKind(t, o, author.Done)
	if got := strings.Join(o.Files, " "); got != "amendments/0001.yaml spec.yaml" {
		t.Fatalf("files are %s", got)
	}
	before := read(t, n.Tree.Root)
	if err := o.Write(false); err != nil {
		t.Fatal(err)
	}
	after := read(t, n.Tree.Root)
	if len(after) != len(before)+2 {
		t.Errorf("%d files became %d", len(before), len(after))
	}
	ledger := after["club/amendments/0001.yaml"]
	for _, want := range []string{"each row of members has its own member_id", "no table is empty", "fees are all there", "kind: bootstrap", "add_table: members",
		"Internal are stg_members (in the folder staging, read by other models); the seeds raw_fees, raw_members.", "Nothing was changed", "The product was there before its spec"} {
		if !strings.Contains(ledger, want) {
			t.Errorf("the amendment lacks %q:\n%s", want, ledger)
		}
	}
	for _, not := range []string{"whatever", "something else"} {
		if strings.Contains(ledger, not) {
			t.Errorf("the model's own %q is in the ledger", not)
		}
	}
	_, err := newAuthor(s).Draft(t.Context(), n, true)
	if err == nil || !strings.Contains(err.Error(), "codicil amend") {
		t.Errorf("a second draft ended with %v", err)
	}
}

// TestObstinateDraft has models that will not keep to the facts: they are told, and refused in the end.
func TestObstinateDraft(t *testing.T) {
	t.Parallel()
	more := func(old, new string) string {
		out := strings.Replace(clubWords, old, new, 1)
		if out == clubWords {
			t.Fatalf("%q is not in the draft", old)
		}
		return out
	}
	extra := "  - name: ghosts\n    description: d\n    why: w\n    columns: [{name: a, type: INTEGER, description: d, why: w}]\n"
	for name, c := range map[string]struct{ answer, fault string }{
		"column":      {drafts(more("      - name: paid\n", "      - {name: vat, type: INTEGER, description: Tax., why: Law.}\n      - name: paid\n")), "fees.vat: the table has no such column"},
		"lost column": {drafts(more("      - name: joined_on\n        type: DATE\n        description: The day on which the membership began.\n        why: Anniversaries are counted from it.\n        nullable: false\n", "")), "members.joined_on: the column is missing"},
		"table":       {drafts(clubWords + extra), "ghosts: there is no such table"},
		"staging":     {drafts(clubWords + strings.ReplaceAll(extra, "ghosts", "stg_members")), "stg_members: there is no such table in the build, or it is internal"},
		"type":        {drafts(more("type: DECIMAL(10,2)", "type: DOUBLE")), "fees.paid: its type is DECIMAL(10,2), as the build has it, and not DOUBLE"},
		"length":      {drafts(more("type: VARCHAR\n        description: How", "type: VARCHAR(5)\n        description: How")), "are longer than the spec's VARCHAR(5)"},
		"name":        {drafts(more("product: club", "product: guild")), "product: it is not yours to change"},
		"owner":       {drafts(more("{team: desk}", "{team: evil}")), "owner: it is not yours to change"},
		"no null":     {drafts(more("nullable: true", "nullable: false")), "nullable: false"},
		"key":         {drafts(more("key: [member_id]\n    columns:\n      - name: member_id\n        type: BIGINT\n        description: Number", "key: [plan]\n    columns:\n      - name: member_id\n        type: BIGINT\n        description: Number")), "plan"},
		"values":      {drafts(more("values: [basic, gold]", "values: [gold]")), "plan"},
		"personal":    {drafts(more("        classification: pii\n", "        classification: pii\n        values: [Ada Lovelace]\n")), "members.name: its values may be personal"},
		"control":     {drafts(more("How the member is called.", `"How \e[31mthe member\u202e is called."`)), "members.name: the text holds control characters"},
		"long":        {drafts(more("How the member is called.", strings.Repeat("word ", 500)+"end")), "members.name: the text is longer"},
		"placeholder": {drafts(more("How the member is called.", "<what it holds>")), "still the draft's"},
		"deprecated":  {drafts(more("description: How the member is called.", "deprecated: Soon.\n        description: How the member is called.")), "nothing is deprecated"},
		"model":       {file("spec.yaml", clubWords) + file("models/members.sql", "select 1 as member_id\n"), "models/members.sql"},
		"elsewhere":   {file("spec.yaml", clubWords) + file("../other/spec.yaml", "x\n"), "other/spec.yaml"},
		"nothing":     {"I would rather not.", "holds no file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := fresh(t, club())
			before := read(t, n.Tree.Root)
			s := drafter(t, c.answer)
			o := draft(t, s, n)
			wantKind(t, o, author.Failed)
			if got := strings.Join(o.Faults, "\n"); !strings.Contains(got, c.fault) {
				t.Errorf("the faults are\n%s\nwant %q", got, c.fault)
			}
			if !strings.Contains(s.last(), c.fault) {
				t.Error("the model was not told")
			}
			if len(s.asked) != 4 {
				t.Errorf("it was asked %d times", len(s.asked))
			}
			if err := o.Write(false); err == nil {
				t.Error("it was written")
			}
			if after := read(t, n.Tree.Root); len(after) != len(before) {
				t.Error("the folder was changed")
			}
		})
	}
}

// TestDraftMended has a model that learns from what it is told.
func TestDraftMended(t *testing.T) {
	t.Parallel()
	bad := strings.Replace(clubWords, "type: DATE", "type: VARCHAR", 1)
	good := strings.Replace(clubWords, "type: VARCHAR\n        description: What", "type: VARCHAR(5)\n        description: What", 1)
	o := draft(t, drafter(t, drafts(bad), drafts(good)), fresh(t, club()))
	wantKind(t, o, author.Done)
	if !strings.Contains(o.Diff, "type: VARCHAR(5)") {
		t.Error("a length that the data bear is not kept")
	}
}

func TestDraftChecksThatDoNotHold(t *testing.T) {
	t.Parallel()
	open := strings.ReplaceAll(clubWords, "        classification: pii\n", "") // so that verify itself withholds nothing
	s := drafter(t, drafts(open, "all are gold", "select member_id from members where plan <> 'gold'", "fees are all there", paidCheck,
		"mails are numbers", "select member_id from members where cast(email as integer) = 1", "there is a table", "select * from nowhere"))
	o := draft(t, s, fresh(t, club()))
	wantKind(t, o, author.Done)
	if len(s.asked) != 2 {
		t.Errorf("asked %d times, want 2: checks are sent back once", len(s.asked))
	}
	notes := strings.Join(o.Notes, "\n")
	for _, want := range []string{`"all are gold" (5 rows violate it)`, `"mails are numbers"`, `"there is a table"`} {
		if !strings.Contains(notes, want) {
			t.Errorf("the notes lack %s:\n%s", want, notes)
		}
	}
	if strings.Contains(s.all(), "@example.com") {
		t.Error("what DuckDB says of a failing check told the model a mail address")
	}
	var names []string
	for _, c := range o.Amendment.Checks {
		names = append(names, c.Name)
	}
	if got := strings.Join(names, "; "); got != "each row of fees has its own member_id; each row of members has its own member_id; no table is empty; fees are all there" {
		t.Errorf("kept were %s", got)
	}
}

// TestDraftShowsNothingPersonal looks at all that the model is sent about a product whose spec classifies nothing, since there is none; not
// even another product that calls its articles' column name opens ours.
func TestDraftShowsNothingPersonal(t *testing.T) {
	t.Parallel()
	files := club()
	files["shop/spec.yaml"] = strings.ReplaceAll(strings.ReplaceAll(shopSpec, "order_id", "name"), "BIGINT", "VARCHAR")
	files["shop/models/orders.sql"] = "select 'tent' as name, cast(1 as decimal(10,2)) as amount\n"
	files["shop/amendments/0001.yaml"] = "id: 1\nrequirement: r\norigin: {kind: bootstrap}\nreading: r\nexpects: [{add_table: orders}]\nchecks: []\nchange: c\n"
	files["club/models/gifts.sql"] = "select o.name as gift, m.name as label from orders as o cross join stg_members as m\n"
	s := drafter(t, "no")
	n := fresh(t, files)
	n.Path = "club"
	draft(t, s, n)
	for _, secret := range []string{"Ada", "Lovelace", "ada@", "Hopper", "@example.com", "Curie"} {
		if strings.Contains(s.all(), secret) {
			t.Errorf("the model was told %s", secret)
		}
	}
	if !strings.Contains(s.all(), "gold") {
		t.Error("the model was told no values at all, so this proves nothing")
	}
	if !strings.Contains(s.all(), "{product: orders, table: orders, version: ^1.0}") {
		t.Error("the input was not found")
	}
}

func TestDraftWithoutValues(t *testing.T) {
	t.Parallel()
	s := drafter(t, drafts(strings.Replace(clubWords, "        values: [basic, gold]\n", "", 1)))
	a := newAuthor(s)
	a.Portrait.Data = portrait.Schema
	o, err := a.Draft(t.Context(), fresh(t, club()), true)
	if err != nil {
		t.Fatal(err)
	}
	wantKind(t, o, author.Done)
	for _, value := range []string{"gold", "Ada", "2025-01-0"} {
		if strings.Contains(s.all(), value) {
			t.Errorf("the model was told %s", value)
		}
	}
	if !strings.Contains(o.Diff, "values: [basic, gold]") {
		t.Error("the values that the data show are not in the spec")
	}
}

// TestDraftOpened has a model take the classification away: that is told first.
func TestDraftOpened(t *testing.T) {
	t.Parallel()
	o := draft(t, drafter(t, drafts(strings.Replace(clubWords, "        classification: pii\n", "", 1))), fresh(t, club()))
	wantKind(t, o, author.Done)
	if got := strings.Join(o.Weakens, "\n"); !strings.Contains(got, "members.name looks personal") {
		t.Errorf("to be looked at first is %q", got)
	}
}

// TestDraftWithoutOwner leaves the one thing open that nobody but a person can say.
func TestDraftWithoutOwner(t *testing.T) {
	t.Parallel()
	n := fresh(t, club())
	n.Owner = spec.Owner{}
	o := draft(t, drafter(t, drafts(strings.Replace(clubWords, "{team: desk}", "{team: <the team that answers for it>}", 1))), n)
	wantKind(t, o, author.Drafted)
	if got := strings.Join(o.ToFill, " "); got != "owner.team" {
		t.Errorf("to be filled in is %s", got)
	}
	if err := o.Write(false); err != nil {
		t.Error(err)
	}
}

func TestDraftWithoutModel(t *testing.T) {
	t.Parallel()
	n := fresh(t, club())
	o, err := newAuthor(&script{t: t}).Draft(t.Context(), n, false)
	if err != nil {
		t.Fatal(err)
	}
	wantKind(t, o, author.Drafted)
	if err := o.Write(false); err != nil {
		t.Fatal(err)
	}
	text := read(t, n.Tree.Root)["club/spec.yaml"]
	for _, want := range []string{"key: [member_id]", "references: members.member_id", "values: [basic, gold]", "classification: pii", "description: <what it holds>"} {
		if !strings.Contains(text, want) {
			t.Errorf("the draft lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "Ada") || strings.Contains(text, "raw_fees") || strings.Contains(text, "stg_") {
		t.Errorf("the draft tells too much:\n%s", text)
	}
}

// TestNoDraft says why nothing can be drafted.
func TestNoDraft(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(files map[string]string)
		want   string
	}{
		"dbt": {func(f map[string]string) { f["club/dbt_project.yml"] = "name: club\n" }, "holds a dbt project"},
		"nothing": {func(f map[string]string) {
			for k := range f {
				delete(f, k)
			}
			f["club/README.md"] = "hello\n"
		}, "nothing to draft a spec from"},
		"below":  {func(f map[string]string) { f["club/models/x/spec.yaml"] = shopSpec }, "there is a product below"},
		"inside": {func(f map[string]string) { f["spec.yaml"] = shopSpec }, "lies inside the product"},
		"same": {func(f map[string]string) {
			f["other/spec.yaml"] = strings.Replace(shopSpec, "product: orders", "product: club", 1)
		}, "there is a product club already"},
		"ledger":   {func(f map[string]string) { f["club/amendments/0001.yaml"] = shopBootstrap }, "bring the spec back"},
		"broken":   {func(f map[string]string) { f["club/models/fees.sql"] = "select nothing from nowhere\n" }, "does not build"},
		"red test": {func(f map[string]string) { f["club/tests/has_plan.sql"] = "select * from members\n" }, "own test has_plan fails as it is"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := club()
			c.change(files)
			o, err := newAuthor(&script{t: t}).Draft(t.Context(), fresh(t, files), true)
			said := ""
			if err != nil {
				said = err.Error()
			} else if o.Kind == author.Failed {
				said = o.Explanation
			}
			if !strings.Contains(said, c.want) {
				t.Errorf("said %q, want %q", said, c.want)
			}
		})
	}
}

// TestNoDraftThroughLinks refuses to read what lies elsewhere.
func TestNoDraftThroughLinks(t *testing.T) {
	t.Parallel()
	for _, link := range []string{"club/models/linked.sql", "club/tests"} {
		n := fresh(t, club())
		full := filepath.Join(n.Tree.Root, filepath.FromSlash(link))
		if err := os.RemoveAll(full); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("/etc/hostname", full); err != nil {
			t.Skip(err)
		}
		if _, err := newAuthor(&script{t: t}).Draft(t.Context(), n, false); err == nil || !strings.Contains(err.Error(), "is a link or a special file") {
			t.Errorf("%s: %v", link, err)
		}
	}
}

// TestDraftElsewhereChanged has a spec appear while the draft is made.
func TestDraftElsewhereChanged(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"spec.yaml": shopSpec, "models/more.sql": "select 1 as a\n"} {
		n := fresh(t, club())
		o, err := newAuthor(&script{t: t}).Draft(t.Context(), n, false)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(n.Tree.Root, "club", filepath.FromSlash(name)), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := o.Write(false); err == nil || !strings.Contains(err.Error(), "was changed while the author worked") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDraftOfExamples drafts specs of example products, and finds the keys and references that people chose for them.
func TestDraftOfExamples(t *testing.T) {
	t.Parallel()
	for name, more := range map[string][]string{
		"commerce/inventory":         {"references: articles.sku", "values: [LEEDS, RENO, VENLO]", "values: [bag, boot,"},
		"commerce/orders":            {"references: orders.order_id", "values: [CAD, EUR, GBP, USD]"},
		"finance/invoices":           {"references: invoices.document_number", "references: orders.order_id", "references: customers.customer_id", "version: 2.0.0"},
		"marketing/email_engagement": {"references: customers.customer_id"},
	} {
		root := t.TempDir()
		if err := os.CopyFS(root, os.DirFS("../../deploy/examples")); err != nil {
			t.Fatal(err)
		}
		theirs, err := os.ReadFile(filepath.Join(root, name, "spec.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		want, _, problems := spec.ParseSpec(spec.SpecFile, theirs)
		if err := problems.Err(); err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{"spec.yaml", "amendments"} {
			if err := os.RemoveAll(filepath.Join(root, name, part)); err != nil {
				t.Fatal(err)
			}
		}
		n := author.Newcomer{Job: author.Job{Tree: product.Tree{Root: root, Label: "examples"}, Path: name}}
		o, err := newAuthor(&script{t: t}).Draft(t.Context(), n, false)
		if err != nil {
			t.Fatal(err)
		}
		wantKind(t, o, author.Drafted)
		if err := o.Write(false); err != nil {
			t.Fatal(err)
		}
		text := read(t, filepath.Join(root, name))["spec.yaml"]
		got, _, _ := spec.ParseSpec(spec.SpecFile, []byte(text))
		if len(got.Tables) != len(want.Tables) {
			t.Errorf("%s: %d tables, want %d", name, len(got.Tables), len(want.Tables))
		}
		for _, w := range want.Tables {
			if g, ok := got.Table(w.Name); !ok || strings.Join(g.Key, " ") != strings.Join(w.Key, " ") {
				t.Errorf("%s: %s is not there, or without its key %v", name, w.Name, w.Key)
			}
		}
		for _, m := range more {
			if !strings.Contains(text, m) {
				t.Errorf("%s: there is no %s:\n%s", name, m, text)
			}
		}
	}
}

// TestDraftOfOddTables drafts what few products have: names that need quotes, schemas, nested types, no rows, no key, types that list values.
func TestDraftOfOddTables(t *testing.T) {
	t.Parallel()
	n := fresh(t, map[string]string{
		"club/models/order.sql":       `select 1 as "Order ID", 'x' as "group" union all select 2, 'y'` + "\n",
		"club/models/marts.daily.sql": "select date '2025-01-01' as day, {'a': 1, 'b': [1, 2]} as nested, 1.5::double as ratio, '\\xAA'::blob as raw, uuid '00000000-0000-0000-0000-000000000001' as run_id\n",
		"club/models/nobody.sql":      "select 1 as id where false\n",
		"club/models/twice.sql":       "select 'a' as what union all select 'a'\n",
		"club/models/people.sql":      "select i as id, (case when i % 2 = 0 then 'Ada' else 'Grace' end)::enum('Ada', 'Grace') as name, [('Ada')::enum('Ada', 'Grace')] as names from range(20) as t(i)\n",
	})
	s := drafter(t, "no")
	o := draft(t, s, n)
	wantKind(t, o, author.Failed) // that model answers nothing, but it was shown the draft
	if strings.Contains(s.all(), "type: ENUM") || !strings.Contains(s.all(), "type: VARCHAR[]") {
		t.Errorf("the model sees what a type lists:\n%s", s.last())
	}
	o, err := newAuthor(&script{t: t}).Draft(t.Context(), n, false)
	if err != nil {
		t.Fatal(err)
	}
	wantKind(t, o, author.Drafted)
	for _, want := range []string{`name: marts.daily`, "type: STRUCT(a INTEGER, b INTEGER[])", "key: [Order ID]", `select "Order ID", count(*)`, "type: ENUM('Ada', 'Grace')"} {
		if !strings.Contains(o.Diff, want) {
			t.Errorf("the draft lacks %s:\n%s", want, o.Diff)
		}
	}
}
