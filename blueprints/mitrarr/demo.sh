#!/usr/bin/env bash
# MITRARR on this machine: files that arrive, a server that is killed while their cards are under way, a purge that a
# person confirms, a canary, and a reconciliation.
source "$(dirname "${BASH_SOURCE[0]}")/../lib/demo.sh"
count=60
broken=6
longest_wait=120                            # seconds, for what no stream tells

begin mitrarr
srv=$demo/srv
register=$srv/register.db

rows() { sqlite3 -cmd '.timeout 30000' "$register" "$1"; }
files() { find "$1" -maxdepth 1 -type f ! -name '*.reason.json' ! -name '.*' | wc -l; }
control() { curl -sS -f --max-time "$longest_wait" -X POST -d '{}' "$findface/__$1" > /dev/null; }

# until_true WHAT COMMAND…: asks again and again, and gives up after longest_wait.
until_true() {
  local what=$1 end=$((SECONDS + longest_wait))
  shift
  until "$@"; do
    [[ $SECONDS -lt $end ]] || fail "waited $longest_wait seconds in vain until $what"
    sleep 0.2
  done
}

say "1. A fresh folder: $demo"
mkdir -p "$srv"/{inbox,work,done,rejected,requests/taken} "$demo/staging"
# The blueprint's folders become the demo's, and it waits less than an operator would.
sed -i "s|/srv/mitrarr|$srv|g; s|stable_for: 5s|stable_for: 1s|; s|wait: 10s|wait: 1s|; s|delay: 1m|delay: 1s|" \
  "$blueprint"/*.yaml
sqlite3 "$register" ".read $blueprint/apps/normalization/register.sql" > /dev/null
source_file=$root/../shared/data/nist/type-4-14-flats.eft
if [[ ! -f $source_file ]]; then
  source_file=$demo/minimal.nst
  python3 -B "$here/tools/minimal_nst.py" "$source_file"
fi
python3 -B "$here/tools/make_nst.py" --source "$source_file" --folder "$demo/staging" --count "$count" --broken "$broken"
python3 -B "$here/tools/minimal_nst.py" "$demo/staging/untyped.nst" --mark untyped --without-type
mv "$demo/staging/manifest.json" "$demo/manifest.json"
expected() { python3 -c 'import json, sys
files = json.load(open(sys.argv[1])).items()
print(*sorted({file["sha256"]: name for name, file in files if (file["expected"] == "ok") == (sys.argv[2] == "ok")}
  .values()), sep="\n")' "$demo/manifest.json" "$1"; }
mapfile -t good < <(expected ok)
refused=$(($(expected broken | wc -l) + 1))

say "2. FindFace and DETRAN, both stand-ins"
(umask 077; head -c 24 /dev/urandom | base64 -w0 | tr '+/' '-_' > "$demo/token")
serve "$here/apps/standins/findface_server.py" --token-file "$demo/token" --journal "$demo/findface.jsonl"
findface=$address
printf '{"username": "mitrarr", "password": "%s"}\n' "$(head -c 12 /dev/urandom | base64 -w0)" > "$demo/login.json"
serve "$here/apps/standins/detran_site.py" --records 120 --login-file "$demo/login.json"
detran=$address
echo "FindFace $findface, DETRAN $detran"

say "3. A server, its rights, connections and pipelines"
(umask 077; mkdir -p "$ESTEIRA_DATA")
sed "s|/srv/mitrarr|$srv|" "$here/config/esteira.yaml" > "$ESTEIRA_DATA/esteira.yaml"
start_server
printf '{"token": "%s"}\n' "$(cat "$demo/token")" > "$demo/token.json"
"$esteira" credential set mitrarr/findface_token --type findface --from-file "$demo/token.json"
"$esteira" credential set mitrarr/detran_login --type basic --from-file "$demo/login.json"
for name in oracle_nist pg_mitrarr findface detran; do
  sed "s|/srv/mitrarr|$srv|; s|http://findface.example|$findface|; s|http://detran.example|$detran|" \
    "$here/config/connections/$name.json" > "$demo/connection-$name.json"
  "$esteira" connection apply "$demo/connection-$name.json"
done
control hold
"$esteira" pipeline apply "$blueprint"/*.yaml

say "4. $((count + 2)) files arrive; the last of them is written slowly"
slow=${good[-1]}
exec {writer}> "$srv/inbox/$slow"
head -c 100 "$demo/staging/$slow" >&"$writer"
cp "$demo/staging/${good[0]}" "$srv/inbox/copy-of-${good[0]}"
for file in "$demo"/staging/*.nst; do [[ $file == */"$slow" ]] || mv "$file" "$srv/inbox/"; done

say "5. The first cards are on their way to FindFace: kill -9"
control held || fail "no card came to FindFace"
kill_server
control release

say "6. The server again"
start_server
all_archived() { [[ $(files "$srv/done") -ge $1 && $(files "$srv/work") -eq 0 ]]; }
until_true "all files but one are in done/ and rejected/" all_archived $((${#good[@]} - 1))
[[ -f $srv/inbox/$slow && $(files "$srv/inbox") -eq 1 ]] || fail "$slow was to stay in the inbox while it is written"
echo "$slow is still being written, and still lies in the inbox"
tail -c +101 "$demo/staging/$slow" >&"$writer"
exec {writer}>&-
until_true "the slow file is in done/" all_archived "${#good[@]}"
none_lives() {
  local status
  for status in running waiting queued; do [[ -z $("$esteira" job ls --status "$status" -o id) ]] || return 1; done
}
until_true "every job has ended" none_lives

say "7. What became of the files"
same "the records of the register" "$(rows 'SELECT count(*) FROM nists')" "${#good[@]}"
same "those that the journal has once" \
  "$(rows "SELECT count(DISTINCT subject) FROM journal WHERE action = 'registered'")" "${#good[@]}"
same "the lines of the journal" "$(rows "SELECT count(*) FROM journal WHERE action = 'registered'")" "${#good[@]}"
same "the files in rejected/" "$(files "$srv/rejected")" "$refused"
same "the reasons beside them" "$(find "$srv/rejected" -name '*.reason.json' | wc -l)" "$refused"
same "the cards in FindFace" "$(curl -sS -H "Authorization: Token $(cat "$demo/token")" \
  "$findface/cards/humans/count/" | member count)" "${#good[@]}"
duplicates=$(files "$srv/work/duplicates")
same "the files of which none was lost" $((${#good[@]} + refused + duplicates)) $((count + 2))
for reason in "$srv"/rejected/*.reason.json; do
  printf '%-22s %s\n' "$(basename "$reason" .reason.json)" "$(member message < "$reason")"
done
batches=$("$esteira" job ls --pipeline mitrarr/nst-arrived -o id | wc -l)
"$esteira" job ls --limit 12

say "8. DETRAN's records of the day"
"$esteira" job start mitrarr/detran-diario -w

say "9. The canary"
"$esteira" job start mitrarr/canary -w
until_true "every job has ended" none_lives
same "the canaries that stay in FindFace" \
  "$(rows 'SELECT count(*) FROM cards WHERE canary IS NOT NULL AND NOT deleted')" 0

say "10. Too much is queued: a purge, which a person confirms"
control hold
rows 'UPDATE cards SET sent_at = NULL WHERE id = (SELECT min(id) FROM cards)'
running=$("$esteira" job start mitrarr/distribute-findface -o id)
control held || fail "no card came to FindFace"
for _ in 1 2 3 4 5; do "$esteira" job start mitrarr/distribute-findface -o id > /dev/null; done
echo "são repetidos" > "$srv/requests/.distribute-findface"
mv "$srv/requests/.distribute-findface" "$srv/requests/distribute-findface.purge"
purge_job() { purge=$("$esteira" job ls --pipeline mitrarr/purge-events -o id | head -n 1); [[ -n $purge ]]; }
until_true "the purge was asked for" purge_job
await_fact "$purge" asked --path confirm
"$esteira" ask ls
ask=$("$esteira" ask ls -o id | head -n 1)
"$esteira" ask answer "$ask" purge --as ana --comment "são repetidos"
finish "$purge" 0
"$esteira" job get "$purge" -o json > "$demo/purge.json"
same "the events in the backup" "$(member outputs events < "$demo/purge.json")" 5
echo "backup $(member outputs backup < "$demo/purge.json")"
control release
finish "$running" 0
[[ -z $("$esteira" job ls --pipeline mitrarr/distribute-findface --status queued -o id) ]] || fail "a queued job stayed"

say "11. FindFace loses cards; the reconciliation finds which"
rows 'SELECT hash FROM cards WHERE NOT deleted ORDER BY id LIMIT 30' | while read -r hash; do
  curl -sS -X DELETE -H "Authorization: Token $(cat "$demo/token")" \
    "$findface/cards/humans/?meta_sha256=$hash" > /dev/null
done
"$esteira" job start mitrarr/reconcile -w
analysis=$("$esteira" job ls --pipeline mitrarr/reconcile-analysis -o id | head -n 1)
"$esteira" job get "$analysis" -o json > "$demo/analysis.json"
same "the cards that are missing" "$(member outputs missing < "$demo/analysis.json")" 30

echo
echo "files      $((count + 2)) arrived in $batches batches"
echo "registered ${#good[@]}, each once"
echo "rejected   $refused, each with its reason"
echo "duplicates $duplicates"
echo "cards      $(rows 'SELECT count(*) FROM cards WHERE sent_at IS NOT NULL AND NOT deleted') sent to FindFace"
echo "purged     $(member outputs events < "$demo/purge.json") events, with a backup"
echo "canary     arrived and removed"
echo "missing    $(member outputs missing < "$demo/analysis.json") cards found by the reconciliation"
