package confine

import (
	"encoding/binary"
	"testing"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// The filter is run by another reader of its language than the kernel, so that each rule is seen also where this kernel has no such call.
func TestFilter(t *testing.T) {
	raw, err := program(rules())
	if err != nil {
		t.Fatal(err)
	}
	instructions, whole := bpf.Disassemble(raw)
	if !whole {
		t.Fatal("the filter can't be read back")
	}
	vm, err := bpf.NewVM(instructions)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(arch uint32, number uintptr, args ...uint32) uint32 {
		data := make([]byte, 64)
		put := binary.BigEndian.PutUint32 // this reader's order
		put(data[offsetNumber:], uint32(number))
		put(data[offsetArch:], arch)
		for i, a := range args {
			put(data[offsetArgs+8*i:], a)
		}
		got, err := vm.Run(data)
		if err != nil {
			t.Fatal(err)
		}
		return uint32(got)
	}
	const ok = unix.SECCOMP_RET_ALLOW
	eperm, enosys, family := errno(unix.EPERM), errno(unix.ENOSYS), errno(unix.EAFNOSUPPORT)
	for _, n := range never {
		if got := ask(machine, n); got != eperm {
			t.Errorf("call %d: %#x", n, got)
		}
	}
	for _, n := range absent {
		if got := ask(machine, n); got != enosys {
			t.Errorf("call %d: %#x", n, got)
		}
	}
	for _, x := range []struct {
		name   string
		number uintptr
		args   []uint32
		want   uint32
	}{
		{"read", unix.SYS_READ, nil, ok}, {"execve", unix.SYS_EXECVE, nil, ok}, {"kill", unix.SYS_KILL, nil, ok},
		{"fork", unix.SYS_CLONE, []uint32{uint32(unix.SIGCHLD)}, ok},
		{"a thread", unix.SYS_CLONE, []uint32{unix.CLONE_VM | unix.CLONE_THREAD | unix.CLONE_SIGHAND}, ok},
		{"a user namespace", unix.SYS_CLONE, []uint32{unix.CLONE_NEWUSER | uint32(unix.SIGCHLD)}, eperm},
		{"a network namespace", unix.SYS_UNSHARE, []uint32{unix.CLONE_NEWNET}, eperm},
		{"own file table", unix.SYS_UNSHARE, []uint32{unix.CLONE_FILES}, ok},
		{"unix", unix.SYS_SOCKET, []uint32{unix.AF_UNIX}, ok}, {"inet", unix.SYS_SOCKET, []uint32{unix.AF_INET}, ok},
		{"inet6", unix.SYS_SOCKET, []uint32{unix.AF_INET6}, ok}, {"netlink", unix.SYS_SOCKET, []uint32{unix.AF_NETLINK}, ok},
		{"vsock", unix.SYS_SOCKET, []uint32{unix.AF_VSOCK}, family}, {"packet", unix.SYS_SOCKET, []uint32{unix.AF_PACKET}, family},
		{"alg", unix.SYS_SOCKET, []uint32{unix.AF_ALG}, family}, {"unspecified", unix.SYS_SOCKET, []uint32{0}, family},
		{"typing into a terminal", unix.SYS_IOCTL, []uint32{0, unix.TIOCSTI}, eperm}, {"pasting", unix.SYS_IOCTL, []uint32{0, unix.TIOCLINUX}, eperm},
		{"the size of a terminal", unix.SYS_IOCTL, []uint32{0, unix.TIOCGWINSZ}, ok},
		{"chmod", unix.SYS_FCHMODAT, []uint32{0, 0, 0o755}, ok}, {"chmod u+s", unix.SYS_FCHMODAT, []uint32{0, 0, 0o4755}, eperm},
		{"chmod g+s", unix.SYS_FCHMODAT, []uint32{0, 0, 0o2755}, eperm}, {"fchmod u+s", unix.SYS_FCHMOD, []uint32{0, 0o4755}, eperm},
		{"fchmodat2 u+s", sysFchmodat2, []uint32{0, 0, 0o4755}, eperm}, {"open", unix.SYS_OPENAT, []uint32{0, 0, unix.O_CREAT, 0o644}, ok},
		{"open u+s", unix.SYS_OPENAT, []uint32{0, 0, unix.O_CREAT, 0o4755}, eperm}, {"mknod u+s", unix.SYS_MKNODAT, []uint32{0, 0, 0o104755}, eperm},
		{"another range of numbers", 0x40000000 + unix.SYS_READ, nil, enosys},
	} {
		if got := ask(machine, x.number, x.args...); got != x.want {
			t.Errorf("%s: got %#x, want %#x", x.name, got, x.want)
		}
	}
	if got := ask(unix.AUDIT_ARCH_I386, unix.SYS_READ); got != unix.SECCOMP_RET_KILL_PROCESS {
		t.Errorf("a 32-bit call: %#x", got)
	}
}
