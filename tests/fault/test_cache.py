"""A memcached that is slow, forgets, answers nonsense or lies, or is flushed, stopped and killed, changes no row; the daemon is
killed under it all the while, so that it asks."""
import random
import time

import settings
from bench import FaultCase, Load, Running
from databases import Memcached, Sqlite
from fake_memcached import MODES, FakeMemcached


class Cache(FaultCase):
    def test_a_cache_that_lies(self):
        choice = random.Random(settings.number("seed"))
        cache = FakeMemcached(self.scratch)

        def trouble(number):
            cache.mode = MODES[number % len(MODES)]
            time.sleep(1 + choice.random())

        def well_again():
            cache.mode = "foreign"

        rows = self.run_with("lies", cache, choice, settings.number("kills", len(MODES)), trouble, well_again)
        self.say(f"{cache.gets} questions, {cache.lies} wrong answers; {rows}")
        self.assertGreater(cache.lies, 100)

    def test_a_cache_that_is_flushed_stopped_or_killed(self):
        choice = random.Random(settings.number("seed"))
        cache = Memcached(self.scratch, timeout="20ms")

        def trouble(number):
            time.sleep(choice.random())
            if number % 3 == 0:
                cache.flush()
            elif number % 3 == 1:
                cache.stall(0.5 + choice.random())
            else:
                cache.kill()
                time.sleep(choice.random())
                cache.start()

        rows = self.run_with("gone", cache, choice, settings.number("kills", 9), trouble, lambda: None)
        self.say(f"flushed, stopped and killed; {rows}")

    def run_with(self, name, cache, choice, kills, trouble, well_again):
        """Before each kill of the daemon trouble(number) is made; what was stored, as text."""
        database = Sqlite(self.scratch, name)
        daemon, port = self.receiver(name, database, [cache.cache()])
        sender = self.sender(name, port)
        # Within `flush_after`, which is ten seconds, a cache that has missed the end of a mail is believed
        # (plugins/caches/memcached/README.md).
        load = Load(settings.number("rate"), choice.random(), again=12)
        running = Running(load, sender.input_port)
        for number in range(kills):
            trouble(number)
            daemon.kill()
            daemon.start()
        well_again()
        running.finish()
        self.wait_mark(database, daemon)
        sender.stop()
        # With a cache, mails whose birth another receiver may know are left in the spool when it is stopped.
        daemon.wait_stored()
        daemon.stop()
        rows = self.assert_as_reference(load.sent, database)
        return f"{kills} kills of the daemon; {len(load.sent)} lines, {rows} rows, 0 different"
