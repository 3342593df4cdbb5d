#!/usr/bin/env bash
# A day of work in some minutes, with a server that is killed in between: see long_day.py.
# REQUESTS=100000, PEOPLE=8, KILLS=20, SEED=n; ESTEIRA_BINARY is the program, else the release build's.
set -euo pipefail
cd "$(dirname "$0")/.."
exec python3 scripts/long_day.py
