# Leaves processes behind: in the background, in a session of their own, twice forked, deaf to signals, with the output open.
trap '' TERM HUP INT
(setsid sh -c 'trap "" TERM HUP; while :; do sleep 0.1; echo still >>/out/alive; done' &)
nohup sleep 1000 >/dev/null 2>&1 &
python3 - <<'P'
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(1000)
    os._exit(0)
P
while [ ! -s /out/alive ]; do sleep 0.05; done
echo DONE
