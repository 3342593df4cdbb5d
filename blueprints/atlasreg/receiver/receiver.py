#!/usr/bin/env python3
"""Receives a webhook (`ingest-complete`, where --path says nothing else), and only what is signed with the secret.

  receiver.py --secret-file secret --port-file port --received received.jsonl

Two signatures are asked for, both with the same secret:
  X-Signature        hex HMAC-SHA256 of json.dumps(payload, sort_keys=True), as the Cloudflare Worker checks it
  webhook-signature  Standard Webhooks: `v1,` and base64 HMAC-SHA256 of `id.timestamp.body`

A secret that begins with `whsec_` is base64 behind it; any other is taken as its UTF-8 bytes. What is verified
is written as one JSON line; everything else is answered 401, with the reason in the log only.
"""

import argparse
import base64
import hashlib
import hmac
import http.server
import json
import os
import signal
import sys
import threading
import time

PATH = "/api/v1/hooks/ingest-complete"
LONGEST_BODY = 4 * 1024 * 1024
TOLERANCE = 300


class Refused(Exception):
    pass


def key_of(secret):
    return base64.b64decode(secret[6:], validate=True) if secret.startswith("whsec_") else secret.encode()


def verify(key, headers, body, now):
    """The payload, if both signatures are right; raises Refused otherwise. Compares in constant time."""
    name, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not name or not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12:
        raise Refused("no webhook-id or webhook-timestamp")
    if abs(now - int(stamp)) > TOLERANCE:
        raise Refused("the timestamp is too far from now")
    signed = f"{name}.{stamp}.".encode() + body
    right = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    given = headers.get("webhook-signature", "").split()
    if not any([hmac.compare_digest(one.encode(), f"v1,{right}".encode()) for one in given]):
        raise Refused("webhook-signature is wrong")
    try:
        payload = json.loads(body)
    except ValueError as error:
        raise Refused("the body is not JSON") from error
    canonical = json.dumps(payload, sort_keys=True).encode()
    if headers.get("X-Signature-Algorithm") != "HMAC-SHA256":
        raise Refused("X-Signature-Algorithm is not HMAC-SHA256")
    hexadecimal = hmac.new(key, canonical, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(headers.get("X-Signature", "").encode(), hexadecimal.encode()):
        raise Refused("X-Signature is wrong")
    return payload


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > LONGEST_BODY:
            return self.answer(413)
        body = self.rfile.read(int(length))
        if self.path != self.server.path:
            return self.answer(404)
        try:
            payload = verify(self.server.key, self.headers, body, time.time())
        except Refused as reason:
            self.log_message("refused: %s", reason)
            return self.answer(401)
        line = json.dumps({"webhook_id": self.headers["webhook-id"], "payload": payload}, sort_keys=True)
        with self.server.lock, open(self.server.received, "a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.answer(204)

    def answer(self, status):
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format, *arguments):
        sys.stderr.write(f"{self.log_date_time_string()} {format % arguments}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--secret-file", required=True)
    parser.add_argument("--received", required=True, help="where verified notices are added, one JSON line each")
    parser.add_argument("--path", default=PATH, help="where webhooks are taken")
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--port-file", help="where the port is written once the receiver answers")
    options = parser.parse_args()
    with open(options.secret_file, encoding="utf-8") as file:
        key = key_of(file.read().strip())
    server = http.server.ThreadingHTTPServer(("127.0.0.1", options.port), Handler)
    server.daemon_threads = True
    server.key, server.received, server.lock = key, options.received, threading.Lock()
    server.path = options.path
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if options.port_file:
        with open(f"{options.port_file}.new", "w", encoding="utf-8") as file:
            file.write(f"{server.server_port}\n")
        os.replace(f"{options.port_file}.new", options.port_file)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
