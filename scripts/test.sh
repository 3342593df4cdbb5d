#!/usr/bin/env bash
# Builds and runs the tests: all, or those whose name matches the arguments of `swift test` given here.
# The last line is exactly `N passed, N failed, N skipped`; the exit code is 0 only without failures.
set -uo pipefail
cd "$(dirname "$0")/.."

events=.build/test-events.jsonl
log=.build/test-build.log
mkdir -p .build
if ! swift build --build-tests 2>&1 | tee "$log"; then
  # What is wrong stands far above, among a thousand files that were compiled after it.
  grep -E 'error:' "$log" | sort -u | head -20
  echo "The tests do not build."
  echo "0 passed, 1 failed, 0 skipped"
  exit 1
fi

started=$SECONDS
rm -f "$events"
# Tests that start programs and wait for them block a thread each. All at once they would starve the others
# of the few threads of a small machine until these miss their time limits.
# Servers of tests are called through their sockets: they do not argue about a port.
export ESTEIRA_LISTEN=${ESTEIRA_LISTEN:-none}
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=${SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH:-8}
# Every test has a limit of its own; this one is for a process that no longer keeps them.
run() {
  timeout --kill-after=10 "${TEST_TIME_LIMIT:-1800}" swift test --skip-build --event-stream-output-path "$events.part" "$@"
  local ended=$?
  ((ended == 0)) || code=$ended
  cat "$events.part" >> "$events" 2>/dev/null
  rm -f "$events.part"
}
code=0
if (($#)); then
  run "$@"
else
  # What works through tens of thousands of items, hundreds of jobs or fifty years by itself, and then those that
  # load the machine with servers and programs of their own, come last and two at a time: beside them the others
  # would miss their time limits.
  heavy='^(MitrarrTests|BlueprintTests|EzpocketTests|AtlasRegTests|KillTests|SizeTests)\.'
  # Tests with brokers kill their servers, and wait for others to come back; the kit gives connectors so many
  # seconds by its rules: one at a time.
  alone='^(BrokerTests\.|ConnectorsTests\.ConformanceKitTests)'
  large='^(EngineTests\.(WindowTests|ParkingTests|ParkedMemoryTests)|ModelTests\.Cron(iter|Scan)Tests|StoresConformanceTests\.ArtifactFileTests|ServerTests\.HubLoadTests|ConnectorsTests\.FloodedFolderTests|NetTests\.(PaceTests|CrowdTests|WebSocketFlowTests|WebSocketTests))'
  run --skip "$heavy" --skip "$large" --skip "$alone"
  export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=2
  run --filter "$large"
  run --filter "$heavy"
  export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=1
  run --filter "$alone"
fi
echo "$(((SECONDS - started) / 60)) min $(((SECONDS - started) % 60)) s"
exec python3 scripts/count_tests.py "$events" "$code"
