"""The three database users as sql/README.md describes them: the writer runs the daemon and may remove nothing, the
owner's configuration removes old days, the web user searches."""
import re

from corpus import lines_of
from daemon import MAILTRACED, Mailtraced, configuration, found, import_reference, listener
from databases import Mariadb, MariadbServer, Postgresql, PostgresqlServer
from harness import ROOT, Case, run
from senders import send_octet_counted

GROUPS = ["simple", "bounces"]


class Users(Case):
    def run_as_documented(self, database, sink_of):
        new = lines_of(GROUPS, "rfc5424")
        lines = [re.sub(rb"\b2026-11-\d\d", b"2026-09-01", line) for line in new] + new
        entry, port = listener("tcp")
        writer = configuration(self.scratch, "writer", [sink_of("writer")], [entry])
        daemon = Mailtraced(self.scratch, writer)
        send_octet_counted(port, lines)
        daemon.wait_received(len(lines))
        daemon.wait_stored()
        self.assertEqual([0], [sink["dead_letters"] for sink in daemon.status()["sinks"]])
        daemon.stop()
        file = self.scratch.path / "mail.log"
        file.write_bytes(b"\n".join(lines) + b"\n")
        self.assert_equal_rows(import_reference(self.scratch, file).rows(), database.rows())

        self.assertGreater(len(found(configuration(self.scratch, "web", [sink_of("web")]), "--status", "bounced")), 0)
        days = lambda: {row["day"] for row in database.read_all("connectlog")}
        before = days()
        self.assertGreaterEqual(len(before), 2)
        refused = run(MAILTRACED, "--config", writer, "--max-age=14", "--force", check=False)
        self.assertNotEqual(0, refused.returncode)
        self.assertEqual(before, days())
        run(MAILTRACED, "--config", configuration(self.scratch, "owner", [sink_of("owner")]), "--max-age=14", "--force")
        self.assertEqual(before - {min(before)}, days())

    def test_postgresql(self):
        server = PostgresqlServer(self.scratch)
        database = Postgresql(server)
        run("psql", *server.arguments("mailtrace"), "-v", "owner_password=o", "-v", "writer_password=w", "-v", "web_password=r",
            "-f", ROOT / "sql/postgresql/roles.sql")
        arguments = [a if a != "postgres" else "mailtrace_owner" for a in server.arguments("mailtrace")]
        run("psql", "-1", *arguments, "-f", ROOT / "sql/postgresql/001_tables.sql")

        def sink_of(user):
            place = f"host=127.0.0.1 port={server.port} dbname=mailtrace user=mailtrace_{user}"
            return {"postgresql": {"connection": place, "create_schema": False}}
        self.run_as_documented(database, sink_of)

    def test_mariadb(self):
        server = MariadbServer(self.scratch)
        database = Mariadb(server)
        roles = (ROOT / "sql/mysql/roles.sql").read_text().replace("'%'", "'127.0.0.1'")
        server.query(re.sub(r"(?m)^--.*$", "", roles))
        for step in sorted((ROOT / "sql/mysql").glob("0*.sql")):
            run("mariadb", "--no-defaults", "-h", "127.0.0.1", "-P", str(server.port), "-u", "mailtrace_owner",
                "-pOWNER_PASSWORD", "mailtrace", "-e", f"source {step}")

        def sink_of(user):
            return {"mysql": {"host": "127.0.0.1", "port": server.port, "database": "mailtrace", "create_schema": False,
                              "user": f"mailtrace_{user}", "password": f"{user.upper()}_PASSWORD"}}
        self.run_as_documented(database, sink_of)
