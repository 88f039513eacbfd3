"""kill -9 at random times, under the load of a real rsyslog over RELP with a uuid in each line: nothing is lost, nothing is
there twice, and each row is what the reference says. tests/fault/run kill --kills 1000 --database mariadb"""
import random
import time

import settings
from bench import FaultCase, Load, Running


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
        load = Load(settings.number("rate"), choice.random())
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
        rows = self.assert_as_reference(load.sent, database, kind)
        self.say(f"{kind}: {count} times {how}, {hit} of them while lines came in; {len(load.sent)} lines, {received - len(load.sent)} of them "
                 f"sent twice; {rows} rows, 0 missing, 0 twice, 0 different")
        self.assertGreater(hit, count // 2, "kills in full traffic")
