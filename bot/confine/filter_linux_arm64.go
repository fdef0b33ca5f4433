package confine

import "golang.org/x/sys/unix"

// machine is how the kernel names the kind of calls that are allowed.
const machine = unix.AUDIT_ARCH_AARCH64

// machineRules are denied calls that only this machine has, or has alone of their kind.
func machineRules() []denied {
	return []denied{
		{number: unix.SYS_OPENAT, errno: unix.EPERM, argument: 3, bits: setID},
		{number: unix.SYS_MKNODAT, errno: unix.EPERM, argument: 2, bits: setID},
		{number: unix.SYS_KEXEC_FILE_LOAD, errno: unix.EPERM},
	}
}
