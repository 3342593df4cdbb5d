#!/usr/bin/env python3
"""A small site behind a login, as back offices have them: two accounts, and for each day a CSV and a PDF file.

  site.py --seed 7 --date 2026-11-20 --user ana --password-file password

It lives on 127.0.0.1 alone and stores nothing. What makes it hard to read is what makes real ones hard:

  a login form with a CSRF token that belongs to the visit; a session cookie (HttpOnly, SameSite=Strict); logout
  --session-requests N   a session ends after so many requests, in the middle of whatever is done
  --pause-after N        after so many requests it answers 429 with Retry-After for a second, then so many again
  --fail-first           the first PDF that anybody asks for is answered 503, once

Control paths, for demonstrations and tests; they need no login:

  GET /__truth?account=reag&start=2026-11-16&end=2026-11-20   what the files say
  GET /__counts                                               what was asked, refused and served
"""

import argparse
import datetime
import hashlib
import hmac
import html
import http.cookies
import http.server
import json
import secrets
import signal
import sys
import threading
import time
import urllib.parse

import accounts

LONGEST_BODY = 64 * 1024
PAUSE_SECONDS = 1.0
STRICT = "; HttpOnly; SameSite=Strict; Path=/"


class Site:
    """Visits, sessions and limits. Every method that changes something is called under `lock`."""

    def __init__(self, options, password):
        self.accounts = accounts.Accounts(options.seed, options.date, options.rows)
        self.user, self.password = options.user, password
        self.session_requests, self.pause_after = options.session_requests, options.pause_after
        self.fails_next = options.fail_first
        self.lock, self.key = threading.Lock(), secrets.token_bytes(32)
        self.sessions, self.since_pause, self.paused_until = {}, 0, None
        self.counts = dict.fromkeys(
            ["logins", "wrong_logins", "forged", "logouts", "expired", "paused", "failed", "csv", "pdf"], 0)

    def csrf(self, visit):
        return hmac.new(self.key, visit.encode(), hashlib.sha256).hexdigest()

    def log_in(self, user, password):
        """A new session's name, or None. Compares in constant time."""
        right = hmac.compare_digest(user.encode(), self.user.encode())
        right &= hmac.compare_digest(password.encode(), self.password.encode())
        self.counts["logins" if right else "wrong_logins"] += 1
        if not right:
            return None
        session = secrets.token_hex(16)
        self.sessions[session] = self.session_requests
        return session

    def is_live(self, session):
        """Counts the request; 0 for `session_requests` never ends."""
        left = self.sessions.get(session)
        if left is None:
            return False
        if self.session_requests and left == 0:
            del self.sessions[session]
            self.counts["expired"] += 1
            return False
        self.sessions[session] = left - 1
        return True

    def pause(self, now):
        """Seconds to wait, or None. Counts requests and not time, so that it comes whoever asks, fast or slow."""
        if not self.pause_after:
            return None
        if self.paused_until is None and self.since_pause >= self.pause_after:
            self.paused_until = now + PAUSE_SECONDS
        if self.paused_until is not None and now < self.paused_until:
            self.counts["paused"] += 1
            return max(1, round(self.paused_until - now))
        if self.paused_until is not None:
            self.paused_until, self.since_pause = None, 0
        self.since_pause += 1
        return None


PAGE = """<!doctype html>
<html lang="pt-BR"><head><meta charset="utf-8"><title>AMPLIS (demonstração)</title></head><body>{}</body></html>
"""
FORM = """<h1>Entrar</h1><p class="erro">{}</p>
<form method="post" action="/login"><input type="hidden" name="csrf_token" value="{}">
<label>Usuário <input name="username"></label> <label>Senha <input name="password" type="password"></label>
<button>Entrar</button></form>"""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if url.path == "/login":
            return self.form(200, "")
        if url.path == "/__counts":
            with self.server.site.lock:
                return self.answer(200, json.dumps(self.server.site.counts), "application/json")
        if url.path == "/__truth":
            return self.dated(query, self.truth)
        if not self.is_admitted():
            return None
        if url.path in ("/", "/positions"):
            return self.dated(query, self.listing)
        return self.file(url.path.split("/"))

    def do_POST(self):
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > LONGEST_BODY:
            return self.answer(413, "")
        body = self.rfile.read(int(length)).decode("utf-8", "replace")
        form, site = dict(urllib.parse.parse_qsl(body)), self.server.site
        visit = self.cookie("visit")
        if not hmac.compare_digest(form.get("csrf_token", "").encode(), site.csrf(visit).encode()) or not visit:
            with site.lock:
                site.counts["forged"] += 1
            return self.answer(403, PAGE.format("<p>O formulário não é desta visita.</p>"))
        if self.path == "/login":
            return self.log_in(form)
        if self.path == "/logout":
            with site.lock:
                site.counts["logouts"] += site.sessions.pop(self.cookie("session"), None) is not None
            gone = ("Set-Cookie", f"session=; Max-Age=0{STRICT}")
            return self.answer(303, "", headers=[("Location", "/login"), gone])
        return self.answer(404, "")

    def log_in(self, form):
        site = self.server.site
        with site.lock:
            session = site.log_in(form.get("username", ""), form.get("password", ""))
        if session is None:
            return self.form(401, "Usuário ou senha inválidos.")
        return self.answer(
            303, "", headers=[("Location", "/positions"), ("Set-Cookie", f"session={session}{STRICT}")])

    def form(self, status, error):
        visit = self.cookie("visit") or secrets.token_hex(16)
        page = PAGE.format(FORM.format(html.escape(error), self.server.site.csrf(visit)))
        return self.answer(status, page, headers=[("Set-Cookie", f"visit={visit}{STRICT}")])

    def is_admitted(self):
        """Answers 303 to the form where there is no session, and 429 where a pause is due."""
        site = self.server.site
        with site.lock:
            live = site.is_live(self.cookie("session"))
            wait = site.pause(time.monotonic()) if live else None
        if not live:
            self.answer(303, "", headers=[("Location", "/login")])
        elif wait is not None:
            self.answer(429, PAGE.format("<p>Devagar.</p>"), headers=[("Retry-After", str(wait))])
        return live and wait is None

    def dated(self, query, show):
        """Calls `show` with an account and two days; 400 where they are none."""
        try:
            days = [datetime.date.fromisoformat(query[name]) for name in ("start", "end")]
        except (KeyError, ValueError):
            return self.answer(400, PAGE.format("<p>Informe as datas de início e fim.</p>"))
        if query.get("account") not in accounts.ACCOUNTS or days[0] > days[1]:
            return self.answer(400, PAGE.format("<p>Conta ou período inválido.</p>"))
        return show(query["account"], *days)

    def truth(self, account, start, end):
        rows = self.server.site.accounts.truth(account, start, end)
        self.answer(200, json.dumps(rows, ensure_ascii=False), "application/json")

    def listing(self, account, start, end):
        rows = "".join(
            f'<tr><td>{accounts.slashed(day)}</td>'
            f'<td><a class="csv" href="/files/{account}/{day}/posicoes.csv">posições</a></td>'
            f'<td><a class="pdf" href="/files/{account}/{day}/extrato.pdf">extrato</a></td></tr>'
            for day in self.server.site.accounts.within(start, end))
        token = self.server.site.csrf(self.cookie("visit"))
        self.answer(200, PAGE.format(
            f"<h1>{html.escape(accounts.ACCOUNTS[account])}</h1><table>{rows}</table>"
            f'<form method="post" action="/logout"><input type="hidden" name="csrf_token" value="{token}">'
            "<button>Sair</button></form>"))

    def file(self, parts):
        site = self.server.site
        known = len(parts) == 5 and parts[1] == "files" and parts[2] in accounts.ACCOUNTS
        day = next((day for day in site.accounts.days if known and parts[3] == day.isoformat()), None)
        if day is None:
            return self.answer(404, PAGE.format("<p>Não há essa página.</p>"))
        if parts[4] == "posicoes.csv":
            body, kind, media = site.accounts.csv(parts[2], day), "csv", "text/csv; charset=iso-8859-1"
        elif parts[4] == "extrato.pdf":
            body, kind, media = site.accounts.statement(parts[2], day), "pdf", "application/pdf"
        else:
            return self.answer(404, PAGE.format("<p>Não há essa página.</p>"))
        with site.lock:
            fails, site.fails_next = site.fails_next and kind == "pdf", site.fails_next and kind != "pdf"
            site.counts["failed" if fails else kind] += 1
        if fails:
            return self.answer(503, PAGE.format("<p>Tente mais tarde.</p>"))
        return self.answer(200, body, media)

    def cookie(self, name):
        found = http.cookies.SimpleCookie(self.headers.get("Cookie", "")).get(name)
        return found.value if found else ""

    def answer(self, status, content, media_type="text/html; charset=utf-8", headers=()):
        body = content.encode() if isinstance(content, str) else content
        try:
            self.send_response(status)
            for name, value in (("Content-Type", media_type), ("Content-Length", str(len(body))), *headers):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True                 # whoever asked is gone; nobody else is concerned

    def log_message(self, format, *arguments):
        sys.stderr.write(f"{self.log_date_time_string()} {format % arguments}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--date", default=datetime.date.today().isoformat(), help="the last day with files")
    parser.add_argument("--rows", type=int, default=1_250, help="positions of an account and day")
    parser.add_argument("--user", required=True)
    parser.add_argument("--password-file", required=True)
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--session-requests", type=int, default=0)
    parser.add_argument("--pause-after", type=int, default=0)
    parser.add_argument("--fail-first", action="store_true")
    options = parser.parse_args()
    with open(options.password_file, encoding="utf-8") as file:
        password = file.read().rstrip("\n")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", options.port), Handler)
    server.daemon_threads = True
    server.site = Site(options, password)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
