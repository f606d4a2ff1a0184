#!/bin/sh
# boot.sh VITRINE CASE FIRMWARE
#
# Boots one real guest and drives it by scripts. CASE is a file of cases/;
# FIRMWARE is `own` or `seabios`. The images are not part of the project: they
# are looked for in $VITRINE_GUESTS, by default ../shared/guests beside the
# source; what is missing makes the test say so and exit with 77.
#
# A case is a shell fragment that sets
#   image    path below the folder of guests (NAME.xz is unpacked first); none:
#            the case brings what it needs by `prepare`
#   media    the option that takes it (default -fda)
#   args     further options
#   long     not empty: runs only when VITRINE_LONG_TESTS is set
# and defines script_1, script_2, ...: functions that print the script of one
# boot. The boots share one copy of the image, so that what the first wrote
# the second can read. Functions that may be there too: `prepare` makes files in
# $scratch before the first boot and may add to args; `end_N` looks at files of
# $scratch after boot N, `check` after the last. args_N holds options of boot N,
# append or append_N a kernel's command line; off_N that the guest switches the
# machine off after the script of boot N.
#
# VITRINE_ENGINE is the engine for all boots: jit, interp or verify. The latter
# drops what is written, so each boot is made once more with the usual engine
# for what comes after it to read.
set -eu
vitrine=$1 case=$2 firmware=$3
here=$(cd "$(dirname "$0")" && pwd)
guests=${VITRINE_GUESTS:-$here/../../../shared/guests}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/guest-XXXXXX")
trap 'rm -rf "$scratch"' EXIT

skip() {
    echo "skipped: $*"
    exit 77
}

image='' media=-fda args='' keys='' long='' append=''
. "$here/cases/$case"

[ -z "$long" ] || [ -n "${VITRINE_LONG_TESTS:-}" ] ||
    skip "takes long: set VITRINE_LONG_TESTS to run it"

case $image in
'') source=/dev/null media='' ;;
/*) source=$image ;;
*) source=$guests/$image ;;
esac
[ -r "$source" ] || skip "$source is not there"
case $source in
/dev/null) copy='' ;;
*.xz)
    command -v xz >/dev/null || skip "xz is not installed"
    copy=$scratch/$(basename "$source" .xz)
    xz -dc "$source" >"$copy"
    ;;
*)
    copy=$scratch/$(basename "$source")
    cp "$source" "$copy"
    chmod u+w "$copy"
    ;;
esac

if command -v prepare >/dev/null 2>&1; then
    prepare
fi

if [ "$firmware" = seabios ]; then
    bios=/usr/share/seabios/bios.bin
    vga=/usr/share/seabios/vgabios-stdvga.bin
    case " $args " in *" isapc "*) vga=/usr/share/seabios/vgabios-isavga.bin ;; esac
    [ -r "$bios" ] && [ -r "$vga" ] || skip "seabios is not installed"
    args="$args -bios $bios -vgabios $vga"
fi

# Makes boot $number; $@: further options. Guest time costs host time: the limit
# ends what a script cannot.
boot() {
    "$vitrine" -display none -audio none -speed max -limit "${limit:-600s}" \
        $args $more "$@" ${append:+-append "$append"} \
        $media ${copy:+"$copy"} -script "$scratch/script" \
        -stats 2>"$scratch/stats" || {
        status=$?
        cat "$scratch/stats"
        echo "boot $number of $case with $firmware firmware ended with $status"
        exit 1
    }
    cat "$scratch/stats"
}

number=1
while command -v "script_$number" >/dev/null 2>&1; do
    "script_$number" >"$scratch/script"
    eval "off=\${off_$number:-}"
    [ -n "$off" ] || echo "quit" >>"$scratch/script"
    eval "more=\${args_$number:-} append=\${append_$number:-\${append:-}}"
    if [ "${VITRINE_ENGINE:-}" = verify ]; then
        boot -engine verify
        boot
    else
        boot ${VITRINE_ENGINE:+-engine "$VITRINE_ENGINE"}
    fi
    seconds=$(sed -n 's/^guest seconds: \([0-9]*\).*/\1/p' "$scratch/stats")
    if [ -n "$off" ] && [ "${seconds:-600}" -ge 600 ]; then
        echo "boot $number of $case with $firmware firmware did not switch off"
        exit 1
    fi
    if command -v "end_$number" >/dev/null 2>&1; then
        "end_$number"
    fi
    number=$((number + 1))
done
if command -v check >/dev/null 2>&1; then
    check
fi
[ "$number" -gt 1 ] || { echo "$case has no script"; exit 1; }
