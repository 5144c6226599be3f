#!/bin/bash
# probe_kvm.sh [SECONDS]: prints `kvm` if a guest really runs under KVM here, else `tcg`, and why on standard error.
# Some hosts have a /dev/kvm that answers every question but only interprets a guest's instructions, thousands of times
# slower and not all of them: QEMU's own emulation is then the better choice. So only a run is proof: a boot sector
# counts to 200 million, which takes a processor a tenth of a second, and then writes to QEMU's exit port.
set -euo pipefail

seconds=${1:-5}

verdict() {
    echo "probe_kvm.sh: $2" >&2
    echo "$1"
    exit 0
}

[ -e /dev/kvm ] || verdict tcg "there is no /dev/kvm"
[ -w /dev/kvm ] || verdict tcg "$(id -un) may not write /dev/kvm"
command -v qemu-system-x86_64 >/dev/null || verdict tcg "qemu-system-x86_64 is not installed"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# mov $200000000,%ecx; again: dec %ecx; jnz again; mov $0x21,%al; out %al,$0xf4; hlt; at the end a boot sector's mark.
printf '\x66\xb9\x00\xc2\xeb\x0b\x66\x49\x75\xfc\xb0\x21\xe6\xf4\xf4' >"$work/sector"
truncate -s 510 "$work/sector"
printf '\x55\xaa' >>"$work/sector"

status=0
timeout -k 1 "$seconds" qemu-system-x86_64 -accel "${PROBE_ACCELERATOR:-kvm}" -m 16 -nodefaults -no-user-config \
    -display none -no-reboot -device isa-debug-exit,iobase=0xf4,iosize=1 \
    -drive "file=$work/sector,format=raw,if=ide" >"$work/log" 2>&1 || status=$?
case $status in
    # QEMU ends with twice the byte plus one.
    67) verdict kvm "a guest ran" ;;
    124 | 137) verdict tcg "a guest got nowhere within $seconds s, though /dev/kvm is there" ;;
    *) verdict tcg "QEMU ended with $status: $(head -n 1 "$work/log")" ;;
esac
