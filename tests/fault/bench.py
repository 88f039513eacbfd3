"""What the fault tests have in common: a database of each kind in servers that are started once, a daemon behind a real
rsyslog with a running load, and the comparison with the reference."""
import contextlib
import os
import threading
import time

import postfix_lines
import reference
import settings
from daemon import Mailtraced, configuration, listener
from databases import Mariadb, MariadbServer, Postgresql, PostgresqlServer, Sqlite
from harness import Case, Scratch, run, wait_until
from load import MARK, Feeder, Load
from senders import Rsyslog


class Running:
    """A load that is fed in the background into ports as they are, until it is told to finish."""

    def __init__(self, load, *ports, route=None):
        self.load, self.feeder = load, Feeder(load, *ports, route=route)
        self.over = threading.Event()
        self.error = None
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self):
        try:
            while not self.over.wait(0.02):
                self.feeder.feed()
            self.feeder.finish()
        except Exception as error:  # shown by finish()
            self.error = error

    def finish(self):
        self.over.set()
        self.thread.join()
        if self.error:
            raise self.error


class FaultCase(Case):
    @classmethod
    def setUpClass(cls):
        cls.shared = Scratch("fault")
        cls.addClassCleanup(cls.shared.close)
        cls.servers = {}

    def server(self, kind):
        if kind not in self.servers:
            self.servers[kind] = {"postgresql": PostgresqlServer, "mariadb": MariadbServer}[kind](self.shared)
        return self.servers[kind]

    def database(self, kind, name="fault"):
        if kind == "sqlite":
            return Sqlite(self.scratch, f"{kind}-{name}")
        return {"postgresql": Postgresql, "mariadb": Mariadb}[kind](self.server(kind), f"fault_{name}")

    def small_disk(self, folder, options):
        """A file system of its own at that folder, for as long as the case, that can be full or read-only. Needs root, which
        tests/run has."""
        run("mount", "-t", "tmpfs", "-o", options, "none", folder)
        self.scratch.on_close(lambda: run("umount", "--lazy", folder))
        return folder

    def for_each_database(self, work):
        """work(kind) for all chosen databases at the same time."""
        errors = {}

        def one(kind):
            try:
                work(kind)
            except BaseException as error:  # of all threads the first is raised
                errors[kind] = error

        for kind in settings.databases:
            if kind != "sqlite":
                self.server(kind)
        # The threads live until the end of the test: a server ends with the thread that started it.
        threads = [threading.Thread(target=one, args=(kind,)) for kind in settings.databases]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise AssertionError("\n".join(f"{kind}: {error}" for kind, error in errors.items())) from list(errors.values())[0]

    def only(self, kind):
        if kind not in settings.databases:
            self.skipTest("not chosen")

    def receiver(self, name, database, caches=(), more=(), **options):
        """(daemon, port of its RELP listener)"""
        entry, port = listener("relp")
        return Mailtraced(self.scratch, configuration(self.scratch, name, [each.sink() for each in (database, *more)], [entry], caches, **options)), port

    def sender(self, kind, port):
        return Rsyslog(self.scratch, "relp", port, name=f"rsyslog-{kind}", keep_sent=False)

    def wait_mark(self, database, daemon, seconds=600):
        """Until the last mail of the load is stored: then everything before it has arrived."""
        def there():
            with contextlib.suppress(Exception):  # a database that is just coming back
                return any(row["queue_id"] == MARK and row["flags"] & 2 for row in database.read_all("connectlog"))
            return False
        end = time.monotonic() + seconds
        while not there():
            if time.monotonic() > end:
                raise AssertionError(f"the last mail did not arrive; {daemon.status(quiet=True)}\n{daemon.process.output()[-2000:]}")
            time.sleep(0.5)

    def assert_as_reference(self, lines, database, what="", share_without_link=0):
        """Both directions, whole rows. `database.rows()` fails on an id that is there twice. Of that share of the mails the
        link to the hop before may be missing, which is said."""
        said, stored = {}, database.rows()
        wanted, rows = reference.expected(lines, said), reference.canonical_rows(stored)
        lost = self.take_over_links(wanted[0], rows[0]) if share_without_link else 0
        if lost:
            self.say(f"{lost} of {len(wanted[0])} mails lack the link to the hop before")
            self.assertLessEqual(lost, share_without_link * len(wanted[0]))
        different = reference.differences(wanted, rows)
        if different:
            self.fail(f"{what}: {len(different)} differences\n" + "\n".join(text[:700] for text in different[:int(os.environ.get("FAULT_SHOW", 8))]))
        self.assert_lines(lines, said, reference.canonical_lines(stored["connectlog"], database.raw_lines()))
        return len(wanted[0]) + len(wanted[1])

    def assert_lines(self, lines, said, kept):
        """Each mail keeps each of its lines, and no line that nobody wrote."""
        written = {(line.time, line.text) for line in map(postfix_lines.read, lines) if line}
        lost = [f"{name} lacks {text}" for name, texts in said.items() for text in texts - kept.get(name, set())]
        strange = [f"{name} keeps {text}" for name, texts in kept.items() for text in texts - written if name == "nowhere" or self.names(name, text[1])]
        self.assertEqual([], (lost + strange)[:8], f"{len(lost)} raw lines lost, {len(strange)} strange")

    @staticmethod
    def names(mail, text):
        return mail.split("/")[-2] in text

    @staticmethod
    def take_over_links(wanted, rows):
        by_name = {row["id"]: row for row in wanted}
        lost = 0
        for row in rows:
            mail = by_name.get(row["id"])
            if mail and mail["origin_kind"] == "relay" and row["origin_id"] is None:
                row.update(origin_id=mail["origin_id"], origin_kind=mail["origin_kind"])
                lost += 1
        return lost

    def assert_counted(self, lines, received, database):
        """`hosts` counts each line once, and again if it was sent again much later."""
        counted = sum(row["lines"] for row in database.read("hosts"))
        self.assertTrue(len(lines) <= counted <= received, f"{len(lines)} lines, {received} received, {counted} in hosts")

    def say(self, text):
        print(f"     {text}", flush=True)


__all__ = ["FaultCase", "Load", "Running", "wait_until"]
