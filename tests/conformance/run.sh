#!/bin/bash
# run.sh [--build FOLDER] [options] [SUITE...]: starts a fresh cloud, runs Debian's unmodified Tempest against it, and
# prints passed, failed and skipped, and why. Without options the suites of suites.toml, all that the drivers can do; it
# fails when a test fails, or a suite that passed no test.
#
#   --all               every test of the services that there are, with the whole table. passing.txt is the ratchet: it
#                       fails where a test that is listed there does not pass
#   --all --update      writes passing.txt anew; what falls out of it is seen in review
#   --passing REGEX     only the tests of passing.txt that REGEX finds: CI's part
#   --workers N         N tests at once
#   --drivers host --guest-image FILE   real guests instead of simulated ones. Needs root; gets a host of its own, by
#                       namespaces
#   --keep              keeps Tempest's folder and the logs
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
