-- What was half seen when a daemon or an import ended, and why a client was refused.

CREATE TABLE hints (
  id uuid NOT NULL PRIMARY KEY,
  data bytea NOT NULL,
  until timestamptz NOT NULL
);

CREATE INDEX hints_until ON hints (until);

ALTER TABLE deliverlog ADD COLUMN reason text COLLATE "C";

CREATE OR REPLACE VIEW deliveries AS
SELECT
  d.day, replace(d.connect_id::text, '-', '') AS mail, replace(d.id::text, '-', '') AS delivery,
  d.connect_time AS received, d.deliver_time AS attempted,
  d.server, d.queue_id, c.client_name, c.client_addr, c.sasl_user, c.sender, d.recipient, d.original_recipient,
  c.message_id, c.subject, c.size, d.transport, d.relay_name, d.relay_addr, d.relay_port,
  d.delay, d.delay_before, d.delay_queue, d.delay_connect, d.delay_transmit,
  d.smtp_code, d.dsn, d.status, d.response, d.next_queue_id, d.folder, d.tls, d.flags, d.reason
FROM deliverlog d LEFT JOIN connectlog c ON c.day = d.day AND c.id = d.connect_id;

INSERT INTO schema_version (version) VALUES (2);
