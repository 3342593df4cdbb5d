#!/usr/bin/env bash
# Runs a script of this folder with the Python that has Celery. Without a name, celery_chains.py, which serves slices
# of work to `make bench`. What it needs of PyPI goes below .build once. Where something cannot be had, it says so in
# one line and ends.
set -euo pipefail
cd "$(dirname "$0")/../.."

skip() {
  echo "skipped: $1"
  exit 0
}

place=$PWD/.build/bench-peers/celery
python=$place/bin/python
command -v redis-server >/dev/null || skip "redis-server is not installed (scripts/setup.sh bench)"
if ! "$python" -c 'import celery, kombu.transport.redis' 2>/dev/null; then
  rm -rf "$place"
  python3 -m venv "$place" >&2 || skip "python3 cannot make a venv (scripts/setup.sh bench)"
  "$place/bin/pip" install --quiet --requirement bench/peers/requirements.txt >&2 ||
    skip "Celery cannot be installed from PyPI"
fi
exec "$python" "bench/peers/${1:-celery_chains.py}"
