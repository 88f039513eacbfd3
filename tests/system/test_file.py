"""Log files that a real logrotate turns over while they are written and read: the rows are those of one import."""
import datetime
import pathlib
import signal
import sys

from corpus import POSTFIX_GROUPS, lines_of
from daemon import Mailtraced, configuration, import_reference, mailtrace
from databases import Postgresql, PostgresqlServer, Sqlite, TIME_SUSPECT
from harness import Case, Process, run, wait_until

SECONDS = 20  # the writer's time; the machine may stretch it
WRITER = pathlib.Path(__file__).with_name("log_writer.py")
# After all others: when it is stored, the last file was read to its end.
MARK = [b"2026-11-23T22:59:59.%06d+00:00 mx1 postfix/%s" % (at, text) for at, text in enumerate((
    b"smtpd[1]: 0FEED0FEED0: client=mark.example[192.0.2.1]",
    b"qmgr[3]: 0FEED0FEED0: from=<mark@example.org>, size=1, nrcpt=1 (queue active)",
    b"smtp[4]: 0FEED0FEED0: to=<mark@example.net>, relay=mx.example.net[192.0.2.2]:25, delay=1, delays=0/0/0/1, "
    b"dsn=2.0.0, status=sent (250 ok)",
    b"qmgr[3]: 0FEED0FEED0: removed"))]


class File(Case):
    def begin(self, *rotation, halves=7, database=None):
        self.lines = self.scratch.path / "lines"
        self.lines.write_bytes(b"".join(line + b"\n" for line in lines_of(POSTFIX_GROUPS, "rfc3339") + MARK))
        self.folder = self.scratch.folder("log", mode=0o755)
        self.log = self.folder / "mail.log"
        self.database = database or Sqlite(self.scratch)
        self.daemon = self.follower("receiver")
        self.writer = Process(self.scratch, "writer", sys.executable, "-B", WRITER, self.lines, self.log, SECONDS, halves)
        self.writer.wait_ready(self.log.exists)
        self.rotation = self.scratch.path / "logrotate.conf"
        self.rotation.write_text(f"{self.log} {{\n  rotate 1000\n  " + "\n  ".join(rotation) + "\n}\n")
        self.rotation.chmod(0o644)
        self.rotations = 0

    def follower(self, name):
        entry = {"file": {"path": str(self.log), "poll_interval": "200ms", "keep_rotated": "2s"}}
        return Mailtraced(self.scratch, configuration(self.scratch, name, [self.database.sink()], [entry]))

    def rotate(self):
        run("logrotate", "--force", "--state", self.scratch.path / "logrotate.state", self.rotation)
        self.rotations += 1

    def rotate_until_written(self, breaks=()):
        """`breaks`: what happens after each rotation, in turn."""
        while self.writer.running():
            wait_until(lambda: not self.writer.running() or (self.log.exists() and self.log.stat().st_size > 20_000), "text")
            self.rotate()
            if breaks:
                breaks[self.rotations % len(breaks)]()
        self.assertEqual(0, self.writer.child.returncode, self.writer.output())
        self.assertGreater(self.rotations, 5)

    def wait_mark(self):
        wait_until(lambda: any(row["queue_id"] == "0FEED0FEED0" for row in self.database.read_all("deliverlog")),
                   lambda: f"the last mail; {self.daemon.status()['inputs']}")
        self.daemon.stop()

    def compare(self):
        self.assert_equal_rows(import_reference(self.scratch, self.lines).rows(), self.database.rows())

    def stop(self):
        self.daemon.stop()
        self.daemon.start()

    def kill(self):
        self.daemon.kill()
        self.daemon.start()

    def rotate_while_down(self):
        self.daemon.kill()
        self.rotate()
        self.daemon.start()

    def add_scripts(self, **signals):
        text = self.rotation.read_text().rsplit("}", 1)[0]
        for script, signal in signals.items():
            text += f"  {script}\n    kill {signal} {self.writer.child.pid} 2>/dev/null || true\n  endscript\n"
        self.rotation.write_text(text + "}\n")

    def stop_with_a_large_rotated_rest(self):
        """Most of a file is unread when it was rotated and SIGTERM comes: it is to be read to its end first. Nothing is read before SIGCONT."""
        self.log = self.scratch.folder("log", mode=0o755) / "mail.log"
        self.log.write_bytes(b"")
        self.database = Sqlite(self.scratch)
        entry = {"file": {"path": str(self.log), "poll_interval": "200ms"}}
        self.daemon = Mailtraced(self.scratch, configuration(self.scratch, "receiver", [self.database.sink()], [entry]))
        idle = b"2026-11-23T22:00:00.%06d+00:00 mx1 postfix/anvil[9]: statistics: max cache size 1 at Nov 23 22:00:00 " + b"x" * 100
        self.log.write_bytes(idle % 0 + b"\n")
        self.daemon.wait_received(1)
        # While it stands still, so that all of this is left for the end.
        self.daemon.process.child.send_signal(signal.SIGSTOP)
        rest = [idle % number for number in range(1, 80_000)] + MARK
        with open(self.log, "ab") as file:
            file.write(b"".join(line + b"\n" for line in rest))
        self.log.rename(self.log.with_name("mail.log.1"))
        fresh = [line.replace(b"0FEED0FEED0", b"0FEED0FEED1") for line in MARK]
        self.log.write_bytes(b"".join(line + b"\n" for line in fresh))
        self.daemon.process.child.send_signal(signal.SIGTERM)
        return rest, fresh

    def mails(self):
        return sorted(row["queue_id"] for row in self.database.read_all("deliverlog"))

    def test_stop_with_a_large_rotated_rest(self):
        rest, fresh = self.stop_with_a_large_rotated_rest()
        self.assertEqual(0, self.daemon.process.stop(signal.SIGCONT), self.daemon.process.output())
        self.assertNotIn("daemon.hurry", self.daemon.process.output())
        self.assertEqual(["0FEED0FEED0"], self.mails())
        self.daemon.start()
        self.daemon.wait_received(1 + len(rest) + len(fresh))
        self.daemon.wait_stored()
        read = {each["label"]: each["value"] for each in self.daemon.status()["counters"] if each["name"] == "input_lines_total"}
        self.assertEqual({'input="file"': len(fresh)}, read)
        self.daemon.stop()
        self.assertEqual(["0FEED0FEED0", "0FEED0FEED1"], self.mails())

    def test_second_sigterm(self):
        """Somebody cannot wait for that: it ends at once, as asked, and the next start reads what is left."""
        self.stop_with_a_large_rotated_rest()
        self.daemon.process.child.send_signal(signal.SIGCONT)
        wait_until(lambda: "daemon.stop" in self.daemon.process.output(), "its end to begin")
        self.daemon.stop()
        self.daemon.start()
        wait_until(lambda: self.mails() == ["0FEED0FEED0", "0FEED0FEED1"], lambda: f"both mails: {self.mails()}")
        self.daemon.stop()

    def test_create_and_compress(self):
        """The daemon runs on, or is ended properly: it reads a rotated file to its end before it ends. Whole lines only:
        gzip does not wait for a writer that is in the middle of one."""
        self.begin("compress", "create 0644", halves=0)
        self.add_scripts(postrotate="-HUP")
        self.rotate_until_written([lambda: None, lambda: None, self.stop])
        self.wait_mark()
        self.compare()

    def test_create_with_kill_9(self):
        """It is killed, and files are rotated away from it while it is down, more than once."""
        self.begin("create 0644")
        self.add_scripts(postrotate="-HUP")
        self.rotate_until_written([self.kill, self.stop, self.rotate_while_down])
        self.wait_mark()
        self.compare()

    def test_two_instances_side_by_side(self):
        """Both follow the same file into the same database, and one of them is always there."""
        self.begin("create 0644", database=Postgresql(PostgresqlServer(self.scratch)))
        self.add_scripts(postrotate="-HUP")
        other = self.follower("other")

        def kill_other():
            other.kill()
            other.start()
        self.rotate_until_written([self.kill, kill_other, lambda: None])
        self.wait_mark()
        other.wait_stored()
        other.stop()
        self.compare()

    def test_copytruncate(self):
        """What is written between logrotate's copy and its truncation is lost by its nature, so the writer is held for
        that time. Then nothing is missing, and what was read twice made no second row."""
        self.begin("copytruncate", halves=0)
        self.add_scripts(prerotate="-STOP", postrotate="-CONT")
        self.rotate_until_written([lambda: None, self.kill, self.stop])
        self.wait_mark()
        self.compare()

    def test_a_log_of_months_ago(self):
        """Stamps without a year, read from the beginning of the file: the year that was, and no mark of doubt on any row."""
        day = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=270)
        self.lines = self.log = self.scratch.folder("log", mode=0o755) / "mail.log"
        stamp = day.strftime("%b %e 10:00:0").encode()
        self.log.write_bytes(b"".join(stamp + b"%d " % at + line.split(b" ", 1)[1] + b"\n" for at, line in enumerate(MARK)))
        self.database = Sqlite(self.scratch)
        self.daemon = self.follower("receiver")
        self.wait_mark()
        self.compare()
        row, = self.database.read("connectlog")
        self.assertEqual(day.date(), datetime.datetime.fromtimestamp(row["connect_time"] / 1e6, datetime.timezone.utc).date())
        self.assertEqual(0, row["flags"] & TIME_SUSPECT)

    def test_import_of_what_was_followed_changes_nothing(self):
        self.begin("create 0644")
        self.add_scripts(postrotate="-HUP")
        self.rotate_until_written()
        self.wait_mark()
        before = self.database.rows()
        mailtrace(self.daemon.config, "import", *sorted(self.folder.glob("mail.log*")))
        self.assert_equal_rows(before, self.database.rows())
