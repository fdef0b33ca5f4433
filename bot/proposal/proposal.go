// Package proposal reads the files that a model's answer proposes, and applies them inside a product's folder and nowhere else.
//
// An answer is prose with headings. Each heading stands on a line of its own and names one file by its path from the
// product's folder, with slashes. There are three:
//
//	FILE: models/order_totals.sql
//	```sql
//	select order_id, sum(amount) as total
//	from order_lines
//	group by order_id
//	```
//
// FILE is followed by one fenced block with the whole text of a file, new or rewritten. Nothing of it may be left out.
//
//	EDIT: models/orders.sql
//	```
//	<<<<<<< SEARCH
//	    o.status,
//	    o.currency
//	=======
//	    o.status,
//	    o.currency,
//	    t.item_count
//	>>>>>>> REPLACE
//	```
//
// EDIT is followed by one fenced block with one or more sections. SEARCH quotes whole lines of the file as it stands
// after the sections before, enough of them to be found in one place only; REPLACE holds what comes in their place,
// and may be empty. White space is forgiven where the place stays certain. An empty SEARCH creates a file that is not there.
//
//	DELETE: models/old_totals.sql
//
// DELETE has no block. A file has one heading in an answer. All text outside the blocks is the model's reasoning.
//
// A fence is three or more backticks or tildes with any words behind it, and ends at a line of the same signs, at least
// as many. A file that itself holds fences is put between longer ones. So code is never escaped, and never inside JSON.
//
// What models often do is understood as well: headings in bold, as titles, as list items or with the path in
// backticks, prose between heading and block, carriage returns, several blocks below one EDIT or below its heading given again, and one fence of
// Markdown around the whole answer. What could be read in two ways is a [Fault].
package proposal

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxAnswer is the greatest length of an answer that is read, in bytes.
const MaxAnswer = 4 << 20

// Action is what a proposal does to a file.
type Action string

// The actions, as the headings of an answer name them.
const (
	Write  Action = "FILE"
	Edit   Action = "EDIT"
	Delete Action = "DELETE"
)

// Section is one search-and-replace section of an edit. Both texts are whole lines, each ending in a line feed, or empty.
type Section struct {
	Search, Replace string
	// Line is where the section starts in the answer, from 1.
	Line int
}

// File is what a proposal does to one file.
type File struct {
	Action Action
	// Path is as the answer has it; only [Apply] judges it.
	Path string
	// Text is the whole file, for Write. It ends in a line feed.
	Text string
	// Sections are in the order in which they are applied, for Edit.
	Sections []Section
	// Line is where the heading stands in the answer, from 1; 0 if the proposal did not come from an answer.
	Line int
}

// Proposal is what one answer proposes.
type Proposal struct {
	// Files are in the order of the answer. An answer may propose none.
	Files []File
	// Reasoning is the text outside the blocks of files.
	Reasoning string
}

// Fault is something that makes a proposal unusable, told in words that can be sent back to the model.
type Fault struct {
	// Path names the file as the answer does; empty if the fault is not about one file.
	Path string
	// Line is the place in the answer, from 1; 0 if there is none.
	Line int
	// Message is one or more sentences that say what is wrong and what to do.
	Message string
}

// String is the fault as one paragraph (with quoted lines of the file below it, where those help).
func (f Fault) String() string {
	switch place := fmt.Sprintf("line %d of the answer", f.Line); {
	case f.Path != "" && f.Line > 0:
		return fmt.Sprintf("%s (%s): %s", show(f.Path), place, f.Message)
	case f.Path != "":
		return show(f.Path) + ": " + f.Message
	case f.Line > 0:
		return strings.ToUpper(place[:1]) + place[1:] + ": " + f.Message
	}
	return f.Message
}

// maxFaults is how many faults are told at once: a model mends no more, and prompts have limits.
const maxFaults = 20

// few cuts a list of faults to those that are told at once.
func few(faults []Fault) []Fault {
	if len(faults) <= maxFaults {
		return faults
	}
	rest := len(faults) - maxFaults
	return append(faults[:maxFaults:maxFaults], Fault{Message: fmt.Sprintf("There are %d more faults of this kind; mend these first.", rest)})
}

// show is foreign text as one short piece of a sentence, without anything that is not printable.
func show(s string) string {
	const longest = 120
	if len(s) > longest {
		cut := longest
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut] + "…"
	}
	if q := strconv.Quote(s); q[1:len(q)-1] != s {
		return q
	}
	return s
}
