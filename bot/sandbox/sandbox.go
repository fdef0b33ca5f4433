// Package sandbox starts a child process of this same binary that can touch nothing but the folders it was given.
package sandbox

import (
	"fmt"
	"strings"
)

// Protection is one of the two walls around a child; either alone keeps it from the host's files or network.
type Protection string

// The protections. Namespaces are an own user, network and IPC namespace; Landlock is the kernel's access control for
// files and TCP ports.
const (
	Namespaces Protection = "namespaces"
	Landlock   Protection = "landlock"
)

// Options say what a child is and what it may touch.
type Options struct {
	// Marker is the only argument that the child gets: by it the binary knows that it is a child. See IsChild.
	Marker string
	// ReadOnly are the files and folders that may be read; each must exist.
	ReadOnly []string
	// ReadWrite are the folders that may be read and written; each must exist.
	ReadWrite []string
	// System are files and folders of the system that may be read if they exist. They are resolved in the child, so
	// that /proc/self means the child.
	System []string
	// Memory limits what the child may allocate (its private writable memory), FileSize a single file, both in bytes;
	// 0 sets no limit.
	Memory, FileSize int64
	// OpenFiles limits the number of open files; 0 means 256.
	OpenFiles uint64
	// AllowUnconfined lets the child run where neither namespaces nor Landlock are to be had.
	AllowUnconfined bool
	// Without makes Start behave as on a system that lacks these protections; it is there for tests.
	Without []Protection
}

// lacks says whether the options pretend that p is not to be had.
func (o Options) lacks(p Protection) bool {
	for _, w := range o.Without {
		if w == p {
			return true
		}
	}
	return false
}

// Confinement is what holds a child.
type Confinement struct {
	UserNamespace    bool `json:"user_namespace"`
	NetworkNamespace bool `json:"network_namespace"`
	Landlock         bool `json:"landlock"`
	// LandlockABI is the version of the kernel's Landlock interface; 0 if there is none.
	LandlockABI int `json:"landlock_abi,omitempty"`
	// Missing are sentences for people, without final full stop: what is not in force, and why.
	Missing []string `json:"missing,omitempty"`
}

// String is one line for reports.
func (c Confinement) String() string {
	var parts []string
	if c.UserNamespace && c.NetworkNamespace {
		parts = append(parts, "own user and network namespaces")
	}
	if c.Landlock {
		parts = append(parts, fmt.Sprintf("Landlock (ABI %d)", c.LandlockABI))
	}
	if len(parts) == 0 {
		parts = append(parts, "nothing but its limits")
	}
	s := "confined by " + strings.Join(parts, " and ")
	if len(c.Missing) > 0 {
		s += "; " + strings.Join(c.Missing, "; ")
	}
	return s
}

// confined says whether at least one wall stands.
func (c Confinement) confined() bool { return c.UserNamespace && c.NetworkNamespace || c.Landlock }

// UnconfinedError says that neither namespaces nor Landlock are to be had, and that the caller did not allow to go on.
type UnconfinedError struct {
	Missing []string
}

// Error says what is missing and what to do.
func (e *UnconfinedError) Error() string {
	return fmt.Sprintf("nothing on this system can confine the process that runs SQL (%s); "+
		"allow user namespaces or use a Linux kernel with Landlock (5.13 or newer), "+
		"or, if you trust all SQL of the product, pass --allow-unconfined", strings.Join(e.Missing, "; "))
}

// IsChild says whether args, as in os.Args, are those of a child that was started with marker.
func IsChild(args []string, marker string) bool { return len(args) == 2 && args[1] == marker }

// Policy is what a process imposes on itself, for good, before it does anything else. Paths must be free of links.
type Policy struct {
	// ReadOnly may be read and must exist; System may be read if they exist.
	ReadOnly, System []string
	// ReadWrite are folders for plain files and folders: no links, sockets or devices can be made in them, and nothing run.
	ReadWrite []string
	// Run may be read and what is in them run. In Output, as in ReadWrite, are only plain files and folders, which can be
	// moved between its folders. In Scratch everything is allowed that makes no device. Devices may be read and written.
	// All of these are passed over if they do not exist.
	Run, Output, Scratch, Devices []string
	// OpenNetwork leaves the network to the process's network namespace, which then is its only wall.
	OpenNetwork bool
	// ThisThread has Landlock bind the calling thread alone, and the processes that are started from it, so that the other threads can look
	// after those: threads that bind themselves one after the other are strangers to each other. The goroutine must be locked to its
	// thread. It goes with OpenNetwork.
	ThisThread bool
	// Memory is what one process may allocate, FileSize a single file, both in bytes; OpenFiles and Processes are numbers, CPU
	// is the processor time of one process in seconds; 0 sets no limit.
	Memory, FileSize          int64
	OpenFiles, Processes, CPU uint64
	// NoLandlock leaves Landlock away; it is there for tests.
	NoLandlock bool
}
