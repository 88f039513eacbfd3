#!/usr/bin/env python3
"""The same lines into mailtraced and into rsyslog, in turn, as ratios. Called by tests/bench/run.

usage: tests/bench/peers.py [LINES]        of the quick side; the slow one gets fewer

Spool: RELP, acknowledged when synced, against imrelp with a disk queue that is synced for each line. Sender: an rsyslogd
with omrelp and a default action queue, into each. Rows: RELP until everything is in PostgreSQL, against imrelp -> ompgsql
(not durable), if that module is installed or MAILTRACE_OMPGSQL names it."""
import pathlib
import statistics
import sys
import time
import os

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from end_to_end import cpu_seconds, frames, send_all  # noqa: E402
from daemon import Mailtraced, configuration, listener  # noqa: E402
from databases import Postgresql, PostgresqlServer, Sqlite  # noqa: E402
from harness import Process, Scratch, accepts, free_port, wait_until  # noqa: E402
from senders import Rsyslog  # noqa: E402

ROUNDS = 3
SYNCED = ('queue.type="Disk" queue.filename="peer" queue.syncQueueFiles="on" queue.checkpointInterval="1" '
          'queue.saveOnShutdown="on" queue.maxDiskSpace="1g"')
OMPGSQL = pathlib.Path(os.environ.get("MAILTRACE_OMPGSQL", "/usr/lib/x86_64-linux-gnu/rsyslog/ompgsql.so"))


class Imrelp:
    """rsyslogd that receives RELP; `action` is what it does with a line."""

    def __init__(self, scratch, name, action, main_queue="", modules=""):
        folder = scratch.folder(name)
        self.port = free_port()
        config = folder / "rsyslog.conf"
        config.write_text(f'''global(workDirectory="{folder}" maxMessageSize="64k")
main_queue({main_queue})
module(load="imrelp")
{modules}
input(type="imrelp" address="127.0.0.1" port="{self.port}" ruleset="in")
ruleset(name="in" {main_queue}) {{ {action} }}
''')
        self.process = Process(scratch, name, "rsyslogd", "-n", "-i", folder / "pid", "-f", config, "-C")
        self.process.wait_ready(lambda: accepts(self.port))

    @property
    def pid(self):
        return self.process.child.pid


def lines_in(path):
    return path.read_bytes().count(b"\n") if path.exists() else 0


class Figures:
    def __init__(self, name):
        self.name, self.rates, self.cpu = name, [], []

    def take(self, count, seconds, cpu):
        self.rates.append(count / seconds)
        self.cpu.append(cpu / count * 1e6)

    def show(self):
        print(f"  {self.name:34} {statistics.median(self.rates):>11,.0f} lines/s ({min(self.rates):,.0f} to "
              f"{max(self.rates):,.0f})   receiver {statistics.median(self.cpu):8.2f} us CPU a line", flush=True)


def compare(title, ours, theirs):
    """Both: (name, number of lines, function that runs them and returns seconds and CPU seconds)."""
    print(f"\n{title}", flush=True)
    figures = [Figures(ours[0]), Figures(theirs[0])]
    for _ in range(ROUNDS):
        for figure, (_, count, once) in zip(figures, (ours, theirs)):
            figure.take(count, *once(count))
    for figure in figures:
        figure.show()
    rates = [a / b for a, b in zip(figures[0].rates, figures[1].rates)]
    cpu = [b / a for a, b in zip(figures[0].cpu, figures[1].cpu) if a > 0]
    print(f"  {statistics.median(rates):.1f} times the lines ({min(rates):.1f} to {max(rates):.1f}), "
          f"{statistics.median(cpu):.1f} times less CPU", flush=True)


def own(scratch, name, sink, wait_rows):
    number = 0

    def once(count):
        nonlocal number
        number += 1
        entry, port = listener("relp")
        daemon = Mailtraced(scratch, configuration(scratch, f"{name}{number}", [sink(number)], [entry]))
        pid = daemon.process.child.pid
        data = frames(count)
        cpu, begin = cpu_seconds(pid), time.monotonic()
        send_all(port, data, count)
        if wait_rows:
            daemon.wait_stored(600)
        took = time.monotonic() - begin, cpu_seconds(pid) - cpu
        daemon.stop()
        return took
    return once


def peer(make, stored=None):
    def once(count):
        receiver = make()
        data = frames(count)
        cpu, begin = cpu_seconds(receiver.pid), time.monotonic()
        before = stored() if stored else 0
        send_all(receiver.port, data, count)
        if stored:
            wait_until(lambda: stored() >= before + count, "all lines", 600)
        took = time.monotonic() - begin, cpu_seconds(receiver.pid) - cpu
        receiver.process.stop()
        return took
    return once


def spool(scratch, count):
    out = scratch.path / "synced.log"
    numbers = iter(range(100))
    compare("into the spool, synced before the acknowledgement",
            ("mailtraced", count, own(scratch, "spool", lambda n: Sqlite(scratch, f"spool{n}").sink(), False)),
            ("rsyslog imrelp, synced disk queue", min(count, 2000),
             peer(lambda: Imrelp(scratch, f"synced{next(numbers)}", f'action(type="omfile" file="{out}")', SYNCED))))


def sender(scratch, count):
    out = scratch.path / "plain.log"
    numbers = iter(range(100))
    text = [b"<22>1 2026-11-23T20:%02d:%02d.%06d+00:00 mx1 postfix/qmgr 20 - - 4jYHBz%06d: removed" %
            (i // 60 % 60, i % 60, i, i) for i in range(count)]

    def relay(port, received, pid, lines):
        config = f'''module(load="omrelp")
ruleset(name="RSYSLOG_DefaultRuleset2") {{ }}
action(type="omrelp" target="127.0.0.1" port="{port}" template="RSYSLOG_SyslogProtocol23Format" queue.type="LinkedList")
'''
        source = Rsyslog.__new__(Rsyslog)
        folder = scratch.folder(f"sender{next(numbers)}")
        source.scratch, source.name, source.folder, source.input_port = scratch, folder.name, folder, free_port()
        source.config = folder / "rsyslog.conf"
        source.config.write_text(f'global(workDirectory="{folder}")\nmodule(load="imptcp")\n'
                                 f'input(type="imptcp" address="127.0.0.1" port="{source.input_port}")\n{config}')
        source.start()
        before = received()
        cpu, begin = cpu_seconds(pid), time.monotonic()
        source.feed(lines)
        wait_until(lambda: received() >= before + len(lines), "all lines", 600)
        took = time.monotonic() - begin, cpu_seconds(pid) - cpu
        source.stop()
        return took

    def into_own(number):
        entry, port = listener("relp")
        daemon = Mailtraced(scratch, configuration(scratch, f"relay{next(numbers)}",
                                                   [Sqlite(scratch, f"relay{next(numbers)}").sink()], [entry]))
        took = relay(port, daemon.received, daemon.process.child.pid, text[:number])
        daemon.stop()
        return took

    def into_peer(number):
        receiver = Imrelp(scratch, f"plain{next(numbers)}", f'action(type="omfile" file="{out}")')
        took = relay(receiver.port, lambda: lines_in(out), receiver.pid, text[:number])
        receiver.process.stop()
        return took

    compare("an rsyslog sender with a default action queue",
            ("into mailtraced", count, into_own), ("into rsyslog imrelp", min(count, 10_000), into_peer))


def rows(scratch, count):
    if not OMPGSQL.exists():
        print("\nrows in PostgreSQL: no comparison, package rsyslog-pgsql is not installed")
        return
    server = PostgresqlServer(scratch)
    server.make("syslog")
    server.psql("CREATE TABLE SystemEvents (ID serial PRIMARY KEY, ReceivedAt timestamp, DeviceReportedTime timestamp, "
                "Facility smallint, Priority smallint, FromHost varchar(60), Message text, InfoUnitID int, "
                "SysLogTag varchar(60))", "syslog")
    stored = lambda: int(server.psql("SELECT count(*) FROM SystemEvents", "syslog"))  # noqa: E731
    action = (f'action(type="ompgsql" server="127.0.0.1" port="{server.port}" user="postgres" pass="none" db="syslog" '
              'queue.type="LinkedList" queue.size="1000000" queue.dequeueBatchSize="1024")')
    numbers = iter(range(100))
    compare("rows in PostgreSQL",
            ("mailtraced, durable", count,
             own(scratch, "rows", lambda n: Postgresql(server, f"mail{n}").sink(), True)),
            ("rsyslog imrelp -> ompgsql, not durable", min(count, 50_000),
             peer(lambda: Imrelp(scratch, f"rows{next(numbers)}", action, modules=f'module(load="{OMPGSQL}")'), stored)))


def main():
    count = int(sys.argv[1]) // 5 * 5 if len(sys.argv) > 1 else 200_000
    for part in (spool, sender, rows):
        scratch = Scratch(f"peers-{part.__name__}")
        try:
            part(scratch, count)
        finally:
            scratch.close()


if __name__ == "__main__":
    main()
