#!/usr/bin/env bash
# Runs the tests in which a node, a store or a server is dropped or killed at counted places.
# They are ordinary tests, also part of `make test`; each prints its seed, and SEED sets it again.
set -euo pipefail
cd "$(dirname "$0")/.."

exec scripts/test.sh --filter 'Crash|Kill|Recovery|Simulation'
