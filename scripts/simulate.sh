#!/usr/bin/env bash
# Runs the tests in which a node, a store or a server is dropped or killed at a counted place, and those
# of the recovery after it. They are ordinary tests, also part of `make test`.
set -euo pipefail
cd "$(dirname "$0")/.."

exec scripts/test.sh --filter 'Crash|Kill|Recovery|Simulation|Lost|Poison|UnknownCommit|BadNeighbour|PlannedStop'
