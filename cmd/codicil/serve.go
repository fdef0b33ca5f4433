package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/codicil-dev/codicil/bot/config"
	"github.com/codicil-dev/codicil/bot/service"
	"github.com/codicil-dev/codicil/bot/verify"
	"github.com/codicil-dev/codicil/bot/web"
	"github.com/codicil-dev/codicil/forge"
	"github.com/codicil-dev/codicil/forge/github"
)

// serveFlags are the flags of codicil serve.
type serveFlags struct {
	config   string
	verbose  bool
	building buildFlags
}

func (c *cli) serveCommand() *cobra.Command {
	f := &serveFlags{}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the bot: webhooks in, one merge request per product out",
		Long: strings.TrimSpace(`
Serve takes webhooks of a GitHub App (or works with a personal token), and has
the products of its repositories changed as people, guidelines and the week
ask. All that it needs is said in a codicil.yaml (--config). Ctrl-C lets what
is under way end; what does not is taken up at the next start.`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.serve(cmd.Context(), f) },
	}
	cmd.Flags().StringVar(&f.config, "config", "", "the configuration, a codicil.yaml; default $CODICIL_CONFIG")
	cmd.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "log also what is being done in between")
	f.building.add(cmd)
	return cmd
}

// serve runs codicil serve.
func (c *cli) serve(ctx context.Context, f *serveFlags) error {
	conf, err := c.botConfig(f.config)
	if err != nil {
		return err
	}
	log := c.serverLog(f.verbose)
	s, err := c.bot(ctx, conf, f.building, log)
	if err != nil {
		return err
	}
	defer s.release()
	log.Info("the bot is up", "version", version(), "webhooks", "http://"+s.webhooks.Addr().String()+"/webhooks/github", "pages", address(s.pages), "host", conf.GitHub.BaseURL)
	if at, ok := addressOf(s.pages); ok && !at.IP.IsLoopback() {
		log.Warn("the pages are to be reached from other machines, where their password can be read on the way: put a proxy with TLS before them", "pages", address(s.pages))
	}
	if err := s.Run(ctx, s.webhooks); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	log.Info("the bot has ended")
	return nil
}

// address is where a browser finds what is served at a listener; off if nothing is.
func address(l net.Listener) string {
	if l == nil {
		return web.Off
	}
	return "http://" + l.Addr().String() + "/"
}

// addressOf is where a listener listens; ok is false if there is none.
func addressOf(l net.Listener) (at *net.TCPAddr, ok bool) {
	if l == nil {
		return nil, false
	}
	at, ok = l.Addr().(*net.TCPAddr)
	return at, ok
}

// serverLog is what a server writes to standard error.
func (c *cli) serverLog(verbose bool) *slog.Logger {
	level := slog.LevelInfo
	if verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(c.stderr, &slog.HandlerOptions{Level: level}))
}

// botConfig is the configuration of a bot, which needs one.
func (c *cli) botConfig(file string) (config.Config, error) {
	if file == "" {
		file = c.getenv("CODICIL_CONFIG")
	}
	if file == "" {
		return config.Config{}, errors.New("a bot needs a configuration; name a codicil.yaml with --config or $CODICIL_CONFIG")
	}
	conf, err := config.Load(file)
	if err != nil {
		return conf, err
	}
	return conf, c.fromEnvironment(&conf.Model)
}

// running is a bot with what has to be released after it.
type running struct {
	*service.Service
	// webhooks and pages are where it listens; pages is nil where there are none.
	webhooks, pages net.Listener
	release         func()
}

// bot makes a bot by its configuration.
func (c *cli) bot(ctx context.Context, conf config.Config, building buildFlags, log *slog.Logger) (r running, err error) {
	var undo []func()
	r.release = func() {
		for i := len(undo) - 1; i >= 0; i-- {
			undo[i]()
		}
	}
	defer func() {
		if err != nil {
			r.release()
		}
	}()
	host, err := c.github(ctx, conf.GitHub, conf.Limits, log)
	if err != nil {
		return r, err
	}
	var secrets [][]byte
	for _, s := range conf.GitHub.WebhookSecrets {
		text, err := s.Read(ctx, c.getenv)
		if err != nil {
			return r, err
		}
		secrets = append(secrets, []byte(text))
	}
	if len(secrets) == 0 {
		return r, errors.New("no secret for webhooks is configured, so that everybody could send some; set github.webhook_secrets to the App's")
	}
	account, err := c.account(ctx, conf.Server.Account)
	if err != nil {
		return r, err
	}
	if r.webhooks, err = net.Listen("tcp", conf.Server.Webhooks); err != nil {
		return r, fmt.Errorf("listen for webhooks: %w; name another address under server.webhooks", err)
	}
	undo = append(undo, func() { _ = r.webhooks.Close() })
	if conf.Server.Pages != web.Off {
		if r.pages, err = web.Listen(ctx, conf.Server.Pages, account); err != nil {
			return r, err
		}
		undo = append(undo, func() { _ = r.pages.Close() })
	}
	builder, closeCache, err := c.builder(building, &progress{out: c.stderr})
	if err != nil {
		return r, err
	}
	undo = append(undo, closeCache)
	verifier := &verify.Verifier{Builder: builder, Log: log, Now: time.Now, Version: version()}
	setup, err := c.setup(ctx, conf.Model, building)
	if err != nil {
		return r, err
	}
	data, err := dataFolder(conf.Server)
	if err != nil {
		return r, err
	}
	r.Service, err = service.New(ctx, service.Options{Config: conf, Host: host, Secrets: secrets, Authors: authors(setup, log), Verifier: verifier, Data: data, Log: log, Now: time.Now, Version: version(), Pages: r.pages, Account: account})
	if err != nil {
		return r, err
	}
	undo = append(undo, func() { _ = r.Close() })
	return r, nil
}

// account is what the pages ask for; the zero Account if nothing.
func (c *cli) account(ctx context.Context, a config.Account) (web.Account, error) {
	if a.User == "" {
		return web.Account{}, nil
	}
	password, err := a.Password.Read(ctx, c.getenv)
	return web.Account{User: a.User, Password: password}, err
}

// dataFolder is where a bot keeps what it must not forget.
func dataFolder(s config.Server) (string, error) {
	if s.Data != "" {
		return s.Data, nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a folder for the bot's data: %w; name one under server.data", err)
	}
	return filepath.Join(dir, "codicil", "bot"), nil
}

// github is the configured GitHub, as the App or the person that is configured.
func (c *cli) github(ctx context.Context, g config.GitHub, limits config.Limits, log *slog.Logger) (*github.Host, error) {
	base, err := url.Parse(g.BaseURL)
	if err != nil || base.Host == "" {
		return nil, fmt.Errorf("github.base_url is %q, which is no address", g.BaseURL)
	}
	o := github.Options{BaseURL: g.BaseURL, Log: log, Concurrency: limits.Requests, WriteInterval: config.Duration(g.WriteInterval)}
	name := strings.TrimPrefix(base.Hostname(), "api.")
	switch {
	case g.App.ID != 0:
		key, err := g.App.Key.ReadText(ctx, c.getenv)
		if err != nil {
			return nil, err
		}
		o.App = &github.App{ID: g.App.ID, Key: []byte(key)}
	case !g.Token.IsZero():
		if o.Token, err = g.Token.Read(ctx, c.getenv); err != nil {
			return nil, err
		}
		for _, r := range g.Repositories {
			repo, err := forge.ParseRepo(r, name)
			if err != nil || repo.Name == "*" {
				return nil, fmt.Errorf("github.repositories: with a token each repository is named, and %q is no owner/name", r)
			}
			o.Repositories = append(o.Repositories, repo)
		}
		if len(o.Repositories) == 0 {
			return nil, errors.New("github.repositories: with a token the bot does not know where to work; name at least one owner/name")
		}
	default:
		return nil, errors.New("neither github.app nor github.token is configured: the bot needs one of them to be somebody")
	}
	o.Host = name
	return github.New(o)
}
