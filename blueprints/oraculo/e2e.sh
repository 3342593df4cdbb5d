#!/usr/bin/env bash
# ORÁCULO over a real RabbitMQ and a real Redis: a thousand collections ordered at once through the webhook, RabbitMQ
# killed and started again in the middle, and messages that are late, doubled, malformed and out of order.
#
#   COLLECTIONS   how many (1000)
#   KEEP=1        leaves the folder of RabbitMQ
source "$(dirname "${BASH_SOURCE[0]}")/../lib/demo.sh"
collections=${COLLECTIONS:-1000}
# The AMQP library of the system's Python, where the first python3 has none.
python=python3
"$python" -c 'import amqp' 2>/dev/null || python=/usr/bin/python3
"$python" -c 'import amqp' 2>/dev/null || fail "python3-amqp is missing; run: scripts/setup.sh tests"
for tool in rabbitmq-server redis-server; do
  command -v "$tool" >/dev/null || fail "$tool is missing; run: scripts/setup.sh tests"
done

begin oraculo-e2e
ports() {
  "$python" -c 'import random, socket
found = []
while len(found) < 6:
    port = random.randrange(20000, 32768)
    with socket.socket() as one:
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            continue
    found.append(port)
print(*found)'
}
read -r rabbit_port dist_port epmd_port redis_port api_port _ < <(ports)
export ESTEIRA_LISTEN=127.0.0.1:$api_port

# RabbitMQ runs as its own user, in a folder that this user may enter.
rabbit=$(mktemp -d /tmp/oraculo-rabbit-XXXXXX)
as_rabbit=()
if ((EUID == 0)); then as_rabbit=(runuser -u rabbitmq --); fi
mkdir "$rabbit/mnesia" "$rabbit/log" "$rabbit/own"
printf 'listeners.tcp.1 = 127.0.0.1:%s\ndistribution.listener.interface = 127.0.0.1\nlog.console = false\n' \
  "$rabbit_port" > "$rabbit/rabbitmq.conf"
echo '[].' > "$rabbit/plugins"
chmod 755 "$rabbit"
if ((EUID == 0)); then chown -R rabbitmq "$rabbit"; fi

rabbit_program() {
  local program=$1
  shift
  (cd "$rabbit" && exec "${as_rabbit[@]}" env -i HOME="$rabbit/own" RABBITMQ_NODENAME="oraculo_$rabbit_port@localhost" \
    RABBITMQ_DIST_PORT="$dist_port" ERL_EPMD_PORT="$epmd_port" ERL_EPMD_ADDRESS=127.0.0.1 LC_ALL=C.UTF-8 \
    RABBITMQ_MNESIA_BASE="$rabbit/mnesia" RABBITMQ_LOG_BASE="$rabbit/log" RABBITMQ_CONFIG_FILE="$rabbit/rabbitmq.conf" \
    RABBITMQ_ENABLED_PLUGINS_FILE="$rabbit/plugins" RABBITMQ_CONF_ENV_FILE=/dev/null \
    RABBITMQ_PID_FILE="$rabbit/own/pid" PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    "/usr/lib/rabbitmq/bin/$program" "$@") 9>&-
}
rabbit_pid() { cat "$rabbit/own/pid" 2>/dev/null || true; }
start_rabbit() {
  local line descriptor
  exec {descriptor}< <(rabbit_program rabbitmq-server 2>&1 | tee -a "$demo/rabbit.log")
  while read -r -t 60 line <&"$descriptor"; do
    if [[ $line == *"completed with"* ]]; then
      cat <&"$descriptor" >/dev/null 2>&1 9>&- &
      return
    fi
  done
  fail "RabbitMQ did not start; see $demo/rabbit.log"
}
kill_rabbit() {
  local pid
  pid=$(rabbit_pid)
  [[ -n $pid ]] || fail "there is no RabbitMQ to kill"
  kill -9 "$pid"
  gone "$pid"
  echo "killed RabbitMQ, process $pid"
}
# Which quorum queues there are RabbitMQ 3.10 writes to the disk minutes after they were made; killed before, it would
# start with queues that nobody leads.
settle_rabbit() { rabbit_program rabbitmqctl eval '[ok = dets:sync(T) || T <- dets:all()], ok.' >/dev/null; }
stop_brokers() {
  local pid
  pid=$(rabbit_pid)
  [[ -n $pid ]] && kill -9 "$pid" 2>/dev/null && gone "$pid"
  ERL_EPMD_PORT=$epmd_port epmd -kill >/dev/null 2>&1 || true
  [[ -n ${KEEP:-} ]] || rm -rf "$rabbit"
}
trap 'ended=$?; stop_brokers; stop_all "$ended"' EXIT

say "1. RabbitMQ, Redis, the sources, and a server; $demo"
start_rabbit
redis-server --port "$redis_port" --bind 127.0.0.1 --dir "$demo" --save '' --logfile "$demo/redis.log" 9>&- &
started+=($!)
serve "$here/site/site.py" --seed 7 --month 2026-10
site=$address
secret_file "$demo/secret"
(umask 077; head -c 24 /dev/urandom | base64 -w0 > "$demo/token")
mkfifo "$demo/orders"
exec {orders}<> "$demo/orders"
exec {driver}< <(exec "$python" -B "$here/e2e.py" --secret-file "$demo/secret" --token-file "$demo/token" \
  --api "http://127.0.0.1:$api_port" --broker "localhost:$rabbit_port" --redis "$redis_port" --esteira "$esteira" \
  --collections "$collections" --folder "$demo" < "$demo/orders" 2>> "$demo/driver.log" 9>&-)
driver_pid=$!
started+=("$driver_pid")
read -r -t 30 client <&"$driver" || fail "the client did not start; see $demo/driver.log"
mkdir -m 700 "$ESTEIRA_DATA"
cat > "$ESTEIRA_DATA/esteira.yaml" <<'YAML'
log: {format: json}
server: {metrics: {from: [127.0.0.1]}}
YAML
start_server

say "2. Connections, credentials, pipeline, workers"
"$esteira" credential set oraculo/client_secret --type hmac --from-file "$demo/secret"
"$esteira" credential set oraculo/oraculo_api --type bearer --from-file "$demo/token"
http_connection oraculo oraculo_client "$client" client_secret
broker_connection() {
  printf '{"namespace": "oraculo", "name": "%s", "kind": "%s", "address": {"url": "%s"}, "egress": {"allow": ["127.0.0.0/8"]}}' \
    "$@" > "$demo/connection-$1.json"
  "$esteira" connection apply "$demo/connection-$1.json"
}
broker_connection rabbit amqp "amqp://127.0.0.1:$rabbit_port"
broker_connection redis redis "redis://127.0.0.1:$redis_port"
work() {
  local script=$1 descriptor
  shift
  exec {descriptor}< <(exec "$python" -B "$here/workers/$script.py" --broker "localhost:$rabbit_port" "$@" \
    2>> "$demo/workers.log" 9>&-)
  worker_pid=$!
  started+=("$worker_pid")
  read -r -t 60 address <&"$descriptor" || fail "$script did not start; see $demo/workers.log"
  echo "$address"
}
# Two of each: whichever is free takes the next order.
for _ in 1 2; do
  work escavador --fonte youtube --fonte web --youtube "$site"
  work executador --arquivos "$demo/arquivos"
done
"$esteira" pipeline apply "$blueprint/coleta-rabbit.yaml"
settle_rabbit

say "3. $collections collections at once"
echo begin >&"$orders"
while read -r -t 900 line <&"$driver"; do
  case $line in
    middle*)
      say "4. An executor and RabbitMQ are killed in the middle, and started again"
      echo "${line#middle }"
      kill -9 "$worker_pid"                # with all that it has in hand
      work executador --arquivos "$demo/arquivos"
      kill_rabbit
      start_rabbit
      echo "RabbitMQ is there again"
      echo again >&"$orders" ;;
    *) echo "$line" ;;
  esac
done
ended=0
wait "$driver_pid" || ended=$?
[[ $ended -eq 0 ]] || fail "not as it should be; see $demo/driver.log"
