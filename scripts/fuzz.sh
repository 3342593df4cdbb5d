#!/usr/bin/env bash
# Runs every parser under the toolchain's coverage-guided fuzzer with the address sanitizer, in turn, and
# prints a line for each. FUZZ_SECONDS=n: the time of all together. FUZZ_TARGETS="csv json": only these.
# An input that crashes a parser, breaks its promise or its bounds lands in fuzz/found/<target>, where
# `make test` runs it ever after; the exit code is then 1.
set -uo pipefail
cd "$(dirname "$0")/.."

folder=.build/fuzz
program=$folder/release/Fuzz
export ESTEIRA_FUZZ=1
# lld, because gold stops at what the fuzzer's instrumentation makes of a release build.
if ! swift build -c release --product Fuzz --scratch-path "$folder" --sanitize address \
  -Xswiftc -enable-testing -Xswiftc -sanitize=fuzzer -Xswiftc -use-ld=lld -Xcc -fsanitize=fuzzer-no-link; then
  echo "The fuzzer does not build." >&2
  exit 1
fi

targets=${FUZZ_TARGETS:-$("$program")}
total=${FUZZ_SECONDS:-60}
count=$(wc -w <<<"$targets")
each=$((total / count > 0 ? total / count : 1))

# A leak that only the end of a process shows is not looked for: what lives once is no leak of an input.
# The quarantine of freed memory is small, so that growth is the input's own.
export ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=8:allocator_may_return_null=0
# The runtime's own handler of crashes would take them from the fuzzer, which keeps the input.
export SWIFT_BACKTRACE=enable=no

# One target: its line, and 1 where it found something.
fuzz() {
  local target=$1 log=$folder/$1.log grown=$folder/grown/$1 found=$folder/new/$1 kept=fuzz/found/$1
  mkdir -p "$grown" "$kept"
  rm -rf "$found" && mkdir -p "$found"
  local words=()
  [ -e "fuzz/words/$target.dict" ] && words=("-dict=fuzz/words/$target.dict")
  FUZZ_TARGET=$target "$program" -max_total_time="$each" -max_len=16384 -timeout=10 -rss_limit_mb=1024 \
    -malloc_limit_mb=64 -artifact_prefix="$found/" -print_final_stats=1 -use_value_profile=1 \
    ${words[@]+"${words[@]}"} "$grown" "fuzz/corpus/$target" "$kept" >"$log" 2>&1
  local code=$? result=ok file name
  for file in "$found"/*; do
    [ -e "$file" ] || continue
    name=$(basename "$file" | cut -c -24)
    mv "$file" "$kept/$name"
    result="FOUND $kept/$name"
  done
  [ "$code" -ne 0 ] && [ "$result" = ok ] && result="FAILED, see $log"
  awk -v target="$target" -v result="$result" '
    /stat::number_of_executed_units/ { runs = $2 }
    /stat::average_exec_per_sec/ { rate = $2 }
    /stat::new_units_added/ { new = $2 }
    END { printf "%-14s %9d runs %7d/s %5d new inputs  %s\n", target, runs, rate, new, result }' "$log"
  rmdir "$kept" 2>/dev/null
  [ "$result" = ok ] && return 0
  grep -hE '^BROKEN|^SUMMARY|ERROR: libFuzzer' "$log" | cut -c -300 | sort -u | sed 's/^/    /'
  # Without an input there is nothing to run again.
  [ -n "${name:-}" ] && echo "    again: FUZZ_TARGET=$target $program $kept/$name"
  return 1
}

failures=0
for target in $targets; do fuzz "$target" || failures=$((failures + 1)); done
if [ "$failures" -gt 0 ]; then
  echo "$failures of $count parsers broke; run the printed line again, then commit the fix with the input."
  exit 1
fi
echo "$count parsers, $each s each: nothing found"
