package prompts

import (
	_ "embed"
	"encoding/json"
	"fmt"

	"github.com/codicil-dev/codicil/bot/model"
)

//go:embed tools.json
var toolsJSON []byte

// The names of the tools.
const (
	ToolReadFile = "read_file"
	ToolQuery    = "query"
)

// Tools are what a model may have run while it thinks, the same in each stage that offers any.
func Tools() ([]model.Tool, error) {
	var all []struct {
		Name        string          `json:"name"`
		Description string          `json:"description"`
		Parameters  json.RawMessage `json:"parameters"`
	}
	if err := json.Unmarshal(toolsJSON, &all); err != nil {
		return nil, fmt.Errorf("read tools.json: %w", err)
	}
	var out []model.Tool
	for _, t := range all {
		out = append(out, model.Tool{Name: t.Name, Description: t.Description, Parameters: t.Parameters})
	}
	return out, nil
}

// ToolResult shows what a tool returned: as data, since it may hold anything.
func ToolResult(call, result string) (string, error) {
	return render("tool.tmpl", struct{ Call, Result string }{call, result})
}

// NoMoreCalls tells that a tool was not run because there were calls enough.
func NoMoreCalls() (string, error) { return render("tool_limit.tmpl", nil) }
