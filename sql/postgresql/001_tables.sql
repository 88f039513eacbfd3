-- Tables, indexes, views and functions of Mailtrace in PostgreSQL 13 or later. Every column is explained in
-- ../README.md. Text is compared by bytes (COLLATE "C"): so merges give the same everywhere, and lower() knows ASCII only.

CREATE TABLE schema_version (
  version integer NOT NULL PRIMARY KEY,
  applied timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE connectlog (
  day date NOT NULL,
  id uuid NOT NULL,
  connect_time timestamptz NOT NULL,
  server text COLLATE "C" NOT NULL,
  instance text COLLATE "C",
  queue_id text COLLATE "C",
  service text COLLATE "C",
  client_name text COLLATE "C",
  client_addr text COLLATE "C",
  client_port bigint,
  helo text COLLATE "C",
  protocol text COLLATE "C",
  sasl_user text COLLATE "C",
  tls text COLLATE "C",
  sender text COLLATE "C",
  message_id text COLLATE "C",
  subject text COLLATE "C",
  size bigint,
  recipients bigint,
  spam_score double precision,
  spam_action text COLLATE "C",
  dkim text COLLATE "C",
  dmarc text COLLATE "C",
  spf text COLLATE "C",
  origin_id uuid,
  origin_kind text COLLATE "C",
  end_time timestamptz,
  flags bigint NOT NULL,
  message_hash bigint,
  PRIMARY KEY (day, id)
) PARTITION BY RANGE (day);

CREATE INDEX connectlog_sender ON connectlog (lower(sender), day, id) WHERE sender IS NOT NULL;

CREATE INDEX connectlog_queue_id ON connectlog (queue_id) WHERE queue_id IS NOT NULL;

CREATE INDEX connectlog_message ON connectlog (message_hash) WHERE message_hash IS NOT NULL;

CREATE INDEX connectlog_client ON connectlog (client_addr, day, id) WHERE client_addr IS NOT NULL;

CREATE INDEX connectlog_origin ON connectlog (origin_id) WHERE origin_id IS NOT NULL;

CREATE TABLE deliverlog (
  day date NOT NULL,
  connect_id uuid NOT NULL,
  id uuid NOT NULL,
  connect_time timestamptz NOT NULL,
  deliver_time timestamptz NOT NULL,
  server text COLLATE "C" NOT NULL,
  queue_id text COLLATE "C",
  transport text COLLATE "C",
  recipient text COLLATE "C",
  original_recipient text COLLATE "C",
  relay_name text COLLATE "C",
  relay_addr text COLLATE "C",
  relay_port bigint,
  delay double precision,
  delay_before double precision,
  delay_queue double precision,
  delay_connect double precision,
  delay_transmit double precision,
  smtp_code bigint,
  dsn text COLLATE "C",
  status text COLLATE "C",
  response text COLLATE "C",
  next_queue_id text COLLATE "C",
  folder text COLLATE "C",
  tls text COLLATE "C",
  flags bigint NOT NULL,
  PRIMARY KEY (day, connect_id, id)
) PARTITION BY RANGE (day);

CREATE INDEX deliverlog_recipient ON deliverlog (lower(recipient), day, connect_id) WHERE recipient IS NOT NULL;

CREATE INDEX deliverlog_original ON deliverlog (lower(original_recipient), day, connect_id)
  WHERE original_recipient IS NOT NULL;

CREATE INDEX deliverlog_next ON deliverlog (next_queue_id) WHERE next_queue_id IS NOT NULL;

CREATE TABLE lines (
  day date NOT NULL,
  connect_id uuid NOT NULL,
  id uuid NOT NULL,
  data bytea NOT NULL,
  PRIMARY KEY (day, connect_id, id)
) PARTITION BY RANGE (day);

-- The lines are compressed already.
ALTER TABLE lines ALTER COLUMN data SET STORAGE EXTERNAL;

-- Days that cannot be true share these; a forged date never makes a partition.
CREATE TABLE connectlog_default PARTITION OF connectlog DEFAULT;

CREATE TABLE deliverlog_default PARTITION OF deliverlog DEFAULT;

CREATE TABLE lines_default PARTITION OF lines DEFAULT;

CREATE TABLE hosts (
  day date NOT NULL,
  host text COLLATE "C" NOT NULL,
  first_time timestamptz NOT NULL,
  last_time timestamptz NOT NULL,
  lines bigint NOT NULL,
  unknown bigint NOT NULL,
  PRIMARY KEY (day, host)
);

CREATE TABLE checkpoint (
  receiver text COLLATE "C" NOT NULL PRIMARY KEY,
  spool text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  counted bigint NOT NULL
);

-- All distinct addresses in lower case, for searches in the middle of an address.
CREATE TABLE addresses (
  id uuid NOT NULL PRIMARY KEY,
  address text COLLATE "C" NOT NULL,
  last_day date NOT NULL
) WITH (fillfactor = 90);

-- Without the extension, which Debian has in the server's own package, these searches read the whole dictionary.
DO $$
BEGIN
  CREATE EXTENSION IF NOT EXISTS pg_trgm;
  CREATE INDEX addresses_trigram ON addresses USING gin (address gin_trgm_ops);
EXCEPTION WHEN OTHERS THEN
  RAISE NOTICE 'no trigram index for addresses: %', SQLERRM;
END
$$;

-- Makes the partitions of one day. Runs with the rights of the owner, so that the writer needs none to create
-- tables. ATTACH, unlike CREATE … PARTITION OF, lets everybody go on reading and writing.
CREATE FUNCTION mailtrace_make_day(wanted date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  today date := (now() AT TIME ZONE 'UTC')::date;
  parent text;
  part text;
  made boolean := false;
BEGIN
  IF wanted > today + 7 OR wanted < today - 3660 THEN
    RETURN false;
  END IF;
  IF to_regclass('connectlog_' || to_char(wanted, 'YYYYMMDD')) IS NOT NULL THEN
    RETURN false;
  END IF;
  PERFORM pg_advisory_xact_lock(7811091074);
  FOREACH parent IN ARRAY ARRAY['lines', 'deliverlog', 'connectlog'] LOOP
    part := parent || '_' || to_char(wanted, 'YYYYMMDD');
    CONTINUE WHEN to_regclass(part) IS NOT NULL;
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', part, parent);
    EXECUTE format('WITH moved AS (DELETE FROM %I WHERE day = %L RETURNING *) INSERT INTO %I SELECT * FROM moved',
                   parent || '_default', wanted, part);
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, part, wanted, wanted + 1);
    made := true;
  END LOOP;
  RETURN made;
END
$$;

-- pg_temp last, so that nobody who calls the function can put a table of his own in its way.
DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION mailtrace_make_day(date) SET search_path = %I, pg_temp', current_schema());
END
$$;

REVOKE ALL ON FUNCTION mailtrace_make_day(date) FROM PUBLIC;

CREATE VIEW mails AS
SELECT
  day, replace(id::text, '-', '') AS mail, connect_time AS received,
  server, instance, queue_id, service, client_name, client_addr, client_port, helo, protocol, sasl_user, tls,
  sender, message_id, subject, size, recipients, spam_score, spam_action, dkim, dmarc, spf,
  replace(origin_id::text, '-', '') AS origin_mail, origin_kind, end_time AS ended, flags
FROM connectlog;

CREATE VIEW deliveries AS
SELECT
  d.day, replace(d.connect_id::text, '-', '') AS mail, replace(d.id::text, '-', '') AS delivery,
  d.connect_time AS received, d.deliver_time AS attempted,
  d.server, d.queue_id, c.client_name, c.client_addr, c.sasl_user, c.sender, d.recipient, d.original_recipient,
  c.message_id, c.subject, c.size, d.transport, d.relay_name, d.relay_addr, d.relay_port,
  d.delay, d.delay_before, d.delay_queue, d.delay_connect, d.delay_transmit,
  d.smtp_code, d.dsn, d.status, d.response, d.next_queue_id, d.folder, d.tls, d.flags
FROM deliverlog d LEFT JOIN connectlog c ON c.day = d.day AND c.id = d.connect_id;

INSERT INTO schema_version (version) VALUES (1);
