"""A memcached that is slow, forgets, answers nonsense or lies changes no row; the daemon is killed under it all the while, so
that it asks."""
import random
import time

import settings
from bench import FaultCase, Load, Running
from databases import Sqlite
from fake_memcached import MODES, FakeMemcached


class Cache(FaultCase):
    def test_a_cache_that_lies(self):
        choice = random.Random(settings.number("seed"))
        database = Sqlite(self.scratch)
        cache = FakeMemcached(self.scratch)
        daemon, port = self.receiver("sqlite", database, [cache.cache()])
        sender = self.sender("sqlite", port)
        # Within `flush_after`, which is ten seconds, a cache that has missed the end of a mail is believed
        # (plugins/caches/memcached/README.md).
        load = Load(settings.number("rate"), choice.random(), again=12)
        running = Running(load, sender.input_port)
        kills = settings.number("kills", len(MODES))
        for number in range(kills):
            cache.mode = MODES[number % len(MODES)]
            time.sleep(1 + choice.random())
            daemon.kill()
            daemon.start()
        cache.mode = "foreign"
        running.finish()
        self.wait_mark(database, daemon)
        sender.stop()
        # With a cache, mails whose birth another receiver may know are left in the spool when it is stopped.
        daemon.wait_stored()
        daemon.stop()
        rows = self.assert_as_reference(load.sent, database)
        self.say(f"{kills} kills; {cache.gets} questions, {cache.lies} wrong answers; {len(load.sent)} lines, {rows} rows, 0 different")
        self.assertGreater(cache.lies, 100)
