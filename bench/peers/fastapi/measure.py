"""What the API costs: the list of jobs beside FastAPI that serves a constant, and the tail of a job's log over
WebSockets. `scripts/bench_server.sh` starts it. Parts may be named: list, tail."""

import base64
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
from session import Refused, Server, ahead  # noqa: E402

JOBS = int(os.environ.get("BENCH_JOBS", "100000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "7"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "4"))
CONNECTIONS = int(os.environ.get("BENCH_CONNECTIONS", "32"))
CLIENTS = int(os.environ.get("BENCH_CLIENTS", "50"))
LINES = int(os.environ.get("BENCH_LINES", "10000"))
TAIL_SECONDS = int(os.environ.get("BENCH_TAIL_SECONDS", "10"))

PIPELINES = ["""
apiVersion: esteira/v1
id: quick
namespace: demo
inputs: {n: {type: integer, default: 0}}
steps: {n: {value: "${{ inputs.n }}"}}
outputs: {n: "${{ steps.n.output }}"}
""", """
apiVersion: esteira/v1
id: says
namespace: demo
inputs: {lines: {type: integer}, seconds: {type: integer}}
steps:
  go: {wait: {signal: {name: go}}}
  says:
    needs: [go]
    uses: python
    with:
      env: {LINES: "${{ inputs.lines }}", SECONDS: "${{ inputs.seconds }}"}
      run: |
        import os, sys, time
        lines, seconds = int(os.environ["LINES"]), int(os.environ["SECONDS"])
        begin, slices = time.monotonic(), seconds * 100
        for part in range(slices):
            first, last = lines * seconds * part // slices, lines * seconds * (part + 1) // slices
            sys.stdout.write("".join(f"line {n} of what a program may say about its work\\n" for n in range(first, last)))
            sys.stdout.flush()
            time.sleep(max(0, begin + (part + 1) / 100 - time.monotonic()))
"""]


def wrk(port, path, seconds, tokens=None, body=None):
    """Requests a second, and the 50th and 99th percentile in milliseconds."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith("BENCH_")}
    environment["BENCH_PATH"] = path
    if tokens:
        environment["BENCH_TOKENS"] = tokens
    if body:
        environment["BENCH_BODY"] = body
    said = subprocess.run(
        ["wrk", "-t2", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(HERE / "list.lua"), f"http://127.0.0.1:{port}"],
        env=environment, capture_output=True, text=True, check=True).stdout
    figures = next(line for line in said.splitlines() if line.startswith("figures")).split()[1:]
    requests, duration, errors, p50, p99 = map(int, figures)
    if errors and not body:
        raise SystemExit(f"{errors} of {requests} requests were not answered as they should be: {said}")
    return requests / (duration / 1e6), p50 / 1e3, p99 / 1e3


def patiently(call, *arguments):
    """Again for as long as the caller makes more requests than it may."""
    while True:
        try:
            return call(*arguments)
        except Refused as refused:
            if refused.status != 429:
                raise
            time.sleep(0.2)


def tokens(admin, folder):
    """Enough callers that none makes more requests than it may."""
    path = folder / "tokens"
    with open(path, "w") as file:
        for account in range(8):
            name = f"bench{account}"
            user = patiently(admin.call, "POST", "/users", {"name": name, "kind": "service"})
            patiently(
                admin.call, "POST", "/role-bindings", {"subject": user["id"], "role": "admin", "namespace": "*"})
            for number in range(50):
                made = patiently(admin.call, "POST", "/tokens", {
                    "name": f"t{number}", "user": name, "scopes": ["*:*"], "expires_at": ahead(days=1)})
                file.write(made["value"] + "\n")
    return str(path)


def fill(server, file):
    """So many jobs in the store."""
    began = time.monotonic()
    while (count := stored(server)) < JOBS:
        wrk(server.port, "/api/v1/pipelines/demo~quick/execute", 5, file, "{}")
    print(f"{count} jobs after {time.monotonic() - began:.0f} s", flush=True)


def stored(server):
    return int(subprocess.run(
        ["sqlite3", "-readonly", str(server.folder / "data/esteira.db"), "SELECT count(*) FROM job_executions"],
        capture_output=True, text=True, check=True).stdout)


class Peer:
    """FastAPI under uvicorn, as both say that it is to be run."""

    def __init__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process = subprocess.Popen(
            [str(Path(sys.executable).parent / "uvicorn"), "app:app", "--port", str(self.port), "--log-level", "warning",
             "--no-access-log"], cwd=HERE)
        while socket.socket().connect_ex(("127.0.0.1", self.port)) != 0:
            time.sleep(0.1)


def measure_list(server, file):
    """In turns, so that what the machine does to one it does to the other."""
    peer = Peer()
    try:
        path = "/api/v1/jobs"
        answer = server.session(Path(file).read_text().split()[0])
        status, headers, page = answer.send("GET", "/jobs")
        print(f"a page: {status}, {len(page['items'])} jobs, {headers['content-length']} bytes", flush=True)
        wrk(server.port, path, 2, file), wrk(peer.port, "/", 2)
        ours, theirs = [], []
        for _ in range(ROUNDS):
            theirs.append(wrk(peer.port, "/", SECONDS))
            ours.append(wrk(server.port, path, SECONDS, file))
        ratios = [own[0] / other[0] for own, other in zip(ours, theirs)]
        tell("list: requests a second", [own[0] for own in ours])
        tell("list: p50, ms", [own[1] for own in ours])
        tell("list: p99, ms", [own[2] for own in ours])
        tell("FastAPI: requests a second", [other[0] for other in theirs])
        tell("FastAPI: p99, ms", [other[2] for other in theirs])
        tell("list / FastAPI", ratios)
        print("memory: %.0f MB now, %.0f MB at most" % server.memory(), flush=True)
        return statistics.median(ratios) >= 2
    finally:
        peer.process.terminate()
        peer.process.wait()


def tell(name, values):
    print(f"{name}: {statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})", flush=True)


class Tail(threading.Thread):
    """One client that follows the log of a job. It counts the messages in what comes, and reads nothing else of it:
    a client in Python that took each frame apart would be slower than the server."""

    LINE, GAP = b'{"type":"log"', b'{"type":"lagged"'

    def __init__(self, server, token, job):
        super().__init__(daemon=True)
        ticket = server.session(token).call("POST", "/auth/ws-ticket", {})["ticket"]
        self.socket = socket.create_connection(("127.0.0.1", server.port))
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((
            f"GET /api/v1/ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
        self.said, self.lines, self.gaps = b"", 0, 0
        self.say({"type": "auth", "ticket": ticket})
        self.say({"type": "subscribe", "id": 1, "channel": f"logs:{job}"})
        # Until the subscription is there no line may be said.
        while b'"ack"' not in self.said and b'"error"' not in self.said:
            self.said += self.socket.recv(1 << 16)

    def say(self, message):
        data = json.dumps(message).encode()
        size = bytes([0x80 | len(data)]) if len(data) < 126 else bytes([0x80 | 126, len(data) >> 8, len(data) & 255])
        self.socket.sendall(bytes([0x81]) + size + bytes(4) + data)

    def run(self):
        rest = b""
        try:
            while self.lines < LINES * TAIL_SECONDS:
                came = self.socket.recv(1 << 20)
                if not came:
                    break
                # A ping is no text, so that its first byte stands in none.
                if b"\x89" in came:
                    self.socket.sendall(bytes([0x8A, 0x80]) + bytes(4))
                whole = rest + came
                self.lines += whole.count(self.LINE)
                self.gaps += whole.count(self.GAP)
                rest = whole[-len(self.LINE) + 1:]
        except OSError as error:
            self.said += repr(error).encode()


def measure_tail(server, file):
    """In processes of their own, so that Python's one lock does not hold the clients up."""
    names = Path(file).read_text().split()
    admin = server.session(names[0])
    job = admin.call(
        "POST", "/pipelines/demo~says/execute", {"inputs": {"lines": LINES, "seconds": TAIL_SECONDS}})["id"]
    before = server.memory()
    workers = []
    for part in range(2):
        mine = names[part * CLIENTS:part * CLIENTS + CLIENTS // 2]
        workers.append(subprocess.Popen(
            [sys.executable, str(HERE / "measure.py"), "--tails", str(server.port), job, *mine],
            stdout=subprocess.PIPE, text=True))
    for worker in workers:
        worker.stdout.readline()
    most = server.memory()[0]
    admin.call("POST", f"/jobs/{job}/signals/go", {})
    began = time.monotonic()
    while any(worker.poll() is None for worker in workers) and time.monotonic() - began < 20 + 6 * TAIL_SECONDS:
        most = max(most, server.memory()[0])
        time.sleep(0.1)
    took = time.monotonic() - began
    results = []
    for worker in workers:
        worker.kill()
        results += [json.loads(line) for line in worker.stdout]
    wanted = LINES * TAIL_SECONDS
    whole = sum(result["lines"] == wanted for result in results)
    lagged = sum(result["gaps"] for result in results)
    print(f"tail: {LINES} lines/s for {TAIL_SECONDS} s to {len(results)} clients: {whole} got all {wanted}, "
          f"{lagged} were told of a gap; all was there {took - TAIL_SECONDS:.1f} s after the last was said")
    print("tail: memory %.0f MB before, %.0f MB at most while it ran" % (before[0], most))
    for result in results:
        if result["lines"] != wanted:
            print("  a client got", result)
            break
    return whole == CLIENTS and lagged == 0 and most < 100


def tails(port, job, names):
    """The half of the clients, in a process of their own."""
    server = Server(folder=tempfile.gettempdir(), port=int(port))
    clients = [Tail(server, name, job) for name in names]
    for client in clients:
        client.start()
    print("ready", flush=True)
    until = time.monotonic() + 15 + 6 * TAIL_SECONDS
    for client in clients:
        client.join(max(0, until - time.monotonic()))
    for client in clients:
        print(json.dumps({"lines": client.lines, "gaps": client.gaps, "said": repr(client.said)[-200:]}))


def main():
    parts = sys.argv[1:] or ["tail", "list"]
    met = True
    server = Server().start()
    try:
        admin = server.admin()
        admin.apply(*PIPELINES)
        file = tokens(admin, server.folder)
        print("memory: %.0f MB at the start" % server.memory()[0], flush=True)
        if "tail" in parts:
            met = measure_tail(server, file) and met
        if "list" in parts:
            fill(server, file)
            met = measure_list(server, file) and met
        return 0 if met else 1
    finally:
        server.stop()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--tails"]:
        tails(sys.argv[2], sys.argv[3], sys.argv[4:])
    else:
        sys.exit(main())
