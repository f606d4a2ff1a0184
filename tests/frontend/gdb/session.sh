#!/bin/sh
# The real gdb against the program, in every mode: session.sh VITRINE IMAGE MAP
# In each mode: stop at a routine by its linear address, step over the
# breakpoint, continue to it again, watch the word that it counts in, and take
# 2,000 steps whose addresses are those of an execution trace that another run
# wrote.
vitrine=$1 image=$2 map=$3
here=$(dirname "$0")
command -v gdb >/dev/null || {
    echo "skipped: no gdb on this computer"
    exit 77
}
folder=$(mktemp -d)
trap 'kill $child 2>/dev/null; rm -rf "$folder"' EXIT
child=
failed=0

fail() {
    echo "$mode: $*"
    failed=1
}

# The linear address of a label. $2: what its mode adds
address() {
    printf '%x' $((0x$(awk -v name="$1" '$3 == name { print $1 }' "$map") +
        0x7c00 + $2))
}

run() {
    timeout 120 "$vitrine" -display none -speed max -snapshot -m 4M -cpu 486 \
        -S "$@" -fda "$image"
}

# What the steps are to be: the addresses of a trace from the first stop on; the
# machine runs freely to the routine's 110th round.
trace() {
    printf 'until 0x%s\ntrace %s 2000\nwatch %s 2 if h[%s] == 110\n%s' \
        "$at" "$folder/trace" "$counter" "$counter" 'until 0xfffffff0
trace off
quit
' | run -monitor stdio >"$folder/monitor" 2>&1
    awk '/^[0-9]/ { print $3 }' "$folder/trace" >"$folder/expected"
}

session() {
    {
        sed "s/\$arch/$arch/" "$here/session.gdb"
        echo "target remote $folder/socket"
        echo "visit 0x$at $counter"
        echo "walk 0x$at"
        echo "monitor info registers"
        echo kill
    } >"$folder/script"
    run -gdb "unix:$folder/socket" 2>"$folder/errors" &
    child=$!
    while [ ! -S "$folder/socket" ] && kill -0 $child 2>/dev/null; do
        sleep 0.1
    done
    timeout 120 gdb -nx -batch -x "$folder/script" >"$folder/out" 2>&1
    wait $child || fail "the program ended with $?"
    child=
}

# The line "CHECK $1 ..." of the session is "CHECK $1 $2".
check() {
    got=$(sed -n "s/^CHECK $1 //p" "$folder/out")
    [ "$got" = "$2" ] || fail "$1: '$got', not '$2'"
}

# $1: name, $2: label, $3: mode's base, $4: counter, $5: CS, $6: offset of the
# segment's base, $7: architecture, $8: the first instruction there
try() {
    mode=$1 at=$(address "$2" "$3") counter=$4 arch=$7
    ip=$(printf '%x' $((0x$at - $6)))
    size=3
    [ "$arch" = i386 ] && size=5
    trace
    session
    check at "$at ip $ip cs $5"
    check stepped "$(printf '%x' $((0x$at + size)))"
    check again "$at counted 1"
    got=$(sed -n 's/^CHECK watched \([0-9]*\) .*/\1/p' "$folder/out")
    [ "$got" = 2 ] || fail "watched: '$got', not 2"
    grep -q "=> 0x$at:.*mov.*\$0x5,$8" "$folder/out" ||
        fail "the instruction is not that of the source"
    grep -qx "0x$at" "$folder/out" || fail "monitor knows another address"
    sed -n 's/^STEP //p' "$folder/out" >"$folder/steps"
    [ "$(wc -l <"$folder/expected")" = 2000 ] || fail "the trace is short"
    cmp -s "$folder/steps" "$folder/expected" ||
        fail "steps and trace differ: $(diff "$folder/steps" \
            "$folder/expected" | head -n 3 | tr '\n' ' ')"
    [ $failed = 0 ] || {
        tail -n 40 "$folder/out"
        cat "$folder/errors" "$folder/monitor"
    }
    echo "$mode: 2000 steps at $at"
}

try real real_work 0 0x9000 7c0 0x7c00 i8086 %cx
try pm16 pm16_work 0 0x9002 8 0x7c00 i8086 %cx
try pm32 pm32_work 0x400000 0x9004 18 0 i386 %ecx
try v86 v86_work 0 0x9006 7c0 0x7c00 i8086 %cx

# Nothing of that shows in the machine: the same state after the same time, with
# the translator too, where there is one.
mode=unchanged
hash_of() {
    sed -n 's/^state hash: //p' "$1"
}
run_to_limit() {
    timeout 120 "$vitrine" -display none -snapshot -m 4M -cpu 486 \
        -limit 900ms -stats "$@" -fda "$image" 2>"$folder/errors"
}
run_to_limit -engine interp
plain=$(hash_of "$folder/errors")
cat >"$folder/script" <<END
set confirm off
set pagination off
target remote $folder/socket
break *0x7c50
continue
stepi 200
awatch *(unsigned short *)0x9002
continue
continue
monitor modebreak
monitor iobreak 0x40 4
monitor trace $folder/trace 5000
delete
continue
continue
monitor delete
continue
END
rm -f "$folder/socket"
engine=jit
timeout 20 "$vitrine" -display none -limit 1ms -engine jit 2>/dev/null ||
    engine=interp
run_to_limit -engine $engine -gdb "unix:$folder/socket" -S &
child=$!
while [ ! -S "$folder/socket" ] && kill -0 $child 2>/dev/null; do
    sleep 0.1
done
timeout 120 gdb -nx -batch -x "$folder/script" >"$folder/out" 2>&1
wait $child || fail "the program ended with $?"
child=
debugged=$(hash_of "$folder/errors")
[ -n "$plain" ] && [ "$plain" = "$debugged" ] ||
    fail "state hash '$plain' became '$debugged'"
[ "$(wc -l <"$folder/trace")" -ge 5000 ] || fail "the trace is short"
grep -q "exited normally" "$folder/out" || fail "gdb was not told of the end"
[ $failed = 0 ] || cat "$folder/out"
echo "$mode: $plain, $engine"
exit $failed
