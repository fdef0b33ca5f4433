package config

// described is what editors show for each field.
var described = map[string]string{
	"Config":       "How Codicil works. It is read from --config or $CODICIL_CONFIG, and never looked for in a repository.",
	"Config.Model": "The model that is asked, and its limits.",

	"Config.GitHub":     "The GitHub that the bot works on, and as whom.",
	"Config.Guidelines": "Repositories that hold the organisation's guidelines.",
	"Config.Server":     "Where the bot listens, and where it keeps what it must not forget.",
	"Config.Commits":    "In whose name the bot commits.",
	"Config.Refresh":    "When each product is asked again whether it is the best that it can be.",
	"Config.Limits":     "How much goes on at once.",
	"Config.Questions":  "How long the bot waits for answers.",

	"GitHub":                "The GitHub that the bot works on, and as whom.",
	"GitHub.BaseURL":        "The REST API of a GitHub Enterprise Server, such as https://ghe.example.com/api/v3/; default https://api.github.com/.",
	"GitHub.App":            "The bot's GitHub App.",
	"GitHub.Token":          "A personal token, where there is no App.",
	"GitHub.Repositories":   "Where the bot works: owner/name, or owner/*. Left out, all that the App is installed on.",
	"GitHub.WebhookSecrets": "Webhooks must be signed with one of these; two while they are being changed, the new one first: it also seals what the bot hides in its texts for codicil sync.",
	"GitHub.WriteInterval":  "The least time between two writes, such as 1s, which is the default and what GitHub asks for.",

	"App":     "A GitHub App.",
	"App.ID":  "Its number.",
	"App.Key": "Where its private key, a PEM file, comes from.",

	"Guidelines":            "A repository that holds guidelines.",
	"Guidelines.Repository": "The repository, as owner/name.",
	"Guidelines.Governs":    "The owners whose products they bind; default the repository's own.",

	"Server":            "Where the bot listens, and where it keeps what it must not forget.",
	"Server.Webhooks":   "The address for webhooks, which come to /webhooks/github; default 127.0.0.1:8420.",
	"Server.Pages":      "The address of the pages; default 127.0.0.1:8421, off for none. Beyond this machine they need an account.",
	"Server.Data":       "The folder of the database and of the copies of repositories; default codicil/bot in the user's cache.",
	"Server.Sweep":      "How often the forge is looked through for what no webhook told; default 10m.",
	"Server.Visibility": "How long a write may be there before the forge lists it; default 30s.",
	"Server.Silence":    "How long no webhook may come, while there are events, before the log and the pages warn of it; default 1h.",
	"Server.Account":    "What the pages ask for; nothing if left out.",

	"Account":          "A name and a password.",
	"Account.User":     "The name.",
	"Account.Password": "Where the password comes from.",

	"Commits":         "In whose name the bot commits.",
	"Commits.Name":    "The name; default Codicil.",
	"Commits.Email":   "The address.",
	"Commits.SignOff": "Whether commits are signed off.",

	"Refresh":          "When each product is asked again whether it is the best that it can be.",
	"Refresh.Schedule": "Five fields as cron has them; default 0 5 * * 1, Mondays at five; off for never.",
	"Refresh.Zone":     "The time zone of the schedule, such as Europe/Berlin; default UTC.",

	"Limits":              "How much goes on at once.",
	"Limits.Changes":      "How many products are worked on; default 2.",
	"Limits.Requests":     "How many requests to the forge are under way; default 8.",
	"Limits.Proofs":       "How many of people's merge requests are verified; default 1.",
	"Limits.Products":     "How many products of one repository are looked after; default 2000. Where there are more, the pages and codicil status say so.",
	"Limits.OpenPerOwner": "How many merge requests of guidelines an owner may have open; 0, the default, for no limit.",
	"Limits.Canary":       "How many merge requests of a guideline have to be merged before the others are opened; 0, the default, for none.",

	"Questions":        "How long the bot waits for answers.",
	"Questions.Wait":   "After this, what would be assumed is taken; default 168h.",
	"Questions.Remind": "After this, the bot reminds once; default 72h.",

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
