#!/bin/sh
# Keys from a script and from the window, through keyboard, BIOS and back out
# of a serial port. $1: the program, $2: the boot sector echo.bin
set -u
vitrine=$1
image=$2
work=$(mktemp -d)
server=
program=
cleanup() {
    [ -z "$program" ] || kill "$program" 2>/dev/null
    [ -z "$server" ] || kill "$server" 2>/dev/null
    rm -rf "$work"
}
trap cleanup EXIT
failed=0

# $1: status that is expected, rest: arguments
run() {
    want=$1
    shift
    timeout 100 "$vitrine" -display none -exit-port -snapshot \
        -serial "file:$work/com1" "$@" "$image" >"$work/out" 2>&1
    got=$?
    [ "$got" = "$want" ] && return
    echo "vitrine $*: status $got, not $want"
    cat "$work/out"
    failed=1
}

# Every printable character, faster than the guest fetches them.
cat >"$work/type.txt" <<'END'
wait "READY" 10s
type " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNO\n"
type "PQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\n"
wait "xyz{|}~" 60s
expect "@ABCDEFGHIJKLMNO"
key esc
sleep 5s
END
run 7 -script "$work/type.txt"
cat >"$work/typed" <<'END'
 !"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNO
PQRSTUVWXYZ[\]^_`abcdefghijklmnopqrstuvwxyz{|}~
END
tr '\r' '\n' <"$work/com1" | cmp - "$work/typed" ||
    { echo "typed keys differ"; cat "$work/com1"; failed=1; }

# The same in the window, by an X server's keyboard.
if ! command -v Xvfb >/dev/null || ! command -v xdotool >/dev/null; then
    echo "Xvfb or xdotool is not installed: the window is left out"
    [ $failed = 0 ] && exit 77
    exit $failed
fi
mkfifo "$work/number"
Xvfb -displayfd 3 -screen 0 1024x768x24 -nolisten tcp \
    3>"$work/number" 2>/dev/null &
server=$!
read -r number <"$work/number"
DISPLAY=:$number
export DISPLAY
# The libraries behind SDL keep some memory to the end.
export ASAN_OPTIONS=detect_leaks=0
unset WAYLAND_DISPLAY SDL_VIDEODRIVER
"$vitrine" -audio none -exit-port -snapshot -serial "file:$work/com1" \
    "$image" >"$work/out" 2>&1 &
program=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
    window=$(xdotool search --name 'Vitrine' 2>/dev/null) && break
    sleep 0.3
done
xdotool windowfocus --sync "$window"
sleep 2
xdotool key --delay 300 H e exclam 9 Return Escape
wait "$program"
got=$?
program=
[ "$got" = 7 ] || { echo "window: status $got, not 7"; cat "$work/out"; failed=1; }
[ "$(tr '\r' '/' <"$work/com1")" = 'He!9/' ] ||
    { echo "keys of the window differ:"; cat "$work/com1"; failed=1; }
exit $failed
