"""Reads the schemas statement by statement, and hands the sample's orders on as an artifact."""
import json
import os
import shutil
import sqlite3

FILES = os.environ["ESTEIRA_FILES"]


def statements(name):
    """Each is complete where SQLite says so, so that a trigger with its semicolons stays one."""
    found, text = [], ""
    with open(os.path.join(FILES, name), encoding="utf-8") as file:
        for line in file:
            if text or line.strip() and not line.startswith("--"):
                text += line
            if sqlite3.complete_statement(text):
                found.append({"statement": text.strip()})
                text = ""
    if text.strip():
        raise SystemExit(f"{name} ends within a statement")
    return found


shutil.copyfile(os.path.join(FILES, "orders.csv"), os.path.join(os.environ["ESTEIRA_ARTIFACTS"], "orders"))
with open(os.environ["ESTEIRA_OUTPUT"], "w", encoding="utf-8") as file:
    json.dump({"ezpocket": statements("ezpocket.sql"), "analytics": statements("orders.sql")}, file)
