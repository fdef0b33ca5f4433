package demo

// Secret is what signs webhooks.
const Secret = secret

// Dir is where the town keeps all, in the folders forge and bot.
func (t *Town) Dir() string { return t.o.Dir }
