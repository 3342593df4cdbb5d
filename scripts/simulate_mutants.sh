#!/usr/bin/env bash
# Plants the bugs of Tests/Simulation/Mutants/mutants.txt into a copy of the sources, builds it once, and
# switches one bug on after the other. Each must break a rule: first with the seed that stands in the list,
# then with any of SEEDS=10000. The exit code is 1 where one is not found. MUTANT=n: that one alone.
# RECORD=1 writes the seeds that found them into the list.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=.build/mutants
sources=$folder/sources
rm -rf "$sources" && mkdir -p "$sources"
python3 scripts/plant_mutants.py "$sources"
log=$folder/build.log
export ESTEIRA_SIMULATE=1
if ! swift build -c release --product Simulate --package-path "$sources" --scratch-path "$folder/build" \
  -Xswiftc -enable-testing >"$log" 2>&1; then
  grep -E 'error:' "$log" | sort -u | head -20
  echo "The planted bugs do not build." >&2
  exit 1
fi
program=$folder/build/release/Simulate
export MUTANTS=1
export SWIFT_BACKTRACE=enable=no

if ! SEEDS=${CLEAN_SEEDS:-200} "$program" >"$folder/clean"; then
  echo "Without a bug a rule is broken: $(cat "$folder/clean"). See make simulate." >&2
  exit 1
fi

: >"$folder/found"
missing=0 count=0
while read -r number seed name; do
  [ -n "${MUTANT:-}" ] && [ "$MUTANT" != "$number" ] && continue
  count=$((count + 1)) result=""
  if [ "$seed" != 0 ] && [ -z "${RECORD:-}" ]; then
    result=$(SEED=$seed "$program" "mutant=$number") || true
  fi
  if [[ ! $result =~ ^[0-9]+\  ]]; then
    result=$(SEEDS=${SEEDS:-10000} "$program" "mutant=$number") || true
  fi
  # Anything else than a seed and a rule is no find.
  if [[ ! $result =~ ^[0-9]+\  ]]; then
    missing=$((missing + 1))
    printf '%3d NOT FOUND  %s %s\n' "$number" "$name" "$result"
  else
    printf '%3d seed %-6s %s\n      %s\n' "$number" "${result%% *}" "$name" "${result#* }"
    echo "$number ${result%% *}" >>"$folder/found"
  fi
done < <(python3 scripts/plant_mutants.py --list)

[ -n "${RECORD:-}" ] && python3 scripts/plant_mutants.py --found "$folder/found"
echo "$((count - missing)) of $count planted bugs found"
[ "$missing" -eq 0 ]
