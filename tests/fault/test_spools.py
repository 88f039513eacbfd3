"""Damaged spools under the real program: it starts, takes lines, gives every record that was not hit to the database, and
shows what is missing. `mailtrace spool verify` and `salvage` say the same. tests/unit/spool has 10,000 more."""
import json
import random
import shutil
import subprocess
import time

import settings
from corpus import forwarded_lines
from daemon import MAILTRACE, Mailtraced, configuration, listener
from databases import Sqlite
from harness import Case, free_port, run
from relp_client import RelpClient

SMALL = "{max_size: 16 MiB, min_free: 0, segment_size: 64 KiB}"


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

    def test_damaged_spools(self):
        source, lines = self.fill()
        whole = self.records(source)
        self.assertEqual([line.decode() for line in lines], list(whole.values()))
        worst = 0
        for number in range(settings.number("mutants")):
            with self.subTest(mutant=number):
                worst = max(worst, self.one(source, whole, number))
        print(f"    the slowest start took {worst:.1f} s", flush=True)

    def one(self, source, whole, number):
        name = f"mutant{number}"
        entry, port = listener("relp")
        config = self.write_configuration(name, Sqlite(self.scratch, name).sink(), entry)
        folder = self.scratch.path / name / "spool"
        shutil.copytree(source, folder)
        self.damage(folder, random.Random(number))
        left = self.records(folder)
        lost = set(whole) - set(left)
        for sequence, line in left.items():
            self.assertEqual(whole[sequence], line)
        verified = self.tool("verify", folder)
        self.assertEqual(65 if lost else 0, verified.returncode, verified.stdout)
        named = set()
        for line in verified.stdout.splitlines():
            if line.startswith("damage"):
                span = line.split("sequences ")[1].split(":")[0].split(" to ")
                named |= set(range(int(span[0]), int(span[1]) + 1))
        self.assertEqual(lost, named)
        saved = self.scratch.path / f"{name}-saved"
        run(MAILTRACE, "spool", "salvage", folder, saved, check=False)
        self.assertEqual(left, self.records(saved))

        begun = time.monotonic()
        daemon = Mailtraced(self.scratch, config)
        took = time.monotonic() - begun
        self.assertTrue(RelpClient(port, [b"<22>1 2026-11-23T20:11:54Z mx1 postfix/smtp 1 - - the next line"]).send(1))
        daemon.wait_stored()
        understood = sum(each["value"] for each in daemon.status()["counters"] if each["name"] == "parse_lines_total")
        self.assertEqual(len(left) + 1, understood)
        daemon.stop()
        return took
