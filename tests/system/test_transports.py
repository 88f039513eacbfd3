"""A real rsyslog with each shipped file, into a real mailtraced, into each database: the rows must be those that
`mailtrace import` makes of the same lines, column by column, and those of the truth."""
import collections
import unittest

from corpus import forwarded_lines, lines_of
from daemon import Mailtraced, configuration, import_reference, listener
from databases import Mariadb, MariadbServer, Postgresql, PostgresqlServer, Sqlite
from harness import Case, Scratch
from senders import TRANSPORTS, Rsyslog, SyslogNg, make_certificates
from truth import Truth

GROUPS = ["simple", "multi", "aliases", "deferred", "bounces", "reject", "filter", "twohop"]

class Transports(Case):
    @classmethod
    def setUpClass(cls):
        cls.shared = Scratch("transports")
        cls.addClassCleanup(cls.shared.close)
        cls.servers = {}
        cls.certificates = make_certificates(cls.shared)
        cls.lines = forwarded_lines(GROUPS)
        cls.truth = Truth(GROUPS)

    def database(self, kind, name):
        name = name.replace("-", "_")
        if kind == "sqlite":
            return Sqlite(self.scratch)
        server = {"postgresql": PostgresqlServer, "mariadb": MariadbServer}[kind]
        if kind not in self.servers:
            self.servers[kind] = server(self.shared)
        return {"postgresql": Postgresql, "mariadb": Mariadb}[kind](self.servers[kind], name)

    def feed(self, sender, daemon, datagrams):
        """UDP has no flow control: small helpings, the next when the last has arrived."""
        helping = 200 if datagrams else len(self.lines)
        for start in range(0, len(self.lines), helping):
            part = self.lines[start:start + helping]
            sender.feed(part)
            daemon.wait_received(start + len(part), sender.process.output()[-1000:])

    def compare(self, database, reference):
        self.assert_equal_rows(reference.rows(), database.rows())
        self.assert_equal_accounts(reference, database)
        self.check_truth(database)

    def assert_equal_accounts(self, reference, database):
        """The raw lines beside the mails, and what each host sent: its span of time is that of the import, and every
        line counts once."""
        self.assertEqual(reference.raw_lines(), database.raw_lines())
        wanted, rows = reference.hosts(), database.hosts()
        self.assertEqual({key: row[:2] for key, row in wanted.items()}, {key: row[:2] for key, row in rows.items()})
        sent = collections.Counter(line.split()[1].decode() for line in self.lines)
        counted = collections.Counter()
        for (host, _), row in rows.items():
            counted[host] += row[2]
        self.assertEqual(sent, counted)

    def check_truth(self, database):
        self.assertEqual([], self.truth.faults(database)[:10])
        self.assertGreater(self.truth.expected, 100)

    def run_through(self, transport, kind):
        listens, framing, tls = TRANSPORTS[transport]
        entry, port = listener(listens, self.certificates if tls else None)
        database = self.database(kind, f"{transport}_{kind}")
        daemon = Mailtraced(self.scratch, configuration(self.scratch, "receiver", [database.sink()], [entry]))
        sender = Rsyslog(self.scratch, transport, port, self.certificates if tls else None)
        self.feed(sender, daemon, framing == "datagram")
        sender.stop()
        daemon.stop()
        self.compare(database, import_reference(self.scratch, sender.sent))

    @unittest.skipUnless(SyslogNg.here, "run tests/system/fetch-syslog-ng build/syslog-ng")
    def test_syslog_ng_into_sqlite(self):
        certificates = make_certificates(self.scratch, "localhost")
        entry, port = listener("tcp", certificates)
        database = Sqlite(self.scratch)
        daemon = Mailtraced(self.scratch, configuration(self.scratch, "receiver", [database.sink()], [entry]))
        sender = SyslogNg(self.scratch, port, certificates)
        lines = lines_of(GROUPS, "rfc5424")
        sender.feed(lines)
        daemon.wait_received(len(lines), sender.process.output()[-1000:])
        daemon.stop()
        self.check_truth(database)
        wanted = self.scratch.path / "lines.log"
        wanted.write_bytes(b"".join(line + b"\n" for line in lines))
        mails = [{row["queue_id"]: {name: row[name] for name in ("sender", "message_id", "connect_time", "server", "size")}
                  for row in one.read_all("connectlog") if row["queue_id"]}
                 for one in (import_reference(self.scratch, wanted), database)]
        self.assertEqual(*mails)


def add(transport, kind):
    def test(self):
        self.run_through(transport, kind)
    setattr(Transports, f"test_{transport.replace('-', '_')}_into_{kind}", test)


for each_transport in TRANSPORTS:
    for each_kind in ("sqlite", "postgresql", "mariadb"):
        add(each_transport, each_kind)
