package pages

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/codicil-dev/codicil/forge/localforge"
)

// longestForm is the largest form that is read, in bytes.
const longestForm = 1 << 20

// act does what a button of an issue or merge request says, as the user who is chosen, and shows the page again.
func (p *pages) act(w http.ResponseWriter, r *http.Request) {
	owner, name := r.PathValue("owner"), r.PathValue("name")
	number, err := strconv.Atoi(r.PathValue("number"))
	if err != nil {
		p.missing(w, r)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, longestForm)
	if err := r.ParseForm(); err != nil {
		p.showThread(w, r, http.StatusBadRequest, "The form could not be read.")
		return
	}
	who := p.forge.Person(r.PostForm.Get("as"))
	if err := p.do(r.Context(), who, r.PostForm.Get("do"), owner, name, number, r.PostForm.Get("body")); err != nil {
		status, why := reason(err)
		p.showThread(w, r, status, why)
		return
	}
	p.remember(w, r)
	http.Redirect(w, r, fmt.Sprintf("/%s/%s/issues/%d#end", owner, name, number), http.StatusSeeOther)
}

// do does what a button says. Words that were written are said first, whatever the button.
func (p *pages) do(ctx context.Context, who localforge.Person, button, owner, name string, number int, body string) error {
	body = strings.ReplaceAll(body, "\r\n", "\n")
	if strings.TrimSpace(body) != "" && button != "changes" || button == "comment" {
		if _, err := who.Comment(ctx, owner, name, number, body); err != nil {
			return err
		}
	}
	switch button {
	case "comment":
		return nil
	case "approve":
		return who.Approve(ctx, owner, name, number)
	case "changes":
		return who.RequestChanges(ctx, owner, name, number, body)
	case "merge":
		return who.Merge(ctx, owner, name, number)
	case "ready":
		return who.Ready(owner, name, number)
	case "close":
		return who.Close(ctx, owner, name, number)
	case "reopen":
		return who.Reopen(ctx, owner, name, number)
	}
	if id, err := strconv.ParseInt(strings.TrimPrefix(button, "rerun "), 10, 64); err == nil {
		return who.Rerun(ctx, owner, name, id)
	}
	return fmt.Errorf("there is no button %q", button)
}

// open opens an issue.
func (p *pages) open(w http.ResponseWriter, r *http.Request) {
	owner, name := r.PathValue("owner"), r.PathValue("name")
	r.Body = http.MaxBytesReader(w, r.Body, longestForm)
	if err := r.ParseForm(); err != nil {
		p.showRepository(w, r, http.StatusBadRequest, "The form could not be read.")
		return
	}
	number, err := p.forge.Person(r.PostForm.Get("as")).OpenIssue(r.Context(), owner, name, r.PostForm.Get("title"), strings.ReplaceAll(r.PostForm.Get("body"), "\r\n", "\n"))
	if err != nil {
		status, why := reason(err)
		p.showRepository(w, r, status, why)
		return
	}
	p.remember(w, r)
	http.Redirect(w, r, fmt.Sprintf("/%s/%s/issues/%d", owner, name, number), http.StatusSeeOther)
}

// reason is what a page says of why something was not done.
func reason(err error) (status int, why string) {
	var refused *localforge.Refusal
	if errors.As(err, &refused) {
		return refused.Status, "The forge refused: " + refused.Message
	}
	return http.StatusBadRequest, "That was not done: " + err.Error()
}

// remember keeps who acts for the next page.
func (p *pages) remember(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: "as", Value: r.PostForm.Get("as"), Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
}
