package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/codicil-dev/codicil/bot/campaign"
	"github.com/codicil-dev/codicil/bot/config"
	"github.com/codicil-dev/codicil/bot/guideline"
	"github.com/codicil-dev/codicil/bot/message"
	"github.com/codicil-dev/codicil/bot/service"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/verify"
	"github.com/codicil-dev/codicil/forge"
)

// campaignFlags are the flags of codicil campaign.
type campaignFlags struct {
	config, format, dryRun, source string
	building                       buildFlags
}

func (c *cli) campaignCommand() *cobra.Command {
	f := &campaignFlags{}
	cmd := &cobra.Command{
		Use:   "campaign",
		Short: "See what guidelines come to, or would come to, over all products",
		Long: strings.TrimSpace(`
Campaign lists what the bot of a configuration did for each guideline and each
turn of the week, from its database, whether it runs or not.

With --dry-run it looks at what a guideline would start if it came to the
default branch of its repository: which products keep it, which it does not
concern, and which would be changed, with an estimate of tokens and time.
FROM is a Markdown file, or a folder or git repository of guidelines, of which
those in force already are left out. Nothing is begun, and no model is asked.

Pause holds back what a campaign has not begun, and resume lets it go on; a
bot that runs sees to it with its next sweep at the latest.`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.dryRun != "" {
				return c.previewCampaign(cmd.Context(), f)
			}
			return c.listCampaigns(cmd.Context(), f)
		},
	}
	cmd.PersistentFlags().StringVar(&f.config, "config", "", "the configuration, a codicil.yaml; default $CODICIL_CONFIG")
	cmd.Flags().StringVar(&f.format, "format", "text", "text or json")
	cmd.Flags().StringVar(&f.dryRun, "dry-run", "", "preview the guidelines of `FROM` instead")
	cmd.Flags().StringVar(&f.source, "source", "", "the configured repository, owner/name, that they are to come to; needed where several are configured")
	f.building.add(cmd)
	for _, to := range []struct {
		use, short string
		pause      bool
	}{{"pause ID", "Hold back what a campaign has not begun", true}, {"resume ID", "Let a paused campaign go on", false}} {
		cmd.AddCommand(&cobra.Command{Use: to.use, Short: to.short, Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return c.turnCampaign(cmd.Context(), f, args[0], to.pause)
			}})
	}
	return cmd
}

// campaignOut is a campaign as --format json shows it.
type campaignOut struct {
	ID       int64                `json:"id,omitempty"`
	Title    string               `json:"title"`
	State    state.CampaignState  `json:"state,omitempty"`
	URL      string               `json:"url,omitempty"`
	Counts   map[string]int       `json:"counts"`
	Products []campaignProductOut `json:"products"`
	// Tokens and Seconds are estimates in a preview, for the reasons in Basis.
	Tokens  int     `json:"tokens"`
	Seconds float64 `json:"seconds"`
	Basis   string  `json:"basis,omitempty"`
}

type campaignProductOut struct {
	Product      string  `json:"product"`
	Repository   string  `json:"repository"`
	Path         string  `json:"path"`
	Standing     string  `json:"standing"`
	Why          string  `json:"why,omitempty"`
	MergeRequest string  `json:"merge_request,omitempty"`
	Tokens       int     `json:"tokens,omitempty"`
	Seconds      float64 `json:"seconds,omitempty"`
}

// campaignShown turns a summary into what is shown.
func campaignShown(m message.Campaign) campaignOut {
	out := campaignOut{Title: m.Title, URL: m.URL, Counts: map[string]int{}, Products: []campaignProductOut{}}
	for _, e := range m.Entries {
		p := campaignProductOut{Product: e.Product, Repository: e.Repo.String(), Path: e.Path, Standing: string(e.Standing), Why: e.Why, Tokens: e.Tokens, Seconds: e.Took.Seconds()}
		if e.MergeRequest != nil {
			p.MergeRequest = e.MergeRequest.URL
		}
		out.Counts[p.Standing]++
		out.Tokens += p.Tokens
		out.Seconds += p.Seconds
		out.Products = append(out.Products, p)
	}
	return out
}

// campaignDatabase is the database of a configuration's bot.
func (c *cli) campaignDatabase(f *campaignFlags) (string, error) {
	conf, err := c.botConfig(f.config)
	if err != nil {
		return "", err
	}
	data, err := dataFolder(conf.Server)
	return filepath.Join(data, "codicil.db"), err
}

func (c *cli) listCampaigns(ctx context.Context, f *campaignFlags) (err error) {
	file, err := c.campaignDatabase(f)
	if err != nil {
		return err
	}
	db, err := state.OpenReadOnly(ctx, file, time.Now)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	all := []campaignOut{}
	if err := db.View(ctx, func(tx *state.Tx) error {
		campaigns, err := tx.Campaigns()
		if err != nil {
			return err
		}
		for _, x := range campaigns {
			m, err := campaign.Summary(tx, x, 0)
			if err != nil {
				return err
			}
			out := campaignShown(m)
			out.ID, out.State = x.ID, x.State
			all = append(all, out)
		}
		return nil
	}); err != nil {
		return err
	}
	return c.showCampaigns(all, f.format)
}

// turnCampaign pauses a campaign, or lets it go on where it was.
func (c *cli) turnCampaign(ctx context.Context, f *campaignFlags, argument string, pause bool) (err error) {
	id, err := strconv.ParseInt(argument, 10, 64)
	if err != nil {
		return fmt.Errorf("%q is no campaign: name the number that `codicil campaign` lists", argument)
	}
	file, err := c.campaignDatabase(f)
	if err != nil {
		return err
	}
	db, err := state.OpenBeside(ctx, file, time.Now)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var x state.Campaign
	if err := db.Update(ctx, func(tx *state.Tx) error {
		var ok bool
		x, ok, err = tx.PauseCampaign(id, pause)
		if err == nil && (!ok || x.State == state.CampaignOver) {
			err = fmt.Errorf("there is no campaign %d that goes on", id)
		}
		return err
	}); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.stdout, "%d, %s, is %s\n", id, oneLine(x.Title), x.State)
	return err
}

// previewCampaign runs codicil campaign --dry-run.
func (c *cli) previewCampaign(ctx context.Context, f *campaignFlags) error {
	conf, err := c.botConfig(f.config)
	if err != nil {
		return err
	}
	data, err := os.MkdirTemp("", "codicil-preview-")
	if err != nil {
		return fmt.Errorf("make a scratch folder: %w", err)
	}
	defer os.RemoveAll(data)
	rules, err := previewedRules(ctx, f.dryRun, filepath.Join(data, "rules"))
	if err != nil {
		return err
	}
	log := c.log()
	host, err := c.github(ctx, conf.GitHub, conf.Limits, log)
	if err != nil {
		return err
	}
	source, err := sourceOf(conf, f.source, host.Name())
	if err != nil {
		return err
	}
	bar := &progress{out: c.stderr}
	builder, release, err := c.builder(f.building, bar)
	if err != nil {
		return err
	}
	defer release()
	verifier := &verify.Verifier{Builder: builder, Log: log, Now: time.Now, Version: version()}
	found, err := service.Preview(ctx, service.Options{Config: conf, Host: host, Verifier: verifier, Data: data, Log: log, Now: time.Now}, source, rules)
	if err != nil {
		return err
	}
	all := []campaignOut{}
	for _, m := range found {
		out := campaignShown(m)
		out.Basis = campaign.Basis
		all = append(all, out)
	}
	return c.showCampaigns(all, f.format)
}

// previewedRules are the guidelines of a file, a folder or a repository.
func previewedRules(ctx context.Context, from, scratch string) ([]guideline.Guideline, error) {
	if info, err := os.Stat(from); err != nil || info.IsDir() {
		return loadGuidelines(ctx, from, func() (string, error) { return scratch, os.Mkdir(scratch, 0o700) })
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return nil, fmt.Errorf("--dry-run: %w", err)
	}
	g, problems := guideline.Parse(from, data)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return []guideline.Guideline{*g}, nil
}

// sourceOf is the guideline repository that is meant.
func sourceOf(conf config.Config, name, host string) (forge.Repo, error) {
	if name == "" && len(conf.Guidelines) == 1 {
		name = conf.Guidelines[0].Repository
	}
	if name == "" {
		return forge.Repo{}, fmt.Errorf("%d repositories of guidelines are configured; say with --source which one is meant", len(conf.Guidelines))
	}
	return forge.ParseRepo(name, host)
}

// showCampaigns writes campaigns to standard output.
func (c *cli) showCampaigns(all []campaignOut, format string) error {
	switch format {
	case "json":
		e := json.NewEncoder(c.stdout)
		e.SetIndent("", "  ")
		return e.Encode(map[string]any{"campaigns": all})
	case "text":
	default:
		return fmt.Errorf("there is no format %q; it is text or json", format)
	}
	if len(all) == 0 {
		_, err := fmt.Fprintln(c.stdout, "There are none.")
		return err
	}
	for _, one := range all {
		if err := showCampaign(c.stdout, one); err != nil {
			return err
		}
	}
	return nil
}

func showCampaign(w io.Writer, one campaignOut) error {
	title := one.Title
	if one.ID != 0 {
		title = fmt.Sprintf("%d  %s: %s", one.ID, title, one.State)
	}
	fmt.Fprintln(w, oneLine(title))
	t := tabwriter.NewWriter(w, 2, 0, 2, ' ', 0)
	fmt.Fprintln(t, "  PRODUCT\tREPOSITORY\t\tTOKENS\tTIME\tWHY")
	for _, p := range one.Products {
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%s\t%s\n", oneLine(p.Product), oneLine(p.Repository), strings.ReplaceAll(p.Standing, "_", " "), unlessZero(p.Tokens), unlessZero(time.Duration(p.Seconds*float64(time.Second)).Round(time.Second)), oneLine(strings.TrimSpace(p.MergeRequest+" "+p.Why)))
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	fmt.Fprintf(w, "  %d products, %d tokens, %s\n", len(one.Products), one.Tokens, time.Duration(one.Seconds*float64(time.Second)).Round(time.Second))
	if one.Basis != "" {
		fmt.Fprintf(w, "  %s\n", one.Basis)
	}
	_, err := fmt.Fprintln(w)
	return err
}

// unlessZero is a value, or a dash for none.
func unlessZero[T comparable](v T) string {
	var zero T
	if v == zero {
		return "–"
	}
	return fmt.Sprint(v)
}

// oneLine is a foreign text in one line without anything that a terminal would act on.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}
