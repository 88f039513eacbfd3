#!/usr/bin/env python3
"""Lines a second and CPU a line from a RELP sender into mailtraced into each database. Called by tests/bench/run.

The lines are whole Postfix mails of five lines with an own queue id each. The sender keeps the connection full; every line
is acknowledged after it is synced. Prints when all were acknowledged and when all were in the database."""
import os
import pathlib
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
from daemon import Mailtraced, configuration, listener  # noqa: E402
from databases import Mariadb, MariadbServer, Postgresql, PostgresqlServer, Sqlite  # noqa: E402
from harness import Scratch  # noqa: E402

MAIL = ("smtpd[101]: {q}: client=mail.example.org[192.0.2.7]",
        "cleanup[102]: {q}: message-id=<{n}@example.org>",
        "qmgr[103]: {q}: from=<sender{s}@example.org>, size=2345, nrcpt=1 (queue active)",
        "smtp[104]: {q}: to=<user{r}@example.net>, relay=mx.example.net[198.51.100.9]:25, delay=0.4, "
        "delays=0.05/0.01/0.1/0.24, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4F{n:07X})",
        "qmgr[103]: {q}: removed")


def frames(count):
    """`count` lines as one piece of RELP, transactions numbered from 2."""
    start = time.time() - count / 5 / 1000
    out = []
    for number in range(count // 5):
        stamp = start + number / 1000
        head = time.strftime("<22>%Y-%m-%dT%H:%M:%S", time.gmtime(stamp))
        for at, text in enumerate(MAIL):
            micros = int(stamp * 1e6) % 1000000 // 10 * 10 + at
            line = f"{head}.{micros:06d}+00:00 mx1 postfix/" + text.format(
                q=f"{0xA00000000 + number:X}", n=number, s=number % 5000, r=number % 20000)
            out.append(f"{number * 5 + at + 2} syslog {len(line)} {line}\n")
    return "".join(out).encode()


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def send_all(port, data, count):
    """Returns when the last line was acknowledged."""
    with socket.create_connection(("127.0.0.1", port)) as stream:
        offer = b"relp_version=0\nrelp_software=bench\ncommands=syslog"
        stream.sendall(b"1 open %d %s\n" % (len(offer), offer))
        answers = stream.makefile("rb")
        last = b"%d rsp" % (count + 1)
        done = threading.Event()

        def read():
            for line in answers:
                if line.startswith(last):
                    done.set()
                    return
        threading.Thread(target=read, daemon=True).start()
        stream.sendall(data)
        done.wait(600)
        stream.shutdown(socket.SHUT_RDWR)


def measure(scratch, kind, database, data, count):
    entry, port = listener("relp")
    daemon = Mailtraced(scratch, configuration(scratch, kind, [database.sink()], [entry]))
    pid = daemon.process.child.pid
    cpu, begin = cpu_seconds(pid), time.monotonic()
    send_all(port, data, count)
    acknowledged = time.monotonic() - begin
    daemon.wait_stored(600)
    stored, cpu = time.monotonic() - begin, cpu_seconds(pid) - cpu
    daemon.stop()
    rows = {table: len(database.read_all(table)) for table in ("connectlog", "deliverlog")}
    right = set(rows.values()) == {count // 5}
    print(f"{kind:11} acknowledged {count / acknowledged:9,.0f} lines/s   stored {count / stored:9,.0f} lines/s   "
          f"CPU {cpu / count * 1e6:6.2f} us a line   rows {'right' if right else rows}", flush=True)


def main():
    count = int(sys.argv[1]) // 5 * 5
    data = frames(count)
    scratch = Scratch("bench")
    try:
        measure(scratch, "sqlite", Sqlite(scratch), data, count)
        measure(scratch, "postgresql", Postgresql(PostgresqlServer(scratch)), data, count)
        measure(scratch, "mariadb", Mariadb(MariadbServer(scratch)), data, count)
    finally:
        scratch.close()


if __name__ == "__main__":
    main()
