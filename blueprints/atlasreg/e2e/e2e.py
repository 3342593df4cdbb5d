"""AtlasReg Cursor with its own parts, from the RPUSH of a message to a verified webhook; `e2e.sh` starts it.

Prints what it does and what came of it. Exits 1 where anything is missing, came twice or is not what it should be.
"""

import argparse
import datetime
import fcntl
import hashlib
import json
import os
import pathlib
import random
import secrets
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid

import jsonschema
import psycopg
import redis

here = pathlib.Path(__file__).resolve().parent
blueprint = here.parent
root = blueprint.parent.parent
sys.path[:0] = [str(here), str(blueprint / "core")]
import cloudflare  # noqa: E402
from atlasreg import store  # noqa: E402
from atlasreg import settings as known  # noqa: E402
from station import Esteira, Server, fail, free_port, until  # noqa: E402

LIST = "cursor:queue:ingest-queue"
# A task that a killed worker held goes to another one after so many seconds; none of ours takes as long.
VISIBILITY = 10
# Longer than two steps whose task was lost with Redis, which their timeout of 300 s finds.
PATIENCE = 900
# What the sample site has by itself.
FIRST_PAGES = range(15)

CONFIGURATION = """
log: {format: json, level: info, events: [source_execution_complete, daily_ingest_complete]}
server: {metrics: {aliases: [cursor]}}
"""


def say(words):
    print(f"\n\033[1m{words}\033[0m" if sys.stdout.isatty() else f"\n{words}", flush=True)


def same(what, found, wanted):
    if found != wanted:
        fail(f"{what}: {found!r} is not {wanted!r}")


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def fetch(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read()


class Bench:
    """All that runs, and what the three runs share."""

    def __init__(self, folder):
        self.folder, self.servers = folder, []
        self.environment, self.cloudflare = {}, None
        day = datetime.date.fromisoformat(options.date)
        self.quiet = datetime.date(2001, (day.month + 5) % 12 + 1, 2)
        # The dead letters that are meant to be.
        self.letters = []

    def begin(self, server):
        self.servers.append(server)
        return server.begin()

    def stop(self):
        for server in reversed(self.servers):
            server.stop()

    def program(self, name, *words, environment=None, ready=None, cwd=None):
        return self.begin(Server(name, words, self.folder, environment, cwd, ready))

    def start(self):
        python, services = sys.executable, root / "Tests/ConnectorsTests/services"
        self.site = self.program(
            "site", python, "-B", "-u", blueprint / "sample-site/site.py", "--seed", options.seed, "--date",
            options.date, *["--extra-page", "aneel"] * max(0, options.documents - len(FIRST_PAGES))).address
        secret = "whsec_" + secrets.token_hex(16) + "AA=="
        (self.folder / "secret").touch(mode=0o600)
        (self.folder / "secret").write_text(secret)
        self.receiver = self.program(
            "receiver", python, "-B", "-u", blueprint / "receiver/receiver.py", "--secret-file",
            self.folder / "secret", "--received", self.folder / "received.jsonl").address
        self.redis_port = free_port()
        (self.folder / "redis").mkdir()
        self.redis_server = self.program(
            "redis", "redis-server", "--port", self.redis_port, "--bind", "127.0.0.1", "--dir", self.folder / "redis",
            "--save", "", "--appendonly", "yes", "--appendfsync", "always", ready=lambda *_: self.answers())
        port, where = self.program("postgresql", python, "-B", "-u", services / "postgres_server.py").address.split()
        swift = self.program(
            "swift", python, "-B", "-u", services / "swift_store.py", environment={"SWIFT_LOCATION": "auto"})
        closed = free_port()                       # nobody is there: Airflow is down, and the spider does its work
        self.environment = {
            "MODE": "standalone",
            "DATABASE_URL": f"postgresql://esteira:s3cret@localhost:{port}/postgres?sslmode=verify-full"
                            f"&sslrootcert={where}/server.crt",
            "REDIS_URL": f"redis://127.0.0.1:{self.redis_port}/2",
            "CELERY_BROKER_URL": f"redis://127.0.0.1:{self.redis_port}/1", "CELERY_VISIBILITY": str(VISIBILITY),
            "R2_ENDPOINT": swift.address, "R2_REGION": "auto",
            "MINIO_ROOT_USER": "test:tester", "MINIO_ROOT_PASSWORD": "testing",
            "HOOK_ENDPOINT": self.receiver, "HOOK_HMAC_SECRET": secret,
            "AIRFLOW_URL": f"http://127.0.0.1:{closed}", "SCRAPY_PYTHON": python, "EGRESS": "127.0.0.0/8 ::1/128"}
        self.store = store.client(known.parse(self.environment))
        for _ in range(2):                         # the second time there is nothing to do
            self.core("-m", "atlasreg.setup")
        self.workers = [self.worker(number) for number in (1, 2)]
        self.truth = {one["path"]: one for one in json.loads(fetch(f"{self.site}/__truth"))}
        (self.folder / "data").mkdir(mode=0o700)
        (self.folder / "data/esteira.yaml").write_text(CONFIGURATION)
        self.esteira = self.begin(Esteira(options.esteira, self.folder / "data"))
        self.connect()
        copy = self.folder / "blueprint"
        shutil.copytree(blueprint, copy, ignore=shutil.ignore_patterns("__pycache__"))
        list_of_sources = copy / "config/watchlist.json"
        watchlist = json.loads(list_of_sources.read_text().replace("http://127.0.0.1:8080", self.site))
        # In one month nothing is due; and a source that is due in that month alone would fail, were it asked.
        month = self.quiet.month
        for one in watchlist["sources"]:
            one["schedule"] = f"0 6 * {','.join(str(number) for number in range(1, 13) if number != month)} *"
        watchlist["sources"].append({
            "id": "yearly", "name": "Once a year", "handler_id": "DOWNLOAD_CSV", "spider_id": "yearly",
            "url_feed": f"{self.site}/nowhere.csv", "enabled": True, "schedule": f"0 6 1 {month} *"})
        list_of_sources.write_text(json.dumps(watchlist))
        self.esteira("pipeline", "apply", str(copy / "cursor.yaml"), str(copy / "cursor-reprocess.yaml"))

    def connect(self):
        """Connections, credentials and the mode, as the environment says."""
        done = subprocess.run(
            [sys.executable, "-B", blueprint / "connections.py", "--esteira", options.esteira], check=False,
            env={**self.esteira.environment, **self.environment}, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True)
        if done.returncode:
            fail(done.stderr.strip())
        same("what the set-up tells", [json.loads(line)["event"] for line in done.stderr.splitlines()], [
            "cursor_starting", f"queue_consumer_mode_{self.environment['MODE']}", "cursor_orchestrator_initialized"])

    def log(self, event):
        """The lines of the server's log, each of which is JSON, that tell of an event."""
        text = (self.folder / "data/server.log").read_text()
        return [one for one in lines(text) if one["event"] == event]

    def measures(self):
        """What Prometheus would read of this server since it began."""
        done = subprocess.run(
            ["curl", "--silent", "--fail", "--unix-socket", self.folder / "data/api.sock", "http://localhost/metrics"],
            capture_output=True, text=True, check=True)
        return dict(line.rsplit(" ", 1) for line in done.stdout.splitlines() if not line.startswith("#"))

    def core(self, *words):
        """What a program of the core says."""
        done = subprocess.run([sys.executable, "-B", *words], env={**os.environ, **self.environment}, text=True,
                              cwd=blueprint / "core", stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if done.returncode:
            fail(f"{' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def worker(self, number):
        return self.program(
            f"worker-{number}", sys.executable, "-B", "-m", "celery", "-A", "atlasreg.tasks", "worker", "-c", "2",
            "-n", f"w{number}@localhost", "--without-gossip", "--without-mingle", "-l", "INFO", cwd=blueprint / "core",
            environment={**self.environment, "C_FORCE_ROOT": "1"},
            ready=lambda one, since: one.said(b"@localhost ready.", since))

    def answers(self):
        try:
            return self.redis().ping()
        except redis.ConnectionError:
            return False

    def redis(self, database=2):
        return redis.Redis("127.0.0.1", self.redis_port, database, decode_responses=True)

    def database(self):
        return psycopg.connect(self.environment["DATABASE_URL"], autocommit=True)

    # What came of it

    def received(self):
        path = self.folder / "received.jsonl"
        return lines(path.read_text()) if path.exists() else []

    def jobs(self, date):
        listed = lines(self.esteira("job", "ls", "-n", "atlasreg", "-o", "jsonl"))
        found = []
        for job in listed:
            whole = json.loads(self.esteira("job", "get", job["id"], "-o", "json"))
            if whole.get("inputs", {}).get("date") == date:
                found.append(whole)
        return found

    def told(self, before):
        return self.received()[before:]

    def objects(self, prefix):
        return [one["Key"] for one in self.store.list_objects_v2(
            Bucket="atlasreg-gold", Prefix=prefix).get("Contents", [])]

    def check(self, date, before, ending=".json", kind="daily_ingest"):
        """One job, one gold file, one verified notice: all of the same run, and the truth."""
        notices = self.told(before)
        same("the notices, by their webhook-id", len({one["webhook_id"] for one in notices}), 1)
        payload = notices[0]["payload"]
        same("event_type", payload["event_type"], "ingest_complete")
        run = payload["run_id"]
        is_again = kind == "reprocess"
        keys = [key for key in self.objects(f"gold/{date}/") if key.endswith("_reprocessed.json") == is_again]
        same(f"the gold files of {date}", keys, [f"gold/{date}/{run}{ending}"])
        same("the file that the notice names", payload["result"]["file_path"], keys[0])
        held = self.store.get_object(Bucket="atlasreg-gold", Key=keys[0])
        body = held["Body"].read()
        sha256 = hashlib.sha256(body).hexdigest()
        same("sha256 of the notice", payload["result"]["sha256"], sha256)
        same("sha256 with the object", held["Metadata"]["sha256"], sha256)
        same("Content-Type", held["ContentType"], "application/json")
        same("the metadata", sorted(held["Metadata"]), ["date", "published_at", "run_id", "sha256"])
        link = payload["metadata"]["download_url"]
        same("sha256 of what the link gives", hashlib.sha256(fetch(link)).hexdigest(), sha256)
        try:
            fetch(link[:-1] + ("0" if link[-1] != "0" else "1"))
            fail("the link works with another signature")
        except urllib.error.HTTPError as error:
            same("a link with another signature", error.code, 403)
        gold = json.loads(body)
        jsonschema.validate(gold, json.loads((blueprint / "schemas/gold.schema.json").read_text()),
                            format_checker=jsonschema.FormatChecker())
        self.check_truth(gold)
        self.check_rows(run, kind, payload, gold)
        return gold, payload

    def check_truth(self, gold):
        events = {one["source_url"].removeprefix(self.site): one for one in gold["events"]}
        same("the events", sorted(events), sorted(self.truth))
        for path, fact in self.truth.items():
            event = events[path]
            company = event.get("company", {})
            # A company has the name that the register gives it, in capitals.
            found = (event["event_type"], event["title"], event.get("amount"), company.get("cnpj"), company.get("name"))
            wanted = tuple(fact[name] for name in ("type", "title", "amount", "cnpj", "company"))
            same(path, found, (*wanted[:4], wanted[4] and wanted[4].upper()))
            if fact["cnpj"]:
                same(f"the player of {path}", company["player_id"].startswith("cvm-"), True)

    def check_rows(self, run, kind, payload, gold):
        with self.database() as connection:
            row = connection.execute(
                "SELECT type, status, documents_count, errors_count, gold_json_path, completed_at >= started_at "
                "FROM cursor_runs WHERE run_id = %s", (run,)).fetchone()
            result = payload["result"]
            same("the row of cursor_runs", row, (
                kind, payload["status"], len(gold["events"]), result["errors_count"], result["file_path"], True))
            counts = connection.execute(
                "SELECT (SELECT count(*) FROM documents WHERE metadata->>'run_id' = %(run)s "
                "AND status = 'processed'), "
                "(SELECT count(*) FROM events WHERE metadata->>'run_id' = %(run)s), "
                "(SELECT count(*) FROM atlasreg_documents), (SELECT count(*) FROM atlasreg_events), "
                "(SELECT count(*) FROM atlasreg_events WHERE run_id = %(run)s)", {"run": run}).fetchone()
            same("documents, events and both indexes", counts, (len(self.truth),) * 5)
            words = connection.execute(
                "SELECT count(*) FROM atlasreg_documents "
                "WHERE words @@ plainto_tsquery('portuguese', 'multas')").fetchone()[0]
            if any(one["type"] == "MULTA" for one in self.truth.values()) and not words:
                fail("the index finds no fine")

    def settled(self, date):
        """The end of all jobs, and nothing left in any queue."""
        until("the end of every job", lambda: not lines(self.esteira(
            "job", "ls", "-n", "atlasreg", "--status", "running,waiting,queued", "-o", "jsonl")))
        jobs = self.jobs(date)
        queue = self.redis()
        left = {key: queue.llen(key) for key in queue.keys("cursor:*") if queue.type(key) == "list"}
        same("messages that are left in Redis", left, {})
        letters = [one["fingerprint"] for one in lines(self.esteira("dlq", "ls", "-n", "atlasreg", "-o", "jsonl"))]
        same("dead letters", letters, self.letters)
        return jobs


def message(kind, date):
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    return json.dumps({"type": kind, "date": date, "payload": {}, "timestamp": now, "message_id": str(uuid.uuid4())})


def report(gold, payload):
    kinds = {}
    for event in gold["events"]:
        kinds[event["event_type"]] = kinds.get(event["event_type"], 0) + 1
    print(f"status {payload['status']}")
    print(f"events {len(gold['events'])}: " + ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())))
    for error in gold["errors"]:
        print(f"error {error['source_id']}: {error['error_message']}")
    print(f"gold s3://atlasreg-gold/{payload['result']['file_path']}")
    print(f"sha256 {payload['result']['sha256']}, the same in the notice, with the object, and of what the link gives")
    print("webhook verified", flush=True)


def plain(bench, date):
    say(f"2. RPUSH {LIST}, just as the source's own manual has it")
    begun = time.monotonic()
    bench.redis().rpush(LIST, json.dumps({"type": "start_daily_ingest", "date": date}))
    until("the notice", lambda: bench.told(0), PATIENCE)
    took = time.monotonic() - begun
    same("jobs of the message", len(bench.settled(date)), 1)
    gold, payload = bench.check(date, 0)
    same("the sources that failed", [one["source_id"] for one in gold["errors"]], ["susep_penalties"])
    report(gold, payload)
    crawled = lines(bench.esteira("job", "events", bench.jobs(date)[0]["id"], "-o", "jsonl"))
    if not any("rescue" in fact.get("path", "") for one in crawled for fact in one.get("facts", [])):
        fail("Airflow is down, and no spider did its work")
    registered = bench.core("-m", "celery", "-A", "atlasreg.tasks", "inspect", "registered", "--json")
    for task in ("process_document", "generate_gold_json", "reprocess_date", "index_event"):
        if task not in registered:
            fail(f"celery inspect registered has no {task}: {registered}")
    if not bench.servers[0].said(b"GET /robots.txt", 0):
        fail("no spider asked for robots.txt")
    with bench.database() as connection:
        busy = float(connection.execute(
            "SELECT extract(epoch FROM min((d.metadata->>'collected_at')::timestamptz) - min(r.started_at)) "
            "FROM documents d JOIN cursor_runs r USING (run_id)").fetchone()[0])
        players = connection.execute(
            "SELECT id, name, cnpj, player_id FROM companies WHERE player_id IS NOT NULL").fetchall()
    print(f"{len(players)} companies with a player")
    print(f"{took:.1f} s; Airflow is down, and its source was collected by the spider")
    return (busy, took), gold


def told(bench, gold):
    """The log and the measures of the ingest that has just ended."""
    run = gold["metadata"]["run_id"]
    done = until("the end in the log", lambda: [
        one for one in bench.log("daily_ingest_complete") if one["run_id"] == run])[0]
    same("documents in the log", done["documents_count"], len(gold["events"]))
    sources = [one for one in bench.log("source_execution_complete") if one["run_id"] == run]
    wanted = {"source_id", "source_name", "handler_id", "run_id", "success", "items_count", "job_id", "key", "pipeline"}
    for one in sources:
        if not wanted <= set(one) or one["success"] != ("duration_ms" in one):
            fail(f"the log's line of a source is {one}")
    failed = [one["source_id"] for one in sources if not one["success"]]
    same("failed sources in the log", failed, [one["source_id"] for one in gold["errors"]])
    same("sources in the log", len(sources) - len(failed), gold["metadata"]["sources_processed"])
    secret = bench.environment["HOOK_HMAC_SECRET"]
    if secret in (bench.folder / "data/server.log").read_text():
        fail("the log holds a secret")
    measures = bench.measures()
    counted = sum(float(value) for name, value in measures.items()
                  if name.startswith("cursor_sources_executed_total{handler_id="))
    same("sources in the measures", counted, len(sources))
    same("documents in the measures", float(measures["cursor_documents_processed_total"]), len(gold["events"]))
    same("messages in the measures",
         measures['cursor_messages_processed_total{pipeline="atlasreg/cursor",status="partial"}'], "1")
    same("runs in the measures",
         measures['cursor_processing_duration_seconds_count{pipeline="atlasreg/cursor"}'], "1")
    print(f"{len(sources)} sources and {len(gold['events'])} documents in the log and in the measures")


def quiet(bench):
    """A day on which no source is due: no document, a gold file that says so, and an alert."""
    date, before = bench.quiet.isoformat(), len(bench.received())
    say(f"3b. {date}: no source is due")
    bench.redis().rpush(LIST, json.dumps({"type": "start_daily_ingest", "date": date}))
    until("the notice", lambda: bench.told(before), PATIENCE)
    job = bench.settled(date)[0]
    payload = bench.told(before)[0]["payload"]
    same("the notice", (payload["event_type"], payload["status"], payload["result"]["documents_count"]),
         ("ingest_complete", "success", 0))
    steps = {one["path"]: one for one in lines(bench.esteira("job", "steps", job["id"], "-o", "jsonl"))}
    same("the alert", steps["zero"]["status"], "success")
    same("sources", [path for path in steps if path.startswith("collect[")], [])
    print("0 documents, and its alert")


def reprocess(bench, date, gold):
    say("3. The same date again, from what was kept of it")
    before, served = len(bench.received()), json.loads(fetch(f"{bench.site}/__served"))
    bench.redis().rpush(LIST, message("reprocess", date))
    until("the notice", lambda: bench.told(before), PATIENCE)
    bench.settled(date)
    again, payload = bench.check(date, before, "_reprocessed.json", "reprocess")
    same("metadata.reprocessed", payload["metadata"]["reprocessed"], True)
    same("the events", again["events"], gold["events"])
    same("pages that were fetched", json.loads(fetch(f"{bench.site}/__served")), served)
    report(again, payload)
    late(bench, gold["metadata"]["run_id"], payload["run_id"])
    before = len(bench.received())
    bench.letters.append("failed atlasreg/cursor-reprocess missing")
    bench.redis().rpush(LIST, message("reprocess", "2001-01-01"))
    until("the notice", lambda: bench.told(before), PATIENCE)
    bench.settled("2001-01-01")
    failed = bench.told(before)[0]["payload"]
    same("a date without documents", (failed["event_type"], failed["status"]), ("processing_error", "failed"))
    with bench.database() as connection:
        row = connection.execute(
            "SELECT status, metadata->>'error' FROM cursor_runs WHERE run_id = %s", (failed["run_id"],))
        same("its row", row.fetchone(), ("failed", failed["metadata"]["error"]))
    print(f"2001-01-01: {failed['event_type']}, {failed['metadata']['error']}")


def late(bench, old, new):
    """A task of the run before, which Redis gives to a second worker when this one has ended, changes nothing."""
    with bench.database() as connection:
        name = connection.execute("SELECT min(id) FROM documents WHERE run_id = %s", (old,)).fetchone()[0]
        bench.core("-c", f"from atlasreg import tasks; tasks.index_event({name!r}, {old!r})")
        count = connection.execute("SELECT count(*) FROM atlasreg_events WHERE run_id = %s", (new,)).fetchone()[0]
    same("events of the index after a task that comes late", count, len(bench.truth))


def killed(bench, date, times, chance, number):
    """Half of the moments lie where documents are worked on, since spiders spend most of the time with waiting."""
    say(f"4.{number} {date}: the server, a worker and Redis are killed at random moments")
    before = len(bench.received())
    text = message("start_daily_ingest", date)
    victims = [bench.esteira, chance.choice(bench.workers), bench.redis_server]
    chance.shuffle(victims)
    busy, took = times
    moments = sorted(chance.uniform(chance.choice((0, busy)), took) for _ in victims)
    begun = time.monotonic()
    bench.redis().rpush(LIST, text)
    for moment, victim in zip(moments, victims):
        time.sleep(max(0, begun + moment - time.monotonic()))
        victim.kill()
        print(f"killed {victim.name} {time.monotonic() - begun:.1f} s after the message", flush=True)
        victim.begin()
    bench.redis().rpush(LIST, text)              # whoever sent it was not sure, and says it again
    until("the notice", lambda: bench.told(before), PATIENCE)
    jobs = bench.settled(date)
    same("jobs of the message", len(jobs), 1)
    gold, payload = bench.check(date, before)
    same("the sources that failed", [one["source_id"] for one in gold["errors"]], ["susep_penalties"])
    report(gold, payload)
    lost = bench.esteira("job", "events", jobs[0]["id"], "-o", "jsonl").count('"fact":"lost"')
    print(f"{time.monotonic() - begun:.1f} s; {lost} steps were lost with the server and done again")
    print("one job, one gold file, one notice", flush=True)


def edge(bench, date):
    say("5. MODE=cloudflare: stand-ins of Queues and KV, and R2's region on the same store")
    token = secrets.token_hex(16)
    watchlist = json.loads((bench.folder / "blueprint/config/watchlist.json").read_text())
    watchlist["sources"] = [one for one in watchlist["sources"] if one["id"] != "susep_penalties"]
    bench.cloudflare = cloudflare.Cloudflare(token, "ingest-queue", {"NEWS_WATCHLIST_CONFIG": watchlist})
    bench.environment.update({
        "MODE": "cloudflare", "CF_API_TOKEN": token, "CF_ACCOUNT_ID": cloudflare.ACCOUNT,
        "CF_NAMESPACE_ID": cloudflare.NAMESPACE, "CF_QUEUE_ENDPOINT": bench.cloudflare.address,
        "CF_KV_API_ENDPOINT": bench.cloudflare.address, "R2_ACCESS_KEY": "test:tester", "R2_SECRET_KEY": "testing"})
    bench.connect()
    before = len(bench.received())
    # The list of Redis is not this mode's any more.
    bench.redis().rpush(LIST, message("start_daily_ingest", "2001-01-01"))
    bench.cloudflare.send(json.loads(message("start_daily_ingest", date)))
    until("the notice", lambda: bench.told(before), PATIENCE)
    same("what stays in Redis", bench.redis().llen(LIST), 1)
    bench.redis().delete(LIST)
    same("jobs of the message", len(bench.settled(date)), 1)
    gold, payload = bench.check(date, before)
    same("the sources that failed: KV's list has none", gold["errors"], [])
    same("the messages that were acknowledged", bench.cloudflare.acknowledged, ["message-1"])
    report(gold, payload)
    print(f"{bench.cloudflare.pulls} pulls, 1 message acknowledged, the watchlist from KV", flush=True)


def main():
    seed = options.chance or secrets.token_hex(4)
    chance = random.Random(seed)
    os.makedirs(root / ".build", exist_ok=True)
    folder = root / ".build/e2e-atlasreg"
    lock = open(f"{folder}.lock", "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        fail("it is already running")
    Esteira(options.esteira, folder / "data").stop()          # of a run before that was killed itself
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    bench = Bench(folder)
    day = datetime.date.fromisoformat(options.date)
    try:
        say(f"1. Redis, PostgreSQL, Swift, Celery, Scrapy, the sample site, a receiver and a server; {folder}")
        bench.start()
        times, gold = plain(bench, options.date)
        told(bench, gold)
        reprocess(bench, options.date, gold)
        quiet(bench)
        print(f"\nSEED={seed} makes the same moments again")
        for number in range(1, options.kills + 1):
            killed(bench, (day + datetime.timedelta(number)).isoformat(), times, chance, number)
        edge(bench, (day + datetime.timedelta(options.kills + 1)).isoformat())
        say("All as it should be")
    finally:
        bench.stop()


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--esteira", required=True)
parser.add_argument("--seed", default="7", help="what the sample site invents")
parser.add_argument("--chance", help="what the moments of the kills are drawn from")
parser.add_argument("--date", default=datetime.date.today().isoformat())
parser.add_argument("--documents", type=int, default=15, help="how many documents the regulators have")
parser.add_argument("--kills", type=int, default=1, help="how many runs with kills")
options = parser.parse_args()
main()
