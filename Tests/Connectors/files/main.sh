# A connector of level 0: a file in, a file out, and an exit code.
read_key() { python3 -c 'import json, os, sys; print(json.load(open(os.environ["ESTEIRA_DATA"])).get(sys.argv[1], ""))' "$1"; }
text=$(read_key text)
pause=$(read_key pause)
if [[ -z $text ]]; then
  echo "text is empty" >&2
  exit 65
fi
sleep "${pause:-0}"
words=$(wc -w <<<"$text")
echo "$text" >"$ESTEIRA_ARTIFACTS/report.txt"
echo "counted $words words"
echo "{\"words\": $words, \"report\": {\"artifact\": \"report.txt\"}}" >"$ESTEIRA_OUTPUT"
