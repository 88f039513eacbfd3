"""The three databases: a private server each, `sink()` for the configuration, and `rows()`: every column of the public
tables in one form, so that whole row sets can be compared between databases."""
import collections
import contextlib
import datetime
import json
import os
import pathlib
import re
import signal
import socket
import sqlite3
import subprocess
import time

from harness import NET, ROOT, Process, accepts, free_port, run

TABLES = ("connectlog", "deliverlog")


def public_columns():
    """{table: names} of the public schema; a database may have helper columns besides."""
    text = (ROOT / "core" / "mail" / "columns.h").read_text()
    connect, deliver = text.split("void connect_columns(")[1].split("void deliver_columns(")
    return {"connectlog": set(re.findall(r'column\("(\w+)"', connect)),
            "deliverlog": set(re.findall(r'column\("(\w+)"', deliver))}


EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
TIMES = {"connect_time", "deliver_time", "end_time"}
TIME_SUSPECT = 8  # set on lines that came over the network long after they were written, as here


def microseconds(value):
    if value is None or isinstance(value, int):
        return value
    moment = datetime.datetime.fromisoformat(value.replace(" ", "T"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.timezone.utc)
    return (moment - EPOCH) // datetime.timedelta(microseconds=1)


def days(value):
    return value if isinstance(value, int) or value is None else \
        (datetime.date.fromisoformat(value[:10]) - datetime.date(1970, 1, 1)).days


def unhex(value):
    return value if isinstance(value, bytes) else bytes.fromhex(value.removeprefix("\\x"))


def unzstd(data):
    """Frames one after the other."""
    return subprocess.run(["zstd", "-dcq"], input=data, stdout=subprocess.PIPE, check=True).stdout


def canonical(row):
    """A row as the same dict whatever database it came from."""
    out = {}
    for name, value in row.items():
        if isinstance(value, bytes):
            value = value.hex()
        if name in ("id", "connect_id", "origin_id") and isinstance(value, str):
            value = value.removeprefix("\\x").replace("-", "").lower()
        elif name in TIMES:
            value = microseconds(value)
        elif name == "day":
            value = days(value)
        elif name == "flags":
            value &= ~TIME_SUSPECT
        elif isinstance(value, float):
            value = round(value, 6)
        out[name] = int(value) if isinstance(value, float) and value.is_integer() else value
    return out


class Database:
    def read_all(self, table):
        """Every row as a dict of the public columns."""
        names = public_columns()[table]
        rows = [canonical(row) for row in self.read(table)]
        assert all(names <= set(row) for row in rows), f"{table} lacks {names - set(rows[0])}"
        return [{name: row[name] for name in names} for row in rows]

    def rows(self):
        """{table: {id: row}}; an id that is there twice is an error."""
        out = {}
        for table in TABLES:
            rows = self.read_all(table)
            out[table] = {row["id"]: row for row in rows}
            assert len(rows) == len(out[table]), f"{table} has an id twice"
        return out

    def raw_lines(self):
        """{id of a mail: its raw lines}; a line may be stored in two chunks."""
        frames = collections.defaultdict(list)
        for row in self.read("lines"):
            frames[canonical(row)["connect_id"]].append(unhex(row["data"]))
        return {mail: sorted(set(unzstd(b"".join(parts)).splitlines())) for mail, parts in frames.items()}

    def hosts(self):
        """{(host, day): (first time, last time, lines, unknown)}"""
        return {(row["host"], days(row["day"])): (microseconds(row["first_time"]), microseconds(row["last_time"]),
                                                  row["lines"], row["unknown"])
                for row in self.read("hosts")}


def differences(wanted, rows):
    """What differs between two results of rows(), as text; empty if nothing does."""
    out = []
    for table in TABLES:
        for row_id in sorted(set(wanted[table]) | set(rows[table])):
            one, other = wanted[table].get(row_id), rows[table].get(row_id)
            if one is None or other is None:
                out.append(f"{table} {row_id}: {'unexpected' if one is None else 'missing'}: {one or other}")
            elif one != other:
                out.append(f"{table} {row_id}: " + ", ".join(f"{name}: wanted {one[name]!r}, is {other[name]!r}"
                                                             for name in sorted(one) if one[name] != other[name]))
    return "\n".join(out[:10]) + (f"\nand {len(out) - 10} more" if len(out) > 10 else "")


class Sqlite(Database):
    def __init__(self, scratch, name="mail"):
        self.file = scratch.path / f"{name}.db"

    def sink(self):
        return {"sqlite": {"file": str(self.file)}}

    def read(self, table):
        with sqlite3.connect(f"file:{self.file}?mode=ro", uri=True) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]


class Postgresql(Database):
    """A database of its own in a server that is shared by the tests of a class."""

    def __init__(self, server, name="mailtrace"):
        self.server, self.name = server, name
        server.make(name)

    def sink(self):
        return {"postgresql": {"connection": f"host=127.0.0.1 port={self.server.port} dbname={self.name} user=postgres"}}

    def read(self, table):
        out = self.server.psql(f"SELECT to_json(t) FROM {table} t", self.name)
        return [json.loads(line) for line in out.splitlines()]


def parent_of(process):
    """Of a folder of /proc; 0 if it is gone."""
    with contextlib.suppress(OSError):
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    return 0


class Server:
    """A server whose command line is `command`; it can be killed and started again."""

    def start(self):
        self.process = Process(self.scratch, self.command[0], *self.command[1:], user=self.user)
        self.process.wait_ready(self.answers)

    def kill(self):
        """kill -9, also of the processes it has for its clients, which else end their transactions."""
        own = self.process.child.pid
        family = [int(path.name) for path in pathlib.Path("/proc").glob("[0-9]*") if parent_of(path) == own]
        self.process.stop(signal.SIGKILL)
        for pid in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def start_again(self):
        """After kill(): what the killed one left may have to end first."""
        end = time.monotonic() + NET
        while True:
            try:
                return self.start()
            except AssertionError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)


class PostgresqlServer(Server):
    user = "postgres"

    def __init__(self, scratch):
        self.scratch = scratch
        self.port = free_port()
        binaries = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        data = scratch.folder("postgresql", self.user, 0o700)
        as_user = ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups"] if os.geteuid() == 0 else []
        run(*as_user, binaries / "initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8",
            "--no-sync", "-D", data, cwd="/")
        self.command = ["postgres", binaries / "postgres", "-D", data, "-k", data, "-p", self.port, "-c", "listen_addresses=127.0.0.1",
                        "-c", "fsync=off", "-c", "timezone=UTC"]
        self.start()

    def answers(self):
        return run("psql", *self.arguments("postgres"), "-c", "SELECT 1", check=False).returncode == 0

    def arguments(self, database):
        return ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", database]

    def psql(self, statement, database="postgres"):
        return run("psql", *self.arguments(database), "-c", "SET timezone='UTC'", "-c", statement).stdout

    def make(self, name):
        self.psql(f"CREATE DATABASE {name}")


class Mariadb(Database):
    def __init__(self, server, name="mailtrace"):
        self.server, self.name = server, name
        server.make(name)

    def sink(self):
        return {"mysql": {"host": "127.0.0.1", "port": self.server.port, "database": self.name, "user": "mailtrace",
                          "password": "test"}}

    def read(self, table):
        columns = self.server.query(f"SELECT column_name, data_type FROM information_schema.columns "
                                    f"WHERE table_schema='{self.name}' AND table_name='{table}'").splitlines()
        parts = []
        for line in columns:
            name, kind = line.split("\t")
            value = f"LOWER(HEX(`{name}`))" if "binary" in kind or "blob" in kind or name in ("id", "connect_id", "origin_id") else \
                f"CAST(`{name}` AS CHAR)" if "date" in kind else f"`{name}`"
            parts.append(f"'{name}', {value}")
        out = self.server.query(f"SELECT JSON_OBJECT({', '.join(parts)}) FROM {self.name}.{table}")
        return [json.loads(line) for line in out.splitlines()]


class MariadbServer(Server):
    user = "mysql"

    def __init__(self, scratch, flush=0):
        """`flush`: 0 is fast; one that is to be killed needs 2, or it forgets what it has committed. $MAILTRACE_MYSQLD, the
        path of a mysqld, puts a MySQL in its place."""
        self.scratch = scratch
        self.port = free_port()
        data = scratch.folder("mariadb", self.user, 0o700)
        self.socket = data / "socket"
        user = ["--user=mysql"] if os.geteuid() == 0 else []
        mysqld = os.environ.get("MAILTRACE_MYSQLD")
        more = ["--mysqlx=OFF", "--secure-file-priv="] if mysqld else []
        if mysqld:
            run(mysqld, "--no-defaults", *user, f"--datadir={data}", "--initialize-insecure", cwd="/")
        else:
            run("mariadb-install-db", "--no-defaults", *user, f"--datadir={data}", "--auth-root-authentication-method=normal",
                "--skip-test-db", cwd="/")
        # Not /tmp: every server that starts deletes the temporary tables that lie in its tmpdir.
        temporary = scratch.folder("mariadb-tmp", self.user, 0o700)
        self.command = ["mariadbd", mysqld or "mariadbd", "--no-defaults", *more, f"--datadir={data}", f"--socket={self.socket}",
                        f"--tmpdir={temporary}",
                        f"--port={self.port}", "--bind-address=127.0.0.1", f"--pid-file={data}/pid",
                        f"--innodb-flush-log-at-trx-commit={flush}", "--innodb-buffer-pool-size=64M", "--default-time-zone=+00:00"]
        self.start()
        self.query("CREATE USER mailtrace@'127.0.0.1' IDENTIFIED BY 'test'; GRANT ALL ON *.* TO mailtrace@'127.0.0.1' WITH GRANT OPTION")

    def answers(self):
        return self.query("SELECT 1", check=False).strip() == "1"

    def query(self, statement, check=True):
        return run("mariadb", "--no-defaults", "--batch", "--raw", "--skip-column-names", "--default-character-set=utf8mb4",
                   "-u", "root", f"--socket={self.socket}", "-e", statement, check=check).stdout

    def make(self, name):
        self.query(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")


class Memcached:
    def __init__(self, scratch, timeout="1s"):
        """With time enough for a busy machine: what is not answered in time is a link of two receivers that is missed."""
        self.scratch, self.timeout, self.port = scratch, timeout, free_port()
        self.start()

    def start(self):
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        self.process = Process(self.scratch, "memcached", "memcached", "-l", "127.0.0.1", "-p", self.port, "-U", "0", "-m", "64", *user)
        self.process.wait_ready(lambda: accepts(self.port))

    def cache(self):
        return {"memcached": {"servers": [f"127.0.0.1:{self.port}"], "timeout": self.timeout}}

    def flush(self):
        with socket.create_connection(("127.0.0.1", self.port)) as stream:
            stream.sendall(b"flush_all\r\n")
            assert stream.recv(100) == b"OK\r\n"

    def stall(self, seconds):
        """It takes connections and says nothing."""
        self.process.child.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self.process.child.send_signal(signal.SIGCONT)

    def kill(self):
        self.process.stop(signal.SIGKILL)
