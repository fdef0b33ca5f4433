package demo

import "path/filepath"

// Secret is what signs webhooks.
const Secret = secret

// Dir is where the town keeps all, in the folders forge and bot.
func (t *Town) Dir() string { return t.o.Dir }

// Data is the folder of the bot's database.
func (t *Town) Data() string { return filepath.Join(t.o.Dir, "bot") }
