-- What was half seen when a daemon or an import ended, and why a client was refused.

CREATE TABLE hints (
  id BLOB NOT NULL PRIMARY KEY,
  data BLOB NOT NULL,
  until INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX hints_until ON hints (until);

ALTER TABLE deliverlog ADD COLUMN reason TEXT;

DROP VIEW deliveries;

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
  d.smtp_code, d.dsn, d.status, d.response, d.next_queue_id, d.folder, d.tls, d.flags, d.reason
FROM deliverlog d LEFT JOIN connectlog c ON c.day = d.day AND c.id = d.connect_id;

INSERT INTO schema_version (version) VALUES (2);
