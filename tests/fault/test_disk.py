"""The disk of the spool under load: full, read-only, failing, also when the daemon starts, and no file that can be opened any
more. What was acknowledged is kept, what was not is sent again by rsyslog, and nobody has to restart anything."""
import errno
import os
import random
import resource

import settings
from bench import FaultCase, Load, Running
from daemon import MAILTRACED, Mailtraced, configuration, listener
from databases import Sqlite
from faults_build import FAULTS_BUILD, need_faults_build
from harness import Process, run, wait_until
from load import MARK, mark

SEGMENT = 256 << 10
FAULTS = 3
SEGMENTS = {"max_size": "1 GiB", "min_free": "0", "segment_size": f"{SEGMENT >> 10} KiB"}


class Failing(Mailtraced):
    """Of the build with faults: while the file `fails` exists, its disk answers with the error in it."""

    def start(self):
        self.fails = self.scratch.path / "fails"
        self.process = Process(self.scratch, f"mailtraced-{self.name}", FAULTS_BUILD / "bin" / "mailtraced", "--config", self.config,
                               env={"MAILTRACE_PLUGINS": str(FAULTS_BUILD / "lib" / "mailtrace"), "MT_FAIL": str(self.fails)})
        self.process.wait_ready(lambda: self.status(quiet=True), "an answer of its control socket")

    def fail(self, error):
        fresh = self.fails.with_suffix(".new")
        fresh.write_text(str(error))
        fresh.rename(self.fails)


class Disk(FaultCase):
    def prepare(self):
        self.database = Sqlite(self.scratch)
        self.choice = random.Random(settings.number("seed"))

    def begin(self, folder="receiver/spool"):
        """A receiver whose spool, or whole state directory, is a small file system of its own, before its start."""
        self.scratch.folder("receiver", mode=0o700)
        self.disk = self.small_disk(self.scratch.folder(folder, mode=0o700), "size=8m,mode=0700")
        self.spool = self.scratch.path / "receiver" / "spool"
        self.prepare()

    def start(self, program=Mailtraced, inputs=()):
        entry, port = listener("relp")
        self.daemon = program(self.scratch, configuration(self.scratch, "receiver", [self.database.sink()], [entry, *inputs], spool=SEGMENTS))
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

    def test_state_directory_read_only_at_start(self):
        """All that is kept there: the spool, the positions of a followed file, and the socket that the killed one left."""
        self.begin("receiver")
        followed = self.scratch.path / "mail.log"
        followed.write_bytes(b"")
        self.start(inputs=[{"file": {"path": str(followed), "poll_interval": "100ms"}}])
        for number in range(settings.number("kills", FAULTS)):
            self.wait_lines()
            self.daemon.kill()
            run("mount", "-o", "remount,ro", self.disk)
            starts = self.daemon.process.output().count("daemon.ready")
            self.daemon.process = Process(self.scratch, "mailtraced-receiver", MAILTRACED, "--config", self.daemon.config)
            self.daemon.process.wait_ready(lambda: self.daemon.process.output().count("daemon.ready") > starts)
            self.assertIn("Read-only file system", self.daemon.process.output())
            self.assertIsNone(self.daemon.status(quiet=True))
            lines = [line.replace(MARK.encode(), b"0CAFE0CAF%02X" % number).replace(b"mark@", b"followed%d@" % number) for line in mark("mx2")]
            with open(followed, "ab") as file:
                file.write(b"".join(line.removeprefix(b"<22>") + b"\n" for line in lines))
            self.load.sent += lines
            run("mount", "-o", "remount,rw", self.disk)
            self.daemon.process.wait_ready(lambda: self.daemon.status(quiet=True), "its control socket")
        self.wait_lines()
        position = f" {followed.stat().st_size} "
        wait_until(lambda: position in (self.scratch.path / "receiver" / "input-file.positions").read_text(), "the position in the followed file")
        self.finish(f"state directory read-only at {settings.number('kills', FAULTS)} starts")

    def test_failing_disk(self):
        """Under load, as after a remount by the kernel or with a broken disk; then it is well again."""
        need_faults_build()
        self.prepare()
        self.start(Failing)
        kinds = (errno.EROFS, errno.EIO, errno.ENOSPC, errno.EMFILE)
        for number in range(settings.number("kills", len(kinds))):
            error = kinds[number % len(kinds)]
            self.wait_lines()
            self.daemon.fail(error)
            self.wait_standstill()
            spool = self.daemon.status()["spool"]
            self.assertTrue(spool["failed"])
            self.assertIn(os.strerror(error), spool["last_error"])
            self.daemon.fails.unlink()
        self.wait_lines()
        self.finish(f"the disk failed {settings.number('kills', len(kinds))} times")

    def test_few_descriptors(self):
        """With any number of them: it works, waits, or ends so that a service manager starts it again; never as if somebody had
        made a mistake."""
        self.prepare()
        entry, _ = listener("relp")
        config = configuration(self.scratch, "few", [self.database.sink()], [entry], spool=SEGMENTS)
        codes, alive = set(), 0
        for limit in range(5, 41, 3):
            process = Process(self.scratch, f"few-{limit}", "prlimit", f"--nofile={limit}:1024", MAILTRACED, "--config", config)
            wait_until(lambda: not process.running() or "daemon.ready" in process.output() or "state.wait" in process.output(),
                       lambda: f"its start or its end with {limit} descriptors: {process.output()}")
            if process.running():
                alive += 1
                resource.prlimit(process.child.pid, resource.RLIMIT_NOFILE, (1024, 1024))
                process.wait_ready(lambda: "daemon.ready" in process.output())
                self.assertEqual(0, process.stop(), process.output())
            else:
                codes.add(process.child.returncode)
                self.assertNotIn(process.child.returncode, (0, 78), f"{limit} descriptors: {process.output()}")
        self.assertGreater(alive, 2)
        self.assertIn(75, codes)

    def count(self, name):
        return sum(each["value"] for each in self.daemon.status()["counters"] if each["name"] == name)

    def test_no_file_can_be_opened(self):
        self.begin()
        self.start()
        pid = self.daemon.process.child.pid
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        for _ in range(settings.number("kills", FAULTS)):
            self.wait_lines()
            errors = self.count("spool_errors_total")

            def runs_out():
                # None is free below the limit: not even the status can be asked for.
                held = {int(name) for name in os.listdir(f"/proc/{pid}/fd")}
                resource.prlimit(pid, resource.RLIMIT_NOFILE, (min(set(range(len(held) + 1)) - held), before[1]))
                sent = len(self.load.sent)
                wait_until(lambda: len(self.load.sent) > sent + 4000, "a load of several segments")
                resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
                wait_until(lambda: self.daemon.status(quiet=True), "a status")
                return self.count("spool_errors_total") > errors  # else they are still on their way
            wait_until(runs_out, "that a segment was wanted and could not be opened")
            self.assertIn(os.strerror(errno.EMFILE), self.daemon.status()["spool"]["last_error"])
        self.wait_lines()
        self.finish(f"no more descriptors {settings.number('kills', FAULTS)} times")
