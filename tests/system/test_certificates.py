"""Whom a client certificate may speak for: real rsyslog with mutual TLS."""
import signal

from corpus import forwarded_lines
from daemon import Mailtraced, configuration, import_reference, listener, mailtrace, yaml
from databases import Sqlite
from harness import Case, wait_until
from senders import CLIENT_NAME, Rsyslog, make_certificates

FOREIGN_HOST = 2048  # of the column `flags`
GROUPS = ["simple", "twohop"]  # lines of mx1 and out1


class Certificates(Case):
    def setUp(self):
        super().setUp()
        self.certificates = make_certificates(self.scratch)
        self.entry, self.port = listener("relp", self.certificates)
        self.database = Sqlite(self.scratch)
        self.lines = forwarded_lines(GROUPS)

    def start(self, peers):
        config = configuration(self.scratch, "receiver", [self.database.sink()], [self.entry], peers=peers)
        daemon = Mailtraced(self.scratch, config)
        return daemon, Rsyslog(self.scratch, "relp-tls", self.port, self.certificates)

    def foreign(self, daemon):
        return sum(each["value"] for each in daemon.status()["counters"] if each["name"] == "foreign_host_lines_total")

    def test_a_foreign_host_is_not_believed_and_nothing_is_lost(self):
        daemon, sender = self.start({"loghost.example.net": ["*"]})
        sender.feed(self.lines)
        daemon.wait_received(len(self.lines), sender.process.output()[-1000:])
        daemon.wait_stored()
        foreign = sum(b" out1 " in line for line in self.lines)
        self.assertGreater(foreign, 10)
        self.assertEqual(foreign, self.foreign(daemon))
        text = mailtrace(daemon.config, "status").stdout
        self.assertIn("lines of hosts their sender may not speak for", text)
        sender.stop()
        daemon.stop()
        rows = self.database.read_all("connectlog")
        self.assertEqual({"mx1", CLIENT_NAME}, {row["server"] for row in rows})
        for row in rows:
            self.assertEqual(row["server"] == CLIENT_NAME, bool(row["flags"] & FOREIGN_HOST), row)
        # Each mail of out1 is there, as one of the certificate's own host.
        reference = import_reference(self.scratch, sender.sent).read_all("connectlog")
        mails = lambda rows, server: sorted(row["queue_id"] or "" for row in rows if row["server"] == server)
        self.assertEqual(mails(reference, "out1"), mails(rows, CLIENT_NAME))
        self.assertEqual(mails(reference, "mx1"), mails(rows, "mx1"))
        self.assertTrue(mails(reference, "out1"))

    def test_a_hangup_allows_it(self):
        daemon, sender = self.start({"loghost.example.net": ["*"]})
        old = daemon.config.read_text()
        tree = old.replace('peers: {"loghost.example.net": ["*"]}', yaml({"peers": {CLIENT_NAME: ["out1"]}}).strip())
        self.assertNotEqual(old, tree)
        daemon.config.write_text(tree)
        daemon.process.child.send_signal(signal.SIGHUP)
        wait_until(lambda: "config.reload" in daemon.process.output(), "a word about the new configuration")
        self.assertRegex(daemon.process.output(), r'taken="?peers"? needs_restart="?nothing')
        sender.feed(self.lines)
        daemon.wait_received(len(self.lines), sender.process.output()[-1000:])
        daemon.wait_stored()
        self.assertEqual(0, self.foreign(daemon))
        sender.stop()
        daemon.stop()
        self.assert_equal_rows(import_reference(self.scratch, sender.sent).rows(), self.database.rows())
