// Package codeowners tells whom a repository's CODEOWNERS file names as reviewers of its paths.
//
// The rules are GitHub's: https://docs.github.com/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
package codeowners

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/hmarr/codeowners"
)

const (
	// Limit is the size in bytes from which GitHub does not read a CODEOWNERS file.
	Limit = 3 << 20
	// longest is the longest line that is read, in bytes. A path has at most 4,096, an owner's name about 80.
	longest = 16 << 10
)

// Places are the paths at which a repository may keep the file, in the order in which they are looked for. Only the first
// that exists counts.
func Places() []string { return []string{".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"} }

// Owners are those whom a file names, each once, in the order in which it names them.
type Owners struct {
	// Users are login names, without @.
	Users []string
	// Teams are teams that the file writes as @organisation/team.
	Teams []Team
}

// Team is a team of an organisation. Only a repository of that organisation can ask it for a review.
type Team struct{ Organisation, Slug string }

// Without returns the owners but for the users of these names, upper or lower case: the bot itself and a change's
// author, whom the forge does not let review it.
func (o Owners) Without(logins ...string) Owners {
	users := slices.DeleteFunc(slices.Clone(o.Users), func(u string) bool {
		return slices.ContainsFunc(logins, func(l string) bool {
			return strings.EqualFold(strings.TrimSuffix(l, "[bot]"), u)
		})
	})
	return Owners{Users: users, Teams: slices.Clone(o.Teams)}
}

// TooLarge is the error for a file that GitHub would not read either.
type TooLarge struct {
	// Size is in bytes.
	Size int
}

// Error says how large the file is and how large it may be.
func (e TooLarge) Error() string {
	return fmt.Sprintf("read CODEOWNERS: it has %d bytes, and must have fewer than %d for GitHub to read it", e.Size, Limit)
}

// Find returns the owners of all the paths, which are relative to the root of the repository, together. Of each path the
// last line that matches it counts, also if it names nobody. E-mail addresses are left out: they can't be asked for a
// review by name. Lines that GitHub would not accept are passed over, as it does. The only error is TooLarge.
func Find(text []byte, paths ...string) (Owners, error) {
	if len(text) >= Limit {
		return Owners{}, TooLarge{Size: len(text)}
	}
	// A rule is made, tried and forgotten, from the last one up: as a whole, the rules of a file of 3 MB take a gigabyte.
	left := slices.Clone(paths)
	var rules []codeowners.Rule
	lines := bytes.Split(text, []byte("\n"))
	for i := len(lines) - 1; i >= 0 && len(left) > 0; i-- {
		rule, ok := parse(lines[i])
		if !ok {
			continue
		}
		before := len(left)
		left = slices.DeleteFunc(left, func(p string) bool {
			matches, err := rule.Match(strings.TrimPrefix(p, "/"))
			return matches && err == nil
		})
		if len(left) < before {
			rules = append(rules, rule)
		}
	}
	slices.Reverse(rules)
	return gather(rules), nil
}

// parse reads one line: the library gives up a whole file for one bad line.
func parse(line []byte) (codeowners.Rule, bool) {
	line = bytes.TrimPrefix(bytes.TrimSpace(line), []byte("\ufeff"))
	// The library breaks down over the pattern /, which matches nothing.
	if len(line) == 0 || len(line) > longest || bytes.Equal(bytes.Fields(line)[0], []byte("/")) || bytes.HasPrefix(line, []byte("/#")) {
		return codeowners.Rule{}, false
	}
	rules, err := codeowners.ParseFile(bytes.NewReader(line), codeowners.WithOwnerMatchers([]codeowners.OwnerMatcher{
		codeowners.OwnerMatchFunc(codeowners.MatchTeamOwner),
		codeowners.OwnerMatchFunc(codeowners.MatchUsernameOwner),
		codeowners.OwnerMatchFunc(address),
	}))
	if err != nil || len(rules) != 1 {
		return codeowners.Rule{}, false
	}
	return rules[0], true
}

// address takes any e-mail address; the library's own knows no domain of more than six letters.
func address(s string) (codeowners.Owner, error) {
	name, domain, ok := strings.Cut(s, "@")
	if !ok || name == "" || !strings.Contains(domain, ".") || strings.Contains(domain, "@") {
		return codeowners.Owner{}, codeowners.ErrNoMatch
	}
	return codeowners.Owner{Value: s, Type: codeowners.EmailOwner}, nil
}

func gather(rules []codeowners.Rule) Owners {
	var o Owners
	for _, r := range rules {
		for _, owner := range r.Owners {
			switch owner.Type {
			case codeowners.UsernameOwner:
				if !slices.ContainsFunc(o.Users, func(u string) bool { return strings.EqualFold(u, owner.Value) }) {
					o.Users = append(o.Users, owner.Value)
				}
			case codeowners.TeamOwner:
				organisation, slug, _ := strings.Cut(owner.Value, "/")
				if t := (Team{organisation, slug}); !slices.Contains(o.Teams, t) {
					o.Teams = append(o.Teams, t)
				}
			}
		}
	}
	return o
}
