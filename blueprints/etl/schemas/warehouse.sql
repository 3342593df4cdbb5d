-- Decimals are text: a binary fraction would round them. `part` is what a load replaces as a whole.
CREATE TABLE IF NOT EXISTS positions (
  part TEXT NOT NULL, account TEXT NOT NULL, date TEXT NOT NULL, asset TEXT NOT NULL, class TEXT NOT NULL,
  quantity TEXT NOT NULL, price TEXT NOT NULL, value TEXT NOT NULL, maturity TEXT,
  PRIMARY KEY (part, account, date, asset)) STRICT;
CREATE TABLE IF NOT EXISTS statements (
  part TEXT NOT NULL, account TEXT NOT NULL, date TEXT NOT NULL, positions INTEGER NOT NULL, total TEXT NOT NULL,
  PRIMARY KEY (part, account, date)) STRICT;
