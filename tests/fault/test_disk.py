"""The disk of the spool under load: full, read-only when the daemon starts, and no file that can be opened any more. What was
acknowledged is kept, what was not is sent again by rsyslog, and nobody has to restart anything."""
import os
import random
import resource
import unittest

import settings
from bench import FaultCase, Load, Running
from databases import Sqlite
from harness import run, wait_until

SEGMENT = 256 << 10
FAULTS = 3


class Disk(FaultCase):
    def begin(self):
        """A receiver whose spool is a small file system of its own, before its start."""
        self.spool = self.scratch.folder("receiver", mode=0o700) / "spool"
        self.spool.mkdir(mode=0o700)
        if os.geteuid() != 0 or run("mount", "-t", "tmpfs", "-o", "size=8m,mode=0700", "none", self.spool, check=False).returncode:
            raise unittest.SkipTest("cannot mount a small file system here")
        self.scratch.on_close(lambda: run("umount", "--lazy", self.spool))
        self.database = Sqlite(self.scratch)
        self.choice = random.Random(settings.number("seed"))

    def start(self):
        self.daemon, port = self.receiver("receiver", self.database,
                                          spool={"max_size": "1 GiB", "min_free": "0", "segment_size": f"{SEGMENT >> 10} KiB"})
        self.sender_of_load = self.sender("sqlite", port)
        self.load = Load(settings.number("rate"), self.choice.random())
        self.running = Running(self.load, self.sender_of_load.input_port)

    def wait_lines(self, count=300):
        received = self.daemon.received()
        wait_until(lambda: self.daemon.received() > received + count,
                   lambda: f"{count} lines more than {received}: {self.daemon.status()}\n{self.daemon.process.output()[-1500:]}")

    def wait_standstill(self):
        """Until rsyslog has lines that are not taken."""
        seen = [None, 0]

        def still():
            received = self.daemon.received()
            seen[1] = seen[1] + 1 if received == seen[0] else 0
            seen[0] = received
            return seen[1] > 20 and len(self.load.sent) > received + 100
        wait_until(still, lambda: f"that nothing is accepted any more: {self.daemon.status()}")

    def finish(self, what):
        self.running.finish()
        self.wait_mark(self.database, self.daemon)
        self.sender_of_load.stop()
        status = self.daemon.status()
        self.daemon.stop()
        self.assertEqual([], status["spool"]["gaps"])
        rows = self.assert_as_reference(self.load.sent, self.database, "sqlite")
        self.say(f"{what}; {len(self.load.sent)} lines, {rows} rows, 0 missing, 0 twice, 0 different")

    def test_full_disk(self):
        self.begin()
        self.start()
        filler = self.spool / "filler"
        for _ in range(settings.number("kills", FAULTS)):
            self.wait_lines()
            with open(filler, "wb", buffering=0) as file:
                try:
                    while True:
                        file.write(bytes(4096))
                except OSError:
                    pass
            self.wait_standstill()
            filler.unlink()
        self.wait_lines()
        self.finish(f"spool's disk full {settings.number('kills', FAULTS)} times")

    def test_read_only_at_start(self):
        self.begin()
        self.start()
        for _ in range(settings.number("kills", FAULTS)):
            self.wait_lines()
            self.daemon.kill()
            run("mount", "-o", "remount,ro", self.spool)
            # It starts, says what is wrong, takes nothing, and goes on by itself once it can write.
            self.daemon.start()
            self.wait_standstill()
            self.assertTrue(self.daemon.status()["spool"]["failed"])
            run("mount", "-o", "remount,rw", self.spool)
        self.wait_lines()
        self.finish(f"spool read-only at {settings.number('kills', FAULTS)} starts")

    def test_no_file_can_be_opened(self):
        self.begin()
        self.start()
        pid = self.daemon.process.child.pid
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        for _ in range(settings.number("kills", FAULTS)):
            self.wait_lines()
            held = max(int(name) for name in os.listdir(f"/proc/{pid}/fd"))
            # The status connection of this test needs one, which is then there for nobody else.
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (held + 2, before[1]))
            segments = len(list(self.spool.glob("*.seg")))
            sent = len(self.load.sent)
            wait_until(lambda: len(self.load.sent) > sent + 2000, "a load of several segments")
            self.assertTrue(segments)
            resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        self.wait_lines()
        self.finish(f"no more descriptors {settings.number('kills', FAULTS)} times")
