"""SQLite in place of PostgreSQL and Athena.

Stands in for `sql.validate`, `sql.query` (and `athena.query`) and `sql.execute`: ESTEIRA_DATA says what to do.
"""
import csv
import json
import os
import sqlite3
import sys

ORDERS = [
    (1, "2026-11-01", "Ana", "SP", 100.0, "paid"),
    (2, "2026-11-02", "Bia", "RJ", 50.5, "paid"),
    (3, "2026-11-02", "Caio", "SP", 25.0, "paid"),
    (4, "2026-11-03", "Davi", "MG", 75.25, "open"),
]
FORBIDDEN = ("drop", "delete", "truncate", "alter", "create", "grant", "revoke", "insert", "update", "attach")


def sample():
    """A database of its own for this attempt, which nobody can change."""
    connection = sqlite3.connect(":memory:")
    connection.execute(
        "CREATE TABLE order_report (order_id INTEGER, date TEXT, customer_name TEXT, state TEXT,"
        " revenue REAL, status TEXT)"
    )
    connection.executemany("INSERT INTO order_report VALUES (?, ?, ?, ?, ?, ?)", ORDERS)
    connection.commit()
    connection.execute("PRAGMA query_only = ON")
    return connection


def issues(query):
    """The database's own parser reads the query; only one SELECT is let through."""
    found = []
    words = query.lower().replace("(", " ").split()
    if not words or words[0] not in ("select", "with"):
        found.append("only SELECT is allowed")
    found += [f"{word.upper()} is not allowed" for word in FORBIDDEN if word in words]
    try:
        sample().execute("EXPLAIN " + query)
    except (sqlite3.Error, sqlite3.Warning) as error:
        found.append(str(error))
    return found


def validate(data):
    found = issues(data["query"])
    return {"valid": not found, "issues": found}


def query(data):
    # Checked here too: what runs is what was found valid, whoever asks.
    found = issues(data["query"])
    if found:
        sys.exit("the query is not valid: " + "; ".join(found))
    cursor = sample().execute(data["query"])
    rows = cursor.fetchmany(data["max_rows"])
    with open(os.path.join(os.environ["ESTEIRA_ARTIFACTS"], "results"), "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([column[0] for column in cursor.description])
        writer.writerows(rows)
    return {"row_count": len(rows)}


def record(data):
    """One row for each step execution: the step's key makes a repetition the same row."""
    if not data["database"]:
        sys.exit("the setting ezpocket_db names no database file")
    connection = sqlite3.connect(data["database"], timeout=30)
    with connection:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS conversations (key TEXT PRIMARY KEY, project INTEGER, job TEXT,"
            " module TEXT, path TEXT, status TEXT)"
        )
        connection.execute(
            "INSERT OR REPLACE INTO conversations VALUES (?, ?, ?, ?, ?, ?)",
            (os.environ["ESTEIRA_STEP_KEY"], data["project"], data["job"], data["module"], data["path"],
             data["status"]),
        )
    connection.close()
    return {}


with open(os.environ["ESTEIRA_DATA"], encoding="utf-8") as file:
    asked = json.load(file)
with open(os.environ["ESTEIRA_OUTPUT"], "w", encoding="utf-8") as file:
    json.dump({"validate": validate, "query": query, "record": record}[asked["do"]](asked), file)
