#!/bin/bash
# own_host.sh FOLDER COMMAND...: runs COMMAND as root of a host of its own, as far as network, processes and temporary
# files go: namespaces, which end with COMMAND whatever happens to it. The host itself is not touched. What the last run
# left stands in FOLDER. For a libvirtd too, COMMAND begins with e2e/libvirt/own_libvirt.sh.
set -euo pipefail

if [ "${1:-}" != --inside ]; then
    [ "$(id -u)" -eq 0 ] || { echo "own_host.sh: namespaces need root" >&2 && exit 1; }
    exec unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private "$0" --inside "$@"
fi
folder=$(realpath -m "$2")
shift 2

# Of this network, and without the control groups, in which libvirt would leave folders.
umount --recursive /sys
mount -t sysfs sysfs /sys
mkdir -p /run/netns
mount -t tmpfs tmpfs /run/netns
ip link set dev lo up
# QEMU's user must be able to pass through to the disks, wherever FOLDER is.
rm -rf "${folder:?}/files"
mkdir -p "$folder/files" /srv
chmod 755 "$folder/files"
mount --bind "$folder/files" /srv
export TMPDIR=/srv
"$@"
