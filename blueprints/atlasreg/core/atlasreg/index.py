"""Where events are searched: tables beside the others, or Elasticsearch where ELASTICSEARCH_URL is set.

Both know `atlasreg_events` and `atlasreg_documents`, and take the same id twice as once.
"""

import base64
import json
import urllib.parse
import urllib.request

from psycopg.types.json import Jsonb

from atlasreg.settings import get_settings


class Tables:
    def __init__(self, connection):
        self.connection = connection

    def put(self, name, run_id, event, body):
        self.connection.execute(
            "INSERT INTO atlasreg_documents (id, run_id, title, body) VALUES (%s, %s, %s, %s) ON CONFLICT (id) "
            "DO UPDATE SET run_id = excluded.run_id, title = excluded.title, body = excluded.body",
            (name, run_id, event["title"], body))
        self.connection.execute(
            "INSERT INTO atlasreg_events (id, run_id, event) VALUES (%s, %s, %s) ON CONFLICT (id) "
            "DO UPDATE SET run_id = excluded.run_id, event = excluded.event",
            (event["event_id"], run_id, Jsonb(event)))


class Elasticsearch:
    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        self.headers = {"Content-Type": "application/json"}
        if parts.username:
            login = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
            self.headers["Authorization"] = "Basic " + base64.b64encode(login.encode()).decode()
        host = parts.netloc.rpartition("@")[2]
        self.url = f"{parts.scheme}://{host}{parts.path.rstrip('/')}"

    def put(self, name, run_id, event, body):
        for index, one, value in (
                ("atlasreg_documents", name, {"run_id": run_id, "title": event["title"], "body": body}),
                ("atlasreg_events", event["event_id"], {"run_id": run_id, **event})):
            place = f"{self.url}/{index}/_doc/{urllib.parse.quote(one, safe='')}"
            request = urllib.request.Request(place, json.dumps(value).encode(), self.headers, method="PUT")
            with urllib.request.urlopen(request, timeout=30) as answer:
                answer.read()


def index(connection):
    url = get_settings().elasticsearch_url
    return Elasticsearch(url) if url else Tables(connection)
