# Connects to the host: unix and abstract sockets, its loopback, other hosts, names, UDP.
# outside: through
import os, socket
def tried(name, f):
    try:
        f()
        print("THROUGH:", name)
    except OSError as e:
        print("no:", name, e)
def unix(path):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(3)
    s.connect(path)
def tcp(host, port):
    socket.create_connection((host, int(port)), timeout=3)
tried("unix socket", lambda: unix(os.environ["SOCKET"]))
tried("unix socket in a read-only bind", lambda: unix("/ro/socket"))
tried("abstract socket", lambda: unix("\0" + os.environ["ABSTRACT"]))
for path in ("/run/docker.sock", "/var/run/docker.sock", "/run/systemd/private", "/run/dbus/system_bus_socket", "/tmp/.X11-unix/X0"):
    tried(path, lambda: unix(path))
tried("the host's loopback", lambda: tcp("127.0.0.1", os.environ["PORT"]))
tried("the host's loopback, IPv6", lambda: tcp("::1", os.environ["PORT"]))
for host in os.environ["ADDRESSES"].split():
    tried("the host's address " + host, lambda: tcp(host, os.environ["PORT"]))
tried("metadata", lambda: tcp("169.254.169.254", 80))
tried("another host", lambda: tcp("1.1.1.1", 443))
tried("a name", lambda: socket.getaddrinfo("example.com", 443))
def udp():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.connect(("1.1.1.1", 53))
    s.send(b"x")
if "CONFINED" in os.environ:
    tried("UDP", udp)
    tried("the proxy, where there is none", lambda: tcp("127.0.0.1", 3128))
print("DONE")
