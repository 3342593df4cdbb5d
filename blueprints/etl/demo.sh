#!/usr/bin/env bash
# AMPLIS: a site behind a login, its CSV and PDF files, a warehouse and a signed webhook, with the own server killed in
# the middle of the CSV files.
#
#   DEMO_SEED, DEMO_DATE   what the site invents (7, today)
source "$(dirname "${BASH_SOURCE[0]}")/../lib/demo.sh"
seed=${DEMO_SEED:-7}
end=${DEMO_DATE:-$(date +%F)}
first=$(date -d "$end - 6 days" +%F)        # five business days, whatever day it is

begin etl
say "1. A fresh folder: $demo"

say "2. The site behind a login, the receiver, the warehouse"
(umask 077; head -c 18 /dev/urandom | base64 > "$demo/password")
# Pauses after six requests, ends each session after nine, and fails at the first PDF.
serve "$here/site/site.py" --seed "$seed" --date "$end" --user ana --password-file "$demo/password" \
  --pause-after 6 --session-requests 9 --fail-first
site=$address
secret_file "$demo/secret"
serve "$root/blueprints/atlasreg/receiver/receiver.py" --secret-file "$demo/secret" \
  --received "$demo/received.jsonl" --path /etl/done
receiver=$address
warehouse=$demo/warehouse/positions.db
mkdir "$demo/warehouse"
sqlite3 "$warehouse" < "$here/schemas/warehouse.sql"
echo "site $site, receiver $receiver, warehouse $warehouse"

say "3. A server in the background, whose operator grants the warehouse's folder to the namespace"
mkdir -m 700 "$ESTEIRA_DATA"
printf 'roots: {etl: ["%s"]}\n' "$demo/warehouse" > "$ESTEIRA_DATA/esteira.yaml"
start_server

say "4. Credentials, connections, settings, pipeline"
(umask 077; printf '{"username": "ana", "password": "%s"}' "$(cat "$demo/password")" > "$demo/login.json")
"$esteira" credential set etl/amplis_login --type basic --from-file "$demo/login.json"
"$esteira" credential set etl/hook_secret --type hmac --from-file "$demo/secret"
http_connection etl amplis "$site" amplis_login
http_connection etl backoffice_hook "$receiver" hook_secret
cat > "$demo/warehouse.json" <<JSON
{"namespace": "etl", "name": "warehouse", "kind": "sqlite", "address": {"path": "$warehouse"}}
JSON
"$esteira" connection apply "$demo/warehouse.json"
"$esteira" setting set etl/etl_checkpoints "$demo/checkpoints"
"$esteira" setting set etl/etl_hold "$demo/first-checkpoint"
"$esteira" pipeline apply "$blueprint/amplis-daily.yaml"
start() {
  "$esteira" job start etl/amplis-daily --input "account_type=$1" --input "start=$first" --input "end=$end" -o id
}
mkfifo "$demo/first-checkpoint"
job=$(start reag)
echo "job $job"

say "5. The first thousand lines are read, and written down: kill -9"
await_fact "$job" started --path csv --unless load:started
# The named pipe holds the program at its first checkpoint, so this moment cannot be missed.
serve "$lib/gate.py" "$demo/first-checkpoint"
echo "$address"
kill_server
rm "$demo/first-checkpoint"
kill "$served"

say "6. The server again, and to the end"
start_server
finish "$job" 0
"$esteira" job get "$job" -o json > "$demo/job.json"

say "7. The other account, and the first one once more: its part is replaced, not doubled"
finish "$(start master)" 0
finish "$(start reag)" 0

say "8. What came of it"
curl -sS "$site/__counts" > "$demo/counts.json"
for hurdle in failed paused expired; do
  [[ $(member "$hurdle" < "$demo/counts.json") -gt 0 ]] || fail "the site has not $hurdle: nothing was hard"
done
resumed=$("$esteira" job step "$job" csv --outputs -o json | member resumed_at)
[[ $resumed -gt 0 ]] || fail "the lines were read from the beginning, not from the checkpoint"
same "the webhooks received" "$(wc -l < "$demo/received.jsonl")" 3
same "the job of the webhook" "$(head -n 1 "$demo/received.jsonl" | member payload job_id)" "$job"
if grep -rqsF -f "$demo/password" "$demo/data"; then fail "the password lies in the data folder"; fi
recovered=$(lost_steps "$job")
[[ $recovered -gt 0 ]] || fail "nothing was lost with the killed server, so nothing was recovered"
for account in reag master; do
  python3 -B "$here/check_warehouse.py" "$site" "$warehouse" "$account" "$first" "$end"
done
echo
echo "status $(member status < "$demo/job.json")"
echo "site $(member logins < "$demo/counts.json") logins, $(member paused < "$demo/counts.json") pauses, \
$(member expired < "$demo/counts.json") sessions ended, $(member failed < "$demo/counts.json") download failed"
echo "warehouse $warehouse"
echo "checkpoint line $resumed"
echo "webhook verified"
echo "recovered $recovered steps"
