-- What became of every line: counts by hour, host and program, samples of what nobody understood, and when lines
-- were lost.

CREATE TABLE host_hours (
  day date NOT NULL,
  hour bigint NOT NULL,
  host text COLLATE "C" NOT NULL,
  program text COLLATE "C" NOT NULL,
  source text COLLATE "C" NOT NULL,
  understood bigint NOT NULL,
  ignored bigint NOT NULL,
  unknown bigint NOT NULL,
  unparsed bigint NOT NULL,
  minutes bigint NOT NULL,
  PRIMARY KEY (day, hour, host, program, source)
);

CREATE TABLE unknown_lines (
  day date NOT NULL,
  program text COLLATE "C" NOT NULL,
  shape uuid NOT NULL,
  slot bigint NOT NULL,
  source text COLLATE "C" NOT NULL,
  lines bigint NOT NULL,
  first_time timestamptz NOT NULL,
  last_time timestamptz NOT NULL,
  host text COLLATE "C" NOT NULL,
  text text COLLATE "C" NOT NULL,
  PRIMARY KEY (day, program, shape, slot, source)
);

CREATE TABLE gaps (
  day date NOT NULL,
  id uuid NOT NULL,
  receiver text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  first_time timestamptz NOT NULL,
  last_time timestamptz NOT NULL,
  lines bigint NOT NULL,
  reason text COLLATE "C" NOT NULL,
  PRIMARY KEY (day, id)
);

INSERT INTO schema_version (version) VALUES (3);
