"""Where events are searched: tables beside the others, or Elasticsearch where ELASTICSEARCH_URL is set.

Both know `atlasreg_events` and `atlasreg_documents`, and take the same id twice as once. A task that Redis gives to
a second worker can come when a later run has been there: `version`, when its run began, keeps it from being the last.
"""

import base64
import json
import urllib.error
import urllib.parse
import urllib.request

from atlasreg.settings import get_settings


class Tables:
    def __init__(self, connection):
        self.connection = connection

    def put(self, name, run_id, version, event, body):
        self.connection.execute(
            "INSERT INTO atlasreg_documents (id, run_id, version, title, body) VALUES (%s, %s, %s, %s, %s) "
            "ON CONFLICT (id) DO UPDATE SET run_id = excluded.run_id, version = excluded.version, "
            "title = excluded.title, body = excluded.body WHERE atlasreg_documents.version <= excluded.version",
            (name, run_id, version, event["title"], body))
        self.connection.execute(
            "INSERT INTO atlasreg_events (id, run_id, version, event) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (id) DO UPDATE SET run_id = excluded.run_id, version = excluded.version, "
            "event = excluded.event WHERE atlasreg_events.version <= excluded.version",
            (event["event_id"], run_id, version, json.dumps(event)))


class Elasticsearch:
    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        self.headers = {"Content-Type": "application/json"}
        if parts.username:
            login = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
            self.headers["Authorization"] = "Basic " + base64.b64encode(login.encode()).decode()
        host = parts.netloc.rpartition("@")[2]
        self.url = f"{parts.scheme}://{host}{parts.path.rstrip('/')}"

    def put(self, name, run_id, version, event, body):
        for index, one, value in (
                ("atlasreg_documents", name, {"run_id": run_id, "title": event["title"], "body": body}),
                ("atlasreg_events", event["event_id"], {"run_id": run_id, **event})):
            place = (f"{self.url}/{index}/_doc/{urllib.parse.quote(one, safe='')}"
                     f"?version={version}&version_type=external_gte")
            request = urllib.request.Request(place, json.dumps(value).encode(), self.headers, method="PUT")
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    answer.read()
            except urllib.error.HTTPError as error:
                if error.code != 409:                  # what is there is newer
                    raise


def index(connection):
    url = get_settings().elasticsearch_url
    return Elasticsearch(url) if url else Tables(connection)
