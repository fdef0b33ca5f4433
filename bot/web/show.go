package web

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/codicil-dev/codicil/bot/standing"
)

// shown is what a page is made of.
type shown struct {
	standing.Standing
	// Page names it; Title is that of the window.
	Page, Title       string
	Version, Currency string
	// Refresh is after how many seconds the page is to be fetched again; 0 for never.
	Refresh int
	// Did says what a button did.
	Did string
	// Product and Campaign are those of a page about one.
	Product  standing.Product
	Campaign standing.Campaign
	// Groups are the products by repository.
	Groups []group
	// Changes are all changes of a product, or those that spent something, the newest first.
	Changes []standing.Change
	// Status and Problem are those of a page that is none.
	Status  int
	Problem string
}

// group are the products of a repository.
type group struct {
	Repository, URL string
	Products        []standing.Product
}

// overviewRefresh is after how many seconds a browser fetches the overview again.
const overviewRefresh = 30

// did is what is told after a button was pressed, by its name in the address.
var did = map[string]string{
	"job":    "The job runs again.",
	"write":  "The write is made again.",
	"pause":  "The campaign is paused. What is under way goes on.",
	"resume": "The campaign goes on.",
}

func (p *pages) read(w http.ResponseWriter, r *http.Request, o standing.Options) (s standing.Standing, ok bool) {
	o.Sweep, o.Silence, o.Secrets = p.Sweep, p.Silence, p.Secrets
	s, err := standing.Read(r.Context(), p.DB, o)
	if err != nil {
		p.fail(w, r, err)
		return s, false
	}
	return s, true
}

// fail tells that something went wrong, and the log what.
func (p *pages) fail(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // nobody waits any more
	}
	p.Log.Error("a page could not be shown", "page", r.URL.Path, "error", err)
	p.problem(w, r, http.StatusInternalServerError, "Something went wrong. The log of the bot says what.")
}

// problem is a page that is none.
func (p *pages) problem(w http.ResponseWriter, r *http.Request, status int, why string) {
	p.show(w, r, "problem", status, shown{Title: http.StatusText(status), Status: status, Problem: why})
}

// show writes a page once all of it is made.
func (p *pages) show(w http.ResponseWriter, r *http.Request, page string, status int, s shown) {
	s.Page, s.Version, s.Currency, s.Did = page, p.Version, p.Currency, did[r.URL.Query().Get("did")]
	if s.At.IsZero() {
		s.At = p.DB.Now()
	}
	var out bytes.Buffer
	if err := p.templates[page].Execute(&out, s); err != nil {
		p.Log.Error("a page could not be made", "page", page, "error", err)
		http.Error(w, "Something went wrong. The log of the bot says what.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes()) // the reader may have gone
}

func (p *pages) overview(w http.ResponseWriter, r *http.Request) {
	if s, ok := p.read(w, r, standing.Options{}); ok {
		p.show(w, r, "overview", http.StatusOK, shown{Standing: s, Title: "Overview", Refresh: overviewRefresh})
	}
}

func (p *pages) products(w http.ResponseWriter, r *http.Request) {
	s, ok := p.read(w, r, standing.Options{})
	if !ok {
		return
	}
	var groups []group
	for _, x := range s.Products {
		i := slices.IndexFunc(groups, func(g group) bool { return g.Repository == x.Repository })
		if i < 0 {
			i = len(groups)
			groups = append(groups, group{Repository: x.Repository, URL: x.URL})
		}
		groups[i].Products = append(groups[i].Products, x)
	}
	slices.SortFunc(groups, func(a, b group) int { return strings.Compare(a.Repository, b.Repository) })
	p.show(w, r, "products", http.StatusOK, shown{Standing: s, Title: "Products", Groups: groups})
}

func (p *pages) product(w http.ResponseWriter, r *http.Request) {
	id, ok := p.number(w, r)
	if !ok {
		return
	}
	s, ok := p.read(w, r, standing.Options{Product: id, Whole: true})
	if !ok {
		return
	}
	if len(s.Products) == 0 {
		p.problem(w, r, http.StatusNotFound, "There is no such product.")
		return
	}
	p.show(w, r, "product", http.StatusOK, shown{Standing: s, Title: s.Products[0].Name, Product: s.Products[0], Changes: append(slices.Clone(s.Open), s.Ended...)})
}

func (p *pages) campaigns(w http.ResponseWriter, r *http.Request) {
	if s, ok := p.read(w, r, standing.Options{}); ok {
		p.show(w, r, "campaigns", http.StatusOK, shown{Standing: s, Title: "Campaigns"})
	}
}

func (p *pages) campaign(w http.ResponseWriter, r *http.Request) {
	id, ok := p.number(w, r)
	if !ok {
		return
	}
	s, ok := p.read(w, r, standing.Options{Campaign: id})
	if !ok {
		return
	}
	i := slices.IndexFunc(s.Campaigns, func(c standing.Campaign) bool { return c.ID == id })
	if i < 0 {
		p.problem(w, r, http.StatusNotFound, "There is no such campaign.")
		return
	}
	p.show(w, r, "campaign", http.StatusOK, shown{Standing: s, Title: s.Campaigns[i].Title, Campaign: s.Campaigns[i]})
}

func (p *pages) trouble(w http.ResponseWriter, r *http.Request) {
	if s, ok := p.read(w, r, standing.Options{}); ok {
		p.show(w, r, "trouble", http.StatusOK, shown{Standing: s, Title: "Trouble"})
	}
}

func (p *pages) spending(w http.ResponseWriter, r *http.Request) {
	s, ok := p.read(w, r, standing.Options{Whole: true})
	if !ok {
		return
	}
	p.show(w, r, "spending", http.StatusOK, shown{Standing: s, Title: "Spending", Changes: s.Spenders})
}

// number is the id in a page's address; what has none is not found.
func (p *pages) number(w http.ResponseWriter, r *http.Request) (id int64, ok bool) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id <= 0 {
		p.problem(w, r, http.StatusNotFound, "There is no such page.")
		return 0, false
	}
	return id, true
}
