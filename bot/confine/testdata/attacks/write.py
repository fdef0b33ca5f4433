# Writes outside of the writable folder; makes links, sockets, pipes and programs that lend rights in it.
import os, socket
secret = os.environ["SECRET"]
for path in ("/usr/bin/evil", "/etc/evil", "/evil", "/dev/evil", "/proc/evil", "/ro/evil", "/ro/file", "/usr/bin/env", "/out/../evil", secret, "/proc/self/mem/../../evil"):
    try:
        open(path, "w").close()
        print("THROUGH: wrote", path)
    except OSError as e:
        print("no:", path, e)
for what in (lambda: os.remove("/ro/file"), lambda: os.rename("/ro/file", "/out/file"), lambda: os.link("/ro/file", "/out/hard"),
             lambda: os.chmod("/ro/file", 0o777), lambda: os.utime("/ro/file"), lambda: os.symlink("/etc/passwd", "/out/link"),
             lambda: os.symlink("/", "/out/root"), lambda: os.mkfifo("/out/pipe"), lambda: socket.socket(socket.AF_UNIX).bind("/out/socket"),
             lambda: os.chown("/out", 0, 0), lambda: os.setuid(0), lambda: os.link("/usr/bin/env", "/out/env"),
             lambda: (open("/out/script", "w").write("#!/bin/sh\n"), os.chmod("/out/script", 0o755), os.execv("/out/script", ["script"])),
             lambda: os.chmod("/out/script", 0o4755), lambda: os.chmod("/out/script", 0o2755), lambda: os.close(os.open("/out/suid", os.O_CREAT | os.O_WRONLY, 0o4755)),
             lambda: os.chmod("/out", 0o4777)):
    try:
        what()
        print("THROUGH: a call", what.__code__.co_names, what.__code__.co_consts)
    except OSError as e:
        print("no:", e)
os.symlink("/etc/passwd", "/tmp/link")
try:
    os.rename("/tmp/link", "/out/link")
    print("THROUGH: a link moved")
except OSError as e:
    print("no:", e)
# What is allowed.
os.makedirs("/out/a/b")
open("/out/a/b/file", "w").write("ok")
os.rename("/out/a/b/file", "/out/a/file")
print("DONE")
