"""Mail servers whose rsyslog or syslog-ng forwards in a format of its own, not ours: the same deliveries come out."""
import unittest

from corpus import forwarded_lines, lines_of
from daemon import Mailtraced, configuration, listener
from databases import Sqlite
from harness import Case, wait_until
from receivers import Receiver
from senders import Rsyslog, SyslogNg
from truth import Truth, lab_time

GROUPS = ["simple", "multi", "aliases", "deferred", "bounces"]
# From what the stamps tell: microseconds, milliseconds, seconds.
RSYSLOG = {"RSYSLOG_ForwardFormat": 1, "RSYSLOG_TraditionalForwardFormat": 1_000_000,
           "RSYSLOG_SyslogProtocol23Format": 1, "RSYSLOG_FileFormat": 1, "RSYSLOG_TraditionalFileFormat": 1_000_000}
# network() of syslog-ng writes RFC 3164, syslog() RFC 5424. Of the two only $STAMP in a template heeds ts-format().
STAMPED = 'network("127.0.0.1" port({port}) transport("tcp") template("<$PRI>$STAMP $HOST $MSGHDR$MSG\\n") ts-format(%s))'
SYSLOG_NG = {
    "rfc3164": ('network("127.0.0.1" port({port}) transport("tcp"))', 1_000_000),
    "rfc3164_milliseconds": ('network("127.0.0.1" port({port}) transport("tcp") frac-digits(3))', 1000),
    "rfc3164_udp_milliseconds": ('network("127.0.0.1" port({port}) transport("udp") frac-digits(3))', 1000),
    "iso": (STAMPED % "iso", 1_000_000),
    "iso_milliseconds": (STAMPED % "iso) frac-digits(3", 1000),
    "full": (STAMPED % "full", 1_000_000),
    "unix": (STAMPED % "unix", 1_000_000),
    "unix_microseconds": (STAMPED % "unix) frac-digits(6", 1),
    "syslog_tcp": ('syslog("127.0.0.1" port({port}) transport("tcp"))', 1_000_000),
    "syslog_tcp_milliseconds": ('syslog("127.0.0.1" port({port}) transport("tcp") frac-digits(3))', 1000),
}
STAMPS = {  # that the above are what their names say
    "rfc3164": rb"Nov 23 20:11:54", "rfc3164_milliseconds": rb"Nov 23 20:11:54\.131", "iso": rb"2026-11-23T20:11:54\+00:00",
    "iso_milliseconds": rb"2026-11-23T20:11:54\.131\+00:00", "full": rb"2026 Nov 23 20:11:54", "unix": rb"1795464714",
    "unix_microseconds": rb"1795464714\.131466",
}


class Formats(Case):
    def receive(self, kind):
        entry, self.port = listener(kind)
        self.database = Sqlite(self.scratch)
        self.daemon = Mailtraced(self.scratch, configuration(self.scratch, "receiver", [self.database.sink()], [entry]))

    def check(self, sender, lines, precision, helping=None):
        """All lines arrive, every mail and delivery is found, and the times are the logged ones as far as they were
        sent."""
        for start in range(0, len(lines), helping or len(lines)):
            part = lines[start:start + (helping or len(lines))]
            sender.feed(part)
            self.daemon.wait_received(start + len(part), sender.process.output()[-1000:])
        self.daemon.wait_stored()
        self.assertEqual(0, self.daemon.status()["spool"]["next"] - 1 - len(lines), "lines that nobody sent")
        self.daemon.stop()
        truth = Truth(GROUPS)
        slack = 0.2 + precision / 1e6
        self.assertEqual([], truth.faults(self.database, slack)[:10])
        first = {mail["qid"]: mail for mail in truth.mails if mail.get("qid")}
        seen = 0
        for row in self.database.read_all("connectlog"):
            if mail := first.get(row["queue_id"]):
                self.assertTrue(mail["t0"] - slack <= lab_time(row["connect_time"]) <= mail["t1"] + slack, row)
                seen += 1
        self.assertGreater(seen, 50)
        self.assertEqual(0, sum(row[3] for row in self.database.hosts().values()), "lines not understood")


def add_rsyslog(template, precision):
    def test(self):
        self.receive("tcp")
        action = f'''global(parser.permitSlashInProgramname="on")
action(type="omfwd" target="127.0.0.1" port="{self.port}" protocol="tcp" template="{template}")
'''
        self.check(Rsyslog(self.scratch, None, self.port, action=action, keep_sent=False), forwarded_lines(GROUPS), precision)
    setattr(Formats, f"test_rsyslog_{template.removeprefix('RSYSLOG_')}", test)


def add_syslog_ng(name, driver, precision):
    @unittest.skipUnless(SyslogNg.here, "run tests/system/fetch-syslog-ng build/syslog-ng")
    def test(self):
        datagrams = "udp" in driver
        self.receive("udp" if datagrams else "tcp")
        sender = SyslogNg(self.scratch, destination=driver.replace("{port}", str(self.port)) + ";")
        self.check(sender, lines_of(GROUPS, "rfc5424"), precision, 200 if datagrams else None)
    setattr(Formats, f"test_syslog_ng_{name}", test)


for each, digits in RSYSLOG.items():
    add_rsyslog(each, digits)
for each, (text, digits) in SYSLOG_NG.items():
    add_syslog_ng(each, text, digits)


class WhatIsSent(Case):
    """The tests above are about what their names say."""

    def first_frame(self, sender, receiver, lines):
        sender.feed(lines)
        wait_until(lambda: receiver.frames, lambda: f"a line; the sender said\n{sender.process.output()[-2000:]}")
        return receiver.frames[0]

    def test_cut_tag(self):
        receiver = Receiver(self.scratch, "lf")
        action = f'''global(parser.permitSlashInProgramname="on")
action(type="omfwd" target="127.0.0.1" port="{receiver.port}" protocol="tcp" template="RSYSLOG_ForwardFormat")
'''
        line = b"<22>2026-11-23T20:11:54.131466+00:00 mx1 postfix-incoming/submission/smtpd[20103]: connect from a.example[192.0.2.1]"
        frame = self.first_frame(Rsyslog(self.scratch, None, 0, action=action, keep_sent=False), receiver, [line])
        self.assertIn(b" postfix-incoming/submission/smtp connect from", frame)


def add_stamp(name, stamp):
    @unittest.skipUnless(SyslogNg.here, "run tests/system/fetch-syslog-ng build/syslog-ng")
    def test(self):
        receiver = Receiver(self.scratch, "lf")
        driver = SYSLOG_NG[name][0].replace("{port}", str(receiver.port)) + ";"
        line = b"<22>1 2026-11-23T20:11:54.131466+00:00 mx1 postfix/smtpd 20103 - - connect from a.example[192.0.2.1]"
        self.assertRegex(self.first_frame(SyslogNg(self.scratch, destination=driver), receiver, [line]),
                         rb"^<22>" + stamp + rb" mx1 postfix/smtpd\[20103\]: +connect from")
    setattr(WhatIsSent, f"test_syslog_ng_{name}", test)


for each, text in STAMPS.items():
    add_stamp(each, text)
