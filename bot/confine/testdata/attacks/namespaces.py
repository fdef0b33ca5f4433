# Makes namespaces, mounts, keys, devices; calls what the filter denies, also in the 32-bit way.
import ctypes, os, platform
libc = ctypes.CDLL(None, use_errno=True)
def tried(name, result):
    if result >= 0:
        print("THROUGH:", name)
    else:
        print("no:", name, os.strerror(ctypes.get_errno()))
for name, flag in (("user", 0x10000000), ("mount", 0x20000), ("pid", 0x20000000), ("network", 0x40000000), ("user and mount", 0x10020000)):
    tried("unshare " + name, libc.unshare(flag))
tried("mount proc", libc.mount(b"proc", b"/tmp", b"proc", 0, None))
tried("mount tmpfs", libc.mount(b"tmpfs", b"/tmp", b"tmpfs", 0, None))
tried("bind", libc.mount(b"/", b"/tmp", None, 4096, None))
tried("remount", libc.mount(None, b"/usr", None, 32 | 4096, None))
tried("unmount", libc.umount2(b"/proc/sys", 2))
tried("chroot", libc.chroot(b"/tmp"))
if platform.machine() == "x86_64":
    for name, number, args in (("clone3", 435, (0, 0)), ("keyctl", 250, (0, -3, 1)), ("add_key", 248, (0, 0, 0, 0, 0)), ("bpf", 321, (0, 0, 0)),
                               ("perf_event_open", 298, (0, 0, -1, -1, 0)), ("io_uring_setup", 425, (1, 0)), ("userfaultfd", 323, (1,)),
                               ("memfd_create", 319, (b"x", 0)), ("setns", 308, (0, 0)), ("pivot_root", 155, (b"/tmp", b"/tmp")),
                               ("open_by_handle_at", 304, (-100, 0, 0)), ("fsopen", 430, (b"tmpfs", 0)), ("clone of a user namespace", 56, (0x10000000 | 17, 0, 0, 0, 0)),
                               ("the x32 getpid", 0x40000000 + 39, ())):
        result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in args])
        if result == 0 and number == 56:
            os._exit(0)
        tried(name, result)
    child = os.fork()
    if child == 0:  # int 0x80 with the 32-bit number of unshare(CLONE_NEWUSER), which ends the process
        import mmap
        code = b"\xb8\x36\x01\x00\x00\xbb\x00\x00\x00\x10\xcd\x80\xc3"
        memory = mmap.mmap(-1, 4096, prot=7)
        memory.write(code)
        f = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(memory)))
        os._exit(0 if f() == 0 else 1)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        print("THROUGH: a 32-bit call ended with", status)
for family in (40, 17, 38, 16):  # vsock, packet, alg, netlink
    import socket
    try:
        socket.socket(family, socket.SOCK_DGRAM if family != 38 else socket.SOCK_SEQPACKET)
        if family != 16:
            print("THROUGH: a socket of family", family)
    except OSError as e:
        print("no: family", family, e)
for path in ("/tmp/device", "/out/device"):
    try:
        os.mknod(path, 0o600 | 0o020000, os.makedev(1, 1))
        print("THROUGH: a device at", path)
    except OSError as e:
        print("no:", path, e)
for path in ("/proc/sys/vm/swappiness", "/proc/sys/kernel/core_pattern", "/proc/sys/user/max_user_namespaces", "/proc/sysrq-trigger"):
    try:
        open(path, "r+").close()
        print("THROUGH:", path, "can be opened to be written")
    except OSError as e:
        print("no:", path, e)
try:
    with open("/proc/self/uid_map", "w") as f:
        f.write("0 0 1")
    print("THROUGH: a map of users")
except OSError as e:
    print("no:", e)
with open("/proc/self/status") as f:
    for line in f:
        if line.startswith("Cap") and int(line.split()[1], 16):
            print("THROUGH: a capability:", line)
        if line.startswith("NoNewPrivs") and line.split()[1] != "1":
            print("THROUGH: new privileges")
        if line.startswith("Seccomp:") and line.split()[1] != "2":
            print("THROUGH: no filter of calls")
print("DONE")
