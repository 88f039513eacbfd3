"""The files of conf/rsyslog: what a real rsyslog sends with them to a receiver that is not ours."""
import re
import unittest

from corpus import forwarded_lines, lines_of
from harness import Case, run, wait_until, ROOT
from receivers import Receiver
from senders import CLIENT_NAME, TRANSPORTS, Rsyslog, SyslogNg, make_certificates

FRAME = re.compile(rb'<(\d+)>1 (\S+) (\S+) (\S+) (\S+) - \[mt@32473 u="([0-9A-Fa-f]{32})"\] (.*)', re.S)
# The same line as a host's own logger, an RFC 3164 relay and an RFC 5424 relay would hand it over.
SHAPES = [
    b"<22>2026-11-23T20:11:54.131466+00:00 mx1 postfix/submission/smtpd[20103]: connect from a.example[192.0.2.1]",
    b"<22>1 2026-11-23T20:11:54.131466+00:00 mx1 postfix/submission/smtpd 20103 - -  connect from a.example[192.0.2.1]",
]


class RsyslogFiles(Case):
    def send(self, transport, lines):
        kind, framing, tls = TRANSPORTS[transport]
        certificates = make_certificates(self.scratch) if tls else None
        self.receiver = Receiver(self.scratch, framing, certificates)
        sender = Rsyslog(self.scratch, transport, self.receiver.port, certificates)
        sender.feed(lines)
        wait_until(lambda: len(self.receiver.frames) >= len(lines),
                   lambda: f"{len(lines)} frames, got {len(self.receiver.frames)}\n{sender.process.output()[-2000:]}")
        if tls:
            self.assertEqual({CLIENT_NAME}, set(self.receiver.names))
        return [frame.removesuffix(b"\n") for frame in self.receiver.frames]

    def test_line_with_identity_of_a_relay_keeps_it(self):
        line = b'<22>1 2026-11-23T20:11:54.131466+00:00 mx1 postfix/smtpd 7 - [mt@32473 u="00112233445566778899AABBCCDDEEFF"] x'
        frame = FRAME.fullmatch(self.send("relp", [line])[0])
        self.assertEqual(b"00112233445566778899AABBCCDDEEFF", frame[6])

    def test_other_facilities_stay_at_home(self):
        self.receiver = Receiver(self.scratch, "octet")
        sender = Rsyslog(self.scratch, "tcp", self.receiver.port)
        sender.feed([b"<14>1 2026-11-23T20:11:54+00:00 mx1 cron 7 - - no", SHAPES[0]])
        wait_until(lambda: self.receiver.frames, "the mail line")
        self.assertIn(b"submission/smtpd", self.receiver.frames[0])


def add_transport(transport):
    def test(self):
        lines = SHAPES + forwarded_lines(["multi", "utf8"])
        frames = self.send(transport, lines)
        self.assertEqual(len(lines), len(frames))
        identities = set()
        for line, frame in zip(lines, frames):
            match = FRAME.fullmatch(frame)
            self.assertTrue(match, frame)
            identities.add(match[6])
            words = match[7].split()
            self.assertEqual(line.split()[-len(words):], words)
        self.assertEqual(len(lines), len(identities))
        for frame in frames[:2]:
            match = FRAME.fullmatch(frame)
            self.assertEqual((b"22", b"2026-11-23T20:11:54.131466+00:00", b"mx1", b"postfix/submission/smtpd", b"20103"),
                             match.groups()[:5])
            self.assertEqual(b"connect from a.example[192.0.2.1]", match[7].lstrip())
    name = f"test_{transport.replace('-', '_')}_sends_whole_lines_with_identity"
    setattr(RsyslogFiles, name, test)


for each in TRANSPORTS:
    add_transport(each)


class SyslogNgFile(Case):
    @unittest.skipUnless(SyslogNg.here, "run tests/system/fetch-syslog-ng build/syslog-ng")
    def test_syslog_ng_sends_whole_lines_with_identity(self):
        certificates = make_certificates(self.scratch, "localhost")  # syslog-ng compares the name it connects to
        receiver = Receiver(self.scratch, "octet", certificates)
        sender = SyslogNg(self.scratch, receiver.port, certificates)
        relayed = b'<22>1 2026-11-23T20:11:54.131466+00:00 mx1 postfix/smtpd 7 - [mt@32473 u="0123"] kept'
        lines = lines_of(["multi"], "rfc5424") + [relayed]
        sender.feed(lines)
        wait_until(lambda: len(receiver.frames) >= len(lines),
                   lambda: f"{len(lines)} frames, got {len(receiver.frames)}\n{sender.process.output()[-2000:]}")
        self.assertEqual({CLIENT_NAME}, set(receiver.names))
        identities = set()
        for line, frame in zip(lines, receiver.frames):
            match = re.fullmatch(rb'(\S+ \S+ \S+ \S+ \S+ -) \[mt@32473 u="([0-9a-f-]+)"\] (.*)', frame.rstrip(b"\n"), re.S)
            self.assertTrue(match, frame)
            identities.add(match[2])
            self.assertEqual(line.split()[:6], match[1].split())
            self.assertEqual(line.split()[7:], match[3].removeprefix(b"\xef\xbb\xbf").split()
                             if line is not relayed else line.split()[7:])
        self.assertEqual(len(lines), len(identities))
        self.assertIn(b"0123", identities)


class EveryFileIsTried(unittest.TestCase):
    def test_every_file_is_tried(self):
        shipped = {path.stem for path in (ROOT / "conf" / "rsyslog").glob("*.conf")}
        self.assertEqual(shipped, set(TRANSPORTS))
