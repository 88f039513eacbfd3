-- The three users of Mailtrace. Run once by a superuser in the empty database, before the tables are made:
--   psql -v owner_password=… -v writer_password=… -v web_password=… -f roles.sql mailtrace
-- mailtrace_owner makes and changes tables and removes old days; mailtrace_writer is what the daemon needs while it
-- runs: no DELETE, no tables of its own; mailtrace_web only reads.

CREATE ROLE mailtrace_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE mailtrace_writer LOGIN PASSWORD :'writer_password';
CREATE ROLE mailtrace_web LOGIN PASSWORD :'web_password';

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT CREATE ON DATABASE :"DBNAME" TO mailtrace_owner;
GRANT USAGE, CREATE ON SCHEMA public TO mailtrace_owner;
GRANT USAGE ON SCHEMA public TO mailtrace_writer, mailtrace_web;

ALTER DEFAULT PRIVILEGES FOR ROLE mailtrace_owner IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE ON TABLES TO mailtrace_writer;
ALTER DEFAULT PRIVILEGES FOR ROLE mailtrace_owner IN SCHEMA public GRANT EXECUTE ON FUNCTIONS TO mailtrace_writer;
ALTER DEFAULT PRIVILEGES FOR ROLE mailtrace_owner IN SCHEMA public GRANT SELECT ON TABLES TO mailtrace_web;
ALTER ROLE mailtrace_web SET default_transaction_read_only = on;
