package confine

import "golang.org/x/sys/unix"

// machine is how the kernel names the kind of calls that are allowed.
const machine = unix.AUDIT_ARCH_X86_64

// machineRules are denied calls that only this machine has.
func machineRules() []denied {
	return []denied{
		{number: unix.SYS_CHMOD, errno: unix.EPERM, argument: 1, bits: setID},
		{number: unix.SYS_CREAT, errno: unix.EPERM, argument: 1, bits: setID},
		{number: unix.SYS_OPEN, errno: unix.EPERM, argument: 2, bits: setID},
		{number: unix.SYS_OPENAT, errno: unix.EPERM, argument: 3, bits: setID},
		{number: unix.SYS_MKNOD, errno: unix.EPERM, argument: 1, bits: setID},
		{number: unix.SYS_MKNODAT, errno: unix.EPERM, argument: 2, bits: setID},
		{number: unix.SYS_USELIB, errno: unix.EPERM},
		{number: unix.SYS_IOPL, errno: unix.EPERM},
		{number: unix.SYS_IOPERM, errno: unix.EPERM},
		{number: unix.SYS_MODIFY_LDT, errno: unix.EPERM},
		{number: unix.SYS_KEXEC_FILE_LOAD, errno: unix.EPERM},
	}
}
