"""Two receivers with one database and one memcached: each gets half of the lines, the rows are those of one receiver
that got them all."""
import random
import re

from corpus import POSTFIX_GROUPS, lines_of
from daemon import Mailtraced, configuration, import_reference, listener
from databases import Memcached, Postgresql, PostgresqlServer, Sqlite
from harness import Case
from senders import send_octet_counted

# postfix src/global/mail_queue.h: six digits of seconds, four of microseconds, z, the inode.
LONG_QUEUE_ID = re.compile(rb"- -  [0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10}z[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-y]+: ")


class Pair(Case):
    def reference(self, lines):
        whole = self.scratch.path / "whole.log"
        whole.write_bytes(b"".join(line + b"\n" for line in lines))
        return import_reference(self.scratch, whole).rows()

    def test_one_receiver_with_memcached(self):
        lines = lines_of(POSTFIX_GROUPS, "rfc5424")
        database = Sqlite(self.scratch)
        entry, port = listener("tcp")
        daemon = Mailtraced(self.scratch, configuration(self.scratch, "one", [database.sink()], [entry],
                                                        [Memcached(self.scratch).cache()], tracker={"flush_after": "3s"}))
        send_octet_counted(port, lines)
        daemon.wait_received(len(lines))
        daemon.wait_stored()
        daemon.stop()
        self.assert_equal_rows(self.reference(lines), database.rows())

    def test_a_new_receiver_finds_open_mails_without_the_database(self):
        """The first one is killed and its database is out of reach. What the second one gets of the same mails has the same
        ids, so that it merges with what the first one wrote; without memcached it would be taken for other mails."""
        cache = Memcached(self.scratch).cache()
        born, sent = [], []
        for number in range(50):
            text = lambda program, at, text: (b"<22>1 2026-11-23T12:%02d:%02d.000000+00:00 mx1 postfix/%s 1 - -  ABCDEF%04X: %s"
                                              % (at, number, program, number, text))
            born += [text(b"smtpd", 0, b"client=client.example[192.0.2.%d]" % (number + 1)),
                     text(b"cleanup", 0, b"message-id=<%d@example.org>" % number),
                     text(b"qmgr", 0, b"from=<%d@example.org>, size=1000, nrcpt=1 (queue active)" % number)]
            sent += [text(b"smtp", 5, b"to=<%d@example.net>, relay=mx.example.net[192.0.2.200]:25, delay=300, "
                          b"delays=0/0/0/300, dsn=2.0.0, status=sent (250 ok)" % number),
                     text(b"qmgr", 5, b"removed")]
        rows = {}
        for name, lines, caches in (("first", born, [cache]), ("second", sent, [cache]), ("alone", sent, [])):
            database = Sqlite(self.scratch, name)
            entry, port = listener("tcp")
            daemon = Mailtraced(self.scratch, configuration(self.scratch, name, [database.sink()], [entry], caches,
                                                            tracker={"flush_after": "3s"}))
            send_octet_counted(port, lines)
            daemon.wait_received(len(lines))
            daemon.wait_stored()
            daemon.kill()
            rows[name] = database.rows()
        whole = self.reference(born + sent)
        self.assertEqual(50, len(whole["deliverlog"]))
        ids = lambda rows, table="connectlog": set(rows[table])
        self.assertEqual(ids(whole), ids(rows["first"]))
        self.assertEqual(ids(whole), ids(rows["second"]))
        self.assertEqual(whole["deliverlog"], rows["second"]["deliverlog"])
        self.assertFalse(ids(whole) & ids(rows["alone"]))

    def run_halves(self, choose):
        lines = lines_of(POSTFIX_GROUPS, "rfc5424")
        cache = Memcached(self.scratch).cache()
        database = Postgresql(PostgresqlServer(self.scratch))
        daemons, ports = [], []
        for name in ("left", "right"):
            entry, port = listener("tcp")
            daemons.append(Mailtraced(self.scratch, configuration(self.scratch, name, [database.sink()], [entry], [cache],
                                                             tracker={"flush_after": "3s"})))
            ports.append(port)
        halves = [[], []]
        for number, line in enumerate(lines):
            halves[choose(number, line)].append(line)
        # In turns, as if both were fed at the same time.
        for start in range(0, max(map(len, halves)), 500):
            for port, half in zip(ports, halves):
                send_octet_counted(port, half[start:start + 500])
        for daemon, half in zip(daemons, halves):
            daemon.wait_received(len(half))
        # With a cache, mails whose birth may be known to the other receiver are left in the spool when it is stopped.
        for daemon in daemons:
            daemon.wait_stored()
        for daemon in daemons:
            daemon.stop()
        self.assert_equal_rows(self.reference(lines), database.rows())

    def test_by_host(self):
        self.run_halves(lambda number, line: b" mx1 " in line[:60])

    def test_first_and_second_half(self):
        count = len(lines_of(POSTFIX_GROUPS, "rfc5424"))
        self.run_halves(lambda number, line: number * 2 >= count)

    def test_lines_of_long_queue_ids_at_random(self):
        """A long queue id holds its birth time: any receiver, any order. What belongs to the session stays together."""
        choice = random.Random(1)
        self.run_halves(lambda number, line: choice.randrange(2)
                        if LONG_QUEUE_ID.search(line) and b": client=" not in line else 0)
