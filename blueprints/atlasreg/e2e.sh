#!/usr/bin/env bash
# AtlasReg Cursor with real parts on this machine: Redis, a Celery application, Scrapy, PostgreSQL, OpenStack Swift as the
# store, a receiver of webhooks, and a server. A message of the source by RPUSH, to the verified webhook and the object
# whose SHA-256 it tells; the date again; then runs in which the server, a worker and Redis are killed at random moments.
#
#   ESTEIRA   the program (.build/release/esteira, else .build/debug/esteira)
#   KILLS     how many runs with kills (1)
#   DOCUMENTS how many documents the sample site has (15)
#   SEED      what the moments of the kills are drawn from; without it they are new each time
#
# What cannot be had is told, and the test is skipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
here=blueprints/atlasreg

skip() { printf 'skipped: %s\n' "$*"; exit 0; }

for candidate in "${ESTEIRA:-}" .build/release/esteira .build/debug/esteira; do
  if [[ -n $candidate && -x $candidate ]]; then program=$(realpath "$candidate"); break; fi
done
[[ -n ${program:-} ]] || { echo "e2e: there is no esteira program; run: make build" >&2; exit 1; }
for tool in redis-server swift-proxy-server memcached openssl; do
  command -v "$tool" > /dev/null || skip "$tool is not there; scripts/setup.sh tests installs it"
done
compgen -G '/usr/lib/postgresql/*/bin/initdb' > /dev/null || skip "PostgreSQL is not there; scripts/setup.sh tests installs it"

# Scrapy, Celery and the drivers of the tasks, in a folder of their own.
packages=(scrapy==2.13.4 'celery[redis]==5.5.3' 'psycopg[binary]==3.2.13' boto3==1.40.76 jsonschema==4.25.1)
python=.build/atlasreg/bin/python
if [[ ! -f .build/atlasreg/made || $(< .build/atlasreg/made) != "${packages[*]}" ]]; then
  echo "Scrapy and Celery are put into .build/atlasreg, once"
  mkdir -p .build
  python3 -m venv .build/atlasreg \
    && .build/atlasreg/bin/pip install --quiet --disable-pip-version-check "${packages[@]}" \
    && echo "${packages[*]}" > .build/atlasreg/made \
    || skip "Scrapy, Celery and their drivers could not be installed; there is no network, or no python3-venv"
fi
exec "$python" -B "$here/e2e/e2e.py" --esteira "$program" --kills "${KILLS:-1}" \
  --documents "${DOCUMENTS:-15}" ${SEED:+--chance "$SEED"}
