#!/usr/bin/env python3
"""Sources to collect from, on 127.0.0.1 alone: a channel's Atom feed as YouTube has it, an RSS feed and a page.

  site.py --seed 7 --month 2026-11

  /feeds/videos.xml?channel_id=canal_exemplo   /noticias/feed.xml   /noticias/

A channel of another name answers 404. GET /__truth says what the channel published in the month.
"""

import argparse
import datetime
import html
import http.server
import json
import random
import signal
import sys
import urllib.parse

CHANNEL = "canal_exemplo"
TOPICS = ["Safra de soja", "Leilão de energia", "Contas públicas", "Crédito rural", "Preço do gás"]
WAYS = ["em três gráficos", "explicada", "sem mistério", "& o que vem depois", "<ao vivo>"]


def month_before(month):
    first = datetime.date.fromisoformat(f"{month}-01")
    return (first - datetime.timedelta(days=1)).strftime("%Y-%m")


def videos(seed, month):
    """Twelve of the month and five of the one before, newest first."""
    chance, found = random.Random(f"{seed}/{month}"), []
    for one, count in ((month, 12), (month_before(month), 5)):
        for number in range(count):
            name = "".join(chance.choices("abcdefghijkmnpqrstuvwxyz23456789_-", k=11))
            day, minute = chance.randrange(1, 28), chance.randrange(24 * 60)
            title = f"{chance.choice(TOPICS)} {chance.choice(WAYS)} ({number + 1})"
            found.append({
                "id": f"yt:video:{name}", "titulo": title, "url": f"https://www.youtube.com/watch?v={name}",
                "data": f"{one}-{day:02d}T{minute // 60:02d}:{minute % 60:02d}:00+00:00"})
    return sorted(found, key=lambda video: video["data"], reverse=True)


def atom(entries):
    items = "".join(
        f"<entry><id>{one['id']}</id><title>{html.escape(one['titulo'])}</title>"
        f'<link rel="alternate" href="{html.escape(one["url"])}"/><published>{one["data"]}</published></entry>'
        for one in entries)
    return f'<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom">{items}</feed>'


def rss(entries):
    items = "".join(
        f"<item><title>{html.escape(one['titulo'])}</title><link>{html.escape(one['url'])}</link>"
        f"<guid>{one['id']}</guid><pubDate>"
        f"{datetime.datetime.fromisoformat(one['data']).strftime('%a, %d %b %Y %H:%M:%S +0000')}</pubDate></item>"
        for one in entries)
    return f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel>{items}</channel></rss>'


def page(entries):
    links = "".join(f'<li><a href="/noticias/{one["id"][9:]}">{html.escape(one["titulo"])}</a></li>' for one in entries)
    return f"<!doctype html><html><body><ul>{links}</ul></body></html>"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        entries, query = self.server.entries, dict(urllib.parse.parse_qsl(url.query))
        if url.path == "/feeds/videos.xml" and query.get("channel_id") == CHANNEL:
            self.answer(200, atom(entries), "application/atom+xml; charset=utf-8")
        elif url.path == "/noticias/feed.xml":
            self.answer(200, rss(entries), "application/rss+xml; charset=utf-8")
        elif url.path == "/noticias/":
            self.answer(200, page(entries), "text/html; charset=utf-8")
        elif url.path == "/__truth":
            of_month = [one for one in entries if one["data"].startswith(self.server.month)]
            self.answer(200, json.dumps(of_month, ensure_ascii=False), "application/json")
        else:
            self.answer(404, "<h1>404</h1>", "text/html; charset=utf-8")

    def answer(self, status, text, media_type):
        body = text.encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True                 # whoever asked is gone; nobody else is concerned

    def log_message(self, format, *arguments):
        sys.stderr.write(f"{self.log_date_time_string()} {format % arguments}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--month", default=datetime.date.today().strftime("%Y-%m"))
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    options = parser.parse_args()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", options.port), Handler)
    server.daemon_threads = True
    server.entries, server.month = videos(options.seed, options.month), options.month
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
