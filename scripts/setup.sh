#!/usr/bin/env bash
# Makes sure of the C libraries and tools. Silent, and without network, when all is there.
# `setup.sh tests`: also of what results are compared with. `setup.sh bench`: of what speed is compared with.
set -euo pipefail

packages=(
  make ca-certificates curl libarchive-dev libcurl4-openssl-dev libhiredis-dev libpq-dev librabbitmq-dev libre2-dev
  librdkafka-dev libsqlite3-dev libssl-dev libstdc++-12-dev
  libwslay-dev libxml2-dev libyaml-dev node-llhttp pkg-config python3 sqlite3 tzdata unixodbc-dev zlib1g-dev
)
if [[ ${1:-} == tests ]]; then
  packages+=(age prometheus python3-croniter python3-venv python3-yaml)
  # Real servers: a store of S3, one of mail, and brokers with Celery's workers.
  packages+=(swift-proxy swift-account swift-container swift-object memcached python3-aiosmtpd)
  packages+=(python3-celery python3-redis rabbitmq-server redis-server postgresql)
  packages+=(odbc-postgresql libsqliteodbc)
fi
if [[ ${1:-} == bench ]]; then packages+=(python3-venv redis-server wrk); fi

# Under sudo the search path is another one, so that a missing Swift means nothing there.
if [[ -z ${SUDO_USER:-} ]] && ! command -v swift >/dev/null; then
  echo "Swift 6.3 is missing: install it from https://www.swift.org/install/linux/ and put it in PATH." >&2
  exit 1
fi
if ! command -v dpkg-query >/dev/null; then
  echo "This is not Debian: install the counterparts of these packages: ${packages[*]}" >&2
  exit 1
fi

missing=()
for package in "${packages[@]}"; do
  state=$(dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ $state == installed ]] || missing+=("$package")
done
if ((${#missing[@]} == 0)); then exit 0; fi

if ((EUID != 0)); then
  echo "sudo apt-get install --yes --no-install-recommends ${missing[*]}"
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet
apt-get install --yes --no-install-recommends "${missing[@]}"
