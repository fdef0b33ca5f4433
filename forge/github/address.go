package github

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/codicil-dev/codicil/forge"
)

// addresses are where a GitHub's interfaces are.
type addresses struct{ rest, graphql, web *url.URL }

// locate derives addresses as GitHub documents them: api.github.com and api.NAME.ghe.com have GraphQL at /graphql and their pages at the name
// without "api."; a server of one's own has /api/v3/ and /api/graphql below its pages.
func locate(o Options) (addresses, error) {
	base := o.BaseURL
	if base == "" {
		base = "https://api.github.com/"
	}
	rest, err := address("REST API", strings.TrimSuffix(base, "/")+"/")
	if err != nil {
		return addresses{}, err
	}
	graphql, web := *rest, *rest
	if before, ok := strings.CutSuffix(rest.Path, "/api/v3/"); ok {
		graphql.Path, web.Path = before+"/api/graphql", before+"/"
	} else {
		graphql.Path, web.Path = rest.Path+"graphql", "/"
		web.Host = strings.TrimPrefix(rest.Host, "api.")
	}
	a := addresses{rest: rest, graphql: &graphql, web: &web}
	if o.GraphQLURL != "" {
		if a.graphql, err = address("GraphQL API", o.GraphQLURL); err != nil {
			return addresses{}, err
		}
	}
	if o.WebURL != "" {
		if a.web, err = address("pages", strings.TrimSuffix(o.WebURL, "/")+"/"); err != nil {
			return addresses{}, err
		}
	}
	return a, nil
}

func address(what, text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("the address of GitHub's %s must be https://HOST/PATH, without a user, a question mark or a fragment", what)
	}
	return u, nil
}

// has says whether u is of one of these interfaces: credentials go nowhere else.
func (a addresses) has(u *url.URL) bool {
	return u.Scheme == a.rest.Scheme && u.Host == a.rest.Host || u.Scheme == a.graphql.Scheme && u.Host == a.graphql.Host
}

// GitURL is where git finds a repository, without a credential in it.
func (h *Host) GitURL(repo forge.Repo) string {
	return h.at.web.JoinPath(repo.Owner, repo.Name+".git").String()
}
