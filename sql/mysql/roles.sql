-- The three users of Mailtrace. Put passwords in the place of OWNER_PASSWORD, WRITER_PASSWORD and WEB_PASSWORD,
-- and the host the daemon connects from in the place of '%', then run once as root:
--   mariadb mailtrace < roles.sql
-- mailtrace_owner makes and changes tables and removes old days; mailtrace_writer is what the daemon needs while it
-- runs: no DELETE, no ALTER, only EXECUTE of the procedure that makes partitions; mailtrace_web only reads.

CREATE USER 'mailtrace_owner'@'%' IDENTIFIED BY 'OWNER_PASSWORD';
CREATE USER 'mailtrace_writer'@'%' IDENTIFIED BY 'WRITER_PASSWORD';
CREATE USER 'mailtrace_web'@'%' IDENTIFIED BY 'WEB_PASSWORD';

GRANT ALL ON mailtrace.* TO 'mailtrace_owner'@'%';
GRANT SELECT, INSERT, UPDATE, EXECUTE ON mailtrace.* TO 'mailtrace_writer'@'%';
GRANT SELECT ON mailtrace.* TO 'mailtrace_web'@'%';
