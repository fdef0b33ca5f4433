package state

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestWhatIsAskedOftenScansNoTable: these are asked for each event, job or page, and the tables grow for as long as the bot runs.
func TestWhatIsAskedOftenScansNoTable(t *testing.T) {
	db, err := Open(t.Context(), filepath.Join(t.TempDir(), "state.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for name, query := range map[string]string{
		"Waiting":           `select id from deliveries where done_at is null and not_before <= ? order by id limit ?`,
		"Knows":             `select 1 from deliveries where host = ? and key = ?`,
		"TriggersOf":        selectTrigger + ` where product_id = ? and (? = '[]' or state in (select value from json_each(?))) order by id`,
		"TriggersIn":        selectTrigger + ` where state in (select value from json_each(?)) order by id`,
		"TriggersAt":        selectTrigger + ` where issue = ? and product_id in (select id from products where repository_id = ?) order by id`,
		"TriggersOfChange":  selectTrigger + ` where change_id = ? order by id`,
		"ChangesIn":         selectChange + ` where state in (select value from json_each(?)) order by id`,
		"ChangeAt":          selectChange + ` where number = ? and product_id in (select id from products where repository_id = ?) order by id desc`,
		"CurrentChange":     selectChange + ` where product_id = ? and state in (?, ?, ?) order by id desc`,
		"WritesIn":          selectWrite + ` where state = ? order by id`,
		"SaveRepository":    selectRepository + ` where key = ?`,
		"AnswersUnder":      `select change, answer from answers where key = ?`,
		"Outdated":          `select 1 from writes where kind = 'edit_comment' and json_extract(payload, '$.of') = ? and id > ? limit 1`,
		"DropAnswers, most": `select 1 from answers where change = ?`,
	} {
		err := db.View(t.Context(), func(tx *Tx) error {
			args := make([]any, strings.Count(query, "?"))
			for i := range args {
				args[i] = 1
			}
			steps, err := all(tx, func(s scanner) (step string, err error) {
				var ignored any
				err = s.Scan(&ignored, &ignored, &ignored, &step)
				return step, err
			}, "explain query plan "+query, args...)
			for _, step := range steps {
				// The rows of a list that was given are not of a table.
				if strings.HasPrefix(step, "SCAN ") && !strings.Contains(step, "json_each") && !strings.Contains(step, "deliveries_waiting") {
					t.Errorf("%s: %s", name, step)
				}
			}
			return err
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
