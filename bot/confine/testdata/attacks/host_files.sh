# Reads files of the host: passwords, root's home, other products, the disk itself.
# outside: through
for f in /etc/shadow /etc/ssh/ssh_host_rsa_key /root/.bashrc "$SECRET" "/proc/1/root$SECRET" "/proc/self/root$SECRET" "../../../../../../..$SECRET" /var/log/dpkg.log /etc/ssl/private; do
  if [ -e "$f" ] && { cat "$f" || ls "$f/."; } >/dev/null 2>&1; then echo "THROUGH: read $f"; fi
done
for d in /root /var /srv /opt /home/other /mnt /run /boot /sys/kernel /work; do
  if ls "$d" 2>/dev/null | grep -q .; then echo "THROUGH: listed $d"; fi
done
for d in /dev/vda /dev/sda /dev/mem /dev/kmsg /dev/fuse /dev/kvm /dev/net/tun /dev/loop0 /dev/vsock; do
  [ -e "$d" ] && echo "THROUGH: there is $d"
done
grep -q "$MARK" "$SECRET" 2>/dev/null && echo "THROUGH: read the secret"
true
