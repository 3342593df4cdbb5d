-- The register of records: a SQLite file that stands in for Oracle and for MITRARR's PostgreSQL.
-- Each program makes what is missing when it opens the file; `sqlite3 register.db < register.sql` does so by hand.

PRAGMA journal_mode = WAL;

CREATE TABLE IF NOT EXISTS nists (
  hash        TEXT PRIMARY KEY CHECK (hash <> ''),
  name        TEXT NOT NULL,
  size        INTEGER NOT NULL CHECK (size > 0),
  source      TEXT NOT NULL,
  transaction_type TEXT NOT NULL,
  agency      TEXT NOT NULL,
  control     TEXT NOT NULL,
  images      INTEGER NOT NULL,
  person      TEXT,
  canary      TEXT,
  job         TEXT NOT NULL,
  related     INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS nists_of_person ON nists (person) WHERE person IS NOT NULL;
CREATE INDEX IF NOT EXISTS nists_not_related ON nists (related) WHERE NOT related;

-- One row for each batch that was committed, with what it answered: a repetition gets the same answer.
CREATE TABLE IF NOT EXISTS batches (
  key     TEXT PRIMARY KEY,
  job     TEXT NOT NULL,
  answer  TEXT NOT NULL,
  repeats INTEGER NOT NULL DEFAULT 0
);

-- One row for each change that was made, in its order. Nothing keeps a row from being written twice but the
-- programs themselves, so a double shows here.
CREATE TABLE IF NOT EXISTS journal (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  action  TEXT NOT NULL,
  subject TEXT NOT NULL,
  job     TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS rejections (
  sha256  TEXT NOT NULL,
  name    TEXT NOT NULL,
  code    TEXT NOT NULL,
  message TEXT NOT NULL,
  job     TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS relationships (
  person TEXT NOT NULL,
  first  TEXT NOT NULL REFERENCES nists,
  second TEXT NOT NULL REFERENCES nists,
  PRIMARY KEY (first, second),
  CHECK (first <> second)
);

CREATE TABLE IF NOT EXISTS stimar_requests (
  hash  TEXT PRIMARY KEY REFERENCES nists,
  state TEXT NOT NULL CHECK (state IN ('queued', 'done')),
  alert TEXT
);
CREATE INDEX IF NOT EXISTS stimar_queue ON stimar_requests (state) WHERE state = 'queued';

CREATE TABLE IF NOT EXISTS cards (
  id        INTEGER PRIMARY KEY,
  hash      TEXT NOT NULL UNIQUE REFERENCES nists,
  card_name TEXT NOT NULL,
  image_uri TEXT NOT NULL,
  canary    TEXT,
  sent_at   TEXT,
  deleted   INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS cards_to_send ON cards (id) WHERE sent_at IS NULL AND NOT deleted;

CREATE VIEW IF NOT EXISTS outbound_cards AS
  SELECT id, hash, card_name, image_uri, canary FROM cards WHERE sent_at IS NULL AND NOT deleted;
