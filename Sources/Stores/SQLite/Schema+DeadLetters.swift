extension Migration {
  /// What people do with dead letters. A letter without a key is one that two rows of an older schema share.
  static let deadLetters = """
    ALTER TABLE dead_letters RENAME COLUMN at TO last_at;
    ALTER TABLE dead_letters ADD COLUMN first_at INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE dead_letters ADD COLUMN key TEXT;
    ALTER TABLE dead_letters ADD COLUMN pipeline TEXT;
    ALTER TABLE dead_letters ADD COLUMN job TEXT;
    ALTER TABLE dead_letters ADD COLUMN tries INTEGER NOT NULL DEFAULT 1;
    ALTER TABLE dead_letters ADD COLUMN state INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE dead_letters ADD COLUMN edited BLOB;
    ALTER TABLE dead_letters ADD COLUMN handled_by TEXT;
    ALTER TABLE dead_letters ADD COLUMN handled_at INTEGER;
    ALTER TABLE dead_letters ADD COLUMN note TEXT;
    ALTER TABLE dead_letters ADD COLUMN became TEXT CHECK(became IS NULL OR json_valid(became));
    UPDATE dead_letters SET first_at = last_at, pipeline = json_extract(source, '$.pipeline');
    UPDATE dead_letters SET key = kind || ' ' || json_extract(source, '$.id') WHERE id IN
      (SELECT max(id) FROM dead_letters GROUP BY namespace, kind, json_extract(source, '$.id'));
    DROP INDEX dead_letters_of_namespace;
    CREATE UNIQUE INDEX dead_letter_keys ON dead_letters(namespace, key) WHERE key IS NOT NULL;
    CREATE INDEX dead_letters_of_namespace ON dead_letters(namespace, state, last_at, id);
    CREATE INDEX dead_letters_in_order ON dead_letters(last_at, id);
    CREATE INDEX open_fingerprints ON dead_letters(namespace, fingerprint, id) WHERE state = 0;
    CREATE INDEX open_letters_of_job ON dead_letters(job) WHERE job IS NOT NULL AND state = 0;
    CREATE INDEX letters_under_way ON dead_letters(id) WHERE state = 1 AND became IS NULL;
    CREATE TABLE dead_letter_acts(
      position INTEGER PRIMARY KEY, letter INTEGER NOT NULL, at INTEGER NOT NULL, act TEXT NOT NULL,
      actor TEXT NOT NULL, note TEXT) STRICT;
    CREATE INDEX acts_of_letter ON dead_letter_acts(letter, position);
    """
}
