"""Orders collections through the webhook, receives their results, and says what came of them; `e2e.sh` starts it.

Prints the address of its client, waits for a line, orders; prints `middle …` once a third has come and waits for the
next line; then what was measured. Exits 1 where anything is missing, came twice or is not what it should be.
"""

import argparse
import concurrent.futures
import http.client
import http.server
import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request

here = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(here / "programs"), str(here / "workers"), str(here.parent / "atlasreg/receiver")]
import mensagem  # noqa: E402
import rabbit  # noqa: E402
import receiver  # noqa: E402

PATIENCE = 600
AT_ONCE = 32


class Client(http.server.ThreadingHTTPServer):
    """Takes what is signed, with the moment at which it came."""

    daemon_threads, request_queue_size = True, 256

    def __init__(self, key):
        super().__init__(("127.0.0.1", 0), Handler)
        self.key, self.told, self.news = key, {}, threading.Condition()

    def count(self):
        return sum(map(len, self.told.values()))

    def wait_for(self, wanted):
        with self.news:
            if not self.news.wait_for(lambda: wanted(self.told), PATIENCE):
                sys.exit(f"after {PATIENCE} s {len(self.told)} results had come")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            payload = receiver.verify(self.server.key, self.headers, body, time.time())
        except receiver.Refused as reason:
            print(f"refused: {reason}", file=sys.stderr)
            return self.answer(401)
        with self.server.news:
            self.server.told.setdefault(payload["correlation_id"], []).append((time.monotonic(), payload))
            self.server.news.notify_all()
        self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Says nothing."""


def order(correlation, source, parameters):
    """Returns the moment at which the webhook took it; one that is full is asked again."""
    body = json.dumps({"correlation_id": correlation, "fonte": source, "parametros": parameters})
    place, limit = urllib.parse.urlsplit(options.api), time.monotonic() + PATIENCE
    while True:
        begun = time.monotonic()
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
        try:
            connection.request("POST", "/api/v1/hooks/oraculo/coletas", body, {
                "Authorization": f"Bearer {token}", "Content-Type": "application/json", "Idempotency-Key": correlation})
            answer = connection.getresponse()
            text = answer.read().decode()
            if answer.status < 300:
                return begun
            if answer.status not in (429, 503):
                sys.exit(f"{correlation}: {answer.status} {text}")
            time.sleep(float(answer.headers.get("Retry-After", 1)))
        finally:
            connection.close()
        if time.monotonic() > limit:
            sys.exit(f"{correlation} was not taken")


def esteira(*words):
    done = subprocess.run([options.esteira, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"esteira {' '.join(words)}: {done.stderr}")
    return done.stdout


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def redis(*words):
    """One command; only numbers, texts and lists of texts come back here."""
    with socket.create_connection(("127.0.0.1", options.redis)) as connection, connection.makefile("rb") as answer:
        connection.sendall(f"*{len(words)}\r\n".encode()
                           + b"".join(f"${len(word)}\r\n{word}\r\n".encode() for word in words))

        def read():
            head = answer.readline().rstrip().decode()
            if head[0] == "*":
                return [read() for _ in range(int(head[1:]))]
            return answer.read(int(head[1:]) + 2)[:-2].decode() if head[0] == "$" else head[1:]
        return read()


def until(what, fact):
    limit = time.monotonic() + PATIENCE
    while not fact():
        if time.monotonic() > limit:
            sys.exit(f"{what} did not come to be")
        time.sleep(0.2)


def ready(channel, queue):
    return channel.queue_declare(queue, passive=True).message_count


def same(what, found, wanted):
    if found != wanted:
        sys.exit(f"{what}: {found!r} is not {wanted!r}")


def odd_messages(client, channel):
    """What must not hurt: messages out of order, twice, late, and such as are none."""
    rabbit.declare(channel, ["coleta.rss"])
    before = {queue: ready(channel, queue) for queue in ("oraculo.resultados.mortas", "oraculo.coleta.youtube.mortas")}
    letters = len(lines(esteira("dlq", "ls", "-n", "oraculo", "-o", "jsonl")))
    collected = mensagem.message("fora-de-ordem", "resultado_coleta", {"status": "ok", "dados": []})
    executed = mensagem.message("fora-de-ordem", "resultado_execucao", {"resultado": "ok", "arquivo": "relatorio.pdf"})
    # The end before the beginning, each twice; nobody excavates rss here but us.
    for message, name in [(executed, "e1"), (executed, "e1"), (collected, "c1"), (collected, "c1")]:
        rabbit.publish(channel, rabbit.RESULT_KEY, message, name, "fora-de-ordem")
    order("fora-de-ordem", "rss", {"url": "http://localhost/"})
    client.wait_for(lambda told: "fora-de-ordem" in told)
    same("the result out of order", client.told["fora-de-ordem"][0][1]["payload"], executed["payload"])
    # One that comes when its job has ended; one that is no JSON, and one with another shape.
    rabbit.publish(channel, rabbit.RESULT_KEY, collected, "late", "fora-de-ordem")
    rabbit.publish(channel, rabbit.RESULT_KEY, "no json", "m1", "x")
    rabbit.publish(channel, rabbit.RESULT_KEY, {"tipo_evento": "outro"}, "m2", "x")
    rabbit.publish(channel, "coleta.youtube", "no json", "m3", "x")
    rabbit.publish(channel, "coleta.youtube", executed, "m4", "x")
    until("two dead letters", lambda: len(lines(esteira("dlq", "ls", "-n", "oraculo", "-o", "jsonl"))) == letters + 2)
    for queue, count in before.items():
        until(f"two dead messages in {queue}", lambda queue=queue, count=count: ready(channel, queue) == count + 2)
    # Late: ours, and the executor's own answer, since the job had taken the first that came.
    until("two late messages", lambda: sum(
        one["state"] == "waiting" for one in lines(esteira("signal", "ls", "--namespace", "oraculo", "-o", "jsonl"))) == 2)
    # An order that nobody lives through is delivered so often, and then a dead letter.
    deliveries = 0
    while ready(channel, "oraculo.coleta.rss.mortas") == 0:
        if message := channel.basic_get("oraculo.coleta.rss"):
            deliveries += 1
            channel.basic_reject(message.delivery_tag, requeue=True)
    same("deliveries of an order that nobody lives through", deliveries, rabbit.MOST_DELIVERIES)
    # The same order again is the same job, also when it has ended: the webhook knows its Idempotency-Key.
    order("fora-de-ordem", "rss", {"url": "http://localhost/"})
    same("results of the job out of order", len(client.told["fora-de-ordem"]), 1)


def check(client, begun):
    """Each has its result once, everywhere that results go."""
    for name in begun:
        same(f"results told of {name}", len(client.told[name]), 1)
        payload = client.told[name][0][1].get("payload", {})
        same(f"{name}", (payload.get("resultado"), payload.get("itens")), ("ok", 12))
        held = redis("HGET", f"oraculo:resultado:{name}", "sha256")
        same(f"the result of {name} in Redis", held, payload["sha256"])
        same(f"the report of {name}", os.path.exists(os.path.join(options.folder, "arquivos", name, "relatorio.pdf")), True)
    same("results in Redis", len(redis("KEYS", "oraculo:resultado:c-*")), len(begun))


def check_log(names):
    """Each line is JSON; each order's answers are there under its correlation id, and so is what was refused."""
    with open(os.path.join(options.folder, "workers.log"), encoding="utf-8") as file:
        found = [json.loads(line) for line in file]
    answered = {}
    for one in found:
        if one["evento"] in ("respondida", "tentada de novo", "falhou"):
            answered.setdefault(one["correlation_id"], []).append(one["evento"])
    same("orders without two answers in the log", [
        name for name in names if answered.get(name, []).count("respondida") < 2], [])
    same("dead messages in the log", sum(one["evento"] == "mensagem morta" for one in found), 2)


def check_server(names):
    """The server's own log is JSON and has every order under its correlation id; Prometheus is told of them all."""
    with open(os.path.join(options.folder, "data/server.log"), encoding="utf-8") as file:
        found = [json.loads(line) for line in file]
    events = {}
    for one in found:
        if "correlation_id" in one:
            events.setdefault(one["correlation_id"], []).append(one["event"])
    same("orders that the server's log does not tell of whole", [
        name for name in names if not {"job_created", "job_ended"} <= set(events.get(name, []))], [])
    same("critical events in the log: RabbitMQ was away", any(one["event"] == "queue" for one in found), True)
    with urllib.request.urlopen(f"{options.api}/metrics", timeout=30) as answer:
        measures = dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if not line.startswith("#"))
    ended = 'esteira_jobs_total{namespace="oraculo",pipeline="coleta",status="success",trigger_type="webhook"}'
    taken = 'esteira_job_duration_seconds_count{namespace="oraculo",pipeline="coleta"}'
    for name in (ended, taken):
        if float(measures[name]) < len(names):
            sys.exit(f"e2e: {name} is {measures[name]}, and {len(names)} collections have ended")
    print(f"{len(found)} lines of JSON in the server's log, every order under its correlation id; /metrics has them all")


def main():
    key = receiver.key_of(pathlib.Path(options.secret_file).read_text().strip())
    client = Client(key)
    threading.Thread(target=client.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{client.server_port}", flush=True)
    sys.stdin.readline()
    names = [f"c-{number:04}" for number in range(options.collections)]
    wanted = {"canal": "canal_exemplo", "periodo": "2026-10"}
    begun = {}
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        orders = {name: pool.submit(order, name, "youtube", wanted) for name in names}
        third = max(1, len(names) // 3)
        client.wait_for(lambda told: len(told) >= third)
        print(f"middle {len(client.told)} of {len(names)} results had come", flush=True)
        sys.stdin.readline()
        begun = {name: one.result() for name, one in orders.items()}
    client.wait_for(lambda told: len(told) >= len(names))
    until("the end of every job", lambda: not lines(esteira(
        "job", "ls", "-n", "oraculo", "--status", "running,waiting,queued", "-o", "jsonl")))
    check(client, begun)
    cycles = sorted(client.told[name][0][0] - begun[name] for name in names)
    whole = max(client.told[name][0][0] for name in names) - min(begun.values())
    with rabbit.connect(options.broker) as connection:
        odd_messages(client, connection.channel())
    check(client, begun)
    check_log(names)
    check_server(names)
    print(f"{len(names)} collections, {client.count() - 1} results, none twice, none missing")
    print("late 2, doubled 2, malformed 4, out of order 1: each as the README says")
    print(f"cycle p50 {cycles[len(cycles) // 2]:.2f} s, p99 {cycles[len(cycles) * 99 // 100]:.2f} s, "
          f"{len(names) / whole:.1f} collections/s, with RabbitMQ away in between", flush=True)


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
for option in ("secret-file", "token-file", "api", "broker", "esteira", "folder"):
    parser.add_argument(f"--{option}", required=True)
parser.add_argument("--redis", type=int, required=True, help="port")
parser.add_argument("--collections", type=int, required=True)
options = parser.parse_args()
token = pathlib.Path(options.token_file).read_text().strip()
main()
