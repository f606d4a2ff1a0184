#!/bin/sh
# kernels.sh VITRINE NASM FIRMWARE
#
# Kernels of every kind that -kernel takes, which check what they were told and
# end through the exit port; FIRMWARE is `own` or `seabios`.
set -u
vitrine=$1 nasm=$2 firmware=$3
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/kernels-XXXXXX")
trap 'rm -rf "$work"' EXIT
seabios=/usr/share/seabios
failed=0

if [ "$firmware" = seabios ] && ! [ -r $seabios/bios.bin ]; then
    echo "skipped: seabios is not installed"
    exit 77
fi

# $1: board
firmware_of() {
    [ "$firmware" = own ] && return
    vga=vgabios-stdvga.bin
    [ "$1" = isapc ] && vga=vgabios-isavga.bin
    echo "-bios $seabios/bios.bin -vgabios $seabios/$vga"
}

# $1: name, $2: board, rest: arguments
run() {
    name=$1 board=$2
    shift 2
    "$vitrine" -display none -audio none -exit-port -limit 20s \
        -machine "$board" $(firmware_of "$board") \
        -kernel "$work/$name" "$@" 2>"$work/err"
    status=$?
    [ $status = 1 ] && return
    echo "$name ($case) on $board: check $((status >> 1)) failed (status $status)"
    cat "$work/err"
    failed=1
}

# $1: source, $2: name, rest: definitions
assemble() {
    source=$1 name=$2
    shift 2
    "$nasm" -f bin -o "$work/$name" "$@" "$here/guest/$source.asm" || exit 1
}

# $1: file, $2: bytes that count up, modulo 251
count() {
    awk "BEGIN { for (i = 0; i < $2; i++) printf \"%c\", i % 251 + 1 }" \
        </dev/null | LC_ALL=C tr '\001-\373' '\000-\372' >"$1"
}
LC_ALL=C
export LC_ALL
count "$work/initrd" 300001

# Linux: version, high, kernel's bytes, preferred address, limit of the initrd,
# bytes of the initrd
linux() {
    case=$*
    assemble linux linux -DVERSION="$1" -DHIGH="$2" -DKERNEL="$3" \
        -DPREFERRED="$4" -DLIMIT="$5" -DINITRD="$6" -DMODE=317h \
        -DOPTIONS='"one vga=0x317 mem=11M two"'
    for board in pc isapc; do
        if [ "$6" = 0 ]; then
            run linux $board -m 16M -append 'one vga=0x317 mem=11M two'
        else
            run linux $board -m 16M -append 'one vga=0x317 mem=11M two' \
                -initrd "$work/initrd"
        fi
    done
}
linux 0 0 100000 0 0 0
linux 200h 0 100000 0 0xb00000 300001
linux 201h 0 400000 0 0xb00000 300001
linux 202h 0 400000 0 0xb00000 300001
linux 200h 1 700000 0 0xb00000 300001
linux 201h 1 700000 0 0xb00000 300001
linux 203h 1 700000 0 0x900000 300001
linux 204h 1 700000 0 0xb00000 300001
linux 206h 1 700000 0 0xb00000 300001
linux 20fh 1 700000 0x100000 0xb00000 300001
# only below what the kernel takes there is room
linux 20fh 1 700000 0x880000 0xb00000 300001

# Multiboot: ELF or addresses, modules, a picture
multiboot() {
    case=$*
    assemble multiboot multiboot -DELF="$1" -DMODULES="$2" -DVIDEO="$3" \
        -DMODULE=300001 -DUPPER=14000 -DSECOND="\"$work/a,b  and a word\"" \
        -DOPTIONS="\"$work/multiboot one two\""
    if [ "$2" = 0 ]; then
        run multiboot pc -m 16M -append 'one two'
        [ "$3" = 1 ] || run multiboot isapc -m 16M -append 'one two'
    else
        cp "$work/initrd" "$work/a,b"
        run multiboot pc -m 16M -append 'one two' \
            -initrd "$work/initrd,$work/a,,b  and a word"
    fi
}
multiboot 0 0 0
multiboot 1 0 0
multiboot 0 2 0
multiboot 1 2 1

exit $failed
