-- Tables, indexes, views and procedures of Mailtrace in MySQL 8 and MariaDB 10.6 or later. Every column is
-- explained in ../README.md. Text is compared by code points (utf8mb4_bin). Times are UTC. DDL is not undone when a later
-- statement fails, so all of this may run again.

CREATE TABLE IF NOT EXISTS schema_version (
  version INT NOT NULL PRIMARY KEY,
  applied TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS connectlog (
  day DATE NOT NULL,
  id BINARY(16) NOT NULL,
  connect_time DATETIME(6) NOT NULL,
  server VARCHAR(250) NOT NULL,
  instance VARCHAR(250),
  queue_id VARCHAR(250),
  service VARCHAR(250),
  client_name VARCHAR(500),
  client_addr VARCHAR(250),
  client_port BIGINT,
  helo VARCHAR(500),
  protocol VARCHAR(250),
  sasl_user VARCHAR(500),
  tls VARCHAR(250),
  sender VARCHAR(998),
  message_id VARCHAR(998),
  subject VARCHAR(2000),
  size BIGINT,
  recipients BIGINT,
  spam_score DOUBLE,
  spam_action VARCHAR(250),
  dkim VARCHAR(250),
  dmarc VARCHAR(250),
  spf VARCHAR(250),
  origin_id BINARY(16),
  origin_kind VARCHAR(250),
  end_time DATETIME(6),
  flags BIGINT NOT NULL,
  message_hash BIGINT,
  sender_lower VARCHAR(998) GENERATED ALWAYS AS (LOWER(sender)) STORED,
  PRIMARY KEY (day, id),
  KEY connectlog_sender (sender_lower(191), day, id),
  KEY connectlog_queue_id (queue_id(64)),
  KEY connectlog_message (message_hash),
  KEY connectlog_client (client_addr(64), day, id),
  KEY connectlog_origin (origin_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
PARTITION BY RANGE COLUMNS (day) (PARTITION beyond VALUES LESS THAN (MAXVALUE));

CREATE TABLE IF NOT EXISTS deliverlog (
  day DATE NOT NULL,
  connect_id BINARY(16) NOT NULL,
  id BINARY(16) NOT NULL,
  connect_time DATETIME(6) NOT NULL,
  deliver_time DATETIME(6) NOT NULL,
  server VARCHAR(250) NOT NULL,
  queue_id VARCHAR(250),
  transport VARCHAR(250),
  recipient VARCHAR(998),
  original_recipient VARCHAR(998),
  relay_name VARCHAR(500),
  relay_addr VARCHAR(250),
  relay_port BIGINT,
  delay DOUBLE,
  delay_before DOUBLE,
  delay_queue DOUBLE,
  delay_connect DOUBLE,
  delay_transmit DOUBLE,
  smtp_code BIGINT,
  dsn VARCHAR(250),
  status VARCHAR(250),
  response VARCHAR(8000),
  next_queue_id VARCHAR(250),
  folder VARCHAR(500),
  tls VARCHAR(250),
  flags BIGINT NOT NULL,
  recipient_lower VARCHAR(998) GENERATED ALWAYS AS (LOWER(recipient)) STORED,
  original_recipient_lower VARCHAR(998) GENERATED ALWAYS AS (LOWER(original_recipient)) STORED,
  PRIMARY KEY (day, connect_id, id),
  KEY deliverlog_recipient (recipient_lower(191), day, connect_id),
  KEY deliverlog_original (original_recipient_lower(191), day, connect_id),
  KEY deliverlog_next (next_queue_id(64))
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
PARTITION BY RANGE COLUMNS (day) (PARTITION beyond VALUES LESS THAN (MAXVALUE));

CREATE TABLE IF NOT EXISTS `lines` (
  day DATE NOT NULL,
  connect_id BINARY(16) NOT NULL,
  id BINARY(16) NOT NULL,
  data LONGBLOB NOT NULL,
  PRIMARY KEY (day, connect_id, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
PARTITION BY RANGE COLUMNS (day) (PARTITION beyond VALUES LESS THAN (MAXVALUE));

CREATE TABLE IF NOT EXISTS hosts (
  day DATE NOT NULL,
  host VARCHAR(250) NOT NULL,
  first_time DATETIME(6) NOT NULL,
  last_time DATETIME(6) NOT NULL,
  `lines` BIGINT NOT NULL,
  unknown BIGINT NOT NULL,
  PRIMARY KEY (day, host)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS checkpoint (
  receiver VARCHAR(250) NOT NULL PRIMARY KEY,
  spool VARCHAR(250) NOT NULL,
  sequence BIGINT NOT NULL,
  counted BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- All distinct addresses in lower case, for searches in the middle of an address: the pieces of three
-- characters of each stand in the second table.
CREATE TABLE IF NOT EXISTS addresses (
  id BINARY(16) NOT NULL PRIMARY KEY,
  address VARCHAR(998) NOT NULL,
  last_day DATE NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS address_trigrams (
  `trigram` VARCHAR(3) NOT NULL,
  address_id BINARY(16) NOT NULL,
  PRIMARY KEY (`trigram`, address_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Makes the partitions of one day by cutting the one that holds it. Each is named by the first day that is not
-- in it. Runs with the rights of its definer, so that the writer needs none to alter tables.
DELIMITER //

DROP PROCEDURE IF EXISTS mailtrace_cut_day
//

CREATE PROCEDURE mailtrace_cut_day(IN parent VARCHAR(64), IN wanted DATE)
SQL SECURITY INVOKER
BEGIN
  DECLARE whole VARCHAR(64);
  DECLARE upper_day, lower_day DATE;
  DECLARE pieces TEXT DEFAULT '';
  SELECT min(str_to_date(substr(p.partition_name, 8), '%Y%m%d')) INTO upper_day
    FROM information_schema.partitions p
    WHERE p.table_schema = database() AND p.table_name = parent AND p.partition_name LIKE 'before%'
      AND str_to_date(substr(p.partition_name, 8), '%Y%m%d') > wanted;
  SELECT max(str_to_date(substr(p.partition_name, 8), '%Y%m%d')) INTO lower_day
    FROM information_schema.partitions p
    WHERE p.table_schema = database() AND p.table_name = parent AND p.partition_name LIKE 'before%'
      AND str_to_date(substr(p.partition_name, 8), '%Y%m%d') <= wanted;
  IF lower_day IS NULL OR lower_day < wanted THEN
    SET pieces = concat('PARTITION before_', date_format(wanted, '%Y%m%d'), ' VALUES LESS THAN (''', wanted, '''), ');
  END IF;
  IF upper_day IS NULL OR upper_day > wanted + INTERVAL 1 DAY THEN
    SET pieces = concat(pieces, 'PARTITION before_', date_format(wanted + INTERVAL 1 DAY, '%Y%m%d'),
                        ' VALUES LESS THAN (''', wanted + INTERVAL 1 DAY, '''), ');
  END IF;
  IF pieces <> '' THEN
    IF upper_day IS NULL THEN
      SET whole = 'beyond';
      SET pieces = concat(pieces, 'PARTITION beyond VALUES LESS THAN (MAXVALUE)');
    ELSE
      SET whole = concat('before_', date_format(upper_day, '%Y%m%d'));
      SET pieces = concat(pieces, 'PARTITION ', whole, ' VALUES LESS THAN (''', upper_day, ''')');
    END IF;
    SET @mailtrace_statement = concat('ALTER TABLE `', parent, '` REORGANIZE PARTITION ', whole, ' INTO (', pieces, ')');
    PREPARE cut FROM @mailtrace_statement;
    EXECUTE cut;
    DEALLOCATE PREPARE cut;
  END IF;
END
//

DROP PROCEDURE IF EXISTS mailtrace_make_day
//

CREATE PROCEDURE mailtrace_make_day(IN wanted DATE)
SQL SECURITY DEFINER
BEGIN
  DECLARE locked INT;
  IF wanted BETWEEN utc_date() - INTERVAL 3660 DAY AND utc_date() + INTERVAL 7 DAY THEN
    SELECT get_lock(concat('mailtrace_day_', database()), 60) INTO locked;
    CALL mailtrace_cut_day('lines', wanted);
    CALL mailtrace_cut_day('deliverlog', wanted);
    CALL mailtrace_cut_day('connectlog', wanted);
    SELECT release_lock(concat('mailtrace_day_', database())) INTO locked;
  END IF;
END
//

DELIMITER ;

CREATE OR REPLACE VIEW mails AS
SELECT
  day, LOWER(HEX(id)) AS mail, connect_time AS received,
  server, instance, queue_id, service, client_name, client_addr, client_port, helo, protocol, sasl_user, tls,
  sender, message_id, subject, size, recipients, spam_score, spam_action, dkim, dmarc, spf,
  LOWER(HEX(origin_id)) AS origin_mail, origin_kind, end_time AS ended, flags
FROM connectlog;

CREATE OR REPLACE VIEW deliveries AS
SELECT
  d.day, LOWER(HEX(d.connect_id)) AS mail, LOWER(HEX(d.id)) AS delivery,
  d.connect_time AS received, d.deliver_time AS attempted,
  d.server, d.queue_id, c.client_name, c.client_addr, c.sasl_user, c.sender, d.recipient, d.original_recipient,
  c.message_id, c.subject, c.size, d.transport, d.relay_name, d.relay_addr, d.relay_port,
  d.delay, d.delay_before, d.delay_queue, d.delay_connect, d.delay_transmit,
  d.smtp_code, d.dsn, d.status, d.response, d.next_queue_id, d.folder, d.tls, d.flags
FROM deliverlog d LEFT JOIN connectlog c ON c.day = d.day AND c.id = d.connect_id;

INSERT INTO schema_version (version) VALUES (1);
