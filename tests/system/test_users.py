"""The three database users as sql/README.md describes them: the writer runs the daemon and may remove nothing, the
owner's configuration removes old days, the web user searches, and reads the views as any report does."""
import re
import sqlite3

from corpus import lines_of
from daemon import MAILTRACED, Mailtraced, configuration, found, import_reference, listener
from databases import Mariadb, MariadbServer, Postgresql, PostgresqlServer
from harness import ROOT, Case, run
from page import WebServer, logged_in
from senders import send_octet_counted

GROUPS = ["simple", "bounces"]


class Users(Case):
    def run_as_documented(self, database, sink_of, query):
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
        self.serve_the_page(sink_of("web"), database)
        self.read_the_views(query, database.rows())
        days = lambda: {row["day"] for row in database.read_all("connectlog")}
        before = days()
        self.assertGreaterEqual(len(before), 2)
        refused = run(MAILTRACED, "--config", writer, "--max-age=14", "--force", check=False)
        self.assertNotEqual(0, refused.returncode)
        self.assertEqual(before, days())
        run(MAILTRACED, "--config", configuration(self.scratch, "owner", [sink_of("owner")]), "--max-age=14", "--force")
        self.assertEqual(before - {min(before)}, days())

    def read_the_views(self, query, rows):
        """`query` asks as the web user does, without any program of ours, and gives a list of rows of text, or None where that is
        refused. The columns are those of sql/README.md."""
        mails, deliveries = rows["connectlog"].values(), rows["deliverlog"].values()
        self.assertEqual([[str(len(mails))]], query("SELECT count(*) FROM mails"))
        self.assertEqual([[str(len(deliveries))]], query("SELECT count(*) FROM deliveries"))
        counts = {}
        for row in deliveries:
            counts[row["status"]] = counts.get(row["status"], 0) + 1
        self.assertGreater(len(counts), 1)
        report = query("SELECT status, count(*) FROM deliveries GROUP BY status ORDER BY status")
        self.assertEqual(sorted([status, str(count)] for status, count in counts.items()), report)
        text = (ROOT / "sql/README.md").read_text()
        views = text[text.index("## Views"):]
        named = re.findall(r"`(\w+)`", views[views.index("\n`deliveries`:"):views.index("```sql")])[2:]
        self.assertIn("attempted", named)
        day, recipient = query("SELECT day, recipient FROM deliveries WHERE status = 'bounced' ORDER BY delivery LIMIT 1")[0]
        found = query(f"SELECT {', '.join(named)}, recipient, response FROM deliveries WHERE day = '{day}' AND recipient = '{recipient}'")
        self.assertGreater(len(found), 0)
        for row in found:
            self.assertRegex(row[named.index("mail")], r"^[0-9a-f]{32}$")
            self.assertRegex(row[named.index("received")], r"^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d")
            joined = query(f"SELECT mail, sender FROM mails WHERE day = '{day}' AND mail = '{row[named.index('mail')]}'")
            self.assertEqual([[row[named.index("mail")], row[named.index("sender")]]], joined)
        query("SELECT mail, received, ended, origin_mail FROM mails LIMIT 1")
        for statement in ("DELETE FROM deliverlog", "UPDATE connectlog SET sender = 'x'", "DELETE FROM mails", "DROP VIEW deliveries",
                          "INSERT INTO schema_version (version) VALUES (99)"):
            self.assertIsNone(query(statement), statement)

    def test_sqlite(self):
        file = self.scratch.path / "mail.log"
        file.write_bytes(b"\n".join(lines_of(GROUPS, "rfc5424")) + b"\n")
        database = import_reference(self.scratch, file)
        rows = database.rows()
        with sqlite3.connect(f"file:{database.file}?mode=ro", uri=True) as connection:
            def query(statement):
                try:
                    return [["" if cell is None else str(cell) for cell in row] for row in connection.execute(statement)]
                except sqlite3.OperationalError as error:
                    self.assertRegex(str(error), "readonly database|because it is a view")
                    return None
            self.read_the_views(query, rows)

    def serve_the_page(self, sink, database):
        """The web user's rights are enough for all that the page asks; nobody receives meanwhile."""
        page = WebServer(self.scratch, "page", sink)
        client = logged_in(page.config, page.port)
        hits = client.search()
        self.assertEqual(len(database.rows()["deliverlog"]), sum(len(hit["deliveries"]) for hit in hits))
        for sort in ("sender", "recipient", "status"):
            self.assertEqual(200, client.get("/search", sort=sort, order="asc").status)
        self.assertGreater(len(client.search(recipient="*alpha*", status="bounced,sent")), 0)
        mail = [hit["connect"]["id"] for hit in hits if hit["deliver"] and hit["deliver"]["status"] == "bounced"][0]
        for part in ("", "/way", "/lines", "/ticket", "/related", "/alike"):
            answer = client.get(f"/mails/{mail}{part}")
            self.assertEqual(200, answer.status, answer.body)
        self.assertGreater(len(client.get("/nothing", sender="amna@alpha.example").json["hosts"]), 0)
        anna = logged_in(page.config, page.port, "anna", "user", "--address", "anna@alpha.example")
        desk = logged_in(page.config, page.port, "beta", "helpdesk", "--domain", "beta.example")
        for client, own in ((anna, "anna@alpha.example"), (desk, "@beta.example")):
            seen = client.search()
            self.assertGreater(len(seen), 0, own)
            self.assertLess(len(seen), len(hits))
            for hit in seen:
                self.assertIn(own, f"{hit['connect'].get('sender')} {hit['deliver']}".lower())
        page.stop()

    def test_postgresql(self):
        server = PostgresqlServer(self.scratch)
        database = Postgresql(server)
        run("psql", *server.arguments("mailtrace"), "-v", "owner_password=o", "-v", "writer_password=w", "-v", "web_password=r",
            "-f", ROOT / "sql/postgresql/roles.sql")
        arguments = [a if a != "postgres" else "mailtrace_owner" for a in server.arguments("mailtrace")]
        for step in sorted((ROOT / "sql/postgresql").glob("0*.sql")):
            run("psql", "-1", *arguments, "-f", step)

        def sink_of(user):
            place = f"host=127.0.0.1 port={server.port} dbname=mailtrace user=mailtrace_{user}"
            return {"postgresql": {"connection": place, "create_schema": False}}

        def query(statement):
            arguments = [a if a != "postgres" else "mailtrace_web" for a in server.arguments("mailtrace")]
            done = run("psql", *arguments, "-F", "\t", "-c", statement, check=False)
            return [line.split("\t") for line in done.stdout.splitlines()] if done.returncode == 0 else None
        self.run_as_documented(database, sink_of, query)

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

        def query(statement):
            done = run("mariadb", "--no-defaults", "-N", "-B", "-h", "127.0.0.1", "-P", str(server.port), "-u", "mailtrace_web",
                       "-pWEB_PASSWORD", "mailtrace", "-e", statement, check=False)
            return [line.split("\t") for line in done.stdout.splitlines()] if done.returncode == 0 else None
        self.run_as_documented(database, sink_of, query)
