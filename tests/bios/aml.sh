#!/bin/sh
# aml.sh BIOS: the DSDT inside the BIOS image, taken apart and put together
# again by ACPI's own compiler, has no errors.
set -eu
command -v iasl >/dev/null || {
    echo "skipped: iasl is not installed (Debian: acpica-tools)"
    exit 77
}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/aml-XXXXXX")
trap 'rm -rf "$scratch"' EXIT
# the name stands in the code that makes the tables too: the table has revision 1
for at in $(grep -abo DSDT "$1" | cut -d: -f1); do
    size=$(od -An -tu4 -j $((at + 4)) -N 4 "$1" | tr -d ' ')
    revision=$(od -An -tu1 -j $((at + 8)) -N 1 "$1" | tr -d ' ')
    [ "$revision" = 1 ] && [ "$size" -lt 65536 ] && break
done
tail -c +$((at + 1)) "$1" | head -c "$size" >"$scratch/dsdt.aml"
cd "$scratch"
iasl -d dsdt.aml >log 2>&1 && iasl -p again dsdt.dsl >>log 2>&1 || {
    cat log
    exit 1
}
grep "0 Errors" log || { cat log; exit 1; }
