#!/usr/bin/env bash
# Runs many simulated worlds, optimised and on all cores: SEEDS=n of them, or SEED=n one alone. Prints what
# went wrong in them; of a world that breaks a rule a minimal story, and then the exit code is 1.
# `make test` runs a few hundred of the same worlds. docs/simulation.md says how it works.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=.build/simulate
export ESTEIRA_SIMULATE=1
log=$folder.log
mkdir -p .build
if ! swift build -c release --product Simulate --scratch-path "$folder" -Xswiftc -enable-testing >"$log" 2>&1; then
  grep -E 'error:' "$log" | sort -u | head -20
  echo "The simulation does not build." >&2
  exit 1
fi
exec "$folder/release/Simulate"
