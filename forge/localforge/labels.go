package localforge

import (
	"slices"
	"strconv"
)

// labelRoutes are those of a repository's labels and of the labels of an issue. A name may hold slashes, which GitHub takes unescaped.
func (f *Forge) labelRoutes(route func(pattern string, h handler)) {
	route("GET /repos/{owner}/{repo}/labels", f.inRepo(Read, func(q *query, r *repo) answer {
		return q.list(each(f.labels.of(r.ID, nil), f.labelJSON))
	}))
	route("POST /repos/{owner}/{repo}/labels", f.inRepo(Write, func(q *query, r *repo) answer {
		var in struct{ Name, Color, Description string }
		if fault := q.decode(&in); fault != nil {
			return *fault
		}
		switch {
		case in.Name == "":
			return invalid("Label", "name", "missing_field", "")
		case f.label(r, in.Name) != nil:
			return invalid("Label", "name", "already_exists", "")
		}
		if _, err := strconv.ParseUint(in.Color, 16, 32); in.Color != "" && (err != nil || len(in.Color) != 6) {
			return invalid("Label", "color", "invalid", "")
		}
		return created(f.labelJSON(f.newLabel(r, in.Name, in.Color, in.Description)))
	}))
	route("POST /repos/{owner}/{repo}/issues/{number}/labels", f.inIssue(Write, func(q *query, r *repo, i *issue) answer {
		names, fault := q.labelNames()
		if fault != nil {
			return *fault
		}
		f.addLabels(r, i, names, q.login())
		return ok(f.labelsJSON(r, i.Labels))
	}))
	route("PUT /repos/{owner}/{repo}/issues/{number}/labels", f.inIssue(Write, func(q *query, r *repo, i *issue) answer {
		names, fault := q.labelNames()
		if fault != nil {
			return *fault
		}
		f.setLabels(r, i, names, q.login())
		return ok(f.labelsJSON(r, i.Labels))
	}))
	route("GET /repos/{owner}/{repo}/issues/{number}/labels", f.inIssue(Read, func(q *query, r *repo, i *issue) answer { return q.list(f.labelsJSON(r, i.Labels)) }))
	route("GET /repos/{owner}/{repo}/labels/*", f.inRepo(Read, func(q *query, r *repo) answer {
		if l := f.label(r, q.part("*")); l != nil {
			return ok(f.labelJSON(l))
		}
		return notFound
	}))
	route("DELETE /repos/{owner}/{repo}/labels/*", f.inRepo(Write, func(q *query, r *repo) answer {
		l := f.label(r, q.part("*"))
		if l == nil {
			return notFound
		}
		for _, i := range f.issues.of(r.ID, func(i *issue) bool { return slices.Contains(i.Labels, l.Name) }) {
			f.dropLabel(r, i, slices.Index(i.Labels, l.Name), q.login())
		}
		remove(f.store, &f.labels, l.ID)
		return nothing
	}))
	route("DELETE /repos/{owner}/{repo}/issues/{number}/labels/*", f.inIssue(Write, func(q *query, r *repo, i *issue) answer {
		at := slices.IndexFunc(i.Labels, func(l string) bool { return fold(l) == fold(q.part("*")) })
		if at < 0 {
			return refused(404, "Label does not exist")
		}
		f.dropLabel(r, i, at, q.login())
		return ok(f.labelsJSON(r, i.Labels))
	}))
}

// addLabels puts labels on an issue, and tells of those that were not there.
func (f *Forge) addLabels(r *repo, i *issue, names []string, by string) {
	for _, name := range f.ensureLabels(r, names) {
		if !slices.Contains(i.Labels, name) {
			i.Labels = append(i.Labels, name)
			i.Updated = f.time()
			put(f.store, &f.issues, i.ID, i)
			f.announceIssue("labeled", r, i, by, object{"label": f.labelJSON(f.label(r, name))})
		}
	}
}

// setLabels gives an issue these labels and no others.
func (f *Forge) setLabels(r *repo, i *issue, names []string, by string) {
	for at := len(i.Labels) - 1; at >= 0; at-- {
		if !slices.ContainsFunc(names, func(l string) bool { return fold(l) == fold(i.Labels[at]) }) {
			f.dropLabel(r, i, at, by)
		}
	}
	f.addLabels(r, i, names, by)
}

// dropLabel takes the label at a place from an issue.
func (f *Forge) dropLabel(r *repo, i *issue, at int, by string) {
	l := f.label(r, i.Labels[at])
	i.Labels, i.Updated = slices.Delete(i.Labels, at, at+1), f.time()
	put(f.store, &f.issues, i.ID, i)
	f.announceIssue("unlabeled", r, i, by, object{"label": f.labelJSON(l)})
}

// labelNames are those of a request, which may be a list or an object with one; GitHub takes both.
func (q *query) labelNames() (names []string, fault *answer) {
	if len(q.body) > 0 && q.body[0] == '[' {
		return names, q.decode(&names)
	}
	var in struct{ Labels []string }
	fault = q.decode(&in)
	return in.Labels, fault
}

// ensureLabels makes the labels that are missing, as GitHub does, and returns the names as the repository writes them.
func (f *Forge) ensureLabels(r *repo, names []string) (out []string) {
	for _, name := range names {
		l := f.label(r, name)
		if l == nil {
			l = f.newLabel(r, name, "", "")
		}
		out = append(out, l.Name)
	}
	return out
}

func (f *Forge) newLabel(r *repo, name, color, description string) *label {
	if color == "" {
		color = "ededed"
	}
	l := &label{ID: f.next(), Repo: r.ID, Name: name, Color: fold(color), Description: description}
	put(f.store, &f.labels, l.ID, l)
	return l
}
