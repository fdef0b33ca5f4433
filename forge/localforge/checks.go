package localforge

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// checkRoutes are those of check runs, which only apps may write.
func (f *Forge) checkRoutes(route func(pattern string, h handler)) {
	route("POST /repos/{owner}/{repo}/check-runs", f.inRepo(Write, f.addCheck))
	route("GET /repos/{owner}/{repo}/check-runs/{id}", f.inCheck(Read, func(q *query, r *repo, c *check) answer { return ok(f.checkJSON(c)) }))
	route("PATCH /repos/{owner}/{repo}/check-runs/{id}", f.inCheck(Write, f.editCheck))
	route("GET /repos/{owner}/{repo}/check-runs/{id}/annotations", f.inCheck(Read, func(q *query, r *repo, c *check) answer { return q.list(f.annotationsJSON(r, c)) }))
	route("POST /repos/{owner}/{repo}/check-runs/{id}/rerequest", f.inRepo(Write, func(q *query, r *repo) answer {
		c := f.checks.rows[q.id("id")]
		if c == nil || c.Repo != r.ID {
			return notFound
		}
		f.announce("check_run", "rerequested", r, q.login(), object{"check_run": f.checkJSON(c)})
		return created(object{})
	}))
}

// inCheck hands the path's check run to h; only the app that made it may change it.
func (f *Forge) inCheck(least Permission, h func(q *query, r *repo, c *check) answer) handler {
	return f.inRepo(least, func(q *query, r *repo) answer {
		c := f.checks.rows[q.id("id")]
		switch {
		case c == nil || c.Repo != r.ID:
			return notFound
		case least != Read && (q.caller.app == nil || q.caller.app.ID != c.App):
			return refused(403, "Invalid app_id `0` - check run can only be modified by the GitHub App that created it.")
		}
		return h(q, r, c)
	})
}

// checkInput is what a request says of a check run.
type checkInput struct {
	Name        string
	HeadSHA     string     `json:"head_sha"`
	DetailsURL  *string    `json:"details_url"`
	ExternalID  *string    `json:"external_id"`
	Status      string     `json:"status"`
	Conclusion  string     `json:"conclusion"`
	StartedAt   *time.Time `json:"started_at"`
	CompletedAt *time.Time `json:"completed_at"`
	Output      *struct {
		Title, Summary, Text string
		Annotations          []map[string]any
	}
}

// Limits that GitHub has for check runs.
const (
	mostAnnotations = 50
	longestOutput   = 65535
)

var (
	checkStatuses    = []string{"", "queued", "in_progress", "completed"}
	checkConclusions = []string{"", "action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out"}
)

// fault says what GitHub would not take.
func (in *checkInput) fault() *answer {
	var a answer
	switch {
	case !slices.Contains(checkStatuses, in.Status):
		a = invalid("CheckRun", "status", "invalid", "")
	case !slices.Contains(checkConclusions, in.Conclusion):
		a = invalid("CheckRun", "conclusion", "invalid", "")
	case in.Status == "completed" && in.Conclusion == "":
		a = invalid("CheckRun", "conclusion", "missing_field", "")
	case in.Output != nil && len(in.Output.Annotations) > mostAnnotations:
		a = invalid("CheckRun", "annotations", "custom", fmt.Sprintf("No more than %d items are allowed", mostAnnotations))
	case in.Output != nil && (len(in.Output.Summary) > longestOutput || len(in.Output.Text) > longestOutput):
		a = invalid("CheckRun", "output", "custom", fmt.Sprintf("Only %d characters are allowed", longestOutput))
	default:
		return nil
	}
	return &a
}

// into brings a request's words into a check run.
func (in *checkInput) into(c *check, now time.Time) {
	if in.Name != "" {
		c.Name = in.Name
	}
	if in.DetailsURL != nil {
		c.DetailsURL = *in.DetailsURL
	}
	if in.ExternalID != nil {
		c.ExternalID = *in.ExternalID
	}
	if in.Status != "" {
		c.Status = in.Status
	}
	if in.StartedAt != nil {
		c.Started = in.StartedAt.UTC()
	}
	if in.Conclusion != "" {
		c.Status, c.Conclusion, c.Completed = "completed", in.Conclusion, now
	}
	if in.CompletedAt != nil {
		c.Completed = in.CompletedAt.UTC()
	}
	if o := in.Output; o != nil {
		c.Title, c.Summary, c.Text = o.Title, o.Summary, o.Text
		c.Annotations = append(c.Annotations, o.Annotations...)
	}
}

func (f *Forge) addCheck(q *query, r *repo) answer {
	var in checkInput
	if fault := q.decode(&in); fault != nil {
		return *fault
	}
	if q.caller.app == nil {
		return refused(403, "You must authenticate via a GitHub App.")
	}
	sha, there := f.resolve(q.r.Context(), r, in.HeadSHA)
	switch {
	case in.Name == "":
		return invalid("CheckRun", "name", "missing_field", "")
	case !there || sha != in.HeadSHA:
		return noCommit(in.HeadSHA)
	}
	if fault := in.fault(); fault != nil {
		return *fault
	}
	c := &check{ID: f.next(), Repo: r.ID, App: q.caller.app.ID, SHA: sha, Status: "queued", Started: f.time()}
	in.into(c, f.time())
	put(f.store, &f.checks, c.ID, c)
	f.announce("check_run", "created", r, q.login(), object{"check_run": f.checkJSON(c)})
	return created(f.checkJSON(c))
}

func (f *Forge) editCheck(q *query, r *repo, c *check) answer {
	var in checkInput
	if fault := q.decode(&in); fault != nil {
		return *fault
	}
	if in.Status == "completed" && in.Conclusion == "" {
		in.Conclusion = c.Conclusion
	}
	if fault := in.fault(); fault != nil {
		return *fault
	}
	was := c.Status
	in.into(c, f.time())
	put(f.store, &f.checks, c.ID, c)
	if was != "completed" && c.Status == "completed" {
		f.announce("check_run", "completed", r, q.login(), object{"check_run": f.checkJSON(c)})
	}
	return ok(f.checkJSON(c))
}

// listChecks lists the check runs of a commit, the newest of each name unless all are asked for.
func (f *Forge) listChecks(q *query, r *repo, ref string) answer {
	sha, there := f.resolve(q.r.Context(), r, ref)
	if !there {
		return noCommit(ref)
	}
	v := q.r.URL.Query()
	if text := v.Get("filter"); text != "" && text != "latest" && text != "all" {
		return invalid("CheckRun", "filter", "invalid", "")
	}
	type named struct {
		app  int64
		name string
	}
	newest := map[named]int64{}
	at := commitIn{r.ID, sha}
	for _, c := range f.checks.shown(at, f.latest(), nil) {
		newest[named{c.App, c.Name}] = c.ID
	}
	asked := func(name, value string) bool { return v.Get(name) == "" || v.Get(name) == value }
	found := f.checks.shown(at, f.latest(), func(c *check) bool {
		return asked("check_name", c.Name) && asked("status", c.Status) && asked("app_id", fmt.Sprint(c.App)) && (v.Get("filter") == "all" || newest[named{c.App, c.Name}] == c.ID)
	})
	p := q.page(len(found))
	return q.linked(len(found), ok(object{"total_count": len(found), "check_runs": each(found[p.from:p.to], f.checkJSON)}))
}

// annotationsJSON are the annotations of a check run, with what a request may leave out.
func (f *Forge) annotationsJSON(r *repo, c *check) []object {
	return each(c.Annotations, func(given map[string]any) object {
		out := object{"start_column": nil, "end_column": nil, "title": nil, "raw_details": nil, "blob_href": fmt.Sprintf("%s/blob/%s/%v", f.web(r), c.SHA, given["path"])}
		maps.Copy(out, given)
		return out
	})
}

func (f *Forge) checkJSON(c *check) object {
	r := f.repos.rows[c.Repo]
	api := fmt.Sprintf("%s/check-runs/%d", f.api(r), c.ID)
	pulls := []object{}
	for _, i := range f.issues.of(r.ID, func(i *issue) bool {
		return i.Pull != nil && i.open() && i.Pull.HeadRepo == r.ID && i.Pull.HeadSHA == c.SHA
	}) {
		small := func(branch, sha string) object {
			return object{"ref": branch, "sha": sha, "repo": object{"id": r.ID, "url": f.api(r), "name": r.Name}}
		}
		pulls = append(pulls, object{"id": i.ID, "number": i.Number, "url": fmt.Sprintf("%s/pulls/%d", f.api(r), i.Number), "head": small(i.Pull.Head, i.Pull.HeadSHA),
			"base": small(i.Pull.Base, i.Pull.BaseSHA)})
	}
	return object{"id": c.ID, "node_id": node("CR", c.ID), "head_sha": c.SHA, "name": c.Name, "external_id": c.ExternalID, "url": api, "html_url": fmt.Sprintf("%s/runs/%d", f.web(r), c.ID),
		"details_url": f.detailsURL(c), "status": c.Status, "conclusion": body(c.Conclusion), "started_at": stamp(c.Started), "completed_at": stamp(c.Completed),
		"output":      object{"title": body(c.Title), "summary": body(c.Summary), "text": body(c.Text), "annotations_count": len(c.Annotations), "annotations_url": api + "/annotations"},
		"check_suite": f.suiteJSON(c, pulls), "app": f.appJSON(f.apps.rows[c.App]), "pull_requests": pulls}
}

// detailsURL is where more is told of a check run: where its app says, else the app's own page.
func (f *Forge) detailsURL(c *check) string {
	if c.DetailsURL != "" {
		return c.DetailsURL
	}
	return f.url + "/apps/" + f.apps.rows[c.App].Slug
}

// suiteJSON is the check suite of a check run: all runs of its app on its commit, of which this forge keeps no more.
func (f *Forge) suiteJSON(c *check, pulls []object) object {
	var branch any
	if len(pulls) > 0 {
		branch = pulls[0]["head"].(object)["ref"]
	}
	return object{"id": c.App, "node_id": node("CS", c.App), "head_branch": branch, "head_sha": c.SHA, "status": c.Status, "conclusion": body(c.Conclusion),
		"url": fmt.Sprintf("%s/check-suites/%d", f.api(f.repos.rows[c.Repo]), c.App), "before": nil, "after": nil, "pull_requests": pulls, "app": f.appJSON(f.apps.rows[c.App]),
		"created_at": stamp(c.Started), "updated_at": stamp(c.Started)}
}
