"""Stands where a Scrapy spider or an Airflow DAG will: collects the documents of one source.

Reads `{source, run_id}` from ESTEIRA_DATA. An address that ends in .json is an API; any other is a listing in HTML,
which is followed from page to page. Leaves `output_file.jsonl`, one document a line, and the handler's result.
Exit 75 says that trying again may help, 65 that the answer is wrong.
"""

import html.parser
import json
import os
import socket
import sys
import urllib.error
import urllib.parse
import urllib.request

MOST_PAGES = 50
LONGEST_ANSWER = 8 * 1024 * 1024
SECONDS = 30


class Listing(html.parser.HTMLParser):
    """The notices of one page (`li.noticia > a`), and the address of the next."""

    def __init__(self):
        super().__init__()
        self.found, self.next = [], None
        self.inside, self.link, self.dated = False, None, False

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "li":
            self.inside = given.get("class") == "noticia"
        elif tag == "a" and given.get("rel") == "next":
            self.next = given.get("href")
        elif tag == "a" and self.inside:
            self.link = {"href": given.get("href"), "title": "", "date": ""}
            self.found.append(self.link)
        elif tag == "span" and self.inside:
            self.dated = given.get("class") == "data"

    def handle_endtag(self, tag):
        if tag == "a":
            self.link = None
        elif tag == "span":
            self.dated = False
        elif tag == "li":
            self.inside = False

    def handle_data(self, text):
        if self.link is not None:
            self.link["title"] += text
        elif self.dated and self.found:
            self.found[-1]["date"] += text


def stop(code, text):
    print(text, file=sys.stderr)
    sys.exit(code)


def get(address):
    try:
        with urllib.request.urlopen(address, timeout=SECONDS) as answer:
            body = answer.read(LONGEST_ANSWER + 1)
    except urllib.error.HTTPError as error:
        stop(75 if error.code >= 500 or error.code == 429 else 65, f"GET {address} answered {error.code}")
    except (urllib.error.URLError, socket.timeout, ConnectionError) as error:
        stop(75, f"GET {address} failed: {getattr(error, 'reason', error)}")
    if len(body) > LONGEST_ANSWER:
        stop(65, f"GET {address} answered more than {LONGEST_ANSWER} bytes")
    return body.decode("utf-8")


def from_api(address):
    for item in json.loads(get(address))["items"]:
        yield {"id": item["id"], "title": item["titulo"], "url": item["url"], "date": item["data"]}


def from_listing(address):
    for _ in range(MOST_PAGES):
        page = Listing()
        page.feed(get(address))
        for entry in page.found:
            url = urllib.parse.urljoin(address, entry["href"])
            day = "-".join(reversed(entry["date"].strip().split("/")))
            name = url.rsplit("/", 1)[-1].removesuffix(".html")
            yield {"id": name, "title": entry["title"].strip(), "url": url, "date": day}
        if page.next is None:
            return
        address = urllib.parse.urljoin(address, page.next)


with open(os.environ["ESTEIRA_DATA"], encoding="utf-8") as file:
    order = json.load(file)
source = order["source"]
collect = from_api if urllib.parse.urlparse(source["url_feed"]).path.endswith(".json") else from_listing
documents = [dict(found, id=f"{source['id']}-{found['id'].rsplit('-', 1)[-1]}") for found in collect(source["url_feed"])]
print(f"{source['id']}: {len(documents)} documents for {order['run_id']}")
with open(os.path.join(os.environ["ESTEIRA_ARTIFACTS"], "output_file.jsonl"), "w", encoding="utf-8") as file:
    for document in documents:
        file.write(json.dumps(document, ensure_ascii=False) + "\n")
with open(os.environ["ESTEIRA_OUTPUT"], "w", encoding="utf-8") as file:
    json.dump({"success": True, "items_count": len(documents), "documents": documents}, file)
