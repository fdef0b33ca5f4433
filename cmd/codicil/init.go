package main

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/spec"
)

// ownerFlags say who answers for a product, and what it is called.
type ownerFlags struct {
	team, contact, name string
	yes                 bool
}

func (f *ownerFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.team, "owner", "", "team that answers for the product")
	cmd.Flags().StringVar(&f.contact, "contact", "", "how to reach that team")
	cmd.Flags().StringVar(&f.name, "name", "", "the product's name; default is the folder's")
	cmd.Flags().BoolVarP(&f.yes, "yes", "y", false, "take the assumed answers, and record them")
}

// initFlags are the flags of codicil init.
type initFlags struct {
	ownerFlags
	authorFlags
}

func (c *cli) initCommand() *cobra.Command {
	f := &initFlags{}
	cmd := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Draft the spec of a product that has none",
		Long: strings.TrimSpace(`
Init drafts spec.yaml and the first amendment for the models, seeds and tests
in DIR. Tables, types, keys, accepted values and references come from a real
build; a model adds what they are for, and checks that hold today. Nothing
else in DIR is changed, and an existing spec is never written over.

With --no-model the words are left for you to fill in: until then, codicil
lint and codicil verify refuse the draft. Of a dbt project, the draft says
what its properties files say.

Exit status: 0 the draft was written (or printed), 1 no draft came about and
the report says why, 2 it could not be run.`),
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			return c.init(cmd.Context(), dir, f)
		},
	}
	cmd.Flags().BoolVar(&f.working.none, "no-model", false, "draft from the data alone, and leave the words to be filled in")
	f.ownerFlags.add(cmd)
	f.authorFlags.add(cmd)
	_ = cmd.Flags().MarkHidden("rounds") // a draft is not repaired
	return cmd
}

// init runs codicil init.
func (c *cli) init(ctx context.Context, dir string, f *initFlags) error {
	job, under, err := c.place(ctx, dir)
	if err != nil {
		return err
	}
	job.Path = under
	if isDBT(job) {
		if !f.working.none {
			return errors.New("this is a dbt project, of which a model is not shown anything yet; pass --no-model to draft the spec from what its properties files say")
		}
		return c.draftFromDBT(author.Newcomer{Job: job, Name: f.name, Owner: spec.Owner{Team: strings.TrimSpace(f.team), Contact: f.contact}}, dir)
	}
	return c.work(ctx, f.authorFlags, func(a *author.Author) (*author.Outcome, error) {
		n, err := c.newcomer(ctx, a, job, f.ownerFlags)
		if err != nil {
			return nil, err
		}
		return a.Draft(ctx, n, !f.working.none)
	})
}

// newcomer is a product without a spec. Who answers for it is said by a flag, or asked; nobody is made up.
func (c *cli) newcomer(ctx context.Context, a *author.Author, job author.Job, f ownerFlags) (author.Newcomer, error) {
	job.AssumeYes = f.yes
	n := author.Newcomer{Job: job, Name: f.name, Owner: spec.Owner{Team: strings.TrimSpace(f.team), Contact: f.contact}}
	switch {
	case n.Owner.Team != "":
	case f.contact != "":
		return n, errors.New("--contact without --owner; say which team it is")
	case f.yes:
		n.Owner.Team = job.Origin.Author
	case a.Questions != nil:
		answers, err := a.Questions(ctx, []author.Question{{Ask: "Which team answers for the product?", Assume: job.Origin.Author}})
		if errors.Is(err, author.ErrNoAnswer) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		n.Owner.Team = strings.TrimSpace(strings.TrimSuffix(answers[0], "(assumed)"))
	}
	return n, nil
}
