#!/usr/bin/env bash
# ORÁCULO: an excavator and an executor answer a waiting job by messages, with the own server killed while it waits; then
# a failed collection, a message that comes twice, and one that comes too late.
#
#   DEMO_SEED, DEMO_MONTH   what the sources invent (7, this month)
source "$(dirname "${BASH_SOURCE[0]}")/../lib/demo.sh"
seed=${DEMO_SEED:-7}
month=${DEMO_MONTH:-$(date +%Y-%m)}

begin oraculo
spool=$demo/spool
say "1. A fresh folder: $demo"

say "2. The sources, and a client that receives results"
serve "$here/site/site.py" --seed "$seed" --month "$month"
site=$address
secret_file "$demo/secret"
serve "$root/blueprints/atlasreg/receiver/receiver.py" --secret-file "$demo/secret" \
  --received "$demo/received.jsonl" --path /resultados
client=$address
echo "sources $site, client $client"

say "3. A server in the background"
start_server

say "4. Connection, spool, pipeline"
"$esteira" credential set oraculo/client_secret --type hmac --from-file "$demo/secret"
http_connection oraculo oraculo_client "$client" client_secret
"$esteira" setting set oraculo/oraculo_spool "$spool"
"$esteira" pipeline apply "$blueprint/coleta.yaml"
# start ID CHANNEL: a collection of the month's videos
start() {
  python3 -c 'import json, sys
print(json.dumps({"correlation_id": sys.argv[1], "fonte": "youtube",
  "parametros": {"canal": sys.argv[2], "periodo": sys.argv[3]}}))' "$1" "$2" "$month" > "$demo/inputs.json"
  "$esteira" job start oraculo/coleta --inputs "$demo/inputs.json" -o id
}
worker() { python3 -B "$here/workers/$1.py" --spool "$spool" --esteira "$esteira" "${@:2}" 2>> "$demo/workers.log"; }
send() { "$esteira" trigger send oraculo/coleta resultados --message "$1" --idempotency-key "$2"; }
# signals STATE: how many messages of the namespace are so
signals() {
  "$esteira" signal ls --namespace oraculo -o jsonl \
    | python3 -c 'import json, sys
print(sum(json.loads(line)["state"] == sys.argv[1] for line in sys.stdin))' "$1"
}

say "5. A collection is ordered; the same id again is the same job"
job=$(start abc123 canal_exemplo)
await_fact "$job" awaiting --path resultado_coleta
same "the job of the same id" "$(start abc123 canal_exemplo)" "$job"
echo "job $job waits for resultado_coleta"

say "6. kill -9 while it waits; the excavator collects, finds nobody, and keeps its order"
kill_server
ended=0
worker escavador --youtube "$site" --once || ended=$?
same "the excavator's exit without a server" "$ended" 75
same "the orders that it keeps" "$(find "$spool/coleta.youtube" -maxdepth 1 -name '*.json' | wc -l)" 1

say "7. The server again; both workers; to the end"
start_server
serve "$here/workers/escavador.py" --spool "$spool" --esteira "$esteira" --youtube "$site"
echo "$address"
serve "$here/workers/executador.py" --spool "$spool" --esteira "$esteira"
echo "$address"
finish "$job" 0
"$esteira" job get "$job" -o json > "$demo/job.json"

say "8. A channel that does not exist: the excavator answers erro, and the job fails with its words"
wrong=$(start abc124 canal_que_nao_existe)
finish "$wrong" 1
"$esteira" job get "$wrong" -o json > "$demo/wrong.json"

say "9. The result of the first job once more, and one for the job that has ended"
before=$("$esteira" signal ls --namespace oraculo -o jsonl | wc -l)
answer=$(grep -lF '"abc123"' "$spool"/oraculo.resultados/*.json | xargs grep -lF '"resultado_coleta"')
send "$answer" "$(basename "$answer" .json)"
same "the messages after one that came twice" "$("$esteira" signal ls --namespace oraculo -o jsonl | wc -l)" "$before"
late=$(grep -lF '"abc124"' "$spool"/oraculo.resultados/*.json)
send "$late" "late-$(cat /proc/sys/kernel/random/uuid)"
same "the messages that wait for nobody" "$(signals waiting)" 1
same "the status of the job that has ended" "$("$esteira" job get "$wrong" -o json | member status)" failed

say "10. What came of it"
curl -sS "$site/__truth" > "$demo/truth.json"
"$esteira" job step "$job" resultado_coleta --outputs -o json > "$demo/collected.json"
result=$("$esteira" job step "$job" store --outputs -o json | member location)
python3 -B "$here/check_result.py" "$demo/truth.json" "$demo/collected.json" "$result" \
  "$spool/arquivos/abc123/relatorio.pdf" "$demo/received.jsonl"
same "the class of the failure" "$(member error class < "$demo/wrong.json")" data
echo "abc124: $(member error message < "$demo/wrong.json")"
echo
echo "status $(member status < "$demo/job.json")"
echo "result $result"
echo "webhook verified, for both jobs"
echo "twice 1, late 1"
echo "recovered 1 job, which waited"
