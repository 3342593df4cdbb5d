#!/usr/bin/env python3
"""A small web of regulators to collect from: pages, feeds, CSV files and an API, made from a seed and a date.

  site.py --seed 7 --date 2026-11-20 --port-file port

Nothing is stored: every answer is made from the same documents. Control paths, for demonstrations and tests:

  GET  /__truth     what each document says, to compare with what was found in it
  GET  /__served    how often each document was fetched
  POST /__add       adds a page: {"source": "aneel", "type": "MULTA"} (both may be left out)
  POST /__release   lets go of the documents that --hold-after holds back
"""

import argparse
import csv
import email.utils
import datetime
import html
import http.server
import io
import json
import os
import signal
import sys
import threading

import documents

PAGES_A_LISTING = 2
LONGEST_BODY = 64 * 1024
COUNTS = {"aneel": 4, "newsroom": 3, "anp": 3, "cade": 2, "cvm": 3}


class Site:
    """The documents, and which of them were asked for."""

    def __init__(self, seed, date, hold_after, register=None):
        self.inventor = documents.Inventor(seed, date, register)
        self.register = register
        self.date, self.hold_after = date, hold_after
        self.lock = threading.Lock()
        self.released = threading.Event()
        self.served = {}
        self.admitted = set()
        self.all = [self.inventor.document(source, number) for source, count in COUNTS.items()
                    for number in range(count)]

    def of(self, source):
        with self.lock:
            return [document for document in self.all if document["source"] == source]

    def add(self, source, kind):
        with self.lock:
            number = sum(document["source"] == source for document in self.all)
            document = self.inventor.document(source, number, kind)
            self.all.append(document)
            return document

    def document(self, path):
        """The document of a path; waits first where more than `hold_after` others were let through."""
        with self.lock:
            found = next((document for document in self.all if document["path"] == path), None)
            if found is None:
                return None
            if self.hold_after is None or len(self.admitted) < self.hold_after:
                self.admitted.add(path)
            free = path in self.admitted
        if not free:
            self.released.wait()
        with self.lock:
            self.served[path] = self.served.get(path, 0) + 1
        return found


def listing(site, source, number, address):
    """One page of a press office's list, newest first, with a link to the next one."""
    entries = list(reversed(site.of(source)))
    start = (number - 1) * PAGES_A_LISTING
    items = "\n".join(
        f'<li class="noticia"><a href="{entry["path"]}">{html.escape(entry["title"])}</a> '
        f'<span class="data">{documents.slashed(entry["date"])}</span></li>'
        for entry in entries[start:start + PAGES_A_LISTING])
    more = (f'<a rel="next" href="/{source}/noticias/?pagina={number + 1}">Próxima</a>'
            if start + PAGES_A_LISTING < len(entries) else "")
    return f"<!doctype html><html><head><meta charset='utf-8'></head><body><ul>{items}</ul>{more}</body></html>"


def api(site, source, address):
    return json.dumps({"total": len(site.of(source)), "items": [
        {"id": document["id"], "titulo": document["title"], "url": address + document["path"],
         "data": document["date"]} for document in site.of(source)]}, ensure_ascii=False)


def rss(site, source, address):
    items = "".join(
        f"<item><title>{html.escape(document['title'])}</title><link>{address}{document['path']}</link>"
        f"<guid isPermaLink='false'>{document['id']}</guid><pubDate>{published(document)}</pubDate>"
        f"<description>{html.escape(document['paragraphs'][0])}</description></item>"
        for document in site.of(source))
    return (f"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>Sala de imprensa</title>"
            f"<link>{address}/</link><description>Notas</description>{items}</channel></rss>")


def published(document):
    day = datetime.datetime.fromisoformat(document["date"]).replace(hour=9, tzinfo=datetime.timezone.utc)
    return email.utils.format_datetime(day)


def table(rows):
    """As CVM publishes its files: Latin-1, semicolons, CRLF."""
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("latin-1")


def companies(site):
    if site.register:
        with open(site.register, "rb") as file:
            return file.read()
    head = ["CNPJ_CIA", "DENOM_SOCIAL", "DENOM_COMERC", "DT_REG", "SIT", "CD_CVM", "SETOR_ATIV"]
    return table([head] + [
        [company["cnpj"], company["name"].upper(), company["name"].split()[0].upper(), "2010-01-04", "ATIVO",
         company["cvm"], "Emp. Adm. Part. - Sem Setor Principal / Construção"]
        for company in site.inventor.companies])


def processes(site, address):
    head = ["NUP", "DT_DECISAO", "OBJETO", "CNPJ_CIA", "LINK_DOC"]
    return table([head] + [
        [document["id"], document["date"], document["title"], document["cnpj"] or "", address + document["path"]]
        for document in site.of("cvm")])


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        site, (path, _, query) = self.server.site, self.path.partition("?")
        address = f"http://{self.headers.get('Host', '127.0.0.1')}"
        source = path.strip("/").split("/")[0]
        if path == "/__truth":
            self.answer(200, json.dumps(site.all, ensure_ascii=False), "application/json")
        elif path == "/__served":
            self.answer(200, json.dumps(site.served), "application/json")
        elif path == "/aneel/api/noticias.json":
            self.answer(200, api(site, "aneel", address), "application/json; charset=utf-8")
        elif path == "/newsroom/feed.xml":
            self.answer(200, rss(site, "newsroom", address), "application/rss+xml; charset=utf-8")
        elif path in ("/anp/noticias/", "/cade/noticias/"):
            number = query.removeprefix("pagina=") if query.startswith("pagina=") else "1"
            page = int(number) if number.isdigit() and 1 <= len(number) <= 4 else 1
            self.answer(200, listing(site, source, max(1, page), address), "text/html; charset=utf-8")
        elif path == "/dados/CIA_ABERTA/CAD/DADOS/cad_cia_aberta.csv":
            self.answer(200, companies(site), "text/csv; charset=iso-8859-1")
        elif path == "/dados/PROCESSO/SANCIONADOR/DADOS/processo_sancionador.csv":
            self.answer(200, processes(site, address), "text/csv; charset=iso-8859-1")
        elif found := site.document(path):
            self.answer(200, documents.page(found), "text/html; charset=utf-8")
        else:
            self.answer(404, "<h1>404</h1><p>Página não encontrada.</p>", "text/html; charset=utf-8")

    def do_POST(self):
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > LONGEST_BODY:
            return self.answer(413, "{}", "application/json")
        body = self.rfile.read(int(length))
        site = self.server.site
        if self.path == "/__release":
            site.released.set()
            self.answer(200, "{}", "application/json")
        elif self.path == "/__add":
            wish = json.loads(body or b"{}")
            source, kind = wish.get("source", "aneel"), wish.get("type")
            if source not in COUNTS or kind not in [None, *documents.TYPES]:
                return self.answer(422, "{}", "application/json")
            self.answer(201, json.dumps(site.add(source, kind), ensure_ascii=False), "application/json")
        else:
            self.answer(404, "{}", "application/json")

    def answer(self, status, content, media_type):
        body = content.encode() if isinstance(content, str) else content
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


def write_whole(path, text):
    """Puts the file there at once: who waits for it never reads half of it."""
    with open(f"{path}.new", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(f"{path}.new", path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--date", default=datetime.date.today().isoformat())
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--port-file", help="where the port is written once the site answers")
    parser.add_argument("--extra-page", action="append", default=[], metavar="SOURCE", choices=COUNTS)
    parser.add_argument("--hold-after", type=int, help="hold back all documents but so many, until /__release")
    parser.add_argument("--register", help="a real cad_cia_aberta.csv: it is served, and its companies are written of")
    options = parser.parse_args()
    site = Site(options.seed, options.date, options.hold_after, options.register)
    for source in options.extra_page:
        site.add(source, None)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", options.port), Handler)
    server.daemon_threads = True
    server.site = site
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if options.port_file:
        write_whole(options.port_file, f"{server.server_port}\n")
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
