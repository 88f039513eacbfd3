"""kill -9 at random times, under the load of a real rsyslog over RELP with a uuid in each line: nothing is lost, nothing is
there twice, and each row is what the reference says. tests/fault/run kill --kills 1000 --database mariadb"""
import random
import time

import settings
from bench import FaultCase, Load, Running
from harness import wait_until
from proxy import Proxy
from test_database import Entry, through


SLOW = 0.05  # of the clients: what they said first is stored before their mail comes


class Kill(FaultCase):
    def test_kill_9_under_load(self):
        self.for_each_database(lambda kind: self.ends(kind, "kill"))

    def test_sigterm_under_load(self):
        """A service manager's way: drains, answers what it has read, ends with 0."""
        self.for_each_database(lambda kind: self.ends(kind, "stop"))

    def ends(self, kind, how):
        choice = random.Random(f"{settings.number('seed')}{kind}")
        database = self.database(kind, how)
        daemon, port = self.receiver(kind, database)
        sender = self.sender(kind, port)
        load = Load(settings.number("rate"), choice.random(), slow=SLOW if how == "kill" else 0)
        running = Running(load, sender.input_port)
        hit = 0
        count = settings.number("kills")
        for number in range(1, count + 1):
            before = daemon.received()
            if number % 4:
                # In full traffic: a moment after lines came in again.
                end = time.monotonic() + 20
                while daemon.received() == before and time.monotonic() < end:
                    time.sleep(0.01)
            time.sleep(choice.random() ** 3 * 2)
            hit += daemon.received() > before
            getattr(daemon, how)()
            daemon.start()
            if number % 50 == 0:
                self.say(f"{kind}: {number} times {how}, {len(load.sent)} lines, {daemon.received()} received")
        running.finish()
        self.wait_mark(database, daemon)
        received = daemon.received()
        sender.stop()
        daemon.stop()
        self.assert_counted(load.sent, received, database)
        rows = self.assert_as_reference(load.sent, database, kind)
        self.say(f"{kind}: {count} times {how}, {hit} of them while lines came in; {len(load.sent)} lines, {received - len(load.sent)} of them "
                 f"sent twice; {rows} rows, 0 missing, 0 twice, 0 different")
        self.assertGreater(hit, count // 2, "kills in full traffic")

    def test_one_of_two_databases_is_behind(self):
        """The first is there all the time, the second comes and goes: each has every row, once."""
        kind = next((kind for kind in settings.databases if kind != "sqlite"), None)
        if not kind:
            self.skipTest("SQLite is not reached over a network")
        choice = random.Random(settings.number("seed"))
        first, second = self.database("sqlite", "ahead"), self.database(kind, "behind")
        away = [False]
        proxy = Proxy(self.scratch, lambda: None if away[0] else second.server.port)
        daemon, port = self.receiver("two", Entry(first.sink()), more=[Entry(through(second, kind, proxy))])
        sender = self.sender("two", port)
        load = Load(settings.number("rate"), choice.random(), slow=SLOW)
        running = Running(load, sender.input_port)
        behind = 0
        for _ in range(settings.number("kills", 6)):
            away[0] = True
            proxy.cut_all()
            time.sleep(1 + choice.random() * 2)
            committed = [sink["committed"] for sink in daemon.status()["sinks"]]
            behind += committed[1] < committed[0]
            daemon.kill()
            away[0] = False
            daemon.start()
        running.finish()
        self.wait_mark(first, daemon)
        self.wait_mark(second, daemon)
        sender.stop()
        daemon.stop()
        self.assertGreater(behind, 0, "kills with one database behind the other")
        rows = [self.assert_as_reference(load.sent, database, name) for database, name in ((first, "sqlite"), (second, kind))]
        self.say(f"sqlite and {kind}: {behind} kills with one behind the other; {rows[0]} rows in each, 0 missing, 0 twice, 0 different")

    def test_kill_9_while_catching_up(self):
        """The database comes back after longer than a half-seen mail is kept back; killed again and again until all is read."""
        choice = random.Random(settings.number("seed"))
        kind = "mariadb" if "mariadb" in settings.databases else settings.databases[0]
        if kind == "sqlite":
            self.skipTest("SQLite is not reached over a network")
        database = self.database(kind, "late")
        away = [True]
        proxy = Proxy(self.scratch, lambda: None if away[0] else database.server.port)
        daemon, port = self.receiver(kind, Entry(through(database, kind, proxy)))
        sender = self.sender(kind, port)
        load = Load(3 * settings.number("rate"), choice.random())
        running = Running(load, sender.input_port)
        time.sleep(15)
        running.finish()
        daemon.wait_received(len(load.sent))
        away[0] = False
        kills = 0
        while kills < settings.number("kills", 12):
            daemon.kill()
            daemon.start()
            kills += 1
            wait_until(lambda: daemon.status()["sinks"][0]["state"] == "running", "the database")
            time.sleep(choice.random() * 0.6)
            status = daemon.status()
            if status["sinks"][0]["committed"] >= status["spool"]["next"]:
                break
        self.wait_mark(database, daemon)
        sender.stop()
        daemon.stop()
        rows = self.assert_as_reference(load.sent, database, kind)
        self.say(f"{kind}: {kills} kills while catching up with {len(load.sent)} lines; {rows} rows, 0 missing, 0 twice, 0 different")
