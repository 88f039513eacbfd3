"""The database hangs: it takes what it is sent and answers nothing, and its connections stay open. Status says so, the daemon
ends within its limit nevertheless, and after the next start nothing is lost and nothing is there twice."""
import random
import signal

import settings
from bench import FaultCase, Load, Running
from harness import wait_until
from proxy import Proxy
from test_database import Entry, through


class Hang(FaultCase):
    @staticmethod
    def sinks(daemon):
        return daemon.status()["sinks"]

    def run_hang(self, kind):
        self.only(kind)
        database = self.database(kind, "hang")
        healthy = self.database("sqlite", "hang")
        proxy = Proxy(self.scratch, database.server.port)
        daemon, port = self.receiver(kind, Entry(through(database, kind, proxy)), more=[healthy])
        sender = self.sender(kind, port)
        load = Load(settings.number("rate"), random.Random(f"{settings.number('seed')}{kind}").random())
        running = Running(load, sender.input_port)
        wait_until(lambda: all(sink["committed"] > 1 for sink in self.sinks(daemon)), lambda: f"a first commit: {self.sinks(daemon)}")
        proxy.paused.set()
        wait_until(lambda: self.sinks(daemon)[0]["waiting_since"], lambda: f"status that says it: {self.sinks(daemon)}")
        name = self.sinks(daemon)[0]["sink"]
        wait_until(lambda: self.sinks(daemon)[1]["waits_for"] == name, lambda: f"the other one that waits: {self.sinks(daemon)}")
        received = daemon.received()
        wait_until(lambda: daemon.received() > received + 100, "lines that are accepted meanwhile")
        # The harness gives it a minute and kills it then, which is another exit code.
        self.assertEqual(0, daemon.process.stop(signal.SIGTERM), daemon.process.output()[-2000:])
        self.assertIn("daemon.undrained", daemon.process.output())
        proxy.paused.clear()
        daemon.start()
        running.finish()
        self.wait_mark(database, daemon)
        sender.stop()
        daemon.wait_stored()
        self.assertEqual([(None, ""), (None, "")], [(sink["waiting_since"], sink["waits_for"]) for sink in self.sinks(daemon)])
        daemon.stop()
        rows = self.assert_as_reference(load.sent, database, kind)
        self.assert_as_reference(load.sent, healthy, "the other one")
        self.say(f"{kind}: hung and stopped; {len(load.sent)} lines, {rows} rows, 0 missing, 0 twice, 0 different")

    def test_postgresql_hangs(self):
        self.run_hang("postgresql")

    def test_mariadb_hangs(self):
        self.run_hang("mariadb")
