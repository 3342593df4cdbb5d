"""The four tasks. Each may be run twice: what it writes has a key, so that it is there once.

Only Esteira tries again; a task that fails says so at once. A worker that dies leaves its task to the next one
(`task_acks_late`), after CELERY_VISIBILITY seconds on Redis.
"""

import datetime

import celery
import celery.signals
import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from atlasreg import events, index, logs, store
from atlasreg.settings import get_settings

settings = get_settings()
log = logs.get_logger("atlasreg")
app = celery.Celery("atlasreg", broker=settings.celery_broker_url, backend=settings.celery_broker_url)
app.conf.update(
    task_serializer="json", result_serializer="json", accept_content=["json"], task_acks_late=True,
    task_reject_on_worker_lost=True, worker_prefetch_multiplier=1, task_track_started=True,
    broker_connection_retry_on_startup=True, broker_connection_max_retries=None, result_backend_always_retry=True,
    broker_transport_options={"visibility_timeout": settings.celery_visibility},
    result_backend_transport_options={"visibility_timeout": settings.celery_visibility})


@celery.signals.setup_logging.connect
def _logging(**_):
    logs.setup_logging(settings.log_level, settings.log_format)


def database():
    return psycopg.connect(settings.database_url, row_factory=dict_row, connect_timeout=10)


def _company(connection, found, source):
    """The id of a company that is known by its CNPJ, else by its name; a new one has the source's player, if any."""
    if not found:
        return None
    name = events.company_id(found["cnpj"] or found["name"])
    row = connection.execute(
        "INSERT INTO companies (id, name, cnpj, player_id) VALUES (%s, %s, %s, %s) ON CONFLICT (id) "
        "DO UPDATE SET player_id = coalesce(companies.player_id, excluded.player_id) RETURNING id",
        (name, found["name"], found["cnpj"], source.get("player_id"))).fetchone()
    return row["id"]


def _save(connection, document, raw):
    """Classes and names of one document, in its event and in the bucket of what is processed."""
    event = events.read(raw["document"], raw["source"], raw["page"])
    event["date"] = event["date"] or document["day"]
    store.put(store.PROCESSED, f"documents/{document['run_id']}/{document['id']}.json", event)
    company = _company(connection, event["company"], raw["source"])
    connection.execute(
        "INSERT INTO events (id, document_id, company_id, title, summary, event_type, amount, date, source,"
        " source_url, confidence_score, entities, metadata)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (run_id, document_id) DO UPDATE SET company_id = excluded.company_id, title = excluded.title,"
        " summary = excluded.summary, event_type = excluded.event_type, amount = excluded.amount,"
        " date = excluded.date, confidence_score = excluded.confidence_score, entities = excluded.entities,"
        " metadata = excluded.metadata",
        (event["event_id"], document["id"], company, event["title"], event["summary"], event["event_type"],
         event["amount"], event["date"], event["source"], event["source_url"], event["confidence_score"],
         Jsonb(event["entities"]), Jsonb({"run_id": document["run_id"], "models": event["models"]})))
    connection.execute("UPDATE documents SET status = 'processed' WHERE run_id = %s AND id = %s",
                       (document["run_id"], document["id"]))
    return event


def _document(connection, name, run_id):
    row = connection.execute("SELECT * FROM documents WHERE run_id = %s AND id = %s", (run_id, name)).fetchone()
    if row is None:
        raise LookupError(f"{run_id} has no document {name}")
    return row


def _version(connection, run_id):
    """When the run began, in milliseconds."""
    row = connection.execute(
        "SELECT (extract(epoch FROM started_at) * 1000)::bigint AS began FROM cursor_runs WHERE run_id = %s",
        (run_id,)).fetchone()
    if row is None:
        raise LookupError(f"there is no run {run_id}")
    return row["began"]


@app.task(name="process_document")
def process_document(doc_id, run_id):
    with logs.LogContext(run_id=run_id, doc_id=doc_id), database() as connection:
        document = _document(connection, doc_id, run_id)
        event = _save(connection, document, store.get(store.RAW, document["filename"]))
        log.info("document_processed", extra={"event_type": event["event_type"]})
        return {"success": True, "event_id": event["event_id"]}


@app.task(name="index_event")
def index_event(doc_id, run_id):
    with logs.LogContext(run_id=run_id, doc_id=doc_id), database() as connection:
        _document(connection, doc_id, run_id)
        event = store.get(store.PROCESSED, f"documents/{run_id}/{doc_id}.json")
        index.index(connection).put(doc_id, run_id, _version(connection, run_id), event, event.pop("text"))
        log.info("event_indexed")
        return {"success": True, "event_id": event["event_id"]}


@app.task(name="generate_gold_json")
def generate_gold_json(run_id, date, sources_processed=None, errors=()):
    """The JSON Gold 2.0; `errors`, and sources without a document, only the caller knows of."""
    with logs.LogContext(run_id=run_id), database() as connection:
        rows = connection.execute(
            "SELECT e.*, c.player_id, c.name AS company_name, c.cnpj FROM events e LEFT JOIN companies c "
            "ON e.company_id = c.id WHERE e.metadata->>'run_id' = %s ORDER BY e.source, e.document_id",
            (run_id,)).fetchall()
        found = connection.execute(
            "SELECT count(*) AS documents, count(DISTINCT source) AS sources FROM documents WHERE run_id = %s AND "
            "status = 'processed'", (run_id,)).fetchone()
        now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
        log.info("gold_generated", extra={"events_count": len(rows)})
        return {
            "metadata": {"run_id": run_id, "generated_at": now, "date": date,
                         "sources_processed": found["sources"] if sources_processed is None else sources_processed,
                         "documents_count": found["documents"], "events_count": len(rows), "version": "2.0"},
            "events": [_gold_event(row) for row in rows],
            "errors": list(errors)}


def _gold_event(row):
    found = {
        "event_id": str(row["id"]), "title": row["title"], "summary": row["summary"], "event_type": row["event_type"],
        "date": row["date"], "source": row["source"], "source_url": row["source_url"],
        "confidence_score": row["confidence_score"],
        "is_critical": events.is_critical(row["event_type"], row["amount"]),
        "entities": row["entities"], "tags": [row["event_type"].lower(), row["source"]]}
    if row["company_id"]:
        company = {"id": str(row["company_id"]), "name": row["company_name"]}
        if row["cnpj"]:
            company["cnpj"] = events.formatted(row["cnpj"])
        if row["player_id"]:
            company["player_id"] = row["player_id"]
        found["company"] = company
    if row["amount"] is not None:
        found["amount"] = row["amount"]
    return found


@app.task(name="reprocess_date")
def reprocess_date(date, run_id):
    """Classes, names and index of a date's documents again, as each was collected last; nothing is fetched."""
    with logs.LogContext(run_id=run_id, date=date):
        with database() as connection:
            found = connection.execute(
                "SELECT DISTINCT ON (id) * FROM documents WHERE day = %s AND run_id NOT LIKE 'reprocess\\_%%' "
                "ORDER BY id, metadata->>'collected_at' DESC", (date,)).fetchall()
        errors = sum(not _again(document, run_id) for document in found)
        log.info("date_reprocessed", extra={"documents_count": len(found), "errors_count": errors})
        return {"documents_count": len(found) - errors, "errors": errors}


def _again(document, run_id):
    """Whether one document could be read; one that cannot leaves the others as they are."""
    try:
        with database() as connection:
            row = connection.execute(
                "INSERT INTO documents (id, filename, source, status, metadata) VALUES (%s, %s, %s, 'collected', %s) "
                "ON CONFLICT (run_id, id) DO UPDATE SET filename = excluded.filename RETURNING *",
                (document["id"], document["filename"], document["source"],
                 Jsonb({**document["metadata"], "run_id": run_id}))).fetchone()
            event = _save(connection, row, store.get(store.RAW, document["filename"]))
            version = _version(connection, run_id)
            index.index(connection).put(document["id"], run_id, version, event, event.pop("text"))
        return True
    except psycopg.OperationalError:
        raise                                           # the database is away: the whole task is tried again
    except Exception:
        log.exception("document_not_reprocessed", extra={"doc_id": document["id"]})
        return False
