"""What the tests of the command line share: a database of real logs in a folder of its own, and mailtrace itself."""
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MAILTRACE_BUILD", SOURCE / "build"))
GROUPS = ["simple", "twohop", "bounces", "expired", "submission", "greylist", "aliases", "reject", "postsuper"]


class Home:
    """A state directory with a configuration."""

    def __init__(self, extra=""):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="mailtrace-tool-"))
        self.config = self.path / "mailtrace.yaml"
        self.config.write_text(f"state_directory: {self.path}\nparsers: [postfix]\nsinks: [sqlite]\n{extra}")

    def remove(self):
        shutil.rmtree(self.path)

    def run(self, *arguments, stdin=b"", **environment):
        clean = {"PATH": os.environ["PATH"], "TZ": "UTC", "MAILTRACE_CONFIG": str(self.config),
                 "MAILTRACE_PLUGINS": str(BUILD / "lib/mailtrace")}
        clean.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
        done = subprocess.run([str(BUILD / "bin/mailtrace"), *map(str, arguments)], input=stdin, capture_output=True,
                              env=clean | environment, timeout=300)
        done.out = done.stdout.decode()
        done.err = done.stderr.decode()
        return done

    def json(self, *arguments, **environment):
        return [json.loads(line) for line in self.run(*arguments, "--json", **environment).out.splitlines()]

    def rows(self):
        """Every stored row of a mail, as the database has it; not the spans of the hosts table."""
        with sqlite3.connect(self.path / "mail.db") as db:
            return {table: sorted(db.execute(f"select * from {table}").fetchall(), key=repr)
                    for table in ("connectlog", "deliverlog", "lines")}


def corpus(folder, rendering="rfc3339", groups=GROUPS):
    """Log files of the lab, unpacked into the folder."""
    out = []
    with tarfile.open(SOURCE / "tests/corpus/corpus.tar.xz") as archive:
        for group in groups:
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
