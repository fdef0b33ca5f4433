package config

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/spec"
)

// GitHub says on which GitHub the bot works, and as whom.
type GitHub struct {
	// BaseURL is that of the REST API; "" for github.com.
	BaseURL string `json:"base_url,omitempty"`
	// App is the bot's GitHub App; without one, Token is a personal token and Repositories says where it works.
	App   App    `json:"app,omitempty"`
	Token Secret `json:"token,omitempty"`
	// Repositories are owner/name, or owner/*; none means all that the App is installed on.
	Repositories []string `json:"repositories,omitempty"`
	// WebhookSecrets are those of which a webhook must be signed with one; more than one while they are changed.
	WebhookSecrets []Secret `json:"webhook_secrets,omitempty"`
	// WriteInterval is the least time between two writes; 1s by default, as GitHub asks.
	WriteInterval string `json:"write_interval,omitempty"`
}

// App is a GitHub App.
type App struct {
	ID  int64  `json:"id,omitempty" jsonschema:"minimum=1"`
	Key Secret `json:"key,omitempty"`
}

// Guidelines name a repository of guidelines, and whom they govern.
type Guidelines struct {
	Repository string   `json:"repository" jsonschema:"required,minLength=3"`
	Governs    []string `json:"governs,omitempty"` // its own owner, if nothing is said
}

// Server says where the bot listens and where it keeps what it must not forget.
type Server struct {
	// Webhooks and Pages are addresses to listen on; Webhooks is 127.0.0.1:8420 by default, Pages 127.0.0.1:8421, or off for no pages.
	Webhooks string `json:"webhooks,omitempty"`
	Pages    string `json:"pages,omitempty"`
	// Data is the folder of the database and of the copies of repositories; "" for the user's cache.
	Data string `json:"data,omitempty"`
	// Sweep is how often the forge is looked through for what no webhook told; 10m by default.
	Sweep string `json:"sweep,omitempty"`
	// Visibility is how long a write may be there before a forge lists it; 30s by default.
	Visibility string `json:"visibility,omitempty"`
	// Silence is how long no webhook may come, while there are events, before the log and the pages warn of it; 1h by default.
	Silence string `json:"silence,omitempty"`
	// Account is what the pages ask for. Where they listen beyond this machine there has to be one.
	Account Account `json:"account,omitempty"`
}

// Account is a name and a password for the pages.
type Account struct {
	User     string `json:"user,omitempty"`
	Password Secret `json:"password,omitempty"`
}

// Commits say in whose name the bot commits.
type Commits struct {
	Name    string `json:"name,omitempty"`  // Codicil by default
	Email   string `json:"email,omitempty"` // codicil@users.noreply.github.com by default
	SignOff bool   `json:"sign_off,omitempty"`
}

// Refresh says when the week turns.
type Refresh struct {
	// Schedule is a line of cron; "0 5 * * 1" by default, "off" for never. Zone is a time zone's name; UTC by default.
	Schedule string `json:"schedule,omitempty"`
	Zone     string `json:"zone,omitempty"`
}

// Limits say how much goes on at once.
type Limits struct {
	Changes  int `json:"changes,omitempty" jsonschema:"minimum=0"`  // products worked on; 2 by default
	Requests int `json:"requests,omitempty" jsonschema:"minimum=0"` // requests to the forge; 8 by default
	Proofs   int `json:"proofs,omitempty" jsonschema:"minimum=0"`   // people's merge requests verified; 1 by default
	Products int `json:"products,omitempty" jsonschema:"minimum=0"` // products of one repository that are looked after; 2000 by default
	// OpenPerOwner is how many merge requests of campaigns an owner may have; 0 for no limit. Canary is how many of a campaign have to be
	// merged before the others come; 0 for none.
	OpenPerOwner int `json:"open_per_owner,omitempty" jsonschema:"minimum=0"`
	Canary       int `json:"canary,omitempty" jsonschema:"minimum=0"`
}

// Questions say how long the bot waits for answers.
type Questions struct {
	Wait   string `json:"wait,omitempty"`   // 168h by default
	Remind string `json:"remind,omitempty"` // 72h by default
}

// bot fills in what is not said.
func (c *Config) fillIn() {
	for at, text := range map[*string]string{
		&c.GitHub.BaseURL: "https://api.github.com/", &c.GitHub.WriteInterval: "1s",
		&c.Server.Webhooks: "127.0.0.1:8420", &c.Server.Pages: "127.0.0.1:8421", &c.Server.Sweep: "10m", &c.Server.Visibility: "30s", &c.Server.Silence: "1h",
		&c.Commits.Name: "Codicil", &c.Commits.Email: "codicil@users.noreply.github.com",
		&c.Refresh.Schedule: "0 5 * * 1", &c.Refresh.Zone: "UTC",
		&c.Questions.Wait: "168h", &c.Questions.Remind: "72h",
	} {
		if *at == "" {
			*at = text
		}
	}
	for at, n := range map[*int]int{&c.Limits.Changes: 2, &c.Limits.Requests: 8, &c.Limits.Proofs: 1, &c.Limits.Products: 2000} {
		if *at == 0 {
			*at = n
		}
	}
}

var repositoryForm = regexp.MustCompile(`^[A-Za-z0-9._-]+/(\*|[A-Za-z0-9._-]+)$`)

// checkBot finds what the schema can't say of the parts that a bot needs.
func (c *Config) checkBot(source *spec.Source) (problems bot.Problems) {
	refuse := func(pointer, format string, args ...any) {
		line, column := source.At(pointer)
		problems = append(problems, bot.Problem{File: source.File(), Line: line, Column: column, Severity: bot.SeverityError, Message: fmt.Sprintf(format, args...)})
	}
	for pointer, text := range map[string]string{
		"/server/sweep": c.Server.Sweep, "/server/visibility": c.Server.Visibility, "/server/silence": c.Server.Silence, "/github/write_interval": c.GitHub.WriteInterval,
		"/questions/wait": c.Questions.Wait, "/questions/remind": c.Questions.Remind,
	} {
		if d, err := time.ParseDuration(text); text != "" && (err != nil || d < 0) {
			refuse(pointer, "%q is not a duration: write one such as 90s, 15m or 24h", text)
		}
	}
	if a := c.Server.Account; (a.User == "") != a.Password.IsZero() {
		refuse("/server/account", "an account needs both a user and a password: add what is missing")
	}
	if strings.Contains(c.Server.Account.User, ":") {
		refuse("/server/account/user", "a browser can't send a user's name with a colon: choose another")
	}
	if s := c.Refresh.Schedule; s != "" && s != "off" {
		if _, err := cron.ParseStandard(s); err != nil {
			refuse("/refresh/schedule", "%q is not a schedule: write five fields as cron has them, such as \"0 5 * * 1\" for Mondays at five, or off", s)
		}
	}
	if _, err := time.LoadLocation(c.Refresh.Zone); err != nil {
		refuse("/refresh/zone", "there is no time zone %q: write one such as Europe/Berlin", c.Refresh.Zone)
	}
	for i, r := range c.GitHub.Repositories {
		if !repositoryForm.MatchString(r) {
			refuse(fmt.Sprintf("/github/repositories/%d", i), "%q is not a repository: write owner/name, or owner/* for all of an owner", r)
		}
	}
	for i, g := range c.Guidelines {
		if !repositoryForm.MatchString(g.Repository) || strings.HasSuffix(g.Repository, "/*") {
			refuse(fmt.Sprintf("/guidelines/%d/repository", i), "%q is not a repository: write owner/name", g.Repository)
		}
	}
	return problems
}

// Duration is a duration of the configuration, which was checked when it was read.
func Duration(text string) time.Duration {
	d, _ := time.ParseDuration(text)
	return d
}

// Serves says whether the configuration lets the bot work on a repository.
func (g GitHub) Serves(owner, name string) bool {
	if len(g.Repositories) == 0 {
		return true
	}
	for _, r := range g.Repositories {
		if strings.EqualFold(r, owner+"/"+name) || strings.EqualFold(r, owner+"/*") {
			return true
		}
	}
	return false
}

// ReadText is Read for a secret of several lines, such as a private key.
func (s Secret) ReadText(ctx context.Context, getenv func(string) string) (string, error) {
	text, err := s.fetch(ctx, getenv)
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if err == nil && strings.TrimSpace(text) == "" {
		err = fmt.Errorf("the secret is empty: see that it is there")
	}
	if err != nil {
		p := s.at
		p.Message = err.Error()
		return "", bot.Problems{p}
	}
	return text, nil
}
