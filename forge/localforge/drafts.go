package localforge

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Ready takes a merge request out of draft, as GitHub's button does; its REST API can't.
func (f *Forge) Ready(owner, name string, number int, by string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, err := f.repository(owner, name)
	if err != nil {
		return err
	}
	i := f.issue(r, number)
	if i == nil || i.Pull == nil {
		return fmt.Errorf("there is no merge request %d in %s", number, r.full())
	}
	f.setDraft(r, i, false, by)
	return nil
}

// Ready takes a merge request out of draft, if the person may.
func (p Person) Ready(owner, name string, number int) error {
	return p.draft(owner, name, number, false)
}

// Unready makes a merge request a draft, if the person may.
func (p Person) Unready(owner, name string, number int) error {
	return p.draft(owner, name, number, true)
}

func (p Person) draft(owner, name string, number int, draft bool) error {
	c, err := p.acting()
	if err != nil {
		return err
	}
	f := p.forge
	f.mu.Lock()
	defer f.mu.Unlock()
	r, err := f.repository(owner, name)
	if err != nil {
		return err
	}
	i := f.issue(r, number)
	switch {
	case i == nil || i.Pull == nil || !i.open():
		return fmt.Errorf("there is no open merge request %d in %s", number, r.full())
	case !f.mayDraft(c, r, i):
		return &Refusal{403, "Resource not accessible by " + p.login}
	}
	f.setDraft(r, i, draft, p.login)
	return nil
}

// mayDraft says whether a caller may make a merge request a draft or none.
func (f *Forge) mayDraft(c *caller, r *repo, i *issue) bool {
	return f.may(c, r).rank() >= Write.rank() || strings.EqualFold(loginOf(c), i.Author)
}

// setDraft makes a merge request a draft, or no draft.
func (f *Forge) setDraft(r *repo, i *issue, draft bool, by string) {
	if i.Pull.Draft == draft {
		return
	}
	i.Pull.Draft, i.Updated = draft, f.time()
	put(f.store, &f.issues, i.ID, i)
	action := map[bool]string{true: "converted_to_draft", false: "ready_for_review"}[draft]
	f.announceIssue(action, r, i, by, nil)
}

// The mutations that are answered, with whether they make a draft.
var draftMutations = map[string]bool{"markPullRequestReadyForReview": false, "convertPullRequestToDraft": true}

// graphQL serves the part of GitHub's other API that its REST API lacks: making a merge request a draft, and no draft. A document is not parsed: which
// mutation it names is what counts, and it is answered with the merge request's id, number, isDraft, state and url.
func (f *Forge) graphQL() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f.serve(w, r, f.mutate) })
}

func (f *Forge) mutate(q *query) answer {
	if q.caller == nil {
		return answer{status: http.StatusUnauthorized, body: object{"message": "This endpoint requires you to be authenticated.", "documentation_url": "https://docs.github.com/graphql/guides/forming-calls-with-graphql#authenticating-with-graphql"}}
	}
	var in struct {
		Query     string
		Variables map[string]any
	}
	if err := json.Unmarshal(q.body, &in); err != nil {
		return answer{status: http.StatusBadRequest, body: object{"message": "Problems parsing JSON"}}
	}
	named := ""
	for mutation := range draftMutations {
		if strings.Contains(in.Query, mutation) {
			named = mutation
		}
	}
	if named == "" || !strings.Contains(in.Query, "mutation") {
		return graphFault(nil, "", "localforge answers only markPullRequestReadyForReview and convertPullRequestToDraft")
	}
	id := pullID(in.Variables)
	r, i := f.pullByNode(id)
	switch {
	case i == nil || f.may(q.caller, r).rank() < Read.rank():
		return graphFault(object{named: nil}, "NOT_FOUND", fmt.Sprintf("Could not resolve to a node with the global id of '%s'", id), named)
	case !f.mayDraft(q.caller, r, i):
		return graphFault(object{named: nil}, "FORBIDDEN", fmt.Sprintf("%s does not have the correct permissions to execute `%s`", q.login(), strings.ToUpper(named[:1])+named[1:]), named)
	case !i.open():
		return graphFault(object{named: nil}, "UNPROCESSABLE", "Pull request is closed", named)
	}
	f.setDraft(r, i, draftMutations[named], q.login())
	state := strings.ToUpper(i.state())
	return ok(object{"data": object{named: object{"clientMutationId": nil, "pullRequest": object{"id": node("PR", i.ID), "number": i.Number, "isDraft": i.Pull.Draft, "state": state, "url": f.page(i)}}}})
}

// pullID is the merge request's id in the variables of a request: pullRequestId, in an input or by itself, or id.
func pullID(variables map[string]any) string {
	for _, name := range []string{"pullRequestId", "id"} {
		if id, ok := variables[name].(string); ok {
			return id
		}
	}
	for _, v := range variables {
		if input, ok := v.(map[string]any); ok {
			if id := pullID(input); id != "" {
				return id
			}
		}
	}
	return ""
}

// pullByNode is the merge request of a node id; nil if there is none.
func (f *Forge) pullByNode(id string) (*repo, *issue) {
	var number int64
	if n, err := fmt.Sscanf(id, "PR_%d", &number); n != 1 || err != nil || node("PR", number) != id {
		return nil, nil
	}
	i := f.issues.rows[number]
	if i == nil || i.Pull == nil {
		return nil, nil
	}
	return f.repos.rows[i.Repo], i
}

// graphFault is an error as GraphQL tells one: with status 200.
func graphFault(data any, kind, message string, path ...string) answer {
	e := object{"message": message, "locations": []object{{"line": 1, "column": 1}}}
	if kind != "" {
		e["type"] = kind
	}
	if len(path) > 0 {
		e["path"] = path
	}
	out := object{"errors": []object{e}}
	if data != nil {
		out["data"] = data
	}
	return ok(out)
}
