-- The dictionary of addresses is also searched by domain and by beginning. May run again: MySQL has no IF NOT EXISTS
-- for columns.

SET @mailtrace_statement = (
  SELECT IF(count(*) > 0, 'DO 0', concat(
    'ALTER TABLE addresses ADD COLUMN domain VARCHAR(998) GENERATED ALWAYS AS (SUBSTRING_INDEX(address, ''@'', -1)) VIRTUAL, ',
    'ADD KEY addresses_domain (domain(191)), ADD KEY addresses_address (address(191))'))
  FROM information_schema.columns
  WHERE table_schema = database() AND table_name = 'addresses' AND column_name = 'domain');

PREPARE change_addresses FROM @mailtrace_statement;

EXECUTE change_addresses;

DEALLOCATE PREPARE change_addresses;

INSERT INTO schema_version (version) VALUES (4);
