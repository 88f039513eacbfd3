"""Stamps that are hard to read or lie: no year, no zone, other zones, a leap second, an hour off, far away. Over the network
into each database: the right day, no partition made for nonsense, doubtful ones marked."""
import datetime
import glob

from daemon import Mailtraced, configuration, listener
from databases import TIME_SUSPECT, Mariadb, MariadbServer, Postgresql, PostgresqlServer, Sqlite, days, microseconds
from harness import Case, Scratch, run, wait_until
from senders import send_octet_counted

UTC = datetime.timezone.utc
NEW_YORK = "America/New_York"


def traditional(moment):
    """RFC 3164 4.1.2: the day of the month with a blank in front."""
    return f"{moment:%b} {moment.day:2d} {moment:%H:%M:%S}"


def rfc3339(moment):
    return moment.isoformat(timespec="microseconds")


def in_zone(moment, zone):
    """The clock on the wall there; date(1), as the zone data need not be known to Python."""
    out = run("date", "-d", f"@{int(moment.timestamp())}", "+%Y-%m-%dT%H:%M:%S", env={"TZ": zone, "PATH": "/usr/bin:/bin"}).stdout
    return datetime.datetime.fromisoformat(out.strip())


def mail(queue_id, stamp, host="mx1"):
    return [f"<22>{stamp} {host} postfix/{text}".encode() for text in (
        f"smtpd[1]: {queue_id}: client=client.example[192.0.2.1]",
        f"cleanup[2]: {queue_id}: message-id=<{queue_id}@example.org>",
        f"qmgr[3]: {queue_id}: from=<a@example.org>, size=100, nrcpt=1 (queue active)",
        f"smtp[4]: {queue_id}: to=<b@example.net>, relay=mx.example.net[192.0.2.2]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, "
        "status=sent (250 ok)",
        f"qmgr[3]: {queue_id}: removed")]


class Times(Case):
    @classmethod
    def setUpClass(cls):
        cls.shared = Scratch("time")
        cls.addClassCleanup(cls.shared.close)

    def test_a_clock_that_is_set_back(self):
        """It was an hour ahead at boot, then somebody asked NTP. What comes then waits for no hour, and is stored while receiving."""
        clock = self.scratch.path / "clock"
        clock.write_text("+1h")
        entry, port = listener("tcp")
        database = Sqlite(self.scratch)
        config = configuration(self.scratch, "receiver", [database.sink()], [entry])
        [library] = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
        daemon = Mailtraced(self.scratch, config, env={
            "LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1"})
        for number, (set_to, ahead) in enumerate((("+1h", 1), ("+0", 0)), 1):
            clock.write_text(set_to)
            queue_id = f"0AA000000{number}"
            stamp = rfc3339(datetime.datetime.now(UTC) + datetime.timedelta(hours=ahead))
            # The last one is half seen.
            send_octet_counted(port, mail(queue_id, stamp) + mail("B" + queue_id[1:], stamp)[:3])
            for wanted in (queue_id, "B" + queue_id[1:]):
                wait_until(lambda: wanted in [row["queue_id"] for row in database.read("connectlog")], f"{wanted} in the database")
        daemon.stop()

    def run_through(self, database):
        entry, port = listener("tcp")
        config = configuration(self.scratch, "receiver", [database.sink()], [entry], time_zone="UTC",
                               host_time_zones={"mx3": NEW_YORK})
        daemon = Mailtraced(self.scratch, config)
        now = datetime.datetime.now(UTC).replace(microsecond=0)
        hour = datetime.timedelta(hours=1)
        midnight = now.replace(hour=0, minute=0, second=0)
        wanted = {  # queue id: stamp as written, host, what it means, doubtful
            "0AA0000001": (traditional(now), "mx1", now, False),
            "0AA0000002": (traditional(in_zone(now, NEW_YORK)), "mx3", now, False),
            "0AA0000003": (rfc3339(now - hour), "mx1", now - hour, False),
            "0AA0000004": (rfc3339(now + hour), "mx1", now + hour, False),
            "0AA0000005": (rfc3339(now.astimezone(datetime.timezone(14 * hour))), "mx1", now, False),
            # A leap second has no number of its own: it is the second before.
            "0AA0000006": (f"{midnight - hour:%Y-%m-%d}T23:59:60+00:00", "mx1",
                           midnight - datetime.timedelta(seconds=1), False),
            "0AA0000007": ("2099-01-01T00:00:00.000000+00:00", "mx1", datetime.datetime(2099, 1, 1, tzinfo=UTC), True),
            "0AA0000008": ("1971-01-01T00:00:00.000000+00:00", "mx1", datetime.datetime(1971, 1, 1, tzinfo=UTC), True),
            "0AA0000009": (rfc3339(now - 60 * 24 * hour), "mx1", now - 60 * 24 * hour, True),
        }
        lines = [line for queue_id, (stamp, host, _, _) in wanted.items() for line in mail(queue_id, stamp, host)]
        send_octet_counted(port, lines)
        daemon.wait_received(len(lines))
        daemon.wait_stored()
        daemon.stop()
        rows = {row["queue_id"]: row for row in database.read("connectlog")}
        self.assertEqual(set(wanted), set(rows))
        for queue_id, (stamp, _, meant, doubtful) in wanted.items():
            row = rows[queue_id]
            with self.subTest(queue_id=queue_id, stamp=stamp):
                self.assertEqual(int(meant.timestamp()), microseconds(row["connect_time"]) // 1_000_000)
                self.assertEqual((meant.date() - datetime.date(1970, 1, 1)).days, days(row["day"]))
                self.assertEqual(doubtful, bool(row["flags"] & TIME_SUSPECT))
        self.assertEqual(len(wanted), len(database.read("deliverlog")))

    def test_sqlite(self):
        self.run_through(Sqlite(self.scratch))

    def test_postgresql(self):
        server = PostgresqlServer(self.scratch)
        self.run_through(Postgresql(server))
        names = server.psql("SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE "
                            "i.inhparent = 'connectlog'::regclass", "mailtrace").split()
        self.assertFalse([name for name in names if "2099" in name or "1971" in name], names)
        self.assertGreater(len(names), 3)

    def test_mariadb(self):
        server = MariadbServer(self.scratch)
        self.run_through(Mariadb(server))
        names = server.query("SELECT partition_name FROM information_schema.partitions WHERE table_name = 'connectlog'").split()
        self.assertFalse([name for name in names if "2099" in name or "1971" in name], names)
        self.assertGreater(len(names), 3)
