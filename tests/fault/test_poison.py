"""Rows a database refuses for ever come in the middle of a load: forged times, bytes no text has, a recipient and a host that a
constraint forbids. All other rows are there, counted once; each refused delivery is in the dead-letter file, once."""
import itertools
import json
import sqlite3
import time

import settings
from bench import FaultCase, Load, Running
from daemon import Mailtraced, configuration, listener
from harness import wait_until
from load import stamp
from senders import send_octet_counted

REFUSED = "refused@example.org"
FORGED = ("9999-12-31T23:59:59-12:00", "0000-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00", "1969-12-31T23:59:59+00:00")
ROUNDS = 6


def mail(queue_id, host, at=None, sender=b"a@example.org", recipient="b@example.net"):
    at = at or stamp(time.time_ns() // 1000)
    return [f"<22>{at} {host} postfix/{text}".encode().replace(b"SENDER", sender) for text in (
        f"smtpd[1]: {queue_id}: client=client.example[192.0.2.1]",
        f"cleanup[2]: {queue_id}: message-id=<{queue_id}@example.org>",
        f"qmgr[3]: {queue_id}: from=<SENDER>, size=100, nrcpt=1 (queue active)",
        f"smtp[4]: {queue_id}: to=<{recipient}>, relay=mx.example.net[192.0.2.2]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, "
        "status=sent (250 ok)",
        f"qmgr[3]: {queue_id}: removed")]


def execute(kind, database, statement):
    if kind == "sqlite":
        with sqlite3.connect(database.file, timeout=60) as connection:
            connection.execute(statement)
    elif kind == "postgresql":
        database.server.psql(statement, database.name)
    else:
        database.server.query(f"USE {database.name}; {statement}")


def refuse(kind, database):
    """From now on the database takes neither the recipient nor counts of the host poison2."""
    for table, column, value in (("deliverlog", "recipient", REFUSED), ("host_hours", "host", "poison2")):
        execute(kind, database, f"CREATE TRIGGER refuse_{table} BEFORE INSERT ON {table} WHEN new.{column} = '{value}' "
                "BEGIN SELECT RAISE(ABORT, 'refused'); END" if kind == "sqlite" else
                f"ALTER TABLE {table} ADD CONSTRAINT refuse_{table} CHECK ({column} <> '{value}')")


def forget(kind, database):
    """Takes out what came from the poisoned hosts."""
    lines = "`lines`" if kind == "mariadb" else "lines"
    execute(kind, database, f"DELETE FROM {lines} WHERE connect_id IN (SELECT id FROM connectlog WHERE server LIKE 'poison%')")
    for table in ("deliverlog", "connectlog"):
        execute(kind, database, f"DELETE FROM {table} WHERE server LIKE 'poison%'")


class Poison(FaultCase):
    def test_refused_rows_under_load(self):
        self.for_each_database(self.run_one)

    def test_wrong_schema(self):
        """It says what is wrong, stores nothing by halves, sets nothing aside, and goes on when the schema is mended."""
        self.for_each_database(self.run_wrong_schema)

    def run_wrong_schema(self, kind):
        database = self.database(kind, "schema")
        daemon, port = self.receiver(f"schema-{kind}", database)
        sender = self.sender(kind, port)
        load = Load(settings.number("rate", 150))
        running = Running(load, sender.input_port)

        def sink():
            return daemon.status()["sinks"][0]

        wait_until(lambda: sink()["committed"] > 1, "the first rows")
        execute(kind, database, "ALTER TABLE deliverlog RENAME COLUMN response TO words")
        wait_until(lambda: sink()["state"] == "stopped", lambda: f"that it stops: {sink()}")
        self.assertIn("response", sink()["last_error"])
        committed, received = sink()["committed"], daemon.received()
        daemon.kill()
        daemon.start()
        wait_until(lambda: daemon.received() > received + 100, "that it goes on receiving")
        wait_until(lambda: sink()["state"] == "stopped", lambda: f"that it stops again: {sink()}")
        said = sink()["last_error"]
        self.assertIn("response", said)
        self.assertIn(sink()["committed"], (committed, 0))  # 0: not known to this process
        execute(kind, database, "ALTER TABLE deliverlog RENAME COLUMN words TO response")
        wait_until(lambda: sink()["state"] == "running", lambda: f"that it runs again: {sink()}")
        running.finish()
        self.wait_mark(database, daemon)
        sender.stop()
        daemon.stop()
        self.assertFalse((self.scratch.path / f"schema-{kind}" / "dead-letter.jsonl").exists())
        rows = self.assert_as_reference(load.sent, database, kind)
        self.say(f"{kind}: {said!r}; {len(load.sent)} lines, {rows} rows, 0 missing, 0 twice, 0 different")

    def run_one(self, kind):
        database = self.database(kind, "poison")
        (relp, port), (tcp, tcp_port) = listener("relp"), listener("tcp")
        daemon = Mailtraced(self.scratch, configuration(self.scratch, kind, [database.sink()], [relp, tcp]))
        wait_until(lambda: daemon.status()["sinks"][0]["state"] == "running", "tables")
        refuse(kind, database)
        sender = self.sender(kind, port)
        load = Load(settings.number("rate", 150))
        running = Running(load, sender.input_port)
        numbers, wanted, refused = itertools.count(1), set(), set()
        for turn in range(ROUNDS):
            lines = []

            def put(queue_id, *arguments, known=wanted, **options):
                known.add(queue_id)
                lines.extend(mail(queue_id, *arguments, **options))

            put(f"0BAD{next(numbers):06X}", "poison1", recipient=REFUSED, known=refused)
            put(f"0BAD{next(numbers):06X}", "poison1", at=FORGED[turn % len(FORGED)])
            put(f"0BAD{next(numbers):06X}", "poison1", sender=b"nul\0\xff\xfe" + b"x" * 5000 + b"@example.org")
            put(f"0BAD{next(numbers):06X}", "poison2")
            send_octet_counted(tcp_port, lines)
            before = daemon.status()["sinks"][0]["committed"]
            wait_until(lambda: daemon.status()["sinks"][0]["committed"] > before, lambda: f"a commit: {daemon.status()['sinks']}")
            if turn == ROUNDS // 2:
                daemon.kill()
                daemon.start()
                wait_until(lambda: daemon.status()["sinks"][0]["state"] == "running", "tables")
        running.finish()
        self.wait_mark(database, daemon)

        def poisoned(table):
            return {row["queue_id"] for row in database.read_all(table) if row["server"].startswith("poison")}

        wait_until(lambda: poisoned("connectlog") == wanted | refused and poisoned("deliverlog") == wanted,
                   lambda: f"{poisoned('connectlog') ^ (wanted | refused)}, {poisoned('deliverlog') ^ wanted}: {daemon.status()['sinks']}")
        sender.stop()
        status = daemon.status()
        daemon.stop()
        entries = [json.loads(line) for line in (self.scratch.path / kind / "dead-letter.jsonl").read_text().splitlines()]
        self.assertEqual({entry["row"]["queue_id"] for entry in entries}, refused)
        self.assertEqual(len({json.dumps(entry["row"]) for entry in entries}), len(entries), "a dead letter is there twice")
        self.assertFalse([row for row in database.read("host_hours") if row["host"] == "poison2"])
        self.assertTrue([row for row in database.read("host_hours") if row["host"] == "poison1"])
        self.assertGreater(sum(c["value"] for c in status["counters"] if c["name"] == "sink_refused_counts_total"), 0)
        forget(kind, database)
        rows = self.assert_as_reference(load.sent, database, kind)
        self.say(f"{kind}: {ROUNDS} times poison; {len(load.sent)} lines, {rows} rows, 0 missing, 0 twice, 0 different")
