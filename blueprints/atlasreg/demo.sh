#!/usr/bin/env bash
# AtlasReg's daily ingest, from its message to a published gold file and a verified webhook, with its own server
# killed in the middle.
#
#   DEMO_SEED, DEMO_DATE   what the sample site invents (7, today)
source "$(dirname "${BASH_SOURCE[0]}")/../lib/demo.sh"
source "$here/lib.sh"
held_after=3

begin atlasreg
say "1. A fresh folder: $demo"

say "2. The sample site and the receiver"
serve_regulators --hold-after "$held_after"

say "3. A server in the background"
start_server

say "4. Connections, pipeline, message"
connect
"$esteira" pipeline apply "$blueprint/daily-ingest.yaml"
message start_daily_ingest
job=$(start daily-ingest)
echo "job $job"

say "5. The third document is done and the gold is not begun: kill -9"
# The site holds back every document but three, so this moment cannot be missed.
await_fact "$job" ended --path 'process\[[^]]+\]' --status success --count "$held_after" --unless gold:started
kill_server

say "6. The server again"
start_server
curl -sS -X POST -d '{}' "$site/__release" > /dev/null

say "7. To the end"
finish "$job" 8
"$esteira" job get "$job" -o json > "$demo/job.json"

say "8. The same message again is the same job"
again=$(start daily-ingest)
same "the job of the same message" "$again" "$job"
echo "job $again"

say "9. What came of it"
gold=$("$esteira" job step "$job" publish --outputs -o json | member location)
sha256=$(member outputs sha256 < "$demo/job.json")
check_gold "$gold" "$sha256"
same "the webhooks received" "$(wc -l < "$demo/received.jsonl")" 1
same "the run of the webhook" "$(member payload run_id < "$demo/received.jsonl")" \
  "$(member outputs run_id < "$demo/job.json")"
same "the hash of the webhook" "$(member payload result sha256 < "$demo/received.jsonl")" "$sha256"
recovered=$(lost_steps "$job")
[[ $recovered -gt 0 ]] || fail "nothing was lost with the killed server, so nothing was recovered"
python3 -B "$here/scripts/show_gold.py" "$gold"
echo
echo "status $(member status < "$demo/job.json")"
echo "gold $gold"
echo "sha256 $sha256"
echo "webhook verified"
echo "recovered $recovered steps"
