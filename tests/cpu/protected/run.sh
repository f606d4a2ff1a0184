#!/bin/sh
# Runs every program of this folder here and on QEMU, and lists what they find
# different: lines of ours with <, of QEMU's with >. docs/cpu-differences.md
# explains them. Usage: run.sh BUILD_FOLDER [NAME...]
set -u
build=${1:?usage: run.sh BUILD_FOLDER [NAME...]}
shift
images=$build/tests/cpu/protected
qemu=${QEMU:-qemu-system-i386}
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT

[ $# -gt 0 ] || set -- $(cd "$images" && ls ./*.bin | sed 's|./||; s|\.bin$||')
for name in "$@"; do
    case $name in
    t286) model=286 ;;
    loadall) model=386 ;;
    vme) model=pentium ;;
    pae | pentium) model=pentium3 ;;
    *) model=486 ;;
    esac
    case $model in
    pentium*) cpu=$model ;;
    *) cpu=486 ;;
    esac
    echo "== $name"
    "$build/tests/cpu/bare_program" "$images/$name.bin" $model \
        >"$temp/ours" 2>&1
    : >"$temp/theirs"
    timeout 20 "$qemu" -M isapc -cpu $cpu -m 8 -bios "$images/$name.bin" \
        -display none -net none -nodefaults -no-reboot \
        -chardev "file,id=e9,path=$temp/theirs" \
        -device isa-debugcon,iobase=0xe9,chardev=e9 \
        -device isa-debug-exit,iobase=0xf4,iosize=1 >/dev/null 2>&1
    [ $? -ne 124 ] || echo "(QEMU did not end by itself)" >>"$temp/theirs"
    diff "$temp/ours" "$temp/theirs" | grep '^[<>]'
done
