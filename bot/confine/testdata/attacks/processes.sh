# Looks for the host's processes, their environments and memory, and for the first process's own.
# outside: through
for p in /proc/[0-9]*; do
  if tr '\0' '\n' <"$p/environ" 2>/dev/null | grep -q "CODICIL_TEST_SECRET"; then echo "THROUGH: the environment in $p"; fi
done
for f in /proc/1/environ /proc/1/mem /proc/1/maps /proc/1/fd/3 /proc/1/exe /proc/1/cwd/ /proc/1/root/; do
  if head -c 1 "$f" 2>/dev/null | grep -q . || ls "$f" 2>/dev/null | grep -q . && [ -r "$f" ] && cat "$f" >/dev/null 2>&1; then echo "THROUGH: $f can be read"; fi
done
[ -d "/proc/$PARENT" ] && grep -q confine "/proc/$PARENT/cmdline" 2>/dev/null && echo "THROUGH: the parent can be seen"
[ "$(ls -d /proc/[0-9]* | wc -l)" -gt 8 ] && echo "THROUGH: other processes can be seen"
env | grep -q CODICIL_TEST_SECRET && echo "THROUGH: the host's environment"
ls -l /proc/self/fd | grep -v -e pipe: -e /dev/null -e /proc/ -e total | grep -q . && { echo "THROUGH: an open file was inherited"; ls -l /proc/self/fd; }
true
