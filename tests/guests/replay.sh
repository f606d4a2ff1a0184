#!/bin/sh
# replay.sh VITRINE
#
# A boot of Linux with typing, disk writes and network is recorded and replayed
# (by another build too, if $VITRINE_OTHER names one): every check must be
# equal, the log small, and the end the same. The kernel is looked for as by
# boot.sh; what is missing skips the test (77).
set -eu
vitrine=$1 other=${VITRINE_OTHER:-$1}
here=$(cd "$(dirname "$0")" && pwd)
guests=${VITRINE_GUESTS:-$here/../../../shared/guests}/linux
kernel=$guests/bzImage-6.1.192-i486 initrd=$guests/busybox-i486.cpio.gz
[ -r "$kernel" ] && [ -r "$initrd" ] || {
    echo "skipped: $kernel is not there"
    exit 77
}
command -v python3 >/dev/null || {
    echo "skipped: python3 is not installed"
    exit 77
}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/replay-XXXXXX")
server=
trap '[ -z "$server" ] || kill $server; rm -rf "$scratch"' EXIT
cd "$scratch"

fail() {
    echo "FAILED: $*" >&2
    cat err >&2
    exit 1
}

mkdir www
head -c 200000 /dev/urandom >www/file
sum=$(md5sum <www/file | cut -c 1-32)
python3 -c '
import functools, http.server, os
handler = functools.partial(http.server.SimpleHTTPRequestHandler,
                            directory="www")
server = http.server.HTTPServer(("127.0.0.1", 0), handler)
with open("port.new", "w") as f:
    f.write("%d\n" % server.server_port)
os.rename("port.new", "port")
server.serve_forever()' >server.log 2>&1 &
server=$!
tries=0
while [ ! -e port ]; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || fail "no server"
    sleep 0.1
done
read -r port <port

truncate -s 40M disk.img
cat >script <<END
wait "GUEST-BOOT-OK" 120s
wait "/ #" 20s
type "ifconfig eth0 up; udhcpc -i eth0 -n -q && echo LEASE-\$((6*7))\n"
wait "LEASE-42" 60s
type "wget -q -O - http://10.0.2.2:$port/file | tee /dev/sda | md5sum\n"
wait "$sum" 120s
type "clear; dd if=/dev/urandom of=/dev/sda bs=64k count=200 && sync\n"
wait "200+0 records out" 60s
type "clear; dd if=/dev/sda bs=64k count=200 | md5sum\n"
wait "200+0 records out" 60s
sleep 2s
quit
END

"$vitrine" -cpu pentium -m 32M -hda disk.img -snapshot -display none \
    -kernel "$kernel" -initrd "$initrd" -append console=tty0 -nic user \
    -script script -record run.log -stats 2>err || fail "the recording"
hash=$(grep 'state hash' err)
seconds=$(sed -n 's/guest seconds: \([0-9]*\).*/\1/p' err)
bytes=$(wc -c <run.log)
echo "$bytes bytes for $seconds s of guest time"
[ $((bytes * 60 / seconds)) -lt 2000000 ] || fail "the log is too large"
kill $server
wait $server 2>/dev/null || true
server=
for program in "$vitrine" "$other"; do
    "$program" -display none -replay run.log -stats 2>err || fail "the replay"
    grep "equal to the recording's end" err || fail "not to the end"
    [ "$(grep 'state hash' err)" = "$hash" ] || fail "another hash"
    [ "$program" != "$other" ] || break
done
