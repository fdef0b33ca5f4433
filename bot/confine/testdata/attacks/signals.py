# Sends signals to the parent, to everybody and to the first process, and looks into processes by ptrace and process_vm_readv.
import ctypes, os, signal
libc = ctypes.CDLL(None, use_errno=True)
parent = int(os.environ["PARENT"])
for pid in (parent, -parent):
    try:
        os.kill(pid, 0)
        print("THROUGH: a signal for the parent", pid)
    except OSError as e:
        print("no:", pid, e)
for s in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGQUIT, signal.SIGSEGV, signal.SIGABRT, signal.SIGINT, signal.SIGUSR1, signal.SIGPIPE, signal.SIGHUP):
    try:
        os.kill(1, s)
    except OSError as e:
        print("no:", s, e)
child = os.fork()
if child == 0:
    import time
    time.sleep(60)
    os._exit(0)
for target in (1, child):
    if libc.ptrace(16, target, 0, 0) == 0:  # PTRACE_ATTACH
        print("THROUGH: ptrace of", target)
buffer = ctypes.create_string_buffer(8)
class iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]
local, remote = iovec(ctypes.addressof(buffer), 8), iovec(ctypes.addressof(buffer), 8)
for target in (1, child):
    if libc.process_vm_readv(target, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0) > 0:
        print("THROUGH: the memory of", target)
os.kill(child, signal.SIGKILL)
print("DONE")
