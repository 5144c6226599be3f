#!/bin/sh
# equal_traces.sh PROGRAM SEEDS: each seed twice, with address randomisation and without; the traces must be equal.
set -eu
with=$("$1" --seeds "$2" --traces 2>/dev/null)
without=$(setarch -R "$1" --seeds "$2" --traces 2>/dev/null)
[ -n "$with" ] || { echo "no traces were printed"; exit 1; }
[ "$with" = "$without" ] || { echo "the traces of a seed differ between two runs"; exit 1; }
echo "$(echo "$with" | wc -l) seeds, equal traces"
