-- What became of every line: counts by hour, host and program, samples of what nobody understood, and when lines
-- were lost. May run again.

CREATE TABLE IF NOT EXISTS host_hours (
  day DATE NOT NULL,
  hour BIGINT NOT NULL,
  host VARCHAR(250) NOT NULL,
  program VARCHAR(100) NOT NULL,
  source VARCHAR(250) NOT NULL,
  understood BIGINT NOT NULL,
  ignored BIGINT NOT NULL,
  unknown BIGINT NOT NULL,
  unparsed BIGINT NOT NULL,
  minutes BIGINT NOT NULL,
  PRIMARY KEY (day, hour, host, program, source)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS unknown_lines (
  day DATE NOT NULL,
  program VARCHAR(100) NOT NULL,
  shape BINARY(16) NOT NULL,
  slot BIGINT NOT NULL,
  source VARCHAR(250) NOT NULL,
  `lines` BIGINT NOT NULL,
  first_time DATETIME(6) NOT NULL,
  last_time DATETIME(6) NOT NULL,
  host VARCHAR(250) NOT NULL,
  text VARCHAR(2000) NOT NULL,
  PRIMARY KEY (day, program, shape, slot, source)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS gaps (
  day DATE NOT NULL,
  id BINARY(16) NOT NULL,
  receiver VARCHAR(250) NOT NULL,
  kind VARCHAR(250) NOT NULL,
  first_time DATETIME(6) NOT NULL,
  last_time DATETIME(6) NOT NULL,
  `lines` BIGINT NOT NULL,
  reason VARCHAR(2000) NOT NULL,
  PRIMARY KEY (day, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

INSERT INTO schema_version (version) VALUES (3);
