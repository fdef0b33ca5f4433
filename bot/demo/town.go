// Package demo sets up a forge of this machine with example products and the bot on it, and plays what people do there.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"github.com/codicil-dev/codicil/bot/config"
	"github.com/codicil-dev/codicil/bot/service"
	"github.com/codicil-dev/codicil/bot/verify"
	"github.com/codicil-dev/codicil/bot/work"
	"github.com/codicil-dev/codicil/forge/github"
	"github.com/codicil-dev/codicil/forge/localforge"
	lookedAt "github.com/codicil-dev/codicil/forge/localforge/pages"
)

// Names in the town.
const (
	// Repository is what each owner's repository of products is called.
	Repository = "data"
	// Rules is the owner of the guidelines, and RulesRepository where they are.
	Rules           = "northtrail"
	RulesRepository = "guidelines"
	// Host is what the forge is called.
	Host = "localforge"
)

// Owners are the owners of products.
var owners = []string{"commerce", "finance", "marketing"}

// Owners are the owners of products, in order.
func Owners() []string { return owners }

// People who live there, and where they may write; each may read everywhere.
var people = map[string]string{"jane": "commerce", "omar": "finance", "mia": "marketing", "ada": Rules, "lee": ""}

// secret signs webhooks. It is no secret: nobody else can reach the forge.
const secret = "webhooks-of-this-machine"

// Options say how a town is to be.
type Options struct {
	// Dir holds all state. A town that was there before goes on.
	Dir string
	// Examples are the products by owner, and the folder guidelines.
	Examples fs.FS
	// Authors makes an author; see [service.Options].
	Authors  func(ctx context.Context, o work.Order, answers *service.Answers) (a work.Author, release func(), err error)
	Verifier *verify.Verifier
	Log      *slog.Logger
	Now      func() time.Time
	Version  string
	// Clock is the bot's alone, so that time can pass for it; nil for Now.
	Clock func() time.Time
	// Configure changes the bot's configuration; nil leaves it.
	Configure func(*config.Config)
	// Forge is the address of the forge, such as 127.0.0.1:4180; empty for any port.
	Forge string
	// Listen hears what is said to the forge; nil hears nothing.
	Listen func(http.Handler) http.Handler
	// Sent is told of each webhook that the forge sends; nil hears nothing.
	Sent func(event string, payload []byte)
}

// Town is a forge with repositories, people and guidelines.
type Town struct {
	*localforge.Forge
	App *localforge.App
	o   Options
	web *http.Server
	// webhooks is where the bot listens, and host how it sees the forge.
	webhooks net.Listener
	host     *github.Host
}

// Found opens the forge, and founds the town if it is not there yet. Close it after use.
func Found(ctx context.Context, o Options) (t *Town, err error) {
	address := o.Forge
	if address == "" {
		address = "127.0.0.1:0"
	}
	pages, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("serve the forge: %w", err)
	}
	t = &Town{o: o}
	if t.webhooks, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, errors.Join(fmt.Errorf("listen for webhooks: %w", err), pages.Close())
	}
	t.Forge, err = localforge.Open(localforge.Options{Dir: filepath.Join(o.Dir, "forge"), URL: "http://" + pages.Addr().String(), Now: o.Now, Log: o.Log, Sent: o.Sent})
	if err != nil {
		return nil, errors.Join(err, pages.Close(), t.webhooks.Close())
	}
	handler, err := lookedAt.Handler(t.Forge, o.Log)
	if err != nil {
		return nil, errors.Join(err, t.Forge.Close(), pages.Close(), t.webhooks.Close())
	}
	if o.Listen != nil {
		handler = o.Listen(handler)
	}
	t.web = &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	go func() { _ = t.web.Serve(pages) }() // ends with Close
	if err := t.settle(ctx); err != nil {
		return nil, errors.Join(err, t.Close(), t.webhooks.Close())
	}
	return t, nil
}

// Webhook is where the bot takes webhooks.
func (t *Town) Webhook() string { return "http://" + t.webhooks.Addr().String() + "/webhooks/github" }

// settle makes people, owners, repositories and the App.
func (t *Town) settle(ctx context.Context) (err error) {
	for login := range people {
		if _, err := t.AddUser(login); err != nil {
			return err
		}
	}
	if t.App, err = t.AddApp("codicil", t.Webhook(), secret); err != nil {
		return err
	}
	for _, owner := range append([]string{Rules}, owners...) {
		if err := t.AddOrganization(owner); err != nil {
			return err
		}
		repository := Repository
		files := fs.FS(within{t.o.Examples, owner})
		if owner == Rules {
			repository = RulesRepository
			if files, err = fs.Sub(t.o.Examples, "guidelines"); err != nil {
				return err
			}
		}
		by := "ada"
		for login, where := range people {
			if where == owner {
				by = login
			}
		}
		if err := t.CreateRepository(ctx, owner, repository, false, files, by); err != nil {
			return fmt.Errorf("make %s/%s: %w", owner, repository, err)
		}
		if err := t.Grant(owner, repository, by, localforge.Write); err != nil {
			return err
		}
		if _, err := t.Install(t.App.ID, owner); err != nil {
			return err
		}
	}
	return nil
}

// Close closes the forge.
func (t *Town) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return errors.Join(t.web.Shutdown(ctx), t.Forge.Close())
}

// Bot makes a bot that works there. Run it with Listener.
func (t *Town) Bot(ctx context.Context) (*service.Service, error) {
	c := config.Default()
	c.GitHub.BaseURL = t.API() + "/"
	c.Guidelines = []config.Guidelines{{Repository: Rules + "/" + RulesRepository, Governs: owners}}
	c.Refresh.Schedule = "off"
	c.Server.Visibility = "2s"
	if t.o.Configure != nil {
		t.o.Configure(&c)
	}
	clock := t.o.Clock
	if clock == nil {
		clock = t.o.Now
	}
	var err error
	t.host, err = github.New(github.Options{Host: Host, BaseURL: t.API() + "/", App: &github.App{ID: t.App.ID, Key: []byte(t.App.PrivateKey)}, Log: t.o.Log})
	if err != nil {
		return nil, err
	}
	return service.New(ctx, service.Options{Config: c, Host: t.host, Secrets: [][]byte{[]byte(secret)}, Authors: t.o.Authors, Verifier: t.o.Verifier,
		Data: filepath.Join(t.o.Dir, "bot"), Log: t.o.Log, Now: clock, Version: t.o.Version})
}

// Listener is where the bot listens for webhooks.
func (t *Town) Listener() net.Listener { return t.webhooks }

// within is a file system of which only one folder at the root is to be seen.
type within struct {
	fs.FS
	folder string
}

// ReadDir lists a folder.
func (w within) ReadDir(name string) ([]fs.DirEntry, error) {
	all, err := fs.ReadDir(w.FS, name)
	if name != "." {
		return all, err
	}
	return slices.DeleteFunc(all, func(e fs.DirEntry) bool { return e.Name() != w.folder }), err
}
