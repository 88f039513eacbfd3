"""The same line comes twice: resent by RELP with and without a uuid, imported twice, imported and received, received by two."""
import datetime
import random
import threading
import time

import settings
from bench import FaultCase, Load, Running
from daemon import mailtrace
from databases import Sqlite
from proxy import Proxy
from senders import Rsyslog


class NoUuid(Rsyslog):
    """With the shipped file, but without an identity in the lines."""

    def start(self):
        text = self.config.read_text()
        assert "%$!mailtrace%" in text
        self.config.write_text(text.replace("%$!mailtrace%", "-"))
        super().start()


def traditional(line):
    """RSYSLOG_TraditionalFileFormat, as of a host whose clock is at UTC."""
    stamp, rest = line.removeprefix(b"<22>").split(b" ", 1)
    at = datetime.datetime.fromisoformat(stamp.decode()).astimezone(datetime.timezone.utc)
    return f"{at:%b} {at.day:2} {at:%H:%M:%S} ".encode() + rest + b"\n"


class Duplicates(FaultCase):
    def resend(self, sender_class, whole_seconds):
        """A proxy takes answers of the daemon away and breaks the connection: all that was in flight is sent again."""
        choice = random.Random(settings.number("seed"))
        taken = [0]
        last_lines = threading.Event()

        def answered(data, connection):
            # Not the answer to `open`; and none behind the last line: omrelp sends what was in flight with its next line.
            if last_lines.is_set() or b"200 OK\nrelp_version" in data or choice.random() > 0.04:
                return data
            taken[0] += 1
            return None

        database = Sqlite(self.scratch)
        daemon, port = self.receiver("sqlite", database)
        proxy = Proxy(self.scratch, port, watch_answer=answered)
        sender = sender_class(self.scratch, "relp", proxy.port, keep_sent=False)
        load = Load(settings.number("rate"), choice.random(), whole_seconds=whole_seconds)
        running = Running(load, sender.input_port)
        time.sleep(settings.number("seconds", 8))
        last_lines.set()
        running.finish()
        self.wait_mark(database, daemon)
        received = daemon.received()
        sender.stop()
        daemon.stop()
        rows = self.assert_as_reference(load.sent, database)
        self.say(f"{taken[0]} answers taken away; {len(load.sent)} lines, {received - len(load.sent)} of them sent twice; "
                 f"{rows} rows, 0 missing, 0 twice, 0 different")
        self.assertGreater(received - len(load.sent), 20)

    def test_resent_with_uuid(self):
        self.resend(Rsyslog, False)

    def test_resent_without_uuid(self):
        self.resend(NoUuid, False)

    def test_resent_with_uuid_and_whole_seconds(self):
        self.resend(Rsyslog, True)

    def test_resent_without_uuid_and_whole_seconds(self):
        self.resend(NoUuid, True)

    def host_that_logs(self):
        """(database, daemon, its rsyslog, what it logs, the feeding of it)"""
        database = Sqlite(self.scratch)
        daemon, port = self.receiver("sqlite", database)
        sender = self.sender("sqlite", port)
        load = Load(settings.number("rate"), settings.number("seed"))
        running = Running(load, sender.input_port)
        return database, daemon, sender, load, running

    def test_received_and_imported(self):
        """The host's own file is imported while its lines come in, again when they are all there, and once more."""
        database, daemon, sender, load, running = self.host_that_logs()
        file = self.scratch.path / "mail.log"

        def import_file():
            file.write_bytes(b"".join(line.removeprefix(b"<22>") + b"\n" for line in list(load.sent)))
            mailtrace(daemon.config, "import", file)

        for _ in range(3):
            time.sleep(2)
            import_file()
        running.finish()
        import_file()
        self.wait_mark(database, daemon)
        sender.stop()
        daemon.stop()
        self.assert_as_reference(load.sent, database, "received and imported")
        import_file()
        rows = self.assert_as_reference(load.sent, database, "and again")
        self.say(f"{len(load.sent)} lines received and imported five times; {rows} rows, 0 missing, 0 twice, 0 different")

    def test_received_and_imported_with_whole_seconds(self):
        """The host's own file has the stamps of old: no year, no zone, no fraction."""
        database, daemon, sender, load, running = self.host_that_logs()
        time.sleep(settings.number("seconds", 8))
        running.finish()
        self.wait_mark(database, daemon)
        sender.stop()
        daemon.stop()
        file = self.scratch.path / "mail.log"
        file.write_bytes(b"".join(traditional(line) for line in load.sent))
        for _ in range(2):
            mailtrace(daemon.config, "import", file)
            rows = self.assert_as_reference(load.sent, database, "received and imported")
        self.say(f"{len(load.sent)} lines received, and imported twice with whole seconds; {rows} rows, 0 missing, 0 twice, 0 different")

    def test_two_receivers_get_every_line(self):
        choice = random.Random(settings.number("seed"))
        kind = "postgresql" if "postgresql" in settings.databases else settings.databases[0]
        database = self.database(kind, "both")
        daemons, ports = zip(*(self.receiver(name, database) for name in ("left", "right")))
        senders = [self.sender(name, port) for name, port in zip(("left", "right"), ports)]
        load = Load(settings.number("rate"), choice.random())
        running = Running(load, *(sender.input_port for sender in senders))
        for _ in range(settings.number("kills", 6)):
            time.sleep(choice.random() * 2)
            daemon = choice.choice(daemons)
            daemon.kill()
            daemon.start()
        running.finish()
        for daemon in daemons:
            self.wait_mark(database, daemon)
        for sender in senders:
            sender.stop()
        for daemon in daemons:
            daemon.wait_received(len(load.sent))
            daemon.stop()
        rows = self.assert_as_reference(load.sent, database)
        self.say(f"{kind}: {len(load.sent)} lines to both receivers; {rows} rows, 0 missing, 0 twice, 0 different")
