#!/bin/bash
# own_libvirt.sh FOLDER COMMAND...: runs COMMAND with a libvirtd of its own. What libvirt keeps under fixed paths stands
# in FOLDER meanwhile, by a mount namespace, so that a libvirtd of the host is not touched and sees nothing of it.
# FOLDER/cache stays: libvirtd asks QEMU for 20 s what it can do when it starts without.
set -euo pipefail

if [ "${1:-}" != --inside ]; then
    [ "$(id -u)" -eq 0 ] || { echo "own_libvirt.sh: libvirt's system daemon needs root" >&2 && exit 1; }
    exec unshare --mount --propagation private "$0" --inside "$@"
fi
folder=$2
shift 2

stop_daemon() {
    local pid
    pid=$(cat "$folder/$1.pid" 2>/dev/null) || return 0
    kill "$pid" 2>/dev/null || return 0
    while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
}
stop_all() {
    # A test that was killed leaves its guests.
    virsh -q -c qemu:///system list --name 2>/dev/null | grep . | xargs -rn1 virsh -q -c qemu:///system destroy || true
    stop_daemon libvirtd
    stop_daemon virtlogd
}
trap stop_all EXIT

rm -rf "${folder:?}"/{run,lib,etc,log,*.pid}
mkdir -p "$folder"/{run,lib,etc,log,cache}
for place in run:/run/libvirt lib:/var/lib/libvirt etc:/etc/libvirt log:/var/log/libvirt cache:/var/cache/libvirt; do
    mkdir -p "${place#*:}"
    mount --bind "$folder/${place%%:*}" "${place#*:}"
done
# Guests are emulated here. Where QEMU's user may not open /dev/kvm, libvirtd would ask QEMU again for each call.
if [ -e /dev/kvm ]; then
    install -m 0 /dev/null "$folder/no-kvm"
    mount --bind "$folder/no-kvm" /dev/kvm
fi
# A guest's own /dev cannot be made where parts of /dev are mounts, as above and in containers.
echo 'namespaces = []' >"$folder/etc/qemu.conf"
virtlogd --daemon --pid-file "$folder/virtlogd.pid"
libvirtd --daemon --pid-file "$folder/libvirtd.pid"
"$@"
