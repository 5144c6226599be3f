#!/bin/bash
# run.sh [--build FOLDER] [--drivers host --guest-image FILE] [--keep] [SUITE...]: starts a fresh cloud, runs Debian's
# unmodified Tempest against it, and prints passed, failed and skipped per suite. Suites: suites.toml; without one, all
# that the drivers can do. Fails when a test fails, or a suite that passed no test. The host's drivers need root; they get
# a host of their own, by namespaces.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export PYTHONPATH=$here/..
build=$here/../../build/dev
if [ "${1:-}" = --build ]; then
    build=$2
    shift 2
fi
VOLUTUS_BUILD_DIR=$(cd "$build" && pwd)
export VOLUTUS_BUILD_DIR
own_host=()
[[ " $* " != *" --drivers host "* && " $* " != *" --drivers=host "* ]] ||
    own_host=("$here/../own_host.sh" "$VOLUTUS_BUILD_DIR/own_host"
        "$here/../e2e/libvirt/own_libvirt.sh" "$VOLUTUS_BUILD_DIR/own_host/libvirt")
exec "${own_host[@]}" /usr/bin/python3 -B "$here/conformance.py" "$@"
