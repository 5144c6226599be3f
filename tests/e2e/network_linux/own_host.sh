#!/bin/sh
# own_host.sh COMMAND...: runs it on a host of its own: network, mount and process namespaces, in which a cloud may do
# what it likes. All of it, programs that went into the background included, ends with the command. Needs root.
set -e
exec unshare --net --mount --pid --fork --kill-child --mount-proc sh -ec '
    mount -t sysfs sysfs /sys
    mkdir -p /run/netns
    mount -t tmpfs tmpfs /run/netns
    ip link set lo up
    exec "$@"' own_host "$@"
