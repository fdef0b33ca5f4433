package config

// described is what editors show for each field.
var described = map[string]string{
	"Config":       "How Codicil works. It is read from --config or $CODICIL_CONFIG, and never looked for in a repository.",
	"Config.Model": "The model that is asked, and its limits.",

	"Model":          "The model that is asked, and its limits.",
	"Model.BaseURL":  "An OpenAI-compatible endpoint, such as http://localhost:11434/v1; default $OPENAI_BASE_URL, else OpenAI's own.",
	"Model.Key":      "Where the endpoint's key comes from; default $OPENAI_API_KEY. It is never written into this file.",
	"Model.Name":     "The name of the model for all stages; default $OPENAI_MODEL.",
	"Model.Stages":   "Other models for single stages.",
	"Model.Data":     "Values that the model may see: schema (none), masked (none that is classified or looks personal; the default) or all.",
	"Model.Rounds":   "How often failures are repaired; default 3, 0 for never.",
	"Model.Budget":   "What one change may spend at most.",
	"Model.Timeouts": "How patient to be with the endpoint, as durations such as 90s or 15m.",
	"Model.Prices":   "What a million tokens cost, by the model's name. A model that is absent costs an unknown amount.",
	"Model.Currency": "The currency of prices and cost, such as USD.",

	"Stages":           "Models by stage; those that are left out take the one of all stages.",
	"Stages.Draft":     "Drafts the spec of a product that has none.",
	"Stages.Refine":    "Reads the requirement, and asks what is unclear.",
	"Stages.Amend":     "Writes the new spec and its amendment.",
	"Stages.Implement": "Implements the spec.",
	"Stages.Repair":    "Repairs what fails.",
	"Stages.Review":    "Reviews the change.",
	"Stages.Mend":      "Mends a product that does not build.",

	"Budget":         "What one change may spend at most; 0 or left out for no limit.",
	"Budget.Tokens":  "Tokens, in and out together.",
	"Budget.Cost":    "Cost in the currency of the prices. Each model needs its price then.",
	"Budget.Minutes": "Minutes.",

	"Timeouts":       "How patient to be with the endpoint.",
	"Timeouts.Idle":  "The longest time without a byte of an answer; default 5m.",
	"Timeouts.Total": "The longest that one request may take, with waits and repetitions; default 30m.",
	"Timeouts.Wait":  "An endpoint that asks to wait longer than this is not asked again; default 2m.",

	"Price":        "What a million tokens of one model cost.",
	"Price.In":     "A million tokens of prompt.",
	"Price.Out":    "A million tokens of answer, thinking included.",
	"Price.Cached": "A million tokens of prompt that the endpoint had cached; as others if left out.",

	"Secret":         "Where a secret comes from: exactly one of env, file and command.",
	"Secret.Env":     "The name of an environment variable that holds it.",
	"Secret.File":    "A file that holds it and nothing else; a relative path begins at this file's folder.",
	"Secret.Command": "A program with its arguments that prints it, run without a shell, such as [pass, show, openai].",
}
