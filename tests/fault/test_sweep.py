"""The daemon kills itself at the n-th pass of every site where something becomes lasting, loses what was not synced as in
a power loss, is started again and gets the lines that were not acknowledged: the rows must be those of an import. Then the
same with one safeguard switched off: it must be noticed.

Needs a build with -DMAILTRACE_FAULTS=ON, see faults_build.py. Long form: --passes 1000000 (every n until a run is clean)."""
import concurrent.futures
import json
import signal
import sqlite3
import time

import settings
from corpus import forwarded_lines
from daemon import configuration, import_reference, listener
from databases import Sqlite
from faults_build import FAULTS_BUILD as FAULTS, need_faults_build
from harness import BUILD, Case, Process, Scratch, accepts, wait_until
from relp_client import RelpClient

GROUPS = ["simple", "multi", "deferred", "bounces", "reject"]
SITES = [f"{call}.{when}" for call in ("open", "allocate", "write", "sync", "rename", "dirsync", "truncate", "unlink",
                                        "commit", "answer") for when in ("before", "after")] + ["write.half", "rows.before"]
DEAD_LETTER_SITES = [f"{call}.{when}" for call in ("open", "write", "sync", "dirsync", "commit", "answer") for when in ("before", "after")]
PASSES = (1, 2, 3, 5, 8, 13, 21, 34)  # of the short form
REFUSED = "sent"  # the status that the database takes no row of, where rows are to be refused
AT_ONCE = 4
PAUSE = 0.05  # between two windows: commits happen meanwhile


class Run:
    """One life of a spool and a database. `end()` gives the rows."""

    def __init__(self, scratch, name, lines, settings_of_faults):
        self.scratch, self.name, self.lines = scratch, name, lines
        entry, self.port = listener("relp")
        self.database = Sqlite(scratch, name)
        self.config = configuration(scratch, name, [self.database.sink()], [entry])
        small = "{max_size: 4 MiB, min_free: 0, segment_size: 64 KiB}"
        text = self.config.read_text().splitlines()
        text = [line if not line.startswith("spool:") else f"spool: {small}" for line in text]
        text.append("tracker: {reorder: 100ms, flush_after: 1s}\n")
        self.config.write_text("\n".join(text))
        self.power = scratch.folder(f"{name}-power")
        self.faults = settings_of_faults
        self.client = RelpClient(self.port, lines)
        self.crashed = False

    def start(self, faults):
        """False: it killed itself before it listened."""
        program = FAULTS / "bin" / "mailtraced"
        self.process = Process(self.scratch, f"mailtraced-{self.name}", program, "--config", self.config,
                               env={"MAILTRACE_PLUGINS": str(FAULTS / "lib" / "mailtrace"), **faults})
        wait_until(lambda: accepts(self.port) or not self.process.running(), "its start")
        return self.process.running()

    def wait_death(self):
        status = self.process.child.wait(60)
        if status != -signal.SIGKILL:
            raise AssertionError(f"ended with {status}: {self.process.output()[-3000:]}")
        self.crashed = True

    def stop(self):
        """Whether it ended by itself and not by its crash point."""
        status = self.process.stop(signal.SIGTERM)
        if status == -signal.SIGKILL:
            self.crashed = True
        elif status != 0:
            raise AssertionError(f"ended with {status}: {self.process.output()[-3000:]}")

    def refuse(self):
        """From now on the database takes no row of that status."""
        if not self.start({}):
            raise AssertionError(self.process.output()[-3000:])
        self.stop()
        with sqlite3.connect(self.database.file) as connection:
            connection.execute(f"CREATE TRIGGER refuse BEFORE INSERT ON deliverlog WHEN new.status = '{REFUSED}' "
                               "BEGIN SELECT RAISE(ABORT, 'refused'); END")

    def refused(self):
        """The rows of deliverlog in the dead-letter file."""
        text = (self.scratch.path / self.name / "dead-letter.jsonl").read_text()
        entries = [json.loads(line) for line in text.splitlines() if line]
        return [entry["row"] for entry in entries if entry["table"] == "deliverlog"]

    def end(self):
        faults = {"MT_POWER": str(self.power), **self.faults}
        if not self.start(faults) or not self.client.send(len(self.lines), lambda: time.sleep(PAUSE)):
            self.wait_death()
        else:
            self.stop()
        if self.crashed:
            again = {key: value for key, value in faults.items() if key != "MT_CRASH_AT"}
            if not self.start(again) or not self.client.send(len(self.lines)):
                raise AssertionError(f"did not start again: {self.process.output()[-3000:]}")
            self.stop()
        return self.database.rows()


class Sweep(Case):
    @classmethod
    def setUpClass(cls):
        need_faults_build()
        cls.shared = Scratch("sweep")
        cls.addClassCleanup(cls.shared.close)
        cls.lines = forwarded_lines(GROUPS)
        sent = cls.shared.path / "sent.log"
        sent.write_bytes(b"".join(line + b"\n" for line in cls.lines))
        cls.wanted = import_reference(cls.shared, sent).rows()

    def one(self, site, number, control=""):
        """(whether it crashed, whether the rows are right, what was wrong)"""
        name = f"{site}-{number}{control}".replace(".", "-")
        scratch = Scratch(f"sweep-{name}")
        try:
            faults = {"MT_CRASH_AT": f"{site}:{number}"}
            if control:
                faults["MT_CONTROL"] = control
            run = Run(scratch, name, self.lines, faults)
            rows = run.end()
            right = rows == self.wanted
            return run.crashed, right, "" if right else self.difference(rows)
        finally:
            scratch.close()

    def difference(self, rows):
        try:
            self.assert_equal_rows(self.wanted, rows)
        except AssertionError as error:
            return str(error)[:2000]
        return "not equal"

    def one_refused(self, site, number, control=""):
        """As one(), with a database that refuses rows: all others are there, and the refused ones in the dead-letter file, once."""
        scratch = Scratch(f"refused-{site}-{number}{control}".replace(".", "-"))
        try:
            faults = {"MT_CRASH_AT": f"{site}:{number}"} | ({"MT_CONTROL": control} if control else {})
            run = Run(scratch, "refused", self.lines, faults)
            run.refuse()
            rows = run.end()
            wanted = sorted(key for key, row in self.wanted["deliverlog"].items() if row["status"] == REFUSED)
            try:
                self.assertEqual(wanted, sorted(row["id"] for row in run.refused()))
                self.assertEqual(self.wanted["deliverlog"].keys() - set(wanted), rows["deliverlog"].keys())
            except AssertionError as error:
                return run.crashed, False, str(error)[:2000]
            return run.crashed, True, ""
        finally:
            scratch.close()

    def sweep_site(self, site, one=None):
        """Number of crashes at that site, and the passes whose rows were wrong."""
        crashes, wrong = 0, []
        for number in self.passes():
            crashed, right, text = (one or self.one)(site, number)
            if not right:
                wrong.append(f"{site}:{number}: {text}")
            if not crashed:
                break
            crashes += 1
        return site, crashes, wrong

    @staticmethod
    def passes():
        return range(1, settings.number("passes") + 1) if "passes" in settings.given else PASSES

    def test_every_site(self):
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            results = list(pool.map(self.sweep_site, SITES))
        print("    crashes: " + ", ".join(f"{site} {crashes}" for site, crashes, _ in results), flush=True)
        self.assertEqual([], [text for _, _, wrong in results for text in wrong])
        self.assertEqual([], [site for site, crashes, _ in results if crashes == 0], "sites that were never passed")
        self.assertGreater(sum(crashes for _, crashes, _ in results), 60)

    def test_refused_rows_are_kept_once(self):
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            results = list(pool.map(lambda site: self.sweep_site(site, self.one_refused), DEAD_LETTER_SITES))
        print("    crashes with refused rows: " + ", ".join(f"{site} {crashes}" for site, crashes, _ in results), flush=True)
        self.assertEqual([], [text for _, _, wrong in results for text in wrong])
        self.assertEqual([], [site for site, crashes, _ in results if crashes == 0], "sites that were never passed")

    def test_without_fsync_refused_rows_are_lost(self):
        self.control("no_fsync", ("commit.after", 3), ("commit.after", 5), ("commit.after", 8), one=self.one_refused)

    def control(self, name, *tries, one=None):
        one = one or self.one
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            results = list(pool.map(lambda each: one(*each, control=name), tries))
        self.assertTrue(any(crashed for crashed, _, _ in results))
        self.assertTrue(any(crashed and not right for crashed, right, _ in results), f"{name} is not noticed")
        # The same places without it are fine.
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            for crashed, right, text in pool.map(lambda each: one(*each), tries):
                self.assertTrue(right, text)

    def test_without_fsync_lines_are_lost(self):
        self.control("no_fsync", ("answer.after", 5), ("answer.after", 9))

    def test_without_directory_fsync_lines_are_lost(self):
        self.control("no_dirsync", ("answer.after", 5), ("answer.after", 9))

    def test_without_the_pin_lines_are_lost(self):
        self.control("no_pin", ("commit.after", 3), ("commit.after", 4), ("commit.after", 5), ("commit.after", 6))

    def test_without_deterministic_ids_rows_are_doubled(self):
        self.control("random_id", ("commit.after", 3), ("commit.after", 4), ("commit.after", 5), ("commit.after", 6))

    def test_other_builds_have_none_of_it(self):
        library = next((BUILD / "lib").glob("libmailtrace.so.*"))
        self.assertFalse(b"MT_CRASH_AT" in library.read_bytes(), f"{library} has crash points")
        self.assertTrue(b"MT_CRASH_AT" in next((FAULTS / "lib").glob("libmailtrace.so.*")).read_bytes())
