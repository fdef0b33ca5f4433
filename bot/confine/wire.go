package confine

import (
	"time"

	"github.com/codicil-dev/codicil/bot/sandbox"
)

// marker is the argument by which this program knows that it is the first process inside.
const marker = "codicil-confine-first-process"

// The first process's open files: the control connection, the socket over which it hands on connections, and its own program.
const (
	controlFD = 3
	handFD    = 4
	programFD = 5
)

// proxyPort is where the proxy listens, inside.
const proxyPort = 3128

// order is what the first process is told before it does anything.
type order struct {
	Policy  sandbox.Policy
	Program string
	Args    []string
	Env     []string
	Dir     string
	// Listen are the loopback addresses on which connections are taken: the first is the proxy's, then one for each direct allowance.
	Listen []string
	Limits Limits
	// Counted are the folders on disk whose contents count, Memories the folders in memory, each with a file system of its own.
	Counted, Memories []string
}

// word is what the first process tells its parent: exactly one of the fields.
type word struct {
	// Ready is the first word: what is in force.
	Ready *sandbox.Confinement `json:",omitempty"`
	// Refused is why the program was not run.
	Refused string `json:",omitempty"`
	// End is the last word.
	End *ending `json:",omitempty"`
}

// ending is how the program ended, as the first process saw it.
type ending struct {
	Code   int
	Signal string
	Struck Limit
	Detail string
	Left   int
	CPU    time.Duration
	Memory int64
}

// terminate is what the parent sends to have the program end by itself.
const terminate = "terminate\n"
