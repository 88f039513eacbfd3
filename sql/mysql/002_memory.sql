-- What was half seen when a daemon or an import ended, and why a client was refused. Each statement may be run
-- again: MySQL cannot take back a step that broke off.

CREATE TABLE IF NOT EXISTS hints (
  id BINARY(16) NOT NULL PRIMARY KEY,
  data LONGBLOB NOT NULL,
  until DATETIME(6) NOT NULL,
  KEY hints_until (until)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

DELIMITER //

DROP PROCEDURE IF EXISTS mailtrace_step_2
//

CREATE PROCEDURE mailtrace_step_2()
BEGIN
  IF NOT EXISTS (SELECT 1 FROM information_schema.columns
    WHERE table_schema = database() AND table_name = 'deliverlog' AND column_name = 'reason') THEN
    ALTER TABLE deliverlog ADD COLUMN reason VARCHAR(500);
  END IF;
END
//

DELIMITER ;

CALL mailtrace_step_2();

DROP PROCEDURE mailtrace_step_2;

CREATE OR REPLACE VIEW deliveries AS
SELECT
  d.day, LOWER(HEX(d.connect_id)) AS mail, LOWER(HEX(d.id)) AS delivery,
  d.connect_time AS received, d.deliver_time AS attempted,
  d.server, d.queue_id, c.client_name, c.client_addr, c.sasl_user, c.sender, d.recipient, d.original_recipient,
  c.message_id, c.subject, c.size, d.transport, d.relay_name, d.relay_addr, d.relay_port,
  d.delay, d.delay_before, d.delay_queue, d.delay_connect, d.delay_transmit,
  d.smtp_code, d.dsn, d.status, d.response, d.next_queue_id, d.folder, d.tls, d.flags, d.reason
FROM deliverlog d LEFT JOIN connectlog c ON c.day = d.day AND c.id = d.connect_id;

INSERT INTO schema_version (version) VALUES (2);
