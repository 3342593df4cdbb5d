"""Reads the watchlist and checks it against the schema of the source system: a fault ends in exit 78."""

import json
import os
import sys

HANDLERS = {"SCRAPY_CVM_API", "SCRAPY_NEWSROOM_PLAYER", "DOWNLOAD_CSV", "AIRFLOW_DAG", "CUSTOM_SCRAPER"}
NEEDED = {"id": str, "name": str, "handler_id": str, "spider_id": str, "url_feed": str, "enabled": bool,
          "schedule": str}


def fault(text):
    print(text, file=sys.stderr)
    sys.exit(78)


def checked(source):
    for key, kind in NEEDED.items():
        if not isinstance(source.get(key), kind):
            fault(f"watchlist.json: source {source.get('id', '?')} needs {key} as {kind.__name__}")
    if source["handler_id"] not in HANDLERS:
        fault(f"watchlist.json: source {source['id']} has the unknown handler {source['handler_id']}")
    if source["handler_id"] == "AIRFLOW_DAG" and not source.get("dag_id"):
        fault(f"watchlist.json: source {source['id']} needs dag_id for its handler AIRFLOW_DAG")
    return source


with open(os.path.join(os.environ["ESTEIRA_FILES"], "watchlist.json"), encoding="utf-8") as file:
    config = json.load(file)
sources = [checked(source) for source in config["sources"]]
if len({source["id"] for source in sources}) < len(sources):
    fault("watchlist.json: two sources have the same id")
with open(os.environ["ESTEIRA_OUTPUT"], "w", encoding="utf-8") as file:
    json.dump({"sources": sources, "global_settings": config.get("global_settings", {})}, file)
