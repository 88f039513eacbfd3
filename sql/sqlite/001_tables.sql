-- Tables, indexes and views of Mailtrace in SQLite 3.40 or later. Every column is explained in ../README.md.
-- Times are microseconds since 1970-01-01 UTC, days are days since then; the views show both as text.

-- Before the first table, or the file never shrinks again.
PRAGMA auto_vacuum = INCREMENTAL;

CREATE TABLE schema_version (
  version INTEGER NOT NULL PRIMARY KEY,
  applied TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
);

CREATE TABLE connectlog (
  day INTEGER NOT NULL,
  id BLOB NOT NULL,
  connect_time INTEGER NOT NULL,
  server TEXT NOT NULL,
  instance TEXT,
  queue_id TEXT,
  service TEXT,
  client_name TEXT,
  client_addr TEXT,
  client_port INTEGER,
  helo TEXT,
  protocol TEXT,
  sasl_user TEXT,
  tls TEXT,
  sender TEXT,
  message_id TEXT,
  subject TEXT,
  size INTEGER,
  recipients INTEGER,
  spam_score REAL,
  spam_action TEXT,
  dkim TEXT,
  dmarc TEXT,
  spf TEXT,
  origin_id BLOB,
  origin_kind TEXT,
  end_time INTEGER,
  flags INTEGER NOT NULL,
  message_hash INTEGER,
  PRIMARY KEY (day, id)
);

CREATE INDEX connectlog_sender ON connectlog (lower(sender), day, id) WHERE sender IS NOT NULL;

CREATE INDEX connectlog_queue_id ON connectlog (queue_id) WHERE queue_id IS NOT NULL;

CREATE INDEX connectlog_message ON connectlog (message_hash) WHERE message_hash IS NOT NULL;

CREATE INDEX connectlog_client ON connectlog (client_addr, day, id) WHERE client_addr IS NOT NULL;

CREATE INDEX connectlog_origin ON connectlog (origin_id) WHERE origin_id IS NOT NULL;

CREATE TABLE deliverlog (
  day INTEGER NOT NULL,
  connect_id BLOB NOT NULL,
  id BLOB NOT NULL,
  connect_time INTEGER NOT NULL,
  deliver_time INTEGER NOT NULL,
  server TEXT NOT NULL,
  queue_id TEXT,
  transport TEXT,
  recipient TEXT,
  original_recipient TEXT,
  relay_name TEXT,
  relay_addr TEXT,
  relay_port INTEGER,
  delay REAL,
  delay_before REAL,
  delay_queue REAL,
  delay_connect REAL,
  delay_transmit REAL,
  smtp_code INTEGER,
  dsn TEXT,
  status TEXT,
  response TEXT,
  next_queue_id TEXT,
  folder TEXT,
  tls TEXT,
  flags INTEGER NOT NULL,
  PRIMARY KEY (day, connect_id, id)
);

CREATE INDEX deliverlog_recipient ON deliverlog (lower(recipient), day, connect_id) WHERE recipient IS NOT NULL;

CREATE INDEX deliverlog_original ON deliverlog (lower(original_recipient), day, connect_id)
  WHERE original_recipient IS NOT NULL;

CREATE INDEX deliverlog_next ON deliverlog (next_queue_id) WHERE next_queue_id IS NOT NULL;

CREATE TABLE lines (
  day INTEGER NOT NULL,
  connect_id BLOB NOT NULL,
  id BLOB NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (day, connect_id, id)
);

CREATE TABLE hosts (
  day INTEGER NOT NULL,
  host TEXT NOT NULL,
  first_time INTEGER NOT NULL,
  last_time INTEGER NOT NULL,
  lines INTEGER NOT NULL,
  unknown INTEGER NOT NULL,
  PRIMARY KEY (day, host)
);

CREATE TABLE checkpoint (
  receiver TEXT NOT NULL PRIMARY KEY,
  spool TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  counted INTEGER NOT NULL
);

-- All distinct addresses in lower case, for searches in the middle of an address.
CREATE TABLE addresses (
  number INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  address TEXT NOT NULL,
  last_day INTEGER NOT NULL
);

CREATE VIRTUAL TABLE addresses_trigram USING fts5(
  address, content = 'addresses', content_rowid = 'number', tokenize = 'trigram', columnsize = 0
);

CREATE TRIGGER addresses_added AFTER INSERT ON addresses BEGIN
  INSERT INTO addresses_trigram (rowid, address) VALUES (new.number, new.address);
END;

CREATE TRIGGER addresses_removed AFTER DELETE ON addresses BEGIN
  INSERT INTO addresses_trigram (addresses_trigram, rowid, address) VALUES ('delete', old.number, old.address);
END;

CREATE VIEW mails AS
SELECT
  date(day * 86400, 'unixepoch') AS day,
  lower(hex(id)) AS mail,
  strftime('%Y-%m-%d %H:%M:%S', connect_time / 1000000, 'unixepoch')
    || printf('.%06d', connect_time % 1000000) AS received,
  server, instance, queue_id, service, client_name, client_addr, client_port, helo, protocol, sasl_user, tls,
  sender, message_id, subject, size, recipients, spam_score, spam_action, dkim, dmarc, spf,
  lower(hex(origin_id)) AS origin_mail,
  origin_kind,
  strftime('%Y-%m-%d %H:%M:%S', end_time / 1000000, 'unixepoch')
    || printf('.%06d', end_time % 1000000) AS ended,
  flags
FROM connectlog;

CREATE VIEW deliveries AS
SELECT
  date(d.day * 86400, 'unixepoch') AS day,
  lower(hex(d.connect_id)) AS mail,
  lower(hex(d.id)) AS delivery,
  strftime('%Y-%m-%d %H:%M:%S', d.connect_time / 1000000, 'unixepoch')
    || printf('.%06d', d.connect_time % 1000000) AS received,
  strftime('%Y-%m-%d %H:%M:%S', d.deliver_time / 1000000, 'unixepoch')
    || printf('.%06d', d.deliver_time % 1000000) AS attempted,
  d.server, d.queue_id, c.client_name, c.client_addr, c.sasl_user, c.sender, d.recipient, d.original_recipient,
  c.message_id, c.subject, c.size, d.transport, d.relay_name, d.relay_addr, d.relay_port,
  d.delay, d.delay_before, d.delay_queue, d.delay_connect, d.delay_transmit,
  d.smtp_code, d.dsn, d.status, d.response, d.next_queue_id, d.folder, d.tls, d.flags
FROM deliverlog d LEFT JOIN connectlog c ON c.day = d.day AND c.id = d.connect_id;

INSERT INTO schema_version (version) VALUES (1);
