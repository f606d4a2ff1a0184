#!/bin/sh
# replay.sh VITRINE
#
# -record and -replay from outside: a run of the built-in disk is recorded and
# replayed (by another build too, if $VITRINE_OTHER names one); wrong use is refused by
# name; a recorder that is killed leaves what can be replayed.
set -eu
vitrine=$1 other=${VITRINE_OTHER:-$1}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/replay-XXXXXX")
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

fail() {
    echo "FAILED: $*" >&2
    cat err >&2
    exit 1
}

# expect STATUS TEXT COMMAND...: exit status, and a text in what it says.
expect() {
    wanted=$1 text=$2
    shift 2
    status=0
    "$@" >out 2>err </dev/null || status=$?
    [ "$status" = "$wanted" ] || fail "$*: status $status, not $wanted"
    grep -qF -- "$text" err || fail "$*: does not say: $text"
}

hash_of() {
    sed -n 's/^state hash: //p' err
}

cat >script <<'END'
sleep 2s
key down
key ret
mouse move 5 7
mouse down left
sleep 300ms
mouse up left
type "some text\n"
insert fdb blank.img
sleep 1s
eject fdb
reset
sleep 2s
quit
END
truncate -s 1440K blank.img
dd if=/dev/zero of=disk.img bs=1024 count=2048 2>/dev/null
args='-display none -hda disk.img -fdb blank.img'

expect 0 'state hash' "$vitrine" $args -script script -record run.log -stats
recorded=$(hash_of)
expect 0 "equal to the recording's end" \
    "$vitrine" -display none -replay run.log -stats
[ "$(hash_of)" = "$recorded" ] || fail "the replay ends with another hash"
expect 0 "equal to the recording's end" \
    "$other" -display none -replay run.log -stats
[ "$(hash_of)" = "$recorded" ] || fail "the other build's hash is another"

# What a user does in a replay is not the machine's business.
cat >look <<'END'
sleep 1s
type "not this\n"
insert fdb nowhere.img
screenshot look.png
END
expect 0 "equal to the recording's end" \
    "$vitrine" -display none -replay run.log -script look -stats
[ "$(hash_of)" = "$recorded" ] || fail "looking changed the run"
[ -s look.png ] || fail "no picture"
expect 0 'ended before the recording did' \
    "$vitrine" -display none -replay run.log -limit 1s

# Media: elsewhere, gone, changed.
mkdir moved
cp run.log blank.img disk.img moved
mkdir elsewhere
cd elsewhere
expect 0 "equal to the recording's end" \
    "$vitrine" -display none -replay ../moved/run.log
cd ..
mv disk.img other.img
expect 3 'add -hda FILE' "$vitrine" -display none -replay run.log
expect 0 "equal to the recording's end" \
    "$vitrine" -display none -replay run.log -hda other.img
mv other.img disk.img
printf x | dd of=disk.img bs=1 seek=2000000 conv=notrunc 2>/dev/null
expect 3 '-snapshot' "$vitrine" -display none -replay run.log
dd if=/dev/zero of=disk.img bs=1024 count=2048 2>/dev/null

# Refused.
expect 2 'no recording' "$vitrine" -display none -record disk.img -limit 1s
[ "$(wc -c <disk.img)" = 2097152 ] || fail 'a disk was overwritten'
expect 3 'not a recording' "$vitrine" -display none -replay disk.img
expect 3 'run.none' "$vitrine" -display none -replay run.none
expect 2 'exclude each other' "$vitrine" -record a.log -replay run.log
expect 2 'the recording says' "$vitrine" -replay run.log -m 4M
expect 2 'as in -hda FILE' "$vitrine" -replay run.log disk.img
cp run.log bad.log
printf '\002' | dd of=bad.log bs=1 seek=8 conv=notrunc 2>/dev/null
expect 3 'version 2' "$vitrine" -display none -replay bad.log
cp run.log bad.log
printf 'oops' | dd of=bad.log bs=1 seek=5000 conv=notrunc 2>/dev/null
expect 3 'damaged' "$vitrine" -display none -replay bad.log
head -c 12 run.log >bad.log
expect 3 'not a recording' "$vitrine" -display none -replay bad.log

# Killed on the way.
"$vitrine" -display none -speed max -record killed.log -limit 100000s \
    2>err </dev/null &
pid=$!
size=0
tries=0
while [ "$size" -lt 36000 ] && [ "$tries" -lt 200 ]; do
    sleep 0.1
    tries=$((tries + 1))
    [ ! -e killed.log ] || size=$(wc -c <killed.log)
done
kill -9 "$pid"
wait "$pid" 2>/dev/null || true
expect 0 'it breaks off' "$vitrine" -display none -replay killed.log
echo "all as expected"
