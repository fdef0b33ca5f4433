package confine

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// Where the kernel puts what a filter of system calls looks at (struct seccomp_data), on a little-endian machine.
const (
	offsetNumber = 0
	offsetArch   = 4
	offsetArgs   = 16
)

// denied is a system call that programs don't get: always, or if the lower half of an argument has one of these bits, or is one
// of these values, or none of those.
type denied struct {
	number   uintptr
	errno    unix.Errno
	argument int
	bits     uint32
	in       []uint32
	notIn    []uint32
}

// namespaces are the flags of clone and unshare that make a namespace.
const namespaces = unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS |
	unix.CLONE_NEWCGROUP

// never are the calls that no program gets: those that reach over the walls of namespaces, that offer the kernel's less tried parts, or that
// hold memory which nobody can count.
var never = []uintptr{
	unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_KCMP, unix.SYS_PIDFD_GETFD,
	unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY,
	unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT, unix.SYS_MOUNT_SETATTR, unix.SYS_MOVE_MOUNT, unix.SYS_OPEN_TREE,
	unix.SYS_FSOPEN, unix.SYS_FSCONFIG, unix.SYS_FSMOUNT, unix.SYS_FSPICK, unix.SYS_SETNS,
	unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD,
	unix.SYS_KEXEC_LOAD, unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE, unix.SYS_REBOOT, unix.SYS_SWAPON, unix.SYS_SWAPOFF,
	unix.SYS_SYSLOG, unix.SYS_ACCT, unix.SYS_QUOTACTL, unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_FANOTIFY_INIT, unix.SYS_LOOKUP_DCOOKIE,
	unix.SYS_SETTIMEOFDAY, unix.SYS_CLOCK_SETTIME, unix.SYS_ADJTIMEX, unix.SYS_CLOCK_ADJTIME, unix.SYS_SETHOSTNAME, unix.SYS_SETDOMAINNAME,
	unix.SYS_SHMGET, unix.SYS_MSGGET, unix.SYS_MQ_OPEN,
}

// absent are the calls that look as if the kernel had none of them, so that programs take another way.
var absent = []uintptr{unix.SYS_CLONE3, unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER, unix.SYS_MEMFD_CREATE,
	unix.SYS_MEMFD_SECRET, unix.SYS_OPENAT2}

// setID are the bits of a file's mode that would give its owner's rights to whoever runs it.
const setID = unix.S_ISUID | unix.S_ISGID

// sysFchmodat2 is the number of fchmodat2 on all machines.
const sysFchmodat2 = 452

// rules are all that the filter denies.
func rules() []denied {
	var all []denied
	for _, n := range never {
		all = append(all, denied{number: n, errno: unix.EPERM})
	}
	for _, n := range absent {
		all = append(all, denied{number: n, errno: unix.ENOSYS})
	}
	all = append(all,
		denied{number: unix.SYS_CLONE, errno: unix.EPERM, argument: 0, bits: namespaces},
		denied{number: unix.SYS_UNSHARE, errno: unix.EPERM, argument: 0, bits: namespaces},
		// Not AF_VSOCK above all: it leads to the machine's host, past every network namespace.
		denied{number: unix.SYS_SOCKET, errno: unix.EAFNOSUPPORT, argument: 0,
			notIn: []uint32{unix.AF_UNIX, unix.AF_INET, unix.AF_INET6, unix.AF_NETLINK}},
		denied{number: unix.SYS_FCHMOD, errno: unix.EPERM, argument: 1, bits: setID},
		denied{number: unix.SYS_FCHMODAT, errno: unix.EPERM, argument: 2, bits: setID},
		denied{number: sysFchmodat2, errno: unix.EPERM, argument: 2, bits: setID},
		// Writes into a terminal's input what its shell would run.
		denied{number: unix.SYS_IOCTL, errno: unix.EPERM, argument: 1, in: []uint32{unix.TIOCSTI, unix.TIOCLINUX}},
	)
	return append(all, machineRules()...)
}

// program is the filter of system calls.
func program(rules []denied) ([]bpf.RawInstruction, error) {
	is := []bpf.Instruction{
		bpf.LoadAbsolute{Off: offsetArch, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: machine, SkipTrue: 1},
		bpf.RetConstant{Val: unix.SECCOMP_RET_KILL_PROCESS}, // a call in the way of another machine, such as the 32-bit one
		bpf.LoadAbsolute{Off: offsetNumber, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpLessThan, Val: 0x40000000, SkipTrue: 1},
		bpf.RetConstant{Val: errno(unix.ENOSYS)}, // x32's numbers
	}
	for _, r := range rules {
		is = append(is, r.instructions()...)
	}
	raw, err := bpf.Assemble(append(is, bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW}))
	if err != nil {
		return nil, fmt.Errorf("assemble the filter of system calls: %w", err)
	}
	return raw, nil
}

// errno is the filter's answer that fails the call with e.
func errno(e unix.Errno) uint32 { return unix.SECCOMP_RET_ERRNO | uint32(e) }

// instructions deny one call. They begin and end with its number loaded.
func (d denied) instructions() []bpf.Instruction {
	deny := bpf.RetConstant{Val: errno(d.errno)}
	if d.bits == 0 && d.in == nil && d.notIn == nil {
		return []bpf.Instruction{bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: uint32(d.number), SkipTrue: 1}, deny}
	}
	inner := []bpf.Instruction{bpf.LoadAbsolute{Off: uint32(offsetArgs + 8*d.argument), Size: 4}}
	if d.bits != 0 {
		inner = append(inner, bpf.JumpIf{Cond: bpf.JumpBitsNotSet, Val: d.bits, SkipTrue: 1})
	}
	for i, v := range d.in { // the last of them goes past the denial, the others to it
		if i == len(d.in)-1 {
			inner = append(inner, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: v, SkipTrue: 1})
		} else {
			inner = append(inner, bpf.JumpIf{Cond: bpf.JumpEqual, Val: v, SkipTrue: uint8(len(d.in) - 1 - i)})
		}
	}
	for i, v := range d.notIn {
		inner = append(inner, bpf.JumpIf{Cond: bpf.JumpEqual, Val: v, SkipTrue: uint8(len(d.notIn) - i)})
	}
	inner = append(inner, deny, bpf.LoadAbsolute{Off: offsetNumber, Size: 4})
	return append([]bpf.Instruction{bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: uint32(d.number), SkipTrue: uint8(len(inner))}}, inner...)
}

// filter imposes the filter on all threads of this process and on what it starts. It needs that new privileges were given up.
func filter() error {
	raw, err := program(rules())
	if err != nil {
		return err
	}
	code := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		code[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	prog := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	thread, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	runtime.KeepAlive(code)
	if e != 0 {
		return fmt.Errorf("filter system calls: %w", e)
	}
	if thread != 0 {
		return fmt.Errorf("filter system calls: thread %d does not take part", thread)
	}
	return nil
}
