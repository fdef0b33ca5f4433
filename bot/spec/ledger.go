package spec

import "slices"

// Ledger is the history of why a product is as it is: its amendments in order of their ids.
type Ledger struct{ Entries []Entry }

// Entry is one amendment as it stands in its file.
type Entry struct {
	Amendment Amendment
	// File is the name under which it was read, for problems.
	File   string
	Data   []byte
	Source *Source
}

// ActiveCheck is a check that no later amendment has retired.
type ActiveCheck struct {
	// Amendment is the id of the amendment that the check belongs to.
	Amendment int
	Check     Check
	// Pending says that the amendment is not implemented yet.
	Pending bool
}

// RetiredCheck is a check that a later amendment has retired.
type RetiredCheck struct {
	Amendment int
	Check     Check
	// By is the id of the amendment that retired it, Because its reason.
	By      int
	Because string
}

// Entry returns the entry of an amendment; ok is false if there is none of that id.
func (l Ledger) Entry(id int) (e *Entry, ok bool) {
	for i := range l.Entries {
		if l.Entries[i].Amendment.ID == id {
			return &l.Entries[i], true
		}
	}
	return nil, false
}

// IDs lists the ids of the amendments in order.
func (l Ledger) IDs() []int {
	ids := make([]int, len(l.Entries))
	for i, e := range l.Entries {
		ids[i] = e.Amendment.ID
	}
	return ids
}

// Active lists the checks that bind: those of every amendment that no later one supersedes.
func (l Ledger) Active() []ActiveCheck {
	var out []ActiveCheck
	for _, e := range l.Entries {
		for _, c := range e.Amendment.Checks {
			if _, _, retired := l.retirement(e.Amendment.ID, c.Name); !retired {
				out = append(out, ActiveCheck{Amendment: e.Amendment.ID, Check: c, Pending: e.Amendment.Pending()})
			}
		}
	}
	return out
}

// Retired lists the checks that no longer bind, with who retired them first.
func (l Ledger) Retired() []RetiredCheck {
	var out []RetiredCheck
	for _, e := range l.Entries {
		for _, c := range e.Amendment.Checks {
			if by, because, retired := l.retirement(e.Amendment.ID, c.Name); retired {
				out = append(out, RetiredCheck{Amendment: e.Amendment.ID, Check: c, By: by, Because: because})
			}
		}
	}
	return out
}

// retirement finds the first later amendment that supersedes the check of that name.
func (l Ledger) retirement(id int, check string) (by int, because string, retired bool) {
	for _, e := range l.Entries {
		if e.Amendment.ID <= id || retired && e.Amendment.ID >= by {
			continue
		}
		for _, s := range e.Amendment.Supersedes {
			if s.Amendment == id && (len(s.Checks) == 0 || slices.Contains(s.Checks, check)) {
				by, because, retired = e.Amendment.ID, s.Because, true
				break
			}
		}
	}
	return by, because, retired
}
