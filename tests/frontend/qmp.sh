#!/bin/sh
# qmp.sh VITRINE: the control connection, with socat and with a client of ours.
set -eu
vitrine=$1
here=$(cd "$(dirname "$0")" && pwd)
for tool in python3 socat; do
    command -v $tool >/dev/null || {
        echo "skipped: $tool is not installed"
        exit 77
    }
done
scratch=$(mktemp -d "${TMPDIR:-/tmp}/qmp-XXXXXX")
trap 'rm -rf "$scratch"' EXIT

"$vitrine" -display none -speed real -limit 60s -qmp "unix:$scratch/qmp" &
pid=$!
tries=0
while [ ! -S "$scratch/qmp" ] && [ $tries -lt 200 ]; do
    sleep 0.05
    tries=$((tries + 1))
done
{
    echo '{"execute": "qmp_capabilities"}{"execute": "query-status"}'
    sleep 0.3
    echo '{"execute": "quit"}'
    sleep 0.3
} | socat -t 20 - "UNIX-CONNECT:$scratch/qmp" >"$scratch/out"
wait $pid
grep -q '"QMP"' "$scratch/out"
grep -q '"status":"running"' "$scratch/out"
grep -q '"SHUTDOWN"' "$scratch/out"
exec python3 "$here/qmp.py" "$vitrine"
