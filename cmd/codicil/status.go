package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"
	"github.com/spf13/cobra"

	"github.com/codicil-dev/codicil/bot/config"
	"github.com/codicil-dev/codicil/bot/markup"
	"github.com/codicil-dev/codicil/bot/service"
	"github.com/codicil-dev/codicil/bot/standing"
	"github.com/codicil-dev/codicil/bot/state"
)

// statusFlags are the flags of codicil status.
type statusFlags struct{ config, format string }

func (c *cli) statusCommand() *cobra.Command {
	f := &statusFlags{}
	cmd := &cobra.Command{
		Use:   "status [PRODUCT]",
		Short: "Tell what the bot has done, what it has not and why, and what is under way",
		Long: strings.TrimSpace(`
Status reads the database of the bot that codicil serve runs with the same
configuration, on the same machine; the bot may run meanwhile. It tells what is
under way, what waits and why, the open merge requests, what was done lately
and what was not, and what went wrong. With a PRODUCT it tells only of that one:
its name, or owner/repository/name where several have it.`),
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.botStatus(cmd.Context(), strings.Join(args, ""), f)
		},
	}
	cmd.Flags().StringVar(&f.config, "config", "", "the bot's configuration, a codicil.yaml; default $CODICIL_CONFIG, or a bot without one")
	cmd.Flags().StringVar(&f.format, "format", "text", "text or json")
	return cmd
}

// botStatus runs codicil status.
func (c *cli) botStatus(ctx context.Context, product string, f *statusFlags) error {
	if f.format != "text" && f.format != "json" {
		return fmt.Errorf("there is no format %q; it is text or json", f.format)
	}
	server, err := c.serverConfig(f.config)
	if err != nil {
		return err
	}
	data, err := dataFolder(server)
	if err != nil {
		return err
	}
	file := filepath.Join(data, service.Database)
	running, err := state.InUse(file)
	if err != nil {
		return err
	}
	db, err := state.OpenReadOnly(ctx, file, time.Now)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no database %s: a bot with this configuration has not run on this machine; name its codicil.yaml with --config or $CODICIL_CONFIG", file)
	}
	if err != nil {
		return err
	}
	defer db.Close()
	o := standing.Options{Silence: config.Duration(server.Silence)}
	if running {
		o.Sweep = config.Duration(server.Sweep)
	}
	if product != "" {
		if o.Product, err = productCalled(ctx, db, product); err != nil {
			return err
		}
	}
	s, err := standing.Read(ctx, db, o)
	if err != nil {
		return err
	}
	s.Running = running
	return c.tellStatus(s, f.format)
}

// tellStatus writes how things stand.
func (c *cli) tellStatus(s standing.Standing, format string) error {
	tell := func(w io.Writer) error {
		return standing.Text(w, s, standing.TextOptions{Width: c.width(), Colour: c.coloured()})
	}
	if format == "json" {
		tell = func(w io.Writer) error { return standing.JSON(w, s) }
	}
	if err := tell(c.stdout); err != nil {
		return fmt.Errorf("write the status: %w", err)
	}
	return nil
}

// serverConfig is the server's part of a configuration; the default one if none is named.
func (c *cli) serverConfig(file string) (config.Server, error) {
	if file == "" {
		file = c.getenv("CODICIL_CONFIG")
	}
	if file == "" {
		return config.Default().Server, nil
	}
	conf, err := config.Load(file)
	return conf.Server, err
}

// productCalled finds a product by its name, with or without its repository before it.
func productCalled(ctx context.Context, db *state.DB, name string) (id int64, err error) {
	type called struct {
		id          int64
		short, long string
	}
	var all []called
	err = db.View(ctx, func(tx *state.Tx) error {
		products, err := tx.Products()
		if err != nil {
			return err
		}
		for _, p := range products {
			r, _, err := tx.RepositoryOf(p.RepositoryID)
			if err != nil {
				return err
			}
			all = append(all, called{p.ID, markup.Plain(p.Name), markup.Plain(r.String() + "/" + p.Name)})
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	var found []called
	for _, p := range all {
		if p.short == name || strings.EqualFold(p.long, name) {
			found = append(found, p)
		}
	}
	switch {
	case len(found) == 1:
		return found[0].id, nil
	case len(found) > 1:
		var names []string
		for _, p := range found {
			names = append(names, p.long)
		}
		return 0, fmt.Errorf("%d products are called %s; say which one: %s", len(found), name, strings.Join(names, ", "))
	case len(all) == 0:
		return 0, errors.New("the bot knows no product yet")
	}
	near := slices.MinFunc(all, func(a, b called) int {
		return levenshtein.ComputeDistance(a.short, name) - levenshtein.ComputeDistance(b.short, name)
	})
	return 0, fmt.Errorf("the bot knows no product %s; did you mean %s?", name, near.short)
}
