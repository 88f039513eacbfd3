"""What the tests of the command line share: a database of real logs in a folder of its own, and mailtrace itself."""
import fcntl
import json
import os
import pathlib
import pty
import shutil
import sqlite3
import struct
import subprocess
import tarfile
import tempfile
import termios
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MAILTRACE_BUILD", SOURCE / "build"))
PROGRAM = str(BUILD / "bin/mailtrace")
GROUPS = ["simple", "twohop", "bounces", "expired", "submission", "greylist", "aliases", "reject", "postsuper"]
# Instead of "[sqlite]" in a configuration.
IMPATIENT = "[{sqlite: {read_timeout: 1ms}}]"


class Home:
    """A state directory with a configuration."""

    def __init__(self, extra="", parsers="postfix"):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="mailtrace-tool-"))
        self.config = self.path / "mailtrace.yaml"
        self.config.write_text(f"state_directory: {self.path}\nparsers: [{parsers}]\nsinks: [sqlite]\n{extra}")

    def remove(self):
        shutil.rmtree(self.path)

    def environment(self, **more):
        clean = {"PATH": os.environ["PATH"], "TZ": "UTC", "MAILTRACE_CONFIG": str(self.config),
                 "MAILTRACE_PLUGINS": str(BUILD / "lib/mailtrace")}
        return clean | {k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")} | more

    def run(self, *arguments, stdin=b"", **environment):
        done = subprocess.run([PROGRAM, *map(str, arguments)], input=stdin, capture_output=True,
                              env=self.environment(**environment), timeout=300)
        done.out = done.stdout.decode()
        done.err = done.stderr.decode()
        return done

    def json(self, *arguments, **environment):
        return [json.loads(line) for line in self.run(*arguments, "--json", **environment).out.splitlines()]

    def start_on_terminal(self, columns, *arguments, program=PROGRAM, rows=24, **environment):
        """A process on a terminal of that size, and the terminal's other end."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        settings = termios.tcgetattr(theirs)
        settings[3] &= ~termios.ECHO
        termios.tcsetattr(theirs, termios.TCSANOW, settings)

        def own_terminal():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        child = subprocess.Popen([program, *arguments], cwd=self.path, stdin=theirs, stdout=theirs, stderr=theirs, preexec_fn=own_terminal,
                                 env=self.environment(**{"TZ": "Europe/Berlin", "TERM": "xterm"} | environment))
        os.close(theirs)
        return child, ours

    def on_terminal(self, columns, *arguments, **more):
        """What a terminal of that width shows, until the process ends."""
        child, ours = self.start_on_terminal(columns, *arguments, **more)
        out = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # EIO: nobody has the other end any more
                break
            if not piece:
                break
            out += piece
        self.terminal_code = child.wait(timeout=300)
        os.close(ours)
        return out.decode().replace("\r\n", "\n")

    def rows(self):
        """Every stored row of a mail, as the database has it; not the spans of the hosts table."""
        with sqlite3.connect(self.path / "mail.db") as db:
            return {table: sorted(db.execute(f"select * from {table}").fetchall(), key=repr)
                    for table in ("connectlog", "deliverlog", "lines")}


def crowd_a_minute(file, mails=20_000):
    """Puts so many mails into one minute of a database that the shortest step of a search over their long answers
    takes longer than a millisecond."""
    noon = 20_000 * 86_400 * 1000 + 43_200_000  # milliseconds; day 20000 is 2024-10-04
    ids = [(noon + i).to_bytes(6, "big") + i.to_bytes(10, "big") for i in range(mails)]
    answer = "250 2.0.0 " + "long " * 200
    with sqlite3.connect(file) as db:
        db.executemany("insert into connectlog (day, id, connect_time, server, queue_id, flags) "
                       "values (20000, ?, ?, 'mx', 'Q', 1)",
                       [(id, (noon + i) * 1000) for i, id in enumerate(ids)])
        db.executemany("insert into deliverlog (day, connect_id, id, connect_time, deliver_time, server, status, "
                       "response, flags) "
                       "values (20000, ?, ?, ?, ?, 'mx', 'sent', ?, 0)",
                       [(id, id, (noon + i) * 1000, (noon + i) * 1000, answer) for i, id in enumerate(ids)])


def corpus(folder, rendering="rfc3339", groups=GROUPS):
    """Log files of the lab, unpacked into the folder. `groups`: None is all."""
    out = []
    with tarfile.open(SOURCE / "tests/corpus/corpus.tar.xz") as archive:
        all_groups = [name.split("/")[1].split(".")[0] for name in archive.getnames() if name.endswith(f".{rendering}.log")]
        for group in groups or all_groups:
            path = pathlib.Path(folder) / f"{group}.{rendering}.log"
            path.write_bytes(archive.extractfile(f"lab/{group}.{rendering}.log").read())
            out.append(path)
    return out


class Imported(unittest.TestCase):
    """A class of tests over one database that none of them changes."""

    @classmethod
    def setUpClass(cls):
        cls.home = Home()
        cls.files = corpus(cls.home.path)
        cls.imported = cls.home.run("import", *cls.files)
        assert cls.imported.returncode == 0, cls.imported.err

    @classmethod
    def tearDownClass(cls):
        cls.home.remove()
