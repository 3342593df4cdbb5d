#!/usr/bin/env bash
# AtlasReg's reprocess of one date: a day is ingested, then read again from what was kept of it, with the own server
# killed while the index is written.
#
#   DEMO_SEED, DEMO_DATE   what the sample site invents (7, today)
source "$(dirname "${BASH_SOURCE[0]}")/../lib/demo.sh"
source "$here/lib.sh"

begin atlasreg-reprocess
say "1. A fresh folder: $demo"

say "2. The sample site and the receiver"
serve_regulators

say "3. A server in the background"
start_server

say "4. Connections, the place of the index, both pipelines"
connect
"$esteira" setting set atlasreg/atlasreg_index "$demo/index.db"
"$esteira" pipeline apply "$blueprint/daily-ingest.yaml" "$blueprint/reprocess.yaml"

say "5. A day is ingested"
message start_daily_ingest
day=$(start daily-ingest)
"$esteira" job watch "$day" -q || [[ $? -eq 8 ]] || fail "the day's job $day should end partial"
before=$("$esteira" job step "$day" publish --outputs -o json | member location)
echo "gold $before"

say "6. The reprocess waits for the index, which somebody else has locked: kill -9"
serve "$here/scripts/lock_index.py" "$demo/index.db"
locker=$served
message reprocess
job=$(start reprocess)
echo "job $job"
await_fact "$job" started --path index --unless gold:started
kill_server
kill "$locker"

say "7. The server again, and to the end"
start_server
finish "$job" 0
"$esteira" job get "$job" -o json > "$demo/job.json"

say "8. The same message again is the same job"
again=$(start reprocess)
same "the job of the same message" "$again" "$job"
echo "job $again"

say "9. What came of it"
gold=$("$esteira" job step "$job" publish --outputs -o json | member location)
sha256=$(member outputs sha256 < "$demo/job.json")
check_gold "$gold" "$sha256"
[[ $gold == *_reprocessed.json ]] || fail "$gold has no _reprocessed in its name"
same "the webhooks received" "$(wc -l < "$demo/received.jsonl")" 2
tail -n 1 "$demo/received.jsonl" > "$demo/hook.json"
same "the run of the webhook" "$(member payload run_id < "$demo/hook.json")" \
  "$(member outputs run_id < "$demo/job.json")"
same "metadata.reprocessed of the webhook" "$(member payload metadata reprocessed < "$demo/hook.json")" True
recovered=$(lost_steps "$job")
[[ $recovered -gt 0 ]] || fail "nothing was lost with the killed server, so nothing was recovered"
python3 -B "$here/scripts/compare_gold.py" "$before" "$gold" "$demo/index.db"
echo
echo "status $(member status < "$demo/job.json")"
echo "gold $gold"
echo "sha256 $sha256"
echo "webhook verified"
echo "recovered $recovered steps"
