#!/usr/bin/env bash
# Runs schemathesis against a server that it starts on a fresh folder: see Tests/api/test_api.py.
# EXAMPLES=200 for each operation; ONLY="viewer admin" of the two callers; SEED=n repeats a run.
# What it needs of PyPI goes below .build once; from then on it works without a network.
set -euo pipefail
cd "$(dirname "$0")/.."

place=$PWD/.build/test-api/venv
wanted=Tests/api/requirements.txt
if ! cmp --silent "$wanted" "$place/requirements.txt"; then
  rm -rf "$place"
  python3 -m venv "$place"
  "$place/bin/pip" install --quiet --requirement "$wanted"
  cp "$wanted" "$place/requirements.txt"
fi
exec "$place/bin/python" Tests/api/test_api.py
