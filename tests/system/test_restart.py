"""mailtraced is ended and killed in the middle of RELP traffic of a real rsyslog: the rows stay those of an unbroken
run. The sender keeps what was not answered and sends it again."""
from corpus import POSTFIX_GROUPS, forwarded_lines
from daemon import Mailtraced, configuration, import_reference, listener
from databases import Sqlite
from harness import Case, wait_until
from senders import Rsyslog

# A whole small mail after all others: when it is stored, everything before it has arrived, for RELP keeps the order.
MARK = [b"<22>2026-11-23T22:59:59.%06d+00:00 mx1 postfix/%s" % (at, text) for at, text in enumerate((
    b"smtpd[1]: 0FEED0FEED0: client=mark.example[192.0.2.1]",
    b"cleanup[2]: 0FEED0FEED0: message-id=<mark@example.org>",
    b"qmgr[3]: 0FEED0FEED0: from=<mark@example.org>, size=1, nrcpt=1 (queue active)",
    b"smtp[4]: 0FEED0FEED0: to=<mark@example.net>, relay=mx.example.net[192.0.2.2]:25, delay=1, delays=0/0/0/1, "
    b"dsn=2.0.0, status=sent (250 ok)",
    b"qmgr[3]: 0FEED0FEED0: removed"))]


class Restart(Case):
    def run_with(self, breaks):
        """`breaks`: [(share of the lines, "stop" or "kill")]"""
        lines = forwarded_lines(POSTFIX_GROUPS) + MARK
        entry, port = listener("relp")
        database = Sqlite(self.scratch)
        daemon = Mailtraced(self.scratch, configuration(self.scratch, "receiver", [database.sink()], [entry]))
        sender = Rsyslog(self.scratch, "relp", port)
        sender.feed(lines)
        for share, how in breaks:
            wait_until(lambda: daemon.received() > share * len(lines), f"{share:.0%} of the lines")
            getattr(daemon, how)()
            daemon.start()
        wait_until(lambda: any(row["queue_id"] == "0FEED0FEED0" for row in database.read_all("deliverlog")), "the last mail")
        sender.stop()
        daemon.stop()
        self.assert_equal_rows(import_reference(self.scratch, sender.sent).rows(), database.rows())

    def test_sigterm(self):
        self.run_with([(0.2, "stop"), (0.5, "stop"), (0.8, "stop")])

    def test_kill_9(self):
        self.run_with([(0.1, "kill"), (0.3, "kill"), (0.5, "kill"), (0.7, "kill"), (0.9, "kill")])
