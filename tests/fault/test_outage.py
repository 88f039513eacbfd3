"""The database is away for six hours, compressed in time: the lines of six hours come as fast as they can while it cannot be
reached. Memory stays flat, and afterwards everything is there. tests/fault/run outage --hour-lines 100000"""
import datetime
import re
import time

import settings
from bench import FaultCase, Load
from databases import Postgresql, PostgresqlServer
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


class Outage(FaultCase):
    def begin(self):
        """(database, what breaks the way to it when set, daemon, port)"""
        server = PostgresqlServer(self.scratch)
        database = Postgresql(server)
        away = [False]
        self.proxy = Proxy(self.scratch, lambda: None if away[0] else server.port)
        return database, away, *self.receiver("postgresql", Entry(through(database, "postgresql", self.proxy)))

    @staticmethod
    def sink(daemon):
        return daemon.status()["sinks"][0]

    def test_restart_while_it_is_away(self):
        """Status says until when data is visible: before the oldest line that waits, however often it was started since."""
        database, away, daemon, port = self.begin()
        lines = mark()
        begun = datetime.datetime.now(datetime.timezone.utc)
        self.assertTrue(RelpClient(port, lines).send(len(lines)))
        daemon.wait_stored()
        # The spool knows what is stored, so that a start without the database can say what waits.
        state = self.scratch.path / daemon.name / "spool" / "state"
        wait_until(lambda: int.from_bytes(state.read_bytes()[32:40], "little") == len(lines) + 1, "what is stored, in the state")
        away[0] = True
        self.proxy.cut_all()
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
        away[0] = False
        daemon.wait_stored()
        daemon.stop()

    def test_six_hours(self):
        database, away, daemon, port = self.begin()
        sender = self.sender("postgresql", port)

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
                wait_until(lambda: daemon.status()["sinks"][0]["committed"] > 1, "a first commit")
                away[0] = True
                self.proxy.cut_all()
            if step > 2:
                # Not faster than they are taken: the sender's queue is no part of this.
                daemon.wait_received(len(load.sent) - 2000)
                sizes.append(resident(daemon.process))
        feeder.finish()
        daemon.wait_received(len(load.sent))
        sizes.append(resident(daemon.process))
        sink = daemon.status()["sinks"][0]
        self.assertEqual(sink["state"], "retrying")
        self.assertTrue(sink["failing_since"], "status says since when")
        behind = daemon.received() - sink["committed"]
        away[0] = False
        wait_until(lambda: daemon.status()["sinks"][0]["state"] == "running", "the connection")
        begun = time.monotonic()
        self.wait_mark(database, daemon)
        took = max(time.monotonic() - begun, 0.1)
        sizes.append(resident(daemon.process))
        sender.stop()
        daemon.stop()
        rows = self.assert_as_reference(load.sent, database)
        self.say(f"{HOURS} hours, {len(load.sent)} lines while the database was away: {sizes[len(sizes) // 5]:.0f} MiB resident after one "
                 f"fifth of it, {max(sizes[:-1]):.0f} MiB at most, {sizes[-1]:.0f} MiB when caught up")
        self.say(f"{behind} lines caught up in {took:.1f} s: {behind / took:.0f} lines/s, {behind / took / (lines_an_hour / 3600):.0f} times the "
                 f"live rate of {lines_an_hour / 3600:.1f} lines/s; {rows} rows, 0 missing, 0 twice, 0 different")
        self.assertLess(max(sizes), 256)
        self.assertLess(max(sizes[:-1]) - sizes[len(sizes) // 5], 16, f"memory grew while the database was away: {sizes}")
