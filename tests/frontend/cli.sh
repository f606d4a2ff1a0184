#!/bin/sh
# The program from outside: what goes where, and with which exit status.
# $1: the program
set -u
vitrine=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset DISPLAY WAYLAND_DISPLAY SDL_VIDEODRIVER
failed=0

# $1: status, $2: what standard error has to contain ("": nothing at all),
# rest: arguments
check() {
    status=$1
    text=$2
    shift 2
    timeout 60 "$vitrine" "$@" >"$work/out" 2>"$work/err" </dev/null
    got=$?
    if [ "$got" != "$status" ]; then
        echo "vitrine $*: status $got, not $status"
        cat "$work/err"
        failed=1
    elif [ -n "$text" ] && ! grep -qF -- "$text" "$work/err"; then
        echo "vitrine $*: \"$text\" is missing in:"
        cat "$work/err"
        failed=1
    elif [ -z "$text" ] && [ -s "$work/err" ]; then
        echo "vitrine $*: unexpected:"
        cat "$work/err"
        failed=1
    fi
}

check 0 "" --version
grep -qx 'vitrine [0-9.]*' "$work/out" || { echo "--version"; failed=1; }
check 0 "" -help
grep -q -- '-fda FILE' "$work/out" || { echo "-help"; failed=1; }

# Wrong usage.
check 2 "unknown option" --nonsense
check 2 "not a size" -m many
check 2 "exclude each other" -engine verify -record "$work/run.log"
[ -s "$work/out" ] && { echo "errors belong to standard error"; failed=1; }

# What the host cannot provide.
check 3 "$work/none.img" -display none "$work/none.img"
check 3 "$work" -display none "$work"
: >"$work/empty.img"
check 3 "empty.img" -display none "$work/empty.img"
check 3 "cannot open a window" -limit 1s
check 3 "-display text" -display text -limit 1s
check 3 "no such file" -display none -bios "$work/none.bin"
check 3 "size" -display none -bios "$work/empty.img"
check 3 "no such folder" -display none -serial "file:$work/no/com1"
check 3 "no such folder" -display none -audio "wav:$work/no/x.wav"
check 3 "no such file" -display none -script "$work/none.txt"
check 3 "no such folder" -display none -nic "user,pcap=$work/no/x.pcap"
check 2 "belong to another device" -display none -nic user,iobase=0x3c0

# Kernels.
check 2 "there is no kernel" -display none -initrd "$work/empty.img"
check 2 "386 or later" -display none -cpu 8086 -kernel "$work/none"
check 3 "none: no such file" -display none -kernel "$work/none"
check 3 "it is a folder" -display none -kernel "$work"
check 3 "it is empty" -display none -kernel "$work/empty.img"
printf 'no kernel' >"$work/text"
check 3 "neither a Linux kernel" -display none -kernel "$work/text"

# Scripts: refused as a whole, failing at a line, ending well.
printf 'sleep 1ms\nnonsense\n' >"$work/wrong.txt"
check 2 "wrong.txt:2: nonsense: no such command" \
    -display none -script "$work/wrong.txt"
printf '# first\nwait "This never comes" 100ms\n' >"$work/late.txt"
check 1 'late.txt:2: wait "This never comes" 100ms: not on the screen' \
    -display none -script "$work/late.txt"
printf 'sleep 50ms\nscreenshot %s/shot.png\ntext -\nquit\n' "$work" \
    >"$work/good.txt"
check 0 "" -display none -script "$work/good.txt"
[ "$(head -c 4 "$work/shot.png" | tail -c 3)" = PNG ] ||
    { echo "no picture"; failed=1; }

# Time limits and figures.
check 0 "state hash: " -display none -limit 50ms -stats
grep -q '^instructions: [1-9]' "$work/err" || { echo "-stats"; failed=1; }
if [ "$(uname -sm)" = "Linux x86_64" ]; then
    check 0 "links made: " -display none -limit 150ms -stats
    grep -q '^translations: [1-9]' "$work/err" &&
        grep -q '^host code bytes: [1-9]' "$work/err" ||
        { echo "-stats of the translator"; failed=1; }
fi
check 0 "state hash: " -display none -limit 50ms -stats -engine interp
! grep -q '^translations: ' "$work/err" || { echo "-stats, interp"; failed=1; }

# Names for perf; the shell's PID becomes the program's. A folder in the file's
# place cannot be replaced.
cat >"$work/mapped" <<'EOF'
echo $$ >"$1/pid"
[ "$2" = 0 ] || mkdir "/tmp/perf-$$.map"
vitrine=$3
shift 3
exec "$vitrine" -perf-map -display none -limit 150ms "$@"
EOF
mapped() {
    blocked=$1
    shift
    timeout 60 sh "$work/mapped" "$work" "$blocked" "$vitrine" "$@" \
        >"$work/out" 2>"$work/err" </dev/null
    got=$?
    map=/tmp/perf-$(cat "$work/pid").map
}
mapped 0
[ "$got" = 0 ] || { echo "-perf-map: status $got"; failed=1; }
if [ "$(uname -sm)" = "Linux x86_64" ]; then
    grep -Eq '^[0-9a-f]+ [0-9a-f]+ guest_[0-9a-f]{8}_cs[0-9a-f]{4}$' "$map" ||
        { echo "-perf-map: no names"; failed=1; }
    ! grep -Evq '^[0-9a-f]+ [0-9a-f]+ [a-z0-9_]+$' "$map" ||
        { echo "-perf-map: odd lines"; failed=1; }
fi
rm -f "$map"
mapped 0 -engine interp
grep -q "without the translator" "$work/err" && [ ! -s "$map" ] ||
    { echo "-perf-map -engine interp"; failed=1; }
rm -f "$map"
mapped 1
[ "$got" = 3 ] && grep -q "perf-map: cannot make $map" "$work/err" ||
    { echo "-perf-map, no file: status $got"; cat "$work/err"; failed=1; }
rmdir "$map"

# Both engines compared.
check 0 "runs compared: 150" -display none -limit 150ms -stats \
    -engine verify

# The same run twice, and in real time, is the same run.
hash_of() {
    timeout 60 "$vitrine" -display none -script "$work/good.txt" -stats "$@" \
        2>&1 >/dev/null | grep '^state hash: '
}
first=$(hash_of)
[ -n "$first" ] || { echo "no state hash"; failed=1; }
[ "$(hash_of)" = "$first" ] || { echo "a second run differs"; failed=1; }
[ "$(hash_of -speed real)" = "$first" ] ||
    { echo "a run in real time differs"; failed=1; }

# A signal ends the run, and then the program by that signal.
"$vitrine" -display none -speed real 2>"$work/err" &
sleep 0.3
kill -TERM $!
wait $! 2>/dev/null
[ $? = 143 ] || { echo "SIGTERM: status $?"; failed=1; }

exit $failed
