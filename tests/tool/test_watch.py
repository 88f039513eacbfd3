"""mailtrace search --watch: each result once, as it comes, until a signal; beside a writer, and while the database is away."""
import contextlib
import datetime
import json
import os
import queue
import re
import signal
import subprocess
import threading
import unittest

import tool

DEADLINE = 120
NOW = datetime.datetime.now(datetime.timezone.utc)


class Log:
    """Lines of mails, each with a time of its own."""

    def __init__(self, home, name):
        self.path = home.path / name

    def write(self, lines):
        self.path.write_text("".join(line + "\n" for line in lines))
        return self.path


def stamp(seconds):
    """So long after the start of this test."""
    return (NOW + datetime.timedelta(seconds=seconds)).isoformat(timespec="microseconds")


def born(queue_id, at, host="mx1", sender="anna@alpha.example"):
    return [f"{stamp(at)} {host} postfix/smtpd[1]: {queue_id}: client=pc.example[192.0.2.1]",
            f"{stamp(at + 0.1)} {host} postfix/cleanup[2]: {queue_id}: message-id=<{queue_id}@alpha.example>",
            f"{stamp(at + 0.2)} {host} postfix/qmgr[3]: {queue_id}: from=<{sender}>, size=1000, nrcpt=1 (queue active)"]


def attempt(queue_id, at, status="sent", host="mx1", recipient="boris@beta.example"):
    answer = {"sent": "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 0A1B2C3D4E)",
              "deferred": "dsn=4.2.0, status=deferred (host mx.beta.example[192.0.2.9] said: 450 4.2.0 later)"}[status]
    return [f"{stamp(at)} {host} postfix/smtp[4]: {queue_id}: to=<{recipient}>, relay=mx.beta.example[192.0.2.9]:25, "
            f"delay=0.5, delays=0.1/0.1/0.1/0.2, {answer}"]


def mail(queue_id, at, **more):
    return born(queue_id, at, **more) + attempt(queue_id, at + 0.5, host=more.get("host", "mx1"))


class Watched:
    """A running watch; what it printed comes line by line."""

    def __init__(self, home, *arguments, **environment):
        self.child = subprocess.Popen([tool.PROGRAM, "search", "--watch", "--interval", "100ms", *arguments], stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, text=True, env=home.environment(**environment))
        self.out, self.err = queue.Queue(), queue.Queue()
        self.threads = [threading.Thread(target=self.read, args=each, daemon=True)
                        for each in ((self.child.stdout, self.out), (self.child.stderr, self.err))]
        for thread in self.threads:
            thread.start()

    @staticmethod
    def read(stream, to):
        for line in stream:
            to.put(line)

    def line(self):
        return self.out.get(timeout=DEADLINE)

    def hits(self, count):
        return [self.key(json.loads(self.line())) for _ in range(count)]

    @staticmethod
    def key(hit):
        return hit["connect"]["queue_id"], (hit["deliver"] or {}).get("status")

    def end(self, number=signal.SIGINT):
        """The exit code, and what was still to be read."""
        self.child.send_signal(number)
        code = self.child.wait(timeout=DEADLINE)
        for thread in self.threads:
            thread.join(DEADLINE)
        return code, list(self.out.queue)

    def close(self):
        with contextlib.suppress(ProcessLookupError):
            self.child.kill()
        self.child.wait()
        for stream in (self.child.stdout, self.child.stderr):
            stream.close()


class Watch(unittest.TestCase):
    def setUp(self):
        self.home = tool.Home()
        self.addCleanup(self.home.remove)
        self.number = 0
        self.store(mail("4AAA00001", -3000), mail("4AAA00002", -2000), born("4AAA00003", -1000) + attempt("4AAA00003", -999, "deferred"))

    def store(self, *lines):
        self.number += 1
        done = self.home.run("import", "--quiet", Log(self.home, f"{self.number}.log").write(sum(lines, [])))
        self.assertEqual(0, done.returncode, done.err)

    def watch(self, *arguments, **environment):
        watched = Watched(self.home, *arguments, **environment)
        self.addCleanup(watched.close)
        return watched

    def test_first_the_newest_then_what_comes(self):
        watched = self.watch("--json", "--limit", "2")
        self.assertEqual([("4AAA00002", "sent"), ("4AAA00003", "deferred")], watched.hits(2))
        self.store(mail("4AAA00004", 1))
        self.assertEqual([("4AAA00004", "sent")], watched.hits(1))
        # A mail that waits, and the next attempt for an older one.
        self.store(born("4AAA00005", 10))
        self.assertEqual([("4AAA00005", None)], watched.hits(1))
        self.store(attempt("4AAA00003", 20), attempt("4AAA00005", 21))
        self.assertEqual([("4AAA00003", "sent"), ("4AAA00005", "sent")], watched.hits(2))
        self.assertEqual((-signal.SIGINT, []), watched.end())

    def test_hosts_that_lag_behind(self):
        watched = self.watch("--json", "--limit", "1")
        watched.hits(1)
        # Its lines were held up for a quarter of an hour; those of the other host are there already.
        self.store(mail("4AAA00004", 5))
        self.assertEqual([("4AAA00004", "sent")], watched.hits(1))
        self.store(mail("4BBB00001", -900, host="mx2"))
        self.assertEqual([("4BBB00001", "sent")], watched.hits(1))
        self.store(mail("4BBB00002", -800, host="mx2"), mail("4AAA00006", 6))
        self.assertEqual([("4BBB00002", "sent"), ("4AAA00006", "sent")], watched.hits(2))
        self.assertEqual((-signal.SIGINT, []), watched.end())

    def test_criteria(self):
        watched = self.watch("--json", "--limit", "1", "--from", "carla@alpha.example")
        self.store(mail("4AAA00004", 1), mail("4AAA00005", 2, sender="carla@alpha.example"), mail("4AAA00006", 3))
        self.assertEqual([("4AAA00005", "sent")], watched.hits(1))
        self.store(mail("4AAA00007", 4), mail("4AAA00008", 5, sender="carla@alpha.example"))
        self.assertEqual([("4AAA00008", "sent")], watched.hits(1))
        self.assertEqual((-signal.SIGINT, []), watched.end())

    def test_every_row_once_beside_a_daemon(self):
        """A daemon follows a file that grows mail by mail."""
        log = self.home.path / "mail.log"
        log.write_text("")
        self.home.config.write_text(self.home.config.read_text() + f"inputs:\n  - file: {{path: {log}, poll_interval: 50ms}}\n")
        daemon = subprocess.Popen([tool.BUILD / "bin/mailtraced", "--config", self.home.config], env=self.home.environment(),
                                  stderr=subprocess.DEVNULL)

        def stop():
            daemon.terminate()
            daemon.wait(timeout=DEADLINE)
        self.addCleanup(stop)
        watched = self.watch("--json", "--limit", "1")
        watched.hits(1)
        count, expected = 150, set()
        with log.open("a") as file:
            for i in range(count):
                queue_id = f"4CCC{i:05}"
                expected.add((queue_id, "sent"))
                file.write("".join(line + "\n" for line in mail(queue_id, i / 10)))
                if i % 3 == 0:
                    file.flush()
        seen = []
        while not expected <= set(seen):
            seen += watched.hits(1)
        code, rest = watched.end()
        seen += [Watched.key(json.loads(line)) for line in rest]
        self.assertEqual(-signal.SIGINT, code)
        self.assertEqual(len(seen), len(set(seen)))
        # Some were stored before their attempt, and shown so.
        self.assertEqual(expected, {hit for hit in seen if hit[1]})

    def test_for_people(self):
        watched = self.watch("anna@alpha.example", "--limit", "1", "--width", "100")
        first = [watched.line(), watched.line()]
        self.assertRegex(first[0], r"^20\d\d-.* anna@alpha.example  4AAA00003")
        self.assertRegex(first[1], r"boris@beta.example  +deferred")
        self.assertEqual("Understood as an address: sender or recipient anna@alpha.example\n", watched.err.get(timeout=DEADLINE))
        self.store(mail("4AAA00004", 1))
        self.assertEqual("\n", watched.line())
        more = [watched.line(), watched.line()]
        self.assertRegex(more[1], r"boris@beta.example  +sent")
        # Below each other.
        self.assertEqual(first[0].index("4AAA00003"), more[0].index("4AAA00004"))
        self.assertEqual((-signal.SIGTERM, []), watched.end(signal.SIGTERM))

    def test_a_table_for_spreadsheets(self):
        watched = self.watch("--csv", "--limit", "1")
        self.assertIn('"connect_time"', watched.line())
        self.assertIn('"4AAA00003"', watched.line())
        self.store(mail("4AAA00004", 1, sender="=1+1@alpha.example"))
        row = watched.line()
        self.assertIn('"4AAA00004"', row)
        self.assertIn('"\'=1+1@alpha.example"', row)  # no formula

    def test_nothing_yet(self):
        watched = self.watch("nobody@example.org", "--json")
        self.assertIn("Understood as", watched.err.get(timeout=DEADLINE))
        self.store(mail("4AAA00004", 1), mail("4AAA00005", 2, sender="nobody@example.org"))
        self.assertEqual([("4AAA00005", "sent")], watched.hits(1))

    def test_the_reader_leaves(self):
        ours, theirs = os.pipe()
        child = subprocess.Popen([tool.PROGRAM, "search", "--watch", "--json", "--limit", "1"], stdout=theirs, env=self.home.environment())
        os.close(theirs)
        self.assertIn(b"4AAA00003", os.read(ours, 65536))
        os.close(ours)
        # Though nothing more comes that could not be written.
        self.assertIn(child.wait(timeout=DEADLINE), (0, -signal.SIGPIPE))

    def test_what_does_not_go_together(self):
        run = self.home.run
        for wrong in (["--page", "2"], ["--sort", "sender"], ["--asc"], ["--after", "x"], ["--all", "--json"], ["--interval", "2"],
                      ["--interval", "1ms"], ["--interval", "2h"], ["--interval", "soon"]):
            done = run("search", "--watch", *wrong)
            self.assertEqual((2, ""), (done.returncode, done.out), wrong)
        self.assertEqual(2, run("search", "--interval", "2s").returncode)
        self.assertIn("Zeit mit Einheit zwischen 100ms und 1h", run("search", "--watch", "--interval", "2", LANG="de_DE.UTF-8").err)
        one = self.home.json("search", "--limit", 1)[0]["connect"]["id"]
        self.assertIn("--watch needs a search", run("search", "--watch", one).err)

    def test_on_a_terminal(self):
        child, terminal = self.home.start_on_terminal(90, "search", "--watch", "--limit", "1", LANG="de_DE.UTF-8")
        seen = b""
        while b"Strg-C" not in seen or b"boris" not in seen:
            seen += os.read(terminal, 65536)
        os.write(terminal, b"\x03")
        self.assertEqual(-signal.SIGINT, child.wait(timeout=DEADLINE))
        os.close(terminal)
        text = re.sub(r"\x1b\[\d*m", "", seen.decode())
        self.assertIn("Neue Treffer erscheinen, sobald sie da sind; Strg-C beendet das.", text)


if __name__ == "__main__":
    unittest.main()
