#!/usr/bin/env bash
# Measures the engine beside a raw writer of the same rows, beside Celery, and the program itself; prints a
# table, or with --json a line of JSON for each figure. Everything lies on the disk that holds the build.
# Names of parts may follow: chain throughput peers start program sleep parked queue. docs/benchmarks.md
# says what each figure means. The exit code is 1 where a figure lies beyond its gate.
set -euo pipefail
cd "$(dirname "$0")/.."

# Of peers that cannot be had the table says so.
scripts/setup.sh bench >&2 || true
swift build -c release --static-swift-stdlib --product esteira >&2
swift build -c release --static-swift-stdlib --product Bench >&2
exec .build/release/Bench "$@"
