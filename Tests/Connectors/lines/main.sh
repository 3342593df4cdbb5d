# A connector of level 1: JSON lines on descriptor 4; one document is read from descriptor 3.
say() { printf '%s\n' "$1" >&4; }

# The document as words: the pause, the line to go on from, the total until there, the numbers.
read -r pause place total numbers < <(python3 -c '
import json, os
start = json.loads(os.fdopen(3).readline())
state = start["checkpoint"] or {"place": 0, "total": 0}
print(start["with"].get("pause", 0), state["place"], state["total"], *start["with"]["numbers"])')

say '{"type": "hello", "protocol": 1}'
if [[ -z $numbers ]]; then
  say '{"type": "result", "ok": false, "error": {"class": "data", "code": "no-numbers", "message": "There are no numbers to add."}}'
  exit 0
fi
say '{"type": "progress", "percent": 0}'
read -r -a all <<<"$numbers"
for ((index = place; index < ${#all[@]}; index++)); do
  sleep "$pause"
  total=$((total + all[index]))
  say "{\"type\": \"checkpoint\", \"state\": {\"place\": $((index + 1)), \"total\": $total}}"
  say "{\"type\": \"progress\", \"done\": $((index + 1)), \"total\": ${#all[@]}}"
done
say "{\"type\": \"result\", \"ok\": true, \"output\": {\"total\": $total}}"
