-- The tables of AtlasReg that the ingest reads and writes. Safe to run again: nothing that is there is changed.

CREATE TABLE IF NOT EXISTS companies (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  cnpj text UNIQUE,                            -- 14 characters, without points
  player_id text);

-- A document is there once for each run that collected it: a run that is repeated finds its own again.
CREATE TABLE IF NOT EXISTS documents (
  id text NOT NULL,
  filename text NOT NULL,                      -- its key in the bucket raw-documents
  source text NOT NULL,
  status text NOT NULL CHECK (status IN ('collected', 'processed')),
  metadata jsonb NOT NULL,                     -- run_id, date, title, url, and what else the source said
  run_id text GENERATED ALWAYS AS (metadata ->> 'run_id') STORED NOT NULL,
  day text GENERATED ALWAYS AS (metadata ->> 'date') STORED NOT NULL,
  PRIMARY KEY (run_id, id));
CREATE INDEX IF NOT EXISTS documents_day ON documents (day);

CREATE TABLE IF NOT EXISTS events (
  id uuid NOT NULL,                            -- made from the address of the page: the same in every run
  document_id text NOT NULL,
  company_id uuid REFERENCES companies,
  title text NOT NULL,
  summary text NOT NULL,
  event_type text NOT NULL CHECK (event_type IN ('MULTA', 'DECISAO', 'TRANSACAO', 'INCIDENTE', 'NOTICIA', 'OUTRO')),
  amount double precision,
  date text NOT NULL,
  source text NOT NULL,
  source_url text NOT NULL,
  confidence_score double precision NOT NULL CHECK (confidence_score BETWEEN 0 AND 1),
  entities jsonb NOT NULL,
  metadata jsonb NOT NULL,                     -- run_id, and which models found it
  run_id text GENERATED ALWAYS AS (metadata ->> 'run_id') STORED NOT NULL,
  PRIMARY KEY (run_id, document_id),
  FOREIGN KEY (run_id, document_id) REFERENCES documents (run_id, id));

-- The search index that needs no other server; where ELASTICSEARCH_URL is set, Elasticsearch has both instead.
CREATE TABLE IF NOT EXISTS atlasreg_documents (
  id text PRIMARY KEY,
  run_id text NOT NULL,
  version bigint NOT NULL,                     -- when the run began: an older one changes nothing any more
  title text NOT NULL,
  body text NOT NULL,
  words tsvector GENERATED ALWAYS AS (to_tsvector('portuguese', title || ' ' || body)) STORED);
CREATE INDEX IF NOT EXISTS atlasreg_documents_words ON atlasreg_documents USING gin (words);
CREATE TABLE IF NOT EXISTS atlasreg_events (
  id text PRIMARY KEY,
  run_id text NOT NULL,
  version bigint NOT NULL,
  event jsonb NOT NULL);

-- What Esteira tells of its runs, and how the source calls it. The view takes INSERT and UPDATE like a table.
CREATE TABLE IF NOT EXISTS runs (
  run_id varchar(50) PRIMARY KEY,
  type varchar(50) NOT NULL CHECK (type IN ('daily_ingest', 'reprocess')),
  started_at timestamptz NOT NULL,
  completed_at timestamptz,
  status varchar(20) NOT NULL CHECK (status IN ('running', 'success', 'partial', 'failed')),
  sources_count integer,
  documents_count integer,
  errors_count integer,
  gold_json_path text,
  metadata jsonb NOT NULL DEFAULT '{}');
CREATE OR REPLACE VIEW cursor_runs AS
  SELECT run_id, type, started_at, completed_at, status, sources_count, documents_count, errors_count, gold_json_path,
         metadata
  FROM runs;
