package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"
	"github.com/spf13/cobra"

	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/why"
)

// whyFlags are the flags of codicil why.
type whyFlags struct {
	format, product string
	building        buildFlags
}

func (c *cli) whyCommand() *cobra.Command {
	f := &whyFlags{}
	cmd := &cobra.Command{
		Use:   "why [TABLE[.COLUMN]] [DIR]",
		Short: "Tell the story of a product, a table or a column",
		Long: strings.TrimSpace(`
Why tells what a table or column is, why it exists, every amendment that made
it so, and the checks that hold it, with the results of the last verify.
Without a table it tells the product's story. Earlier names will do.

One argument that is a folder is DIR. Below DIR the product is found that has
the table; if several have it, name one with --product.`),
		Args: cobra.MaximumNArgs(2),
		RunE: func(_ *cobra.Command, args []string) error { return c.why(args, f) },
	}
	cmd.Flags().StringVar(&f.format, "format", "text", "text, markdown or json")
	cmd.Flags().StringVar(&f.product, "product", "", "name of the product, where several are below DIR")
	cmd.Flags().StringVar(&f.building.cache, "cache", "", "folder where verify kept its results; default $CODICIL_CACHE, or codicil in the user's cache")
	return cmd
}

// why runs codicil why.
func (c *cli) why(args []string, f *whyFlags) error {
	render, ok := map[string]func(io.Writer, *why.Story) error{
		"text": func(w io.Writer, s *why.Story) error {
			return why.Text(w, s, why.TextOptions{Width: c.width(), Colour: c.coloured(), Now: time.Now()})
		},
		"markdown": why.Markdown,
		"json":     why.JSON,
	}[f.format]
	if !ok {
		return fmt.Errorf("there is no format %q; it is text, markdown or json", f.format)
	}
	target, dir := whyArguments(args)
	products, err := c.productsBelow(dir, f.product)
	if err != nil {
		return err
	}
	story, err := c.story(products, target, f)
	if err != nil {
		return err
	}
	if err := render(c.stdout, story); err != nil {
		return fmt.Errorf("write the story: %w", err)
	}
	return nil
}

// whyArguments tells target and folder apart: one argument that is a folder is the folder. dir is empty if none is named.
func whyArguments(args []string) (target, dir string) {
	switch len(args) {
	case 0:
		return "", ""
	case 2:
		return args[0], args[1]
	}
	if info, err := os.Stat(args[0]); err == nil && info.IsDir() {
		return "", args[0]
	}
	return args[0], ""
}

// productsBelow reads the products below dir, or only the one of that name. Where no folder was named, the product around the
// current folder will do. What can't be read is a warning if there are others.
func (c *cli) productsBelow(dir, only string) ([]*product.Product, error) {
	climb := dir == ""
	if climb {
		dir = "."
	}
	root, err := existingFolder(dir)
	if err != nil {
		return nil, err
	}
	found, err := product.Find(product.Tree{Root: root, Label: dir}, ".")
	if err != nil {
		return nil, err
	}
	if len(found) == 0 && climb {
		if around, ok := productAround(root); ok {
			root, found = around, []string{"."}
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no product in %s: a product is a folder with a %s", root, product.SpecFile)
	}
	var products []*product.Product
	var broken []error
	var names []string
	shown := c.shownFrom(root)
	for _, folder := range found {
		p, problems := product.Load(product.Tree{Root: root, Label: dir}, folder)
		for i := range problems {
			problems[i].File = shown(problems[i].File)
		}
		if err := problems.Err(); err != nil {
			broken = append(broken, err)
			continue
		}
		names = append(names, p.Name())
		if only == "" || p.Name() == only {
			products = append(products, p)
		}
	}
	switch {
	case len(products) == 0 && len(broken) > 0:
		return nil, broken[0]
	case len(products) == 0:
		return nil, fmt.Errorf("--product: there is no product %s in %s; there is %s", only, root, strings.Join(names, ", "))
	}
	for _, err := range broken {
		fmt.Fprintf(c.stderr, "left out, as it can't be read: %v\n", err)
	}
	return products, nil
}

// productAround is the nearest folder above dir that holds a product.
func productAround(dir string) (around string, ok bool) {
	for {
		if isProduct(dir) {
			return dir, true
		}
		above := filepath.Dir(dir)
		if above == dir {
			return "", false
		}
		dir = above
	}
}

// story tells the story of the target in the one product that has it.
func (c *cli) story(products []*product.Product, target string, f *whyFlags) (*why.Story, error) {
	if target == "" && len(products) > 1 {
		return nil, fmt.Errorf("there are %d products here; say which one: --product %s", len(products), oneOf(products))
	}
	var stories []*why.Story
	var of []*product.Product
	var unknown []*why.UnknownError
	for _, p := range products {
		last, err := c.recall(f.building, p.Dir())
		if err != nil {
			c.log().Warn("the last results are not known", "product", p.Name(), "error", err)
		}
		story, err := why.Tell(p.Document, target, last)
		var nothing *why.UnknownError
		switch {
		case errors.As(err, &nothing):
			unknown = append(unknown, nothing)
		case err != nil:
			return nil, err
		default:
			stories, of = append(stories, story), append(of, p)
		}
	}
	if best := closest(stories, target); len(best) > 0 {
		if len(best) == 1 {
			return stories[best[0]], nil
		}
		several := make([]*product.Product, len(best))
		for i, b := range best {
			several[i] = of[b]
		}
		return nil, fmt.Errorf("%d products have %s; say which one: --product %s", len(several), target, oneOf(several))
	}
	if len(unknown) == 1 {
		return nil, unknown[0]
	}
	return nil, unknownEverywhere(unknown, target)
}

// closest are the stories that fit a target best: of what is there under that name before what once was, or what has
// it as a part of its name.
func closest(stories []*why.Story, target string) []int {
	var best []int
	least := 0
	for i, s := range stories {
		distance := 1
		switch {
		case s.Gone != nil:
			distance = 3
		case s.Asked != "":
			distance = 2
		case s.Kind != why.KindProduct && strings.EqualFold(s.Name, target):
			distance = 0
		}
		if len(best) == 0 || distance < least {
			best, least = nil, distance
		}
		if distance == least {
			best = append(best, i)
		}
	}
	return best
}

// oneOf lists names of products to choose from.
func oneOf(products []*product.Product) string {
	names := make([]string, len(products))
	for i, p := range products {
		names[i] = p.Name()
	}
	sort.Strings(names)
	return strings.Join(names, "|")
}

// unknownEverywhere says that no product has the target, with names that are close.
func unknownEverywhere(unknown []*why.UnknownError, target string) error {
	type candidate struct{ name, product string }
	var near []candidate
	for _, u := range unknown {
		for _, n := range u.Near {
			near = append(near, candidate{n, u.Product})
		}
	}
	if len(near) == 0 {
		return fmt.Errorf("none of the %d products here has a table or column %s", len(unknown), target)
	}
	sort.SliceStable(near, func(i, j int) bool {
		return levenshtein.ComputeDistance(target, near[i].name) < levenshtein.ComputeDistance(target, near[j].name)
	})
	var names []string
	for _, n := range near[:min(len(near), 3)] {
		names = append(names, fmt.Sprintf("%s of product %s", n.name, n.product))
	}
	return fmt.Errorf("none of the %d products here has a table or column %s; did you mean %s?", len(unknown), target, strings.Join(names, ", "))
}
