#!/usr/bin/env python3
"""A scraper of a house's own, as CUSTOM_SCRAPER calls it: custom.py --source ID --url ADDRESS --run-id RUN.

Finds notices by the addresses of their links alone, so it also reads pages whose markup it does not know.
"""

import argparse
import html
import json
import os
import re
import sys
import urllib.error
import urllib.parse
import urllib.request

LINK = re.compile(r'<a\b[^>]*\bhref="([^"]*/noticias/[a-z0-9]+\.html)"[^>]*>([^<]*)</a>')
NEXT = re.compile(r'<a\b[^>]*\brel="next"[^>]*\bhref="([^"]*)"')
MOST_PAGES = 50
LONGEST_ANSWER = 8 * 1024 * 1024

parser = argparse.ArgumentParser()
for name in ("--source", "--url", "--run-id"):
    parser.add_argument(name, required=True)
options = parser.parse_args()
address, documents, pages = options.url, [], 0
while address and pages < MOST_PAGES:
    try:
        with urllib.request.urlopen(address, timeout=30) as answer:
            page = answer.read(LONGEST_ANSWER).decode("utf-8")
    except urllib.error.HTTPError as error:
        print(f"GET {address} answered {error.code}", file=sys.stderr)
        sys.exit(75 if error.code >= 500 else 65)
    except OSError as error:
        print(f"GET {address} failed: {getattr(error, 'reason', error)}", file=sys.stderr)
        sys.exit(75)
    for link, title in LINK.findall(page):
        url = urllib.parse.urljoin(address, link)
        name = url.rsplit("/", 1)[-1].removesuffix(".html")
        documents.append({"id": f"{options.source}-{name}", "title": html.unescape(title), "url": url})
    following = NEXT.search(page)
    address = urllib.parse.urljoin(address, html.unescape(following[1])) if following else None
    pages += 1
with open(os.path.join(os.environ["ESTEIRA_ARTIFACTS"], "output_file.jsonl"), "w", encoding="utf-8") as file:
    file.writelines(json.dumps(document, ensure_ascii=False) + "\n" for document in documents)
with open(os.environ["ESTEIRA_OUTPUT"], "w", encoding="utf-8") as file:
    json.dump({"success": True, "items_count": len(documents), "documents": documents}, file)
