# shellcheck shell=bash
# What the demos of the blueprints share. A demo sources this file and says its name:
#
#   source "$(dirname "${BASH_SOURCE[0]}")/../lib/demo.sh"
#   begin etl
#
# Everything lies in .build/demo-NAME and is left there to look at; nothing keeps running when a demo ends.
#
#   ESTEIRA   the program (.build/release/esteira, else .build/debug/esteira)
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[1]}")" && pwd)
lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$lib/../.." && pwd)

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
fail() { printf 'demo: %s\n' "$*" >&2; exit 1; }

program() {
  local candidate
  for candidate in "${ESTEIRA:-}" "$root/.build/release/esteira" "$root/.build/debug/esteira"; do
    [[ -n $candidate && -x $candidate ]] && { echo "$candidate"; return; }
  done
  fail "there is no esteira program; run: make build"
}

# begin NAME: a fresh folder `demo` with a copy of the blueprint in `blueprint`, and what it needs to be left clean.
# One run of a demo at a time: a second one would stop the first one's server and remove its folder.
begin() {
  local tool
  for tool in python3 sqlite3 curl; do
    command -v "$tool" >/dev/null || fail "$tool is missing; install it with your system's packages"
  done
  demo=$root/.build/demo-$1
  mkdir -p "$root/.build"
  exec 9> "$demo.lock"                     # what we start does not inherit it: 9>&-
  flock -n 9 || fail "the demo $1 is already running"
  blueprint=$demo/$(basename "$here")
  esteira=$(program)
  export ESTEIRA_DATA=$demo/data ESTEIRA_LANG=en
  stop_server                              # of a run before, whose terminal was closed
  rm -rf "$demo"
  mkdir -p "$demo"
  cp -r "$here" "$blueprint"
  trap stop_all EXIT
  trap 'exit 130' INT TERM
}

# What the demo started, and nothing else, is stopped when it ends, also when it fails.
started=()
server_pid() { cat "$ESTEIRA_DATA/server.pid" 2>/dev/null || true; }
is_our_server() { [[ -n $1 ]] && tr '\0' ' ' < "/proc/$1/cmdline" 2>/dev/null | grep -q 'esteira.* server'; }
is_our_child() { grep -q "^PPid:[[:space:]]*$$\$" "/proc/$1/status" 2>/dev/null; }
gone() { tail --pid="$1" -f /dev/null 2>/dev/null || true; }

start_server() { "$esteira" server --background 9>&-; }

stop_server() {
  local pid
  pid=$(server_pid)
  is_our_server "$pid" || return 0
  kill "$pid" 2>/dev/null || true
  gone "$pid"
}

# As a power failure would: nobody is asked, nothing is written any more.
kill_server() {
  local pid
  pid=$(server_pid)
  is_our_server "$pid" || fail "there is no server to kill"
  kill -9 "$pid"
  gone "$pid"
  echo "killed the server, process $pid"
}

stop_all() {
  local status=${1:-$?} pid
  trap - EXIT INT TERM
  stop_server
  for pid in "${started[@]}"; do is_our_child "$pid" && kill "$pid" 2>/dev/null; done
  exit "$status"
}

# serve SCRIPT ARGUMENT…: starts a server or worker of a blueprint, waits for its first line and sets `address` to
# it, and `served` to its process.
serve() {
  local descriptor
  exec {descriptor}< <(exec python3 -B "$@" 2>>"$demo/servers.log" 9>&-)
  served=$!
  started+=("$served")
  read -r -t 30 address <&"$descriptor" || fail "$1 did not start; see $demo/servers.log"
}

# secret_file FILE: a new shared secret that only its owner can read.
secret_file() { (umask 077; printf 'whsec_%s\n' "$(head -c 32 /dev/urandom | base64 -w0)" > "$1"); }

# http_connection NAMESPACE NAME URL [CREDENTIAL]: to this machine alone.
http_connection() {
  python3 -c 'import json, sys
space, name, url, *credential = sys.argv[1:]
print(json.dumps({"namespace": space, "name": name, "kind": "http", "address": {"url": url} if url else {},
  "egress": {"allow": ["127.0.0.0/8"]}} | ({"credential": credential[0]} if credential else {})))' "$@" \
    > "$demo/connection-$2.json"
  "$esteira" connection apply "$demo/connection-$2.json"
}

# await_fact JOB ARGUMENT…: waits on the job's stream for a fact; await.py says what can be waited for.
await_fact() {
  local job=$1 events
  shift
  exec {events}< <(exec "$esteira" job watch "$job" -o jsonl 2>/dev/null 9>&-)
  started+=($!)
  python3 -B "$lib/await.py" "$@" <&"$events" || fail "job $job went another way: it was to come to $*"
  exec {events}<&-
}

# finish JOB EXIT: follows the job to its end, which must be the one with this exit code of `job watch`.
finish() {
  local ended=0
  "$esteira" job watch "$1" || ended=$?
  [[ $ended -eq $2 ]] || fail "job $1 should end with exit $2, not $ended"
}

# One member of a JSON document on standard input, by its names.
member() {
  python3 -c 'import functools, json, sys
step = lambda value, name: value[int(name)] if isinstance(value, list) else value[name]
print(functools.reduce(step, sys.argv[1:], json.load(sys.stdin)))' "$@"
}

# same NAME A B: both must be equal.
same() { [[ $2 == "$3" ]] || fail "$1: $2 is not $3"; }

lost_steps() { "$esteira" job events "$1" -o jsonl | grep -o '"fact":"lost"' | wc -l || true; }
