#!/usr/bin/env python3
"""The excavator: takes `iniciar_coleta`, collects, and answers with `resultado_coleta`.

  escavador.py --spool spool --esteira esteira [--youtube https://www.youtube.com] [--once]
  escavador.py --broker localhost:5672 [--fonte youtube]

  youtube   parametros {canal, periodo?}: the channel's public Atom feed, of the days that begin with `periodo`
  rss       parametros {url, periodo?}: an RSS feed
  web       parametros {url}: the links of a page that lead to the same site

What cannot be collected is an answer too: status `erro`, with the reasons in `erros`.
"""

import argparse
import datetime
import email.utils
import html.parser
import http.client
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree

import fila

SECONDS = 30
LONGEST_ANSWER = 8 * 1024 * 1024
MOST_ENTRIES = 1_000
ATOM = "{http://www.w3.org/2005/Atom}"


class Failed(Exception):
    pass


def get(url):
    try:
        scheme = urllib.parse.urlsplit(url).scheme
    except ValueError:
        scheme = ""
    if scheme not in ("http", "https"):
        raise Failed(f"{url} não é um endereço http")
    try:
        with urllib.request.urlopen(url, timeout=SECONDS) as answer:
            body = answer.read(LONGEST_ANSWER + 1)
    except urllib.error.HTTPError as error:
        raise Failed(f"{url} respondeu {error.code}") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise Failed(f"{url} não respondeu: {getattr(error, 'reason', error)}") from None
    if len(body) > LONGEST_ANSWER:
        raise Failed(f"{url} respondeu mais de {LONGEST_ANSWER} bytes")
    return body


def tree(url):
    body = get(url)
    # A feed has no need of entities of its own; whoever sends some wants memory.
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise Failed(f"{url} traz um DOCTYPE")
    try:
        return xml.etree.ElementTree.fromstring(body)
    except xml.etree.ElementTree.ParseError as error:
        raise Failed(f"{url} não é XML: {error}") from None


def youtube(wanted):
    base = options.youtube.rstrip("/")
    query = urllib.parse.urlencode({"channel_id": given(wanted, "canal")})
    for entry in tree(f"{base}/feeds/videos.xml?{query}").iter(f"{ATOM}entry"):
        link = entry.find(f"{ATOM}link")
        yield {"id": entry.findtext(f"{ATOM}id", ""), "titulo": entry.findtext(f"{ATOM}title", ""),
               "url": link.get("href", "") if link is not None else "",
               "data": entry.findtext(f"{ATOM}published", "")}


def rss(wanted):
    for item in tree(given(wanted, "url")).iter("item"):
        moment = item.findtext("pubDate", "")
        try:
            moment = email.utils.parsedate_to_datetime(moment).astimezone(datetime.timezone.utc).isoformat()
        except ValueError:
            moment = ""
        link = item.findtext("link", "")
        yield {"id": item.findtext("guid", link), "titulo": item.findtext("title", ""), "url": link, "data": moment}


class Links(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found, self.is_link = [], False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag == "a":
            address = dict(attributes).get("href")
            self.is_link = bool(address)
            if self.is_link:
                self.found.append([address, ""])

    def handle_endtag(self, tag):
        self.is_link = self.is_link and tag != "a"

    def handle_data(self, text):
        if self.is_link:
            self.found[-1][1] += text


def web(wanted):
    page = given(wanted, "url")
    for address, title in Links(get(page).decode("utf-8", "replace")).found:
        url = urllib.parse.urljoin(page, address)
        if urllib.parse.urlsplit(url)[:2] == urllib.parse.urlsplit(page)[:2]:
            yield {"id": url, "titulo": title.strip(), "url": url, "data": ""}


SOURCES = {"youtube": youtube, "rss": rss, "web": web}


def given(wanted, name):
    if not isinstance(wanted.get(name), str) or not wanted[name]:
        raise Failed(f"parametros não traz {name}")
    return wanted[name]


def collect(order):
    source, wanted = order["payload"].get("fonte"), order["payload"].get("parametros")
    try:
        if source not in SOURCES or not isinstance(wanted, dict):
            raise Failed("payload não traz fonte e parametros conhecidos")
        period = given(wanted, "periodo") if "periodo" in wanted else ""
        found = []
        for one in SOURCES[source](wanted):
            if one["id"] and one["data"].startswith(period) and len(found) < MOST_ENTRIES:
                found.append(one)
    except Failed as failed:
        return {"status": "erro", "dados": [], "erros": [str(failed)]}
    return {"status": "ok", "dados": found}


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
fila.add_options(parser)
parser.add_argument("--youtube", default="https://www.youtube.com")
parser.add_argument("--fonte", choices=SOURCES, action="append", help="only this source's queue; may be said again")
options = fila.options_of(parser)
worker = fila.worker(options, "iniciar_coleta", "resultado_coleta", collect)
worker.run([f"coleta.{source}" for source in options.fonte or SOURCES])
