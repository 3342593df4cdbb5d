#!/usr/bin/env bash
# AtlasReg's daily ingest, from its message to a published gold file and a verified webhook, with its own server
# killed in the middle. Everything lies in .build/demo and is left there to look at; nothing keeps running.
#
#   DEMO_SEED, DEMO_DATE   what the sample site invents (7, today)
#   ESTEIRA                the program (.build/release/esteira, else .build/debug/esteira)
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
demo=$root/.build/demo
seed=${DEMO_SEED:-7}
date=${DEMO_DATE:-$(date +%F)}
held_after=3
export ESTEIRA_DATA=$demo/data ESTEIRA_LANG=en

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
fail() { printf 'demo: %s\n' "$*" >&2; exit 1; }

program() {
  local candidate
  for candidate in "${ESTEIRA:-}" "$root/.build/release/esteira" "$root/.build/debug/esteira"; do
    [[ -n $candidate && -x $candidate ]] && { echo "$candidate"; return; }
  done
  fail "there is no esteira program; run: make build"
}
esteira=$(program)

# What the demo started, and nothing else, is stopped when it ends, also when it fails.
started=()
server_pid() { cat "$ESTEIRA_DATA/server.pid" 2>/dev/null || true; }
is_our_server() { [[ -n $1 ]] && tr '\0' ' ' < "/proc/$1/cmdline" 2>/dev/null | grep -q 'esteira.* server'; }
stop_all() {
  local status=$? pid
  trap - EXIT INT TERM
  pid=$(server_pid)
  if is_our_server "$pid"; then
    kill "$pid" 2>/dev/null || true
    tail --pid="$pid" -f /dev/null 2>/dev/null || true
  fi
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  exit "$status"
}
trap stop_all EXIT
trap 'exit 130' INT TERM

# Starts a server of the sample folder and sets `address` once it answers.
serve() {
  local descriptor
  exec {descriptor}< <(exec python3 -B "$@" 2>>"$demo/servers.log")
  started+=($!)
  read -r -t 30 address <&"$descriptor" || fail "$1 did not start; see $demo/servers.log"
}

# One member of a JSON document on standard input, by its names.
member() {
  python3 -c 'import functools, json, sys
print(functools.reduce(lambda value, name: value[name], sys.argv[1:], json.load(sys.stdin)))' "$@"
}

say "1. A fresh folder: $demo"
rm -rf "$demo"
mkdir -p "$demo"
cp -r "$here" "$demo/atlasreg"

say "2. The sample site and the receiver"
serve "$here/sample-site/site.py" --seed "$seed" --date "$date" --hold-after "$held_after"
site=$address
(umask 077; printf 'whsec_%s\n' "$(head -c 32 /dev/urandom | base64 -w0)" > "$demo/secret")
serve "$here/receiver/receiver.py" --secret-file "$demo/secret" --received "$demo/received.jsonl"
receiver=$address
sed -i "s|http://127.0.0.1:8080|$site|" "$demo/atlasreg/config/watchlist.json"
echo "regulators $site, receiver $receiver"

say "3. A server in the background"
"$esteira" server --background

say "4. Connections, pipeline, message"
cat > "$demo/sources.json" <<JSON
{"namespace": "atlasreg", "name": "sources", "kind": "http", "address": {}, "egress": {"allow": ["127.0.0.0/8"]}}
JSON
cat > "$demo/hook.json" <<JSON
{"namespace": "atlasreg", "name": "hook", "kind": "http", "address": {"url": "$receiver"},
 "egress": {"allow": ["127.0.0.0/8"]}, "credential": "hook_secret"}
JSON
message_id=$(cat /proc/sys/kernel/random/uuid)
cat > "$demo/message.json" <<JSON
{"type": "start_daily_ingest", "date": "$date", "payload": {}, "timestamp": "$(date -u +%FT%TZ)",
 "message_id": "$message_id"}
JSON
"$esteira" credential set atlasreg/hook_secret --type hmac --from-file "$demo/secret"
"$esteira" connection apply "$demo/sources.json" "$demo/hook.json"
"$esteira" pipeline apply "$demo/atlasreg/daily-ingest.yaml"
start() {
  "$esteira" job start atlasreg/daily-ingest --message "$demo/message.json" --idempotency-key "$message_id" -o id
}
job=$(start)
echo "job $job"

say "5. The third document is done and the gold is not begun: kill -9"
exec {events}< <(exec "$esteira" job events "$job" --follow -o jsonl 2>/dev/null)
started+=($!)
# The site holds back every document but three, so this moment cannot be missed.
python3 -B "$here/scripts/await_documents.py" "$held_after" <&"$events" || fail "the job went another way"
exec {events}<&-
killed=$(server_pid)
kill -9 "$killed"
tail --pid="$killed" -f /dev/null
echo "killed the server, process $killed"

say "6. The server again"
"$esteira" server --background
curl -sS -X POST -d '{}' "$site/__release" > /dev/null

say "7. To the end"
ended=0
"$esteira" job watch "$job" || ended=$?
[[ $ended -eq 8 ]] || fail "the job should end partial (exit 8), not $ended"
"$esteira" job get "$job" -o json > "$demo/job.json"
"$esteira" job events "$job" -o jsonl > "$demo/events.jsonl"

say "8. The same message again is the same job"
again=$(start)
[[ $again == "$job" ]] || fail "the message started another job, $again"
echo "job $again"

say "9. What came of it"
status=$(member status < "$demo/job.json")
gold=$("$esteira" job step "$job" publish --outputs -o json | member location)
sha256=$(member outputs sha256 < "$demo/job.json")
run=$(member outputs run_id < "$demo/job.json")
[[ $(sha256sum < "$gold") == "$sha256  -" ]] || fail "sha256sum of $gold is not $sha256"
[[ $(wc -l < "$demo/received.jsonl") -eq 1 ]] || fail "the receiver did not get exactly one verified webhook"
[[ $(member payload run_id < "$demo/received.jsonl") == "$run" ]] || fail "the webhook is of another run"
[[ $(member payload result sha256 < "$demo/received.jsonl") == "$sha256" ]] || fail "the webhook has another hash"
recovered=$(grep -o '"fact":"lost"' "$demo/events.jsonl" | wc -l || true)
[[ $recovered -gt 0 ]] || fail "nothing was lost with the killed server, so nothing was recovered"
python3 -B "$here/scripts/show_gold.py" "$gold"
echo
echo "status $status"
echo "gold $gold"
echo "sha256 $sha256"
echo "webhook verified"
echo "recovered $recovered steps"
