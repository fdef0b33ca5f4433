package model

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"sync"
)

// Shelf holds many recordings. It is only read once it is there, so that many changes can be answered from it at once, each by a
// [Reader] of its own.
type Shelf struct {
	display string
	// exchanges are those of all recordings, by the paths of their folders and then in order.
	exchanges []shelved
	// byRequest finds them by what was asked.
	byRequest map[string][]int
}

// shelved is an exchange with the path of its file.
type shelved struct {
	played
	file string
}

// OpenShelf reads every recording in and below the roots of some file systems, such as embedded folders. Display is what errors call all of
// them. It is an error if there is no recording, or one that can't be read.
func OpenShelf(display string, from ...fs.FS) (*Shelf, error) {
	s := &Shelf{display: display, byRequest: map[string][]int{}}
	for _, fsys := range from {
		err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.IsDir() {
				return err
			}
			return s.take(fsys, name)
		})
		if err != nil {
			return nil, fmt.Errorf("read the recordings in %s: %w", display, err)
		}
	}
	if len(s.exchanges) == 0 {
		return nil, fmt.Errorf("read the recordings in %s: there is none; a recording is a folder with exchanges such as 01-refine.md", display)
	}
	return s, nil
}

// take reads the recording in a folder, if it holds one.
func (s *Shelf) take(fsys fs.FS, folder string) error {
	entries, err := fs.ReadDir(fsys, folder)
	if err != nil {
		return err
	}
	holds := false
	for _, e := range entries {
		holds = holds || !e.IsDir() && exchangeFile.MatchString(e.Name())
	}
	if !holds {
		return nil
	}
	inside, err := fs.Sub(fsys, folder)
	if err != nil {
		return err
	}
	exchanges, err := ReadRecording(inside, path.Join(s.display, folder))
	if err != nil {
		return err
	}
	for _, x := range exchanges {
		is := shelved{played{x, fingerprint(x.Request)}, path.Join(folder, x.fileName())}
		key := requestKey(x.Request.Stage, is.print)
		s.byRequest[key] = append(s.byRequest[key], len(s.exchanges))
		s.exchanges = append(s.exchanges, is)
	}
	return nil
}

// requestKey names what was asked.
func requestKey(stage string, p print) string { return fmt.Sprintf("%s %x", stage, p.sum) }

// Reader answers the requests of one change from a Shelf, whatever their order. It is safe for concurrent use.
type Reader struct {
	shelf   *Shelf
	scrub   *Scrubber
	account *Account
	mu      sync.Mutex
	asked   map[string]int
}

// Reader begins to answer a change. scrub is the one that the recordings were made with; nil stands for one without secrets. Account, if
// not nil, counts what was spent when they were made, and refuses what is beyond its budget.
func (s *Shelf) Reader(scrub *Scrubber, account *Account) *Reader {
	if scrub == nil {
		scrub = NewScrubber()
	}
	return &Reader{shelf: s, scrub: scrub, account: account, asked: map[string]int{}}
}

// Ask returns the recorded answer to the same request, or a *MissingError, a *BudgetError, or the *Error that was recorded. A request that
// is asked again gets the next answer that was given to it, and the last one from then on.
func (r *Reader) Ask(ctx context.Context, request Request) (Answer, error) {
	if err := request.check(); err != nil {
		return Answer{}, err
	}
	if err := context.Cause(ctx); err != nil {
		return Answer{}, fmt.Errorf("replay %s: %w", request.Stage, err)
	}
	x, err := r.find(r.scrub.request(request))
	if err != nil {
		return Answer{}, err
	}
	return x.replay(request, r.account)
}

// find finds the exchange that answers a request.
func (r *Reader) find(request Request) (Exchange, error) {
	asked := fingerprint(request)
	key := requestKey(request.Stage, asked)
	if found := r.shelf.byRequest[key]; len(found) > 0 {
		r.mu.Lock()
		defer r.mu.Unlock()
		turn := r.asked[key]
		r.asked[key]++
		return r.shelf.exchanges[found[min(turn, len(found)-1)]].Exchange, nil
	}
	var of []played
	var files []string
	for _, x := range r.shelf.exchanges {
		if x.Request.Stage == request.Stage {
			of, files = append(of, x.played), append(files, x.file)
		}
	}
	missing := &MissingError{Dir: r.shelf.display, Stage: request.Stage}
	missing.nearest(of, asked, func(i int) string { return files[i] })
	return Exchange{}, missing
}
