"""The database is away for six hours, compressed in time: the lines of six hours come as fast as they can while it cannot be
reached, or another process holds SQLite's lock. Memory stays flat, and afterwards everything is there.
tests/fault/run outage --hour-lines 100000"""
import datetime
import re
import sqlite3
import time

import settings
from bench import FaultCase, Load
from harness import wait_until
from load import MARK, Feeder, mark
from proxy import Proxy
from relp_client import RelpClient
from test_database import Entry, through

HOURS = 6


def resident(process):
    """MiB."""
    with open(f"/proc/{process.child.pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1]) / 1024


class Unreachable:
    """The way to a database server is cut."""

    def __init__(self, scratch, kind, database):
        self.away = False
        self.proxy = Proxy(scratch, lambda: None if self.away else database.server.port)
        self.entry = Entry(through(database, kind, self.proxy))

    def take_away(self):
        self.away = True
        self.proxy.cut_all()

    def give_back(self):
        self.away = False


class Locked:
    """Another process holds SQLite's lock."""

    def __init__(self, database):
        self.entry = database
        self.other = None

    def take_away(self):
        self.other = sqlite3.connect(self.entry.file, timeout=60, isolation_level=None)
        self.other.execute("BEGIN EXCLUSIVE")

    def give_back(self):
        self.other.execute("ROLLBACK")
        self.other.close()


class Outage(FaultCase):
    def begin(self, kind, name):
        """(database, what takes it away, daemon, port)"""
        database = self.database(kind, name)
        outage = Locked(database) if kind == "sqlite" else Unreachable(self.scratch, kind, database)
        return database, outage, *self.receiver(kind, outage.entry)

    @staticmethod
    def sink(daemon):
        return daemon.status()["sinks"][0]

    def test_restart_while_it_is_away(self):
        """Status says until when data is visible: before the oldest line that waits, however often it was started since."""
        database, outage, daemon, port = self.begin("postgresql", "restart")
        lines = mark()
        begun = datetime.datetime.now(datetime.timezone.utc)
        self.assertTrue(RelpClient(port, lines).send(len(lines)))
        daemon.wait_stored()
        # The spool knows what is stored, so that a start without the database can say what waits.
        state = self.scratch.path / daemon.name / "spool" / "state"
        wait_until(lambda: int.from_bytes(state.read_bytes()[32:40], "little") == len(lines) + 1, "what is stored, in the state")
        outage.take_away()
        more = [line.replace(MARK.encode(), b"0CAFE0CAFE0") for line in mark()]
        self.assertTrue(RelpClient(port, more).send(len(more)))
        sent = datetime.datetime.now(datetime.timezone.utc)
        for waiting in (len(more), len(more) + 1):
            daemon.kill()
            daemon.start()
            wait_until(lambda: self.sink(daemon)["state"] == "retrying" and self.sink(daemon)["visible_until"], lambda: f"trouble: {self.sink(daemon)}")
            visible = datetime.datetime.fromisoformat(self.sink(daemon)["visible_until"].replace("Z", "+00:00"))
            self.assertTrue(begun <= visible <= sent, f"{begun} {visible} {sent}")
            self.assertEqual(waiting, daemon.status()["spool"]["backlog_lines"])
            self.assertTrue(RelpClient(port, [b"<22>1 - mx1 postfix/qmgr 1 - - one more"]).send(1))
        outage.give_back()
        daemon.wait_stored()
        daemon.stop()

    def test_six_hours_postgresql(self):
        self.run_six_hours("postgresql")

    def test_six_hours_mariadb(self):
        self.run_six_hours("mariadb")

    def test_six_hours_sqlite(self):
        self.run_six_hours("sqlite")

    def run_six_hours(self, kind):
        self.only(kind)
        database, outage, daemon, port = self.begin(kind, "hours")
        sender = self.sender(kind, port)
        lines_an_hour = settings.number("hour_lines")
        now = [time.time_ns() // 1000 - HOURS * 3_600_000_000]
        load = Load(lines_an_hour / 3600, clock=lambda: now[0])
        feeder = Feeder(load, sender.input_port)
        steps = HOURS * 12  # five minutes each
        sizes = []
        for step in range(steps):
            now[0] += 300_000_000
            feeder.feed()
            if step == 2:
                # Some of it is stored before the database goes.
                daemon.wait_received(len(load.sent))
                wait_until(lambda: self.sink(daemon)["committed"] > 1, "a first commit")
                outage.take_away()
            if step > 2:
                # Not faster than they are taken: the sender's queue is no part of this.
                daemon.wait_received(len(load.sent) - 2000)
                sizes.append(resident(daemon.process))
        feeder.finish()
        daemon.wait_received(len(load.sent))
        sizes.append(resident(daemon.process))
        # SQLite waits a while for a lock before it says so.
        wait_until(lambda: self.sink(daemon)["state"] == "retrying", lambda: f"trouble: {self.sink(daemon)}")
        sink = self.sink(daemon)
        self.assertTrue(sink["failing_since"], "status says since when")
        behind = daemon.received() - sink["committed"]
        outage.give_back()
        wait_until(lambda: self.sink(daemon)["state"] == "running", "the connection")
        begun = time.monotonic()
        self.wait_mark(database, daemon)
        took = max(time.monotonic() - begun, 0.1)
        sizes.append(resident(daemon.process))
        sender.stop()
        daemon.stop()
        rows = self.assert_as_reference(load.sent, database)
        self.say(f"{kind}: {HOURS} hours, {len(load.sent)} lines while the database was away: {sizes[len(sizes) // 5]:.0f} MiB resident after one "
                 f"fifth of it, {max(sizes[:-1]):.0f} MiB at most, {sizes[-1]:.0f} MiB when caught up")
        self.say(f"{behind} lines caught up in {took:.1f} s: {behind / took:.0f} lines/s, {behind / took / (lines_an_hour / 3600):.0f} times the "
                 f"live rate of {lines_an_hour / 3600:.1f} lines/s; {rows} rows, 0 missing, 0 twice, 0 different")
        # Afterwards it holds the mails of a minute (tracker.linger), by the clock of their arrival, which is compressed, too.
        self.assertLess(max(sizes[:-1]), 256)
        self.assertLess(max(sizes[:-1]) - sizes[len(sizes) // 5], 16, f"memory grew while the database was away: {sizes}")
