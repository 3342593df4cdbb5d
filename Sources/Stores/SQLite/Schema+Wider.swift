extension Migration {
  /// People, messages and limits. `docs/storage.md` explains the tables.
  static let wider = """
    ALTER TABLE job_executions ADD COLUMN correlation_id TEXT;
    ALTER TABLE job_executions ADD COLUMN owner TEXT;
    ALTER TABLE job_executions ADD COLUMN priority INTEGER NOT NULL DEFAULT 5;
    ALTER TABLE job_executions ADD COLUMN fair_key TEXT;
    ALTER TABLE job_executions ADD COLUMN parent_job INTEGER;
    ALTER TABLE job_executions ADD COLUMN parent_node INTEGER;
    ALTER TABLE job_executions ADD COLUMN rerun_of TEXT;
    CREATE INDEX jobs_of_namespace ON job_executions(namespace, job);
    CREATE INDEX jobs_of_correlation ON job_executions(correlation_id, job) WHERE correlation_id IS NOT NULL;
    CREATE INDEX jobs_of_parent ON job_executions(parent_job, job) WHERE parent_job IS NOT NULL;
    CREATE INDEX reruns_of_job ON job_executions(rerun_of, job) WHERE rerun_of IS NOT NULL;
    CREATE TABLE job_labels(
      name TEXT NOT NULL, value TEXT NOT NULL, job INTEGER NOT NULL,
      PRIMARY KEY(name, value, job)) STRICT, WITHOUT ROWID;
    CREATE INDEX labels_of_job ON job_labels(job);

    CREATE TABLE asks(
      id TEXT NOT NULL PRIMARY KEY CHECK(length(id) = 36), job INTEGER NOT NULL, node INTEGER NOT NULL,
      namespace TEXT NOT NULL, path TEXT NOT NULL, state INTEGER NOT NULL, quorum INTEGER NOT NULL,
      opened_at INTEGER NOT NULL, expires_at INTEGER, decided_choice TEXT, decided_at INTEGER,
      content_event INTEGER, content_offset INTEGER, content_length INTEGER, content_body INTEGER) STRICT;
    CREATE INDEX open_asks ON asks(id) WHERE state = 0;
    CREATE INDEX asks_of_job ON asks(job, id);
    CREATE TABLE ask_assignees(
      principal TEXT NOT NULL, ask TEXT NOT NULL, place INTEGER NOT NULL,
      PRIMARY KEY(principal, ask)) STRICT, WITHOUT ROWID;
    CREATE INDEX assignees_of_ask ON ask_assignees(ask, place);
    CREATE TABLE ask_answers(
      position INTEGER PRIMARY KEY, ask TEXT NOT NULL, job INTEGER NOT NULL, answered_by TEXT NOT NULL,
      on_behalf_of TEXT, choice TEXT NOT NULL, counts INTEGER NOT NULL, at INTEGER NOT NULL,
      content_event INTEGER, content_offset INTEGER, content_length INTEGER, content_body INTEGER) STRICT;
    CREATE INDEX answers_of_ask ON ask_answers(ask, position);

    CREATE TABLE signals(
      id TEXT NOT NULL PRIMARY KEY CHECK(length(id) = 36), namespace TEXT NOT NULL, name TEXT NOT NULL,
      key TEXT NOT NULL, message_id TEXT, payload BLOB NOT NULL, source TEXT NOT NULL,
      received_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, dead_letters INTEGER NOT NULL,
      state INTEGER NOT NULL, taken_by INTEGER, duplicates INTEGER NOT NULL) STRICT;
    CREATE UNIQUE INDEX signal_messages ON signals(namespace, name, message_id) WHERE message_id IS NOT NULL;
    CREATE INDEX waiting_signals ON signals(received_at, id) WHERE state = 0;
    CREATE INDEX past_signals ON signals(expires_at) WHERE state <> 0;
    CREATE TABLE parked_jobs(job INTEGER PRIMARY KEY, due INTEGER, after INTEGER) STRICT;
    CREATE TABLE waits(
      job INTEGER NOT NULL, place INTEGER NOT NULL, node INTEGER NOT NULL, namespace TEXT NOT NULL,
      name TEXT NOT NULL, key TEXT NOT NULL, since INTEGER NOT NULL, broadcast INTEGER NOT NULL,
      PRIMARY KEY(job, place)) STRICT, WITHOUT ROWID;

    CREATE TABLE slots(
      limit_key TEXT NOT NULL, slot_no INTEGER NOT NULL, job INTEGER NOT NULL, node INTEGER,
      taken_at INTEGER NOT NULL, PRIMARY KEY(limit_key, slot_no)) STRICT, WITHOUT ROWID;
    CREATE TABLE governors(
      key TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, state TEXT NOT NULL CHECK(json_valid(state)),
      updated_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE caches(
      namespace TEXT NOT NULL, key TEXT NOT NULL, job TEXT NOT NULL, output BLOB NOT NULL,
      expires_at INTEGER NOT NULL, PRIMARY KEY(namespace, key)) STRICT;
    CREATE INDEX cache_ends ON caches(expires_at);
    CREATE TABLE refusals(
      position INTEGER PRIMARY KEY, at INTEGER NOT NULL, namespace TEXT NOT NULL, pipeline TEXT NOT NULL,
      trigger_name TEXT, actor TEXT NOT NULL, reason TEXT NOT NULL, limit_key TEXT NOT NULL,
      idempotency_key TEXT) STRICT;
    CREATE INDEX refusals_of_namespace ON refusals(namespace, position);
    CREATE TABLE dead_letters(
      id INTEGER PRIMARY KEY, at INTEGER NOT NULL, namespace TEXT NOT NULL, kind TEXT NOT NULL,
      source TEXT NOT NULL CHECK(json_valid(source)), fingerprint TEXT NOT NULL,
      error TEXT NOT NULL CHECK(json_valid(error)), body BLOB) STRICT;
    CREATE INDEX dead_letters_of_namespace ON dead_letters(namespace, id);
    CREATE TABLE pauses(
      namespace TEXT NOT NULL, pipeline TEXT NOT NULL, paused_by TEXT NOT NULL, reason TEXT NOT NULL,
      at INTEGER NOT NULL, until INTEGER, PRIMARY KEY(namespace, pipeline)) STRICT, WITHOUT ROWID;
    CREATE TABLE deleted_pipelines(
      namespace TEXT NOT NULL, pipeline TEXT NOT NULL, at INTEGER NOT NULL, deleted_by TEXT NOT NULL,
      PRIMARY KEY(namespace, pipeline)) STRICT, WITHOUT ROWID;
    """
}
