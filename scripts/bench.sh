#!/usr/bin/env bash
# Measures the engine beside a raw writer of the same rows, then the program itself, and prints a JSON line
# for each figure. Everything lies on the disk that holds the build. BENCH_PAIRS=N: how often both alternate.
set -euo pipefail
cd "$(dirname "$0")/.."

swift build -c release --static-swift-stdlib --product esteira >&2
swift build -c release --static-swift-stdlib --product Bench >&2
exec .build/release/Bench "$@"
