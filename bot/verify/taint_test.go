package verify_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/report"
)

// people is a product with a classified column that a model could put under another name.
func people() files {
	return files{
		"spec.yaml": `spec: 1
product: people
version: 1.0.0
owner: {team: crm}
purpose: Knows people.
tables:
  - name: people
    description: One row for each person.
    why: To write to them.
    key: [id]
    columns:
      - {name: id, type: BIGINT, description: Number., why: Joins.}
      - {name: email, type: VARCHAR, classification: pii, description: Address., why: Mail.}
      - {name: country, type: VARCHAR, values: [US, DE], description: Where., why: Tax.}
`,
		"amendments/0001.yaml": "id: 1\nrequirement: People.\norigin: {kind: bootstrap}\nreading: People.\nexpects: [{add_table: people}]\nchecks: [{name: some, cel: 'true'}]\nchange: Done.\n",
		"seeds/raw.csv":        "id,email,country\n1,jane@secret.example,US\n2,joe@secret.example,DE\n",
		"models/people.sql":    "SELECT id, email, country FROM raw",
	}
}

// A classified value must not be shown because a model gave it another name.
func TestClassifiedValuesUnderAnotherName(t *testing.T) {
	t.Parallel()
	for name, column := range map[string]string{"as it is": "email", "in part": "left(email, 9)"} {
		for _, head := range []files{
			{"models/people.sql": "SELECT id, email, " + column + " AS country FROM raw"},
			{"models/people.sql": "SELECT id, email, " + column + " AS country FROM raw UNION ALL SELECT id + 10, email, " + column + " FROM raw"},
			{"models/people.sql": "SELECT id, email, country FROM shaped", "models/shaped.sql": "SELECT id, email, " + column + " AS country FROM raw"},
		} {
			r := verifyTrees(t, people(), people().over(head), trial{bare: true})
			if r.Verdict != fail {
				t.Errorf("%s: verdict %s, want fail", name, r.Verdict)
			}
			for format, text := range rendered(t, r) {
				if strings.Contains(text, "jane@") || strings.Contains(text, "joe@") {
					t.Errorf("%s: %s shows an address:\n%s", name, format, text)
				}
			}
		}
	}
}

// Where the models did not change, their values are shown as before.
func TestUnchangedModelsAreNotWithheld(t *testing.T) {
	t.Parallel()
	head := people().over(files{"seeds/raw.csv": "id,email,country\n1,jane@secret.example,FR\n2,joe@secret.example,DE\n"})
	text := rendered(t, verifyTrees(t, people(), head, trial{bare: true}))["text"]
	if !strings.Contains(text, "FR") || strings.Contains(text, "jane@") {
		t.Errorf("want FR and no address:\n%s", text)
	}
}

func rendered(t *testing.T, r *bot.Report) map[string]string {
	t.Helper()
	out := map[string]string{}
	var text, markdown, json, junit bytes.Buffer
	for _, err := range []error{report.Text(&text, r, report.TextOptions{Verbose: true}), report.Markdown(&markdown, r, report.MarkdownOptions{}), report.JSON(&json, r), report.JUnit(&junit, r)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	out["text"], out["markdown"], out["json"], out["junit"] = text.String(), markdown.String(), json.String(), junit.String()
	return out
}
