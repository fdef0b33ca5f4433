package demo

import "path/filepath"

// Secret is what signs webhooks.
const Secret = secret

// Data is the folder of the bot's database.
func (t *Town) Data() string { return filepath.Join(t.o.Dir, "bot") }
