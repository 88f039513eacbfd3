-- What became of every line: counts by hour, host and program, samples of what nobody understood, and when lines
-- were lost. Times and days as in the first step.

CREATE TABLE host_hours (
  day INTEGER NOT NULL,
  hour INTEGER NOT NULL,
  host TEXT NOT NULL,
  program TEXT NOT NULL,
  source TEXT NOT NULL,
  understood INTEGER NOT NULL,
  ignored INTEGER NOT NULL,
  unknown INTEGER NOT NULL,
  unparsed INTEGER NOT NULL,
  minutes INTEGER NOT NULL,
  PRIMARY KEY (day, hour, host, program, source)
);

CREATE TABLE unknown_lines (
  day INTEGER NOT NULL,
  program TEXT NOT NULL,
  shape BLOB NOT NULL,
  slot INTEGER NOT NULL,
  source TEXT NOT NULL,
  lines INTEGER NOT NULL,
  first_time INTEGER NOT NULL,
  last_time INTEGER NOT NULL,
  host TEXT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (day, program, shape, slot, source)
);

CREATE TABLE gaps (
  day INTEGER NOT NULL,
  id BLOB NOT NULL,
  receiver TEXT NOT NULL,
  kind TEXT NOT NULL,
  first_time INTEGER NOT NULL,
  last_time INTEGER NOT NULL,
  lines INTEGER NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (day, id)
);

INSERT INTO schema_version (version) VALUES (3);
