# shellcheck shell=bash
# What the two demos of AtlasReg share, after ../lib/demo.sh.
seed=${DEMO_SEED:-7}
date=${DEMO_DATE:-$(date +%F)}

# serve_regulators OPTION…: the sample site as `site`, and the receiver of webhooks as `receiver`.
serve_regulators() {
  serve "$here/sample-site/site.py" --seed "$seed" --date "$date" "$@"
  site=$address
  secret_file "$demo/secret"
  serve "$here/receiver/receiver.py" --secret-file "$demo/secret" --received "$demo/received.jsonl"
  receiver=$address
  sed -i "s|http://127.0.0.1:8080|$site|" "$blueprint/config/watchlist.json"
  echo "regulators $site, receiver $receiver"
}

connect() {
  "$esteira" credential set atlasreg/hook_secret --type hmac --from-file "$demo/secret"
  http_connection atlasreg sources ""
  http_connection atlasreg hook "$receiver" hook_secret
}

# message TYPE: what the ingest queue would hold, with an id of its own.
message() {
  message_id=$(cat /proc/sys/kernel/random/uuid)
  cat > "$demo/message.json" <<JSON
{"type": "$1", "date": "$date", "payload": {}, "timestamp": "$(date -u +%FT%TZ)", "message_id": "$message_id"}
JSON
}

start() {
  "$esteira" job start "atlasreg/$1" --message "$demo/message.json" --idempotency-key "$message_id" -o id
}

# check_gold FILE SHA256
check_gold() { same "sha256sum of $1" "$(sha256sum < "$1")" "$2  -"; }
