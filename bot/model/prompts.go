package model

import (
	"embed"
	"strings"
	"text/template"
)

//go:embed prompts/*.md
var promptFiles embed.FS

var promptTemplates = template.Must(template.ParseFS(promptFiles, "prompts/*.md"))

// prompt fills the template name with data.
func prompt(name string, data any) string {
	var b strings.Builder
	if err := promptTemplates.ExecuteTemplate(&b, name, data); err != nil {
		panic(err) // the templates are embedded and each is tested
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// continuePrompt asks to go on after last, with which the answer ended.
func continuePrompt(last string) string {
	return prompt("continue.md", map[string]string{"Last": last, "Fence": fence(last, '`')})
}

// wrongSchemaPrompt sends an answer back with what is wrong with it.
func wrongSchemaPrompt(problem string) string {
	return prompt("wrong_schema.md", map[string]string{"Problem": problem})
}

// schemaPrompt asks for a fenced block of JSON.
func schemaPrompt(s *Schema) string {
	return prompt("schema.md", map[string]string{"Name": s.Name, "Schema": strings.TrimSpace(string(s.JSON))})
}
