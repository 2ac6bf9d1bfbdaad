#!/bin/sh
# The whole story in plain commands: check, look, run, look again. No account, no network, nothing but `reconciler`
# and python3 on PATH. Run it twice: the second time nothing is submitted again.
set -eu
cd "$(dirname "$0")"

run() {
    printf '\n$ %s\n' "$*"
    "$@"
}

run reconciler local upload data demo:/
run reconciler validate
run reconciler plan
run reconciler apply --yes --wait
run reconciler status Job/slipper-orchids
run cat .reconciler/local/data/demo/results/slipper-orchids/report/report.txt
run reconciler plan --detailed-exitcode
