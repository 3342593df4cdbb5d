#!/usr/bin/env bash
# ezpocket: a question about the data, whose plan a user confirms after the server was killed; the answer is rated. A
# second question in the same project, which makes sense only to somebody who knows the first. A third, rejected.
source "$(dirname "${BASH_SOURCE[0]}")/../lib/demo.sh"

begin ezpocket
conversations=$ESTEIRA_DATA/folders/ezpocket/ezpocket.db
orders=$ESTEIRA_DATA/folders/ezpocket/orders.db
say "1. A fresh folder: $demo"

say "2. A server in the background"
start_server

say "3. Connections, pipelines, tables and orders, a project of Ana's"
"$esteira" connection apply "$blueprint"/connections/*.json
# Where a statement is repeated after a crash, `apply` asks whether that does harm; README.md says why it does not.
for pipeline in setup project question; do
  "$esteira" pipeline apply "$blueprint/$pipeline.yaml" 2> "$demo/findings.txt" | head -n 1
done
finish "$("$esteira" job start ezpocket/setup -o id)" 0
opened=$("$esteira" job start ezpocket/project --input name=vendas --input username=ana -o id)
finish "$opened" 0
project=$("$esteira" job get "$opened" -o json | member outputs project_id)

# question TEXT: Ana's, in the project
question() {
  "$esteira" job start ezpocket/question --input "pergunta=$1" --input username=ana --input projeto=vendas \
    --input "project_id=$project" -o id
}
# answer CHOICE [FORM…]: to the one question that is open, by Ana
answer() {
  local ask
  ask=$("$esteira" ask ls -o id)
  "$esteira" ask answer "$ask" "$@" --as ana
}
rows() { sqlite3 -readonly "$conversations" "$1"; }

say "4. A question; the plan waits for Ana's word: kill -9"
job=$(question 'Qual a receita por estado?')
await_fact "$job" asked --path 'planning#1\.plan_confirm'
kill_server

say "5. The server again: the question still stands. Ana confirms, and rates the answer"
start_server
"$esteira" ask ls
answer confirm
await_fact "$job" asked --path user_feedback
answer rate --form rating=5 --form feedback_comment=boa
finish "$job" 0

say "6. A second question in the same project: it is read with what was said before"
second=$(question 'E só SP?')
await_fact "$second" asked --path 'planning#1\.plan_confirm'
answer confirm
await_fact "$second" asked --path user_feedback
answer rate --form rating=4
finish "$second" 0
"$esteira" job step "$second" context --outputs -o json | member conversation_context

say "7. A third, whose plan is rejected: nothing is executed"
third=$(question 'Qual a receita de MG?')
await_fact "$third" asked --path 'planning#1\.plan_confirm'
answer reject
finish "$third" 1

say "8. What came of it"
text() { "$esteira" job get "$1" -o json | member outputs response_text; }
total() { sqlite3 -readonly "$orders" "SELECT printf('%.2f', SUM(revenue)) FROM order_report $1"; }
all=$(total '') sp=$(total "WHERE state = 'SP'")
[[ $(text "$job") == *"Total: $all." ]] || fail "the answer is not the sum of the orders, $all: $(text "$job")"
[[ $(text "$second") == *"Total: $sp. Antes: $all." ]] || fail "the second answer forgot the first: $(text "$second")"
same "the rows of the first question" "$(rows "SELECT count(*) FROM conversations WHERE job = '$job'")" 12
same "the rows of the third" "$(rows "SELECT count(*) FROM conversations WHERE job = '$third'")" 4
same "the places in the order" \
  "$(rows 'SELECT max(message_order) || min(message_order) FROM conversations')" \
  "$(rows 'SELECT count(*) || 1 FROM conversations')"
same "the ratings" "$(rows 'SELECT group_concat(ratings) FROM conversations WHERE ratings IS NOT NULL')" 5,4
events=$("$esteira" event ls --namespace ezpocket --room ana:vendas -o jsonl)
same "the messages to the page" "$(grep -c ezpocket.message <<< "$events")" 2
same "the cancels told to the page" "$(grep -c ezpocket.error <<< "$events")" 1
rows "SELECT message_order, sender, module, replace(message, char(10), ' ') FROM conversations ORDER BY message_order"
echo
echo "status success, success, cancelled"
echo "answer $(text "$second")"
echo "ratings 5, 4"
echo "rows $(rows 'SELECT count(*) FROM conversations')"
echo "events 2 messages, 1 error"
