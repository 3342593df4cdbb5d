"""Writes one date's events into the search index anew: all of them or none, in one transaction.

Stands in for the Celery task `reprocess_date` where that fills FAISS and Elasticsearch; classes and entities were
found again by the steps before. Reads `{index, date, run_id, documents, errors}` from ESTEIRA_DATA. The index is an
SQLite file with the tables of the source's two indexes: `atlasreg_documents` (full text) and `atlasreg_events`.
A second run of the same attempt finds the date and replaces it, so that nothing is there twice.
"""

import json
import os
import sqlite3
import sys

SECONDS_FOR_THE_LOCK = 600
TABLES = """
CREATE VIRTUAL TABLE IF NOT EXISTS atlasreg_documents USING fts5(
  id UNINDEXED, day UNINDEXED, url UNINDEXED, title, body, tokenize = "unicode61 remove_diacritics 2");
CREATE TABLE IF NOT EXISTS atlasreg_events (
  document TEXT PRIMARY KEY, day TEXT NOT NULL, run_id TEXT NOT NULL, type TEXT NOT NULL, company TEXT, cnpj TEXT,
  amount REAL, confidence REAL NOT NULL);
CREATE INDEX IF NOT EXISTS atlasreg_events_day ON atlasreg_events (day);
"""


def rows(order):
    for entry in order["documents"]:
        document, facts = entry["document"], entry["facts"]
        found = facts["event"]
        yield ((document["id"], order["date"], document["url"], facts["title"], facts["text"]),
               (document["id"], order["date"], order["run_id"], found["type"], found.get("company"),
                found.get("cnpj"), found.get("amount"), found["confidence"]))


def write(connection, order):
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("DELETE FROM atlasreg_documents WHERE day = ?", (order["date"],))
    connection.execute("DELETE FROM atlasreg_events WHERE day = ?", (order["date"],))
    count = 0
    for document, event in rows(order):
        connection.execute("INSERT INTO atlasreg_documents VALUES (?, ?, ?, ?, ?)", document)
        connection.execute("INSERT INTO atlasreg_events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", event)
        count += 1
    connection.execute("COMMIT")
    return count


with open(os.environ["ESTEIRA_DATA"], encoding="utf-8") as file:
    order = json.load(file)
if not os.path.isabs(order["index"]):
    print(f"the setting atlasreg_index is {order['index']!r}, which is no absolute path", file=sys.stderr)
    sys.exit(78)
connection = sqlite3.connect(order["index"], timeout=SECONDS_FOR_THE_LOCK, isolation_level=None)
try:
    connection.executescript(TABLES)
    indexed = write(connection, order)
except sqlite3.OperationalError as error:
    print(f"{order['index']}: {error}", file=sys.stderr)
    sys.exit(75)
finally:
    connection.close()                          # what is not committed is rolled back
print(f"{indexed} documents of {order['date']} in {order['index']}")
with open(os.environ["ESTEIRA_OUTPUT"], "w", encoding="utf-8") as file:
    json.dump({"documents_count": len(order["documents"]), "errors": order["errors"], "indexed": indexed}, file)
