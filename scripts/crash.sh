#!/usr/bin/env bash
# Strikes servers at every call that changes a file, cuts their power, lets their disk fail, and kills them at
# moments of chance; docs/crash-testing.md says what that proves. KILLS=n: so many kills of the last kind.
# ONLY="chain power 137": one scenario, one fault or one place. ESTEIRA_SEED=n: other moments of chance.
# A line for each; the exit code is 1 where anything was lost.
set -uo pipefail
cd "$(dirname "$0")/.."

export CRASH=all KILLS=${KILLS:-2000} ONLY=${ONLY:-} ESTEIRA_SEED=${ESTEIRA_SEED:-1}
# It starts faster than the one beside the tests, and it is the one that people run.
export ESTEIRA_BINARY=$PWD/.build/release/esteira
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=2 TEST_TIME_LIMIT=36000
# A sync costs nothing in memory, and what a kill or the library of faults leaves there is the same.
if [ -z "${TMPDIR:-}" ] && [ -w /dev/shm ] && (($(df --output=avail -k /dev/shm | tail -n 1) > 4000000)); then
  TMPDIR=$(mktemp -d /dev/shm/esteira-crash-XXXXXX)
  export TMPDIR
  trap 'rm -rf "$TMPDIR"' EXIT
fi
log=.build/crash.log
started=$SECONDS

scripts/test.sh --filter '^KillTests\.(CrashTests|FirstStartCrashTests|DiskTests|RandomKillTests|PauseTests|PausedRequestTests)' 2>&1 |
  tee "$log" | grep --line-buffered -E '^crash: |recorded an issue|^Again: |^failed: |error:'
code=${PIPESTATUS[0]}

awk -F ': |, ' -v minutes=$(((SECONDS - started) / 60)) '
  /^crash: / {
    for (field = 2; field <= NF; field++) {
      split($field, word, " ")
      if (word[2] == "struck" || word[2] == "acknowledged" || word[2] == "lost") sum[word[2]] += word[1]
      if (word[2] == "struck" && $2 == "random kills") kills += word[1]
    }
  }
  END {
    printf "struck %d times, %d of them kills at moments of chance; %d acknowledgements, ", sum["struck"], kills,
      sum["acknowledged"]
    printf "lost in %d cases; %d min\n", sum["lost"], minutes
  }' "$log"
tail -n 1 "$log"
exit "$code"
