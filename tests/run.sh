#!/bin/bash
# Installs what the tests need, builds, and runs the tests; the exit code and the last lines are ctest's.
#
#   tests/run.sh [--all] [--preset NAME] [--no-install] [-- ctest arguments]
#
#   --all           the tests labelled slow too
#   --preset NAME   another preset of CMakePresets.json than dev
#   --no-install    the packages are there
#
# What an earlier run built is kept and brought up to date; VOLUTUS_BUILD names another folder than build/<preset>.
set -euo pipefail
cd "$(dirname "$0")/.."

preset=dev
install=yes
tests=(--label-exclude '^slow$')
while [ $# -gt 0 ]; do
    case $1 in
    --all) tests=() ;;
    --preset) preset=${2:?"--preset needs a name of CMakePresets.json"} && shift ;;
    --no-install) install=no ;;
    --) shift && tests+=("$@") && break ;;
    *) sed -n '2,10s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
    esac
    shift
done
build=${VOLUTUS_BUILD:-build/$preset}
jobs=$(nproc)

# stage NAME command...: runs it and says how long it took.
stage() {
    local name=$1 from=$SECONDS
    shift
    echo "== $name"
    "$@" || { local code=$? && echo "== $name failed after $((SECONDS - from)) s" >&2 && exit "$code"; }
    echo "== $name took $((SECONDS - from)) s"
}

if [ "$install" = yes ] && [ "$(id -u)" = 0 ]; then
    DEBIAN_FRONTEND=noninteractive stage "install packages" contrib/install_dependencies.sh build run test </dev/null
elif [ "$install" = yes ]; then
    echo "== not root, so nothing is installed; what is missing: contrib/install_dependencies.sh build run test"
fi
stage configure cmake --preset "$preset" -B "$build"
stage build cmake --build "$build" --parallel "$jobs"
echo "== test"
exec ctest --test-dir "$build" --parallel "$jobs" --output-on-failure --no-tests=error "${tests[@]}"
