#!/usr/bin/env bash
# Measures the API of the release binary: see bench/peers/fastapi/measure.py. Names of parts may follow: list tail.
# wrk comes from the system's packages, FastAPI and uvicorn from PyPI into .build/bench-peers, once.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v wrk >/dev/null || scripts/setup.sh bench
place=$PWD/.build/bench-peers/fastapi
wanted=bench/peers/fastapi/requirements.txt
if ! cmp --silent "$wanted" "$place/requirements.txt"; then
  rm -rf "$place"
  python3 -m venv "$place"
  "$place/bin/pip" install --quiet --requirement "$wanted"
  cp "$wanted" "$place/requirements.txt"
fi
exec "$place/bin/python" bench/peers/fastapi/measure.py "$@"
