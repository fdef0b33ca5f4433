package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/codicil-dev/codicil/bot/markup"
	"github.com/codicil-dev/codicil/bot/resync"
	"github.com/codicil-dev/codicil/bot/service"
)

func (c *cli) syncCommand() *cobra.Command {
	f := &serveFlags{}
	cmd := &cobra.Command{
		Use:   "sync",
		Short: "Rebuild the bot's lost database from the forge",
		Long: strings.TrimSpace(`
Sync is for a bot whose database was lost: it reads the bot's own merge requests
and comments on the forge, in which the bot hides what it must not forget, and
writes a new database with the same open, merged, declined and waiting work.
What it hid is sealed with the first of the webhook secrets; what others changed,
or was sealed with a secret that is not configured any more, is not believed, and
listed. So name replaced secrets after the new one while you sync.
The bot must not run meanwhile; start codicil serve afterwards. A database that
holds work already is left as it is.`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.sync(cmd.Context(), f) },
	}
	cmd.Flags().StringVar(&f.config, "config", "", "the configuration, a codicil.yaml; default $CODICIL_CONFIG")
	cmd.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "log also what is being done in between")
	f.building.add(cmd)
	return cmd
}

// sync runs codicil sync.
func (c *cli) sync(ctx context.Context, f *serveFlags) error {
	conf, err := c.botConfig(f.config)
	if err != nil {
		return err
	}
	s, err := c.bot(ctx, conf, f.building, c.serverLog(f.verbose))
	if err != nil {
		return err
	}
	defer s.release()
	r, err := s.Resync(ctx)
	if err != nil {
		data, _ := dataFolder(conf.Server) // it was found before
		return fmt.Errorf("rebuild %s: %w", filepath.Join(data, service.Database), err)
	}
	if _, err := fmt.Fprintln(c.stdout, synced(r)); err != nil {
		return err
	}
	for _, what := range r.Unbelieved {
		if _, err := fmt.Fprintln(c.stdout, "not believed:", oneLine(what)); err != nil {
			return err
		}
	}
	return nil
}

// synced tells what was found.
func synced(r resync.Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d repositories: %d open, %d merged and %d declined merge requests, %d triggers that wait, %d that wait for answers, %d that ended otherwise, %d comments, %d campaigns, %d specs edited by hand that are followed\n",
		r.Repositories, r.Open, r.Merged, r.Declined, r.Waiting, r.Asked, r.Ended, r.Comments, r.Campaigns, r.Edits)
	b.WriteString("The forge does not tell:\n")
	for _, u := range append(r.Untold, untold...) {
		b.WriteString("  - " + markup.Plain(u) + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// untold is what no forge tells, whatever the bot did.
var untold = []string{
	"what was spent on the model before",
	"which guidelines came in a push without a merge request, and led to none of the bot's yet: the next refresh takes them up",
	"which edits by hand came to nothing before: they are followed again",
}
