# Makes links, sockets and pipes in the writable folder, runs what is in it, and gives it the right to lend its owner's rights.
import os, socket
for what in (lambda: os.symlink("/etc/passwd", "/out/link"),
             lambda: os.symlink("/", "/out/root"), lambda: os.mkfifo("/out/pipe"), lambda: socket.socket(socket.AF_UNIX).bind("/out/socket"),
             lambda: (open("/out/script", "w").write("#!/bin/sh\n"), os.chmod("/out/script", 0o755), os.execv("/out/script", ["script"])),
             lambda: os.chmod("/out/script", 0o4755), lambda: os.chmod("/out/script", 0o2755), lambda: os.close(os.open("/out/suid", os.O_CREAT | os.O_WRONLY, 0o4755)),
             lambda: os.chmod("/out", 0o4777), lambda: os.fchmod(os.open("/out/script", os.O_RDONLY), 0o4755),
             lambda: os.chmod("script", 0o4755, dir_fd=os.open("/out", os.O_RDONLY)), lambda: os.mknod("/out/node", 0o104755)):
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
