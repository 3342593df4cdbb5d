"""Plays Cloudflare's Queues (pull API) and KV on this machine, as Cloudflare's own pages describe them:

https://developers.cloudflare.com/queues/configuration/pull-consumers/
https://developers.cloudflare.com/api/resources/kv/subresources/namespaces/subresources/values/methods/get/

A stand-in: it takes what these pages say and refuses everything else, but it is not Cloudflare.
"""

import http.server
import json
import threading
import time
import urllib.parse

ACCOUNT = "023e105f4ecef8ad9ca31a8372d0c353"
NAMESPACE = "0f2ac74b498b48028cb68387c421e279"
QUEUE = "1f" * 16
LONGEST_LEASE = 43_200_000


class Cloudflare(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, token, queue_name, values):
        super().__init__(("127.0.0.1", 0), Handler)
        self.token, self.queue_name, self.values = token, queue_name, values
        self.lock, self.waiting, self.leased, self.acknowledged = threading.Lock(), [], {}, []
        self.pulls = self.reads = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}/client/v4"

    def send(self, message):
        with self.lock:
            name = f"message-{len(self.waiting) + len(self.leased) + len(self.acknowledged) + 1}"
            self.waiting.append((name, json.dumps(message), 1))

    def pull(self, size, life):
        with self.lock:
            self.pulls += 1
            now = time.monotonic()
            for lease, (message, end) in list(self.leased.items()):
                if end < now:                              # nobody said in time that it was taken
                    del self.leased[lease]
                    self.waiting.append((message[0], message[1], message[2] + 1))
            taken, self.waiting = self.waiting[:size], self.waiting[size:]
            answer = []
            for message in taken:
                lease = f"lease-{message[0]}-{message[2]}"
                self.leased[lease] = (message, now + life / 1000)
                answer.append({
                    "id": message[0], "body": message[1], "attempts": message[2], "lease_id": lease,
                    "timestamp_ms": int(time.time() * 1000), "metadata": {"CF-Content-Type": "json"}})
            return answer

    def acknowledge(self, leases):
        with self.lock:
            for lease in leases:
                if found := self.leased.pop(lease, None):
                    self.acknowledged.append(found[0][0])


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if not self.is_allowed():
            return
        path, _, query = self.path.partition("?")
        account = f"/client/v4/accounts/{ACCOUNT}"
        if path == f"{account}/queues":
            page = urllib.parse.parse_qs(query).get("page", ["1"])[0]
            queues = [{"queue_name": self.server.queue_name, "queue_id": QUEUE}] if page == "1" else []
            return self.answer(200, {"success": True, "errors": [], "messages": [], "result": queues})
        values = f"{account}/storage/kv/namespaces/{NAMESPACE}/values/"
        if path.startswith(values):
            value = self.server.values.get(urllib.parse.unquote(path.removeprefix(values)))
            self.server.reads += 1
            if value is not None:
                return self.answer(200, value)
            return self.refuse(404, 10009, "key not found")
        self.refuse(404, 7003, f"Could not route to {path}")

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))) or b"null")
        if not self.is_allowed():
            return
        queue = f"/client/v4/accounts/{ACCOUNT}/queues/{QUEUE}/messages"
        if self.path == f"{queue}/pull":
            size, life = body["batch_size"], body["visibility_timeout_ms"]
            if not (1 <= size <= 100 and 0 < life <= LONGEST_LEASE):
                return self.refuse(400, 10026, "bad pull")
            messages = self.server.pull(size, life)
            return self.answer(200, {"success": True, "errors": [], "messages": [], "result": {
                "message_backlog_count": len(self.server.waiting), "messages": messages}})
        if self.path == f"{queue}/ack":
            self.server.acknowledge([one["lease_id"] for one in body["acks"]])
            return self.answer(200, {"success": True, "errors": [], "messages": [], "result": {
                "ackCount": len(body["acks"]), "retryCount": len(body.get("retries", [])), "warnings": []}})
        self.refuse(404, 7003, f"Could not route to {self.path}")

    def is_allowed(self):
        if self.headers.get("Authorization") == f"Bearer {self.server.token}":
            return True
        self.refuse(401, 10000, "Authentication error")
        return False

    def refuse(self, status, code, words):
        self.answer(status, {"success": False, "errors": [{"code": code, "message": words}], "result": None})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Says nothing."""
