# Writes outside of the writable folder.
import os, socket
secret = os.environ["SECRET"]
for path in ("/usr/bin/evil", "/etc/evil", "/evil", "/dev/evil", "/proc/evil", "/ro/evil", "/ro/file", "/usr/bin/env", "/out/../evil", secret, "/proc/self/mem/../../evil"):
    try:
        open(path, "w").close()
        print("THROUGH: wrote", path)
    except OSError as e:
        print("no:", path, e)
for what in (lambda: os.remove("/ro/file"), lambda: os.rename("/ro/file", "/out/file"), lambda: os.link("/ro/file", "/out/hard"),
             lambda: os.chmod("/ro/file", 0o777), lambda: os.utime("/ro/file"), lambda: os.chown("/out", 0, 0), lambda: os.setuid(0),
             lambda: os.link("/usr/bin/env", "/out/env"), lambda: os.makedirs("/home/other"), lambda: os.mkdir("/dev/folder")):
    try:
        what()
        print("THROUGH: a call", what.__code__.co_names, what.__code__.co_consts)
    except OSError as e:
        print("no:", e)
print("DONE")
