package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/repo"
	"github.com/codicil-dev/codicil/bot/spec"
)

// job finds the one product in or below dir, as the place of a job that a person at this machine asks for.
func (c *cli) job(ctx context.Context, requirement, dir string) (author.Job, error) {
	job, under, err := c.place(ctx, dir)
	if err != nil {
		return job, err
	}
	job.Requirement = requirement
	found, err := product.Find(job.Tree, under)
	switch {
	case err != nil:
		return job, err
	case len(found) == 0:
		return job, fmt.Errorf("no product in %s: a product is a folder with a %s", dir, product.SpecFile)
	case len(found) > 1:
		return job, fmt.Errorf("there are %d products below %s (%s); name the folder of one", len(found), dir, strings.Join(found, ", "))
	}
	job.Path = found[0]
	return job, nil
}

// place is a job without a product: the tree that holds dir, the repository's if there is one, dir's path in it, and who asks.
func (c *cli) place(ctx context.Context, dir string) (job author.Job, under string, err error) {
	now := time.Now().UTC().Truncate(time.Second)
	job.Origin = spec.Origin{Kind: spec.OriginIssue, At: &now}
	abs, err := existingFolder(dir)
	if err != nil {
		return job, "", err
	}
	job.Tree, under = product.Tree{Root: abs, Label: dir}, "."
	r, err := repo.Open(ctx, abs)
	switch {
	case err == nil:
		if rel, ok := r.Relative(abs); ok {
			job.Tree, under = product.Tree{Root: r.Root, Label: "the work tree"}, rel
		}
		job.Origin.Author, _ = r.User(ctx)
	case !errors.Is(err, repo.ErrNotRepository):
		return job, "", err
	}
	return job, under, nil
}

// supersedes reads the values of --supersede.
func supersedes(values []string) (out []author.Supersede, err error) {
	for _, s := range values {
		id, check, _ := strings.Cut(s, ":")
		n, err := strconv.Atoi(strings.TrimSpace(id))
		if err != nil || n < 1 {
			return nil, fmt.Errorf("--supersede: %q is not N or N:check, such as 3:amounts are positive", s)
		}
		out = append(out, author.Supersede{Amendment: n, Check: strings.TrimSpace(check)})
	}
	return out, nil
}
