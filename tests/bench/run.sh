#!/bin/bash
# run.sh [--build FOLDER] [--quick] [--out FILE] [--seconds N] [--largest N] [ROW...]: what the cloud costs on this machine,
# row by row, beside what it should cost (reach), OpenStack Zed on a machine of the same kind, and the bare limit measured
# in the same run. Writes JSON that compare.py lays beside another commit's.
#
# Wants a release build (cmake --preset release), the simulators, and a quiet machine: load and cloud share its cores.
# wrk, nginx and curl are Debian's. Everything that is stored is in the build's folder, so that it is on a disk.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$here/../../build/release
if [ "${1:-}" = --build ]; then
    build=$2
    shift 2
fi
VOLUTUS_BUILD_DIR=$(cd "$build" && pwd)
mkdir -p "$VOLUTUS_BUILD_DIR/bench"
export VOLUTUS_BUILD_DIR TMPDIR=$VOLUTUS_BUILD_DIR/bench PYTHONPATH=$here:$here/..
exec python3 -B "$here/bench.py" "$@"
