"""The database is killed, cut off inside COMMIT, locked or full, again and again under load: nothing is lost, nothing is there
twice. tests/fault/run database --kills 100"""
import contextlib
import itertools
import pathlib
import random
import sqlite3
import time

import settings
from bench import FaultCase, Load, Running
from databases import Mariadb, MariadbServer, Postgresql, PostgresqlServer, Sqlite
from harness import wait_until
from proxy import Proxy

FAULTS = 5  # short form, per database; each kind of fault comes up


class Cutter:
    """Breaks the connection to the database at the next COMMIT that passes: before it, after it, or with its answer; or kills
    the server while it is at it."""

    def __init__(self, server, choice):
        self.server, self.choice = server, choice
        self.at = None
        self.cut = 0

    def sent(self, data, connection):
        if self.at is None or b"COMMIT" not in data.upper():
            return data
        at, self.at = self.at, None
        if at in ("after", "inside"):
            connection.server.sendall(data)
        if at == "inside":
            time.sleep(self.choice.random() ** 3 * 0.01)  # a COMMIT with its fsync takes 0.2 to 10 ms here
            self.server.kill()
        self.cut += 1
        if at != "answer":
            return None
        connection.state = "swallow the answer"
        return data

    @staticmethod
    def answered(data, connection):
        return None if connection.state else data


def through(database, kind, proxy):
    """The sink's entry with the proxy's port in place of the server's."""
    server, entry = database.server.port, database.sink()
    if kind == "postgresql":
        entry["postgresql"]["connection"] = entry["postgresql"]["connection"].replace(f"port={server}", f"port={proxy.port}")
    else:
        entry["mysql"]["port"] = proxy.port
    return entry


def where_threads_wait(pid):
    out = []
    for task in sorted(pathlib.Path(f"/proc/{pid}/task").iterdir()):
        with contextlib.suppress(OSError):
            out.append(f"{(task / 'comm').read_text().strip()}: {(task / 'wchan').read_text()} {(task / 'syscall').read_text().strip()}")
    return out


class Database(FaultCase):
    def servers_to_kill(self, kind):
        server = {"postgresql": lambda: PostgresqlServer(self.scratch), "mariadb": lambda: MariadbServer(self.scratch, flush=2)}[kind]()
        return server, {"postgresql": Postgresql, "mariadb": Mariadb}[kind](server)

    def committed(self, daemon):
        return daemon.status()["sinks"][0]["committed"]

    def wait_progress(self, daemon):
        before, received = self.committed(daemon), daemon.received()
        wait_until(lambda: self.committed(daemon) > before, lambda: f"a commit after {before} (received then {received}): {daemon.status()}\n"
                   + "\n".join(where_threads_wait(daemon.process.child.pid)) + "\n" + daemon.process.output()[-1500:])

    def end(self, kind, load, running, database, daemon, sender):
        running.finish()
        self.wait_mark(database, daemon)
        sender.stop()
        daemon.stop()
        return self.assert_as_reference(load.sent, database, kind)

    def run_server(self, kind):
        choice = random.Random(f"{settings.number('seed')}{kind}")
        server, database = self.servers_to_kill(kind)
        cutter = Cutter(server, choice)
        proxy = Proxy(self.scratch, server.port, cutter.sent, cutter.answered)
        daemon, port = self.receiver(kind, Entry(through(database, kind, proxy)))
        sender = self.sender(kind, port)
        load = Load(settings.number("rate"), choice.random())
        running = Running(load, sender.input_port)
        kinds = ["kill", "before", "after", "answer", "inside"]
        done = dict.fromkeys(kinds, 0)
        for number in range(settings.number("kills", FAULTS)):
            self.wait_progress(daemon)
            time.sleep(choice.random() ** 2)
            what = kinds[number] if number < len(kinds) else choice.choice(kinds)
            if what == "kill":
                server.kill()
                time.sleep(choice.random() ** 3 * 3)
                server.start_again()
            else:
                before, cutter.at = cutter.cut, what
                wait_until(lambda: cutter.cut > before, "a COMMIT")
                if what == "inside":
                    server.start_again()
            done[what] += 1
        retries = daemon.status()["sinks"][0]["retries"]
        rows = self.end(kind, load, running, database, daemon, sender)
        self.say(f"{kind}: {done['kill']} times kill -9, {done['inside']} times inside COMMIT, cut {done['before']} times before COMMIT, {done['after']} after it, "
                 f"{done['answer']} times its answer; {retries} retries; {len(load.sent)} lines, {rows} rows, 0 missing, 0 twice, 0 different")
        self.assertGreater(retries, 0)

    def test_postgresql_killed(self):
        self.only("postgresql")
        self.run_server("postgresql")

    def test_mariadb_killed(self):
        self.only("mariadb")
        self.run_server("mariadb")

    def test_sqlite_locked(self):
        """Another process holds the lock longer than any busy timeout, or for a moment, again and again."""
        self.only("sqlite")
        choice = random.Random(settings.number("seed"))
        database = Sqlite(self.scratch)
        daemon, port = self.receiver("sqlite", database)
        sender = self.sender("sqlite", port)
        load = Load(settings.number("rate"), choice.random())
        running = Running(load, sender.input_port)
        for number in range(settings.number("kills", FAULTS)):
            self.wait_progress(daemon)
            with sqlite3.connect(database.file, timeout=60, isolation_level=None) as other:
                other.execute("BEGIN EXCLUSIVE")
                time.sleep(7 if number == 0 else choice.random() ** 2 * 2)
                other.execute("ROLLBACK")
        rows = self.end("sqlite", load, running, database, daemon, sender)
        self.say(f"sqlite: locked {settings.number('kills', FAULTS)} times; {len(load.sent)} lines, {rows} rows, 0 missing, 0 twice, 0 different")

    def test_sqlite_disk_full(self):
        """The disk with the database fills up, the one with the spool does not."""
        self.only("sqlite")
        disk = self.small_disk(self.scratch.folder("disk"), f"size={24 + 2 * settings.number('kills', 3)}m")
        self.full_and_empty("sqlite", Sqlite(self.scratch, "disk/mail"), lambda: fill(disk / "filler"), (disk / "filler").unlink)

    def test_postgresql_disk_full(self):
        """The disk of the database alone; that of the write-ahead log has room."""
        self.only("postgresql")
        server, database = self.server("postgresql"), self.database("postgresql", "full")
        disk = self.shared.folder("full", server.user, 0o700)
        self.small_disk(disk, f"size={64 + 2 * settings.number('kills', 3)}m,uid={disk.stat().st_uid},mode=700")
        server.psql(f"CREATE TABLESPACE small LOCATION '{disk}'")
        server.psql("ALTER DATABASE fault_full SET TABLESPACE small")
        self.full_and_empty("postgresql", database, lambda: fill(disk / "filler"), (disk / "filler").unlink)
        server.psql("DROP DATABASE fault_full")
        server.psql("DROP TABLESPACE small")

    def test_mariadb_disk_full(self):
        """What the server says of a full disk and of a full table, ER_DISK_FULL and ER_RECORD_FILE_FULL, said by a trigger."""
        self.only("mariadb")
        server, database = self.server("mariadb"), self.database("mariadb", "full")
        codes = itertools.cycle((1021, 1114))

        def full():
            server.query("CREATE TRIGGER fault_full.disk BEFORE INSERT ON fault_full.deliverlog FOR EACH ROW "
                         f"SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO={next(codes)}, MESSAGE_TEXT='no room'")
        self.full_and_empty("mariadb", database, full, lambda: server.query("DROP TRIGGER fault_full.disk"))

    def full_and_empty(self, kind, database, full, empty):
        choice = random.Random(settings.number("seed"))
        daemon, port = self.receiver(kind, database)
        sender = self.sender(kind, port)
        load = Load(settings.number("rate"), choice.random())
        running = Running(load, sender.input_port)
        for _ in range(settings.number("kills", 3)):
            self.wait_progress(daemon)
            full()
            wait_until(lambda: daemon.status()["sinks"][0]["state"] == "retrying", lambda: f"a full disk: {daemon.status()['sinks']}")
            received = daemon.received()
            wait_until(lambda: daemon.received() > received + 100, "lines that are accepted meanwhile")
            empty()
        rows = self.end(kind, load, running, database, daemon, sender)
        self.assertEqual(list(self.scratch.path.glob("*/dead-letter.jsonl")), [], "a full disk refuses no row")
        self.say(f"{kind}: disk full {settings.number('kills', 3)} times; {len(load.sent)} lines, {rows} rows, 0 missing, 0 twice, 0 different")


def fill(path):
    with open(path, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(65536))


class Entry:
    """A database as far as a configuration needs it."""

    def __init__(self, entry):
        self.entry = entry

    def sink(self):
        return self.entry
