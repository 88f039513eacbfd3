"""Damaged spools under the real program: it starts, takes lines, gives every record that was not hit to the database, and
shows what is missing. `mailtrace spool verify` and `salvage` say the same. tests/unit/spool has 10,000 more."""
import json
import os
import pathlib
import random
import shutil
import subprocess
import time

import settings
from corpus import forwarded_lines
from daemon import MAILTRACE, Mailtraced, configuration, import_reference, listener
from databases import Sqlite, microseconds
from harness import Case, free_port, run, wait_until
from relp_client import RelpClient

SMALL = "{max_size: 16 MiB, min_free: 0, segment_size: 64 KiB}"


STATE_SECOND_AT = 4096
STORED = pathlib.Path(__file__).parents[1] / "unit" / "spool" / "stored"


class Spools(Case):
    def write_configuration(self, name, sink, entry):
        config = configuration(self.scratch, name, [sink], [entry])
        config.write_text("\n".join(f"spool: {SMALL}" if line.startswith("spool:") else line
                                    for line in config.read_text().splitlines()) + "\n")
        return config

    def fill(self):
        """A spool of which nothing was read, as its database was away."""
        entry, port = listener("relp")
        away = {"postgresql": {"connection": f"host=127.0.0.1 port={free_port()} dbname=away user=nobody"}}
        daemon = Mailtraced(self.scratch, self.write_configuration("filled", away, entry))
        lines = forwarded_lines(["simple", "multi", "deferred", "bounces", "reject"])
        self.assertTrue(RelpClient(port, lines).send(len(lines)))
        daemon.kill()
        return self.scratch.path / "filled" / "spool", lines

    def tool(self, *arguments):
        return subprocess.run([MAILTRACE, "spool", *map(str, arguments)], capture_output=True, text=True, check=False)

    def records(self, folder):
        """{sequence: line} of what can be read."""
        out = self.tool("dump", "--json", folder)
        return {record["sequence"]: record["line"] for record in map(json.loads, out.stdout.splitlines())}

    def damage(self, folder, dice):
        segments = sorted(folder.glob("*.seg"))
        for _ in range(dice.randint(1, 3)):
            segment = dice.choice(segments)
            if not segment.exists():
                continue
            content = bytearray(segment.read_bytes())
            at = dice.randrange(len(content))
            kind = dice.randrange(8)
            if kind == 0:
                segment.unlink()
                continue
            if kind == 1:
                del content[at:]
            elif kind == 2:
                content[at:at + 3000] = dice.randbytes(len(content[at:at + 3000]))
            else:
                content[at] ^= 1 << dice.randrange(8)
            segment.write_bytes(content)

    @staticmethod
    def damage_state(folder, dice):
        """Either copy, or all of it; whether one is left."""
        state = folder / "state"
        content = bytearray(state.read_bytes())
        kind = dice.randrange(4)
        if kind == 3:
            state.unlink()
            return False
        if kind:
            content[(0, STATE_SECOND_AT)[kind - 1] + dice.randrange(64)] ^= 1 << dice.randrange(8)
        state.write_bytes(content)
        return True

    def test_damaged_spools(self):
        source, lines = self.fill()
        whole = self.records(source)
        self.assertEqual([line.decode() for line in lines], list(whole.values()))
        worst = 0
        for number in range(settings.number("mutants")):
            with self.subTest(mutant=number):
                worst = max(worst, self.one(source, whole, number))
        print(f"    the slowest start took {worst:.1f} s", flush=True)

    def test_lost_end(self):
        """The last segment is gone and nothing comes after it: that is known and shown at once, once."""
        source, _ = self.fill()
        dump = [json.loads(line) for line in self.tool("dump", "--json", source).stdout.splitlines()]
        entry, _ = listener("relp")
        database = Sqlite(self.scratch, "lostend")
        config = self.write_configuration("lostend", database.sink(), entry)
        folder = self.scratch.path / "lostend" / "spool"
        shutil.copytree(source, folder)
        last = sorted(folder.glob("*.seg"))[-1]
        base = int(last.stem, 16)
        self.assertGreater(base, 1)
        last.unlink()
        lost = len(dump) + 1 - base
        daemon = Mailtraced(self.scratch, config)
        daemon.wait_stored()
        for ending in (daemon.kill, daemon.stop):
            wait_until(lambda: database.read("gaps"), "a row about what is lost")
            gap, = database.read("gaps")
            self.assertEqual(("damage", lost), (gap["kind"], gap["lines"]))
            self.assertEqual(microseconds(dump[base - 2]["received"]), gap["first_time"])
            wait_until(lambda: daemon.status()["spool"]["backlog_lines"] == 0, "that nothing waits to be read")
            shown = run(MAILTRACE, "--config", config, "status").stdout
            self.assertIn(dump[base - 2]["received"][:10], shown)
            ending()
            daemon.start()
            daemon.wait_stored()
        daemon.stop()
        self.assertEqual(1, len(database.read("gaps")))

    def test_spool_of_the_first_format(self):
        """An upgrade with a filled spool: what an earlier build has accepted is stored by this one."""
        entry, _ = listener("relp")
        database = Sqlite(self.scratch, "upgraded")
        config = self.write_configuration("upgraded", database.sink(), entry)
        shutil.copytree(STORED / "format-1", self.scratch.path / "upgraded" / "spool")
        daemon = Mailtraced(self.scratch, config)
        daemon.wait_stored()
        status = daemon.status()
        daemon.stop()
        self.assertEqual([], status["spool"]["gaps"])
        self.assert_equal_rows(import_reference(self.scratch, STORED / "format-1.lines").rows(), database.rows())

    def test_spool_of_a_later_version(self):
        """A rollback: lines are taken, and what only the later version understands is left for it, and said."""
        source, lines = self.fill()
        entry, port = listener("relp")
        database = Sqlite(self.scratch, "rolledback")
        config = self.write_configuration("rolledback", database.sink(), entry)
        folder = self.scratch.path / "rolledback" / "spool"
        shutil.copytree(source, folder)
        later = sorted(folder.glob("*.seg"))[1:]
        for segment in later:
            self.set_version(segment, 2)
        before = {segment: segment.read_bytes() for segment in later}
        self.assertIn(f"{later[0].name} is of a later version", self.tool("verify", folder).stdout)
        daemon = Mailtraced(self.scratch, config)
        more = forwarded_lines(["twohop"])
        self.assertTrue(RelpClient(port, more).send(len(more)))
        wait_until(lambda: daemon.status()["pipeline"]["state"] == "waiting for a later version", "a word about it")
        self.assertIn("wartet auf eine neuere Version", run(MAILTRACE, "--config", config, "status", env={**os.environ, "LANG": "de_DE.UTF-8", "LC_ALL": ""}).stdout)
        self.assertEqual([], daemon.status()["spool"]["gaps"])
        daemon.stop()
        self.assertEqual(before, {segment: segment.read_bytes() for segment in later})
        for segment in later:
            self.set_version(segment, 1)
        daemon = Mailtraced(self.scratch, config)
        daemon.wait_stored()
        self.assertEqual([], daemon.status()["spool"]["gaps"])
        daemon.stop()
        sent = self.scratch.path / "sent.log"
        sent.write_bytes(b"".join(line + b"\n" for line in lines + more))
        self.assert_equal_rows(import_reference(self.scratch, sent).rows(), database.rows())

    def test_state_directory_put_back(self):
        """A copy of it from before the last lines comes back while the database is away: the database has stored numbers that
        new lines get. None of these is taken for stored, also if the daemon starts again in between."""
        for starts in (1, 2):
            with self.subTest(starts=starts):
                self.put_back(starts)

    def put_back(self, starts):
        name = f"putback{starts}"
        entry, port = listener("relp")
        database = Sqlite(self.scratch, name)
        config = self.write_configuration(name, database.sink(), entry)
        state, copy, away = (self.scratch.path / each for each in (name, f"{name}-copy", f"{name}-away.db"))
        parts = [forwarded_lines(groups) for groups in (["simple"], ["deferred", "bounces"], ["multi"], ["reject"])]

        def send(number):
            self.assertTrue(RelpClient(port, parts[number]).send(len(parts[number])))

        daemon = Mailtraced(self.scratch, config)
        send(0)
        daemon.wait_stored()
        known = state / "spool" / "state"
        wait_until(lambda: int.from_bytes(known.read_bytes()[32:40], "little") == len(parts[0]) + 1, "what is stored, in the state")
        daemon.stop()
        shutil.copytree(state, copy)
        daemon.start()
        send(1)
        daemon.wait_stored()
        former = daemon.status()["spool"]["id"]
        daemon.stop()
        shutil.rmtree(state)
        copy.rename(state)
        self.assertLess(len(parts[2]), len(parts[1]))
        database.file.rename(away)
        database.file.mkdir()
        daemon.start()
        send(2)
        if starts > 1:
            daemon.kill()
        self.give_back(database, away)
        if starts > 1:
            daemon.start()
        wait_until(lambda: daemon.status()["spool"]["id"] != former, "another spool")
        wait_until(lambda: daemon.status()["sinks"][0]["committed"] == len(parts[0] + parts[2]) + 1, "that all is stored")
        self.assertIn("spool.behind", daemon.process.output())
        for ending in (daemon.kill, daemon.stop):
            ending()
            daemon.start()
        send(3)
        daemon.wait_stored()
        self.assertNotEqual(former, daemon.status()["spool"]["id"])
        self.assertEqual([], daemon.status()["spool"]["gaps"])
        daemon.stop()
        sent = self.scratch.path / f"{name}-sent.log"
        sent.write_bytes(b"".join(line + b"\n" for part in parts for line in part))
        self.assert_equal_rows(import_reference(self.scratch, sent, f"{name}-reference").rows(), database.rows())
        counted = sum(row[each] for row in database.read("host_hours") for each in ("understood", "ignored", "unknown", "unparsed"))
        self.assertEqual(sum(map(len, parts)), counted)

    @staticmethod
    def give_back(database, away):
        database.file.rmdir()
        away.rename(database.file)

    @staticmethod
    def set_version(segment, version):
        content = bytearray(segment.read_bytes())
        content[8] = content[2048 + 8] = version
        segment.write_bytes(content)

    def one(self, source, whole, number):
        name = f"mutant{number}"
        entry, port = listener("relp")
        config = self.write_configuration(name, Sqlite(self.scratch, name).sink(), entry)
        folder = self.scratch.path / name / "spool"
        shutil.copytree(source, folder)
        dice = random.Random(number)
        self.damage(folder, dice)
        has_state = self.damage_state(folder, dice)
        left = self.records(folder)
        lost = set(whole) - set(left)
        for sequence, line in left.items():
            self.assertEqual(whole[sequence], line)
        verified = self.tool("verify", folder)
        named = set()
        for line in verified.stdout.splitlines():
            if line.startswith("damage"):
                span = line.split("sequences ")[1].split(":")[0].split(" to ")
                named |= set(range(int(span[0]), int(span[1]) + 1))
        self.assertEqual(65 if named else 0, verified.returncode, verified.stdout)
        # Without a state nobody knows how many there were at the very end.
        known = max(whole) if has_state else max(left)
        self.assertEqual({each for each in lost if each <= known}, {each for each in named if each <= known})
        saved = self.scratch.path / f"{name}-saved"
        run(MAILTRACE, "spool", "salvage", folder, saved, check=False)
        self.assertEqual(left, self.records(saved))

        begun = time.monotonic()
        daemon = Mailtraced(self.scratch, config)
        took = time.monotonic() - begun
        self.assertTrue(RelpClient(port, [b"<22>1 2026-11-23T20:11:54Z mx1 postfix/smtp 1 - - the next line"]).send(1))
        daemon.wait_stored()
        self.assertGreater(daemon.status()["spool"]["next"], max(whole) + 1, "a number was given out twice")
        understood = sum(each["value"] for each in daemon.status()["counters"] if each["name"] == "parse_lines_total")
        self.assertEqual(len(left) + 1, understood)
        daemon.stop()
        return took
