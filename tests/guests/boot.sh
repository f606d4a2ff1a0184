#!/bin/sh
# boot.sh VITRINE CASE FIRMWARE
#
# Boots one real guest and drives it by scripts. CASE is a file of cases/;
# FIRMWARE is `own` or `seabios`. The images are not part of the project: they
# are looked for in $VITRINE_GUESTS, by default ../shared/guests beside the
# source; what is missing makes the test say so and exit with 77.
#
# A case is a shell fragment that sets
#   image    path below the folder of guests (NAME.xz is unpacked first)
#   media    the option that takes it (default -fda)
#   args     further options
# and defines script_1, script_2, ...: functions that print the script of one
# boot. The boots share one copy of the image, so that what the first wrote
# the second can read. A function `check` may look at files of $scratch in the
# end.
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

image='' media=-fda args='' keys=''
. "$here/cases/$case"

case $image in
/*) source=$image ;;
*) source=$guests/$image ;;
esac
[ -r "$source" ] || skip "$source is not there"
case $source in
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

if [ "$firmware" = seabios ]; then
    bios=/usr/share/seabios/bios.bin
    vga=/usr/share/seabios/vgabios-stdvga.bin
    case " $args " in *" isapc "*) vga=/usr/share/seabios/vgabios-isavga.bin ;; esac
    [ -r "$bios" ] && [ -r "$vga" ] || skip "seabios is not installed"
    args="$args -bios $bios -vgabios $vga"
fi

number=1
while command -v "script_$number" >/dev/null 2>&1; do
    "script_$number" >"$scratch/script"
    echo "quit" >>"$scratch/script"
    # Guest time costs host time: the limit ends what a script cannot.
    "$vitrine" -display none -audio none -speed max -limit 600s \
        $args "$media" "$copy" -script "$scratch/script" -stats || {
        status=$?
        echo "boot $number of $case with $firmware firmware ended with $status"
        exit 1
    }
    number=$((number + 1))
done
if command -v check >/dev/null 2>&1; then
    check
fi
[ "$number" -gt 1 ] || { echo "$case has no script"; exit 1; }
