"""mailtrace dead-letter: rows that a database refused are listed, written again, and leave the file."""
import json
import os
import time
import unittest

import tool


class DeadLetter(unittest.TestCase):
    def setUp(self):
        self.home = tool.Home()
        self.addCleanup(self.home.remove)
        self.file = self.home.path / "dead-letter.jsonl"
        done = self.home.run("import", *tool.corpus(self.home.path, groups=["simple"]))
        self.assertEqual(done.returncode, 0, done.err)
        hit = self.home.json("search", "--limit", 1)[0]
        self.connect, self.deliver = hit["connect"], hit["deliver"]

    def put(self, *entries):
        self.file.write_text("".join((json.dumps(e) if isinstance(e, dict) else e) + "\n" for e in entries))
        self.file.chmod(0o600)

    def entry(self, table, row, sink="sqlite", **changes):
        return {"time": "2026-11-23T12:00:00.000000Z", "sink": sink, "error": "value too long", "table": table,
                "row": row | changes}

    def test_none(self):
        for action, code in (("list", 1), ("retry", 0)):
            done = self.home.run("dead-letter", action)
            self.assertEqual((done.returncode, done.err), (code, ""))
        self.assertFalse(self.file.exists())
        self.assertEqual(self.home.run("dead-letter").returncode, 2)

    def test_list(self):
        one = self.entry("connectlog", self.connect, sender="\x1b[31mevil@example.org")
        self.put(one, "no json")
        done = self.home.run("dead-letter", "list")
        self.assertEqual(done.returncode, 0)
        self.assertIn(f"2026-11-23 12:00:00  sqlite  connectlog  {self.connect['server']} {self.connect['queue_id']} ", done.out)
        self.assertIn("\n  value too long\n", done.out)
        self.assertIn("no json\n  damaged line\n", done.out)
        self.assertNotIn("\x1b", done.out)
        self.assertEqual(self.home.json("dead-letter", "list"), [one, {"damaged": "no json"}])

    def test_retry(self):
        before = self.home.rows()
        # Rows of another mail: same shape, other ids.
        other = {"id": self.connect["id"][:-4] + "0000", "queue_id": "0FEED0FEED0"}
        mail = self.entry("connectlog", self.connect, **other)
        # As the daemon names a sink: by what it says of itself.
        delivery = self.entry("deliverlog", self.deliver, sink=f"sqlite {self.home.path}/mail.db", connect_id=other["id"],
                              id=self.deliver["id"][:-4] + "0000")
        elsewhere = self.entry("connectlog", self.connect, sink="oracle")
        unknown = self.entry("nolog", self.connect)
        self.put(mail, elsewhere, delivery, "no json", unknown)
        done = self.home.run("dead-letter", "retry")
        self.assertEqual(done.returncode, 65, done.err)
        self.assertEqual(done.out, "2 rows written, 3 left\n")
        self.assertIn("no configured sink is oracle", done.err)
        kept = self.file.read_text().splitlines()
        self.assertEqual(kept, [json.dumps(elsewhere), "no json", json.dumps(unknown)])
        self.assertEqual(os.stat(self.file).st_mode & 0o777, 0o600)
        after = self.home.rows()
        for table in ("connectlog", "deliverlog"):
            self.assertEqual(len(after[table]), len(before[table]) + 1)
            self.assertLessEqual(set(map(repr, before[table])), set(map(repr, after[table])))
        self.put(mail, delivery)
        self.assertEqual(self.home.run("dead-letter", "retry").out, "2 rows written, 0 left\n")
        self.assertEqual(self.file.read_text(), "")
        self.assertEqual(self.home.rows(), after)

    def test_without_the_database_everything_stays(self):
        entry = self.entry("connectlog", self.connect)
        self.put(entry, entry)
        self.home.config.write_text(f"state_directory: {self.home.path}\nparsers: [postfix]\n"
                                    f"sinks: [sqlite: {{file: {self.home.path}/missing/mail.db}}]\n")
        entry["sink"] = f"sqlite {self.home.path}/missing/mail.db"
        self.put(entry, entry)
        done = self.home.run("dead-letter", "retry")
        self.assertEqual(done.returncode, 69, done.err)
        self.assertEqual(done.err.count("\n"), 1)
        self.assertEqual(self.file.read_text(), 2 * (json.dumps(entry) + "\n"))

    def test_old_ones_expire(self):
        old = self.entry("connectlog", self.connect) | {"time": "2020-01-01T00:00:00.000000Z"}
        new = self.entry("connectlog", self.connect) | {"time": time.strftime("%Y-%m-%dT00:00:00.000000Z", time.gmtime())}
        self.put(old, "no json", new)
        before = self.file.read_text()
        done = self.home.run("expire", "--max-age", 1, "--dry-run", "--force")
        self.assertEqual(done.returncode, 0, done.err)
        self.assertIn(f"{self.home.path}: would remove 1 dead letter\n", done.out)
        self.assertEqual(self.file.read_text(), before)
        # All mails are old, too: that looks like a clock that jumped.
        refused = self.home.run("expire", "--max-age", 1)
        self.assertEqual(refused.returncode, 78, refused.out)
        self.assertEqual(self.file.read_text(), before)
        done = self.home.run("expire", "--max-age", 1, "--force")
        self.assertEqual(done.returncode, 0, done.err)
        self.assertIn("removed 1 dead letter\n", done.out)
        self.assertEqual(self.file.read_text(), "no json\n" + json.dumps(new) + "\n")
        self.assertEqual(os.stat(self.file).st_mode & 0o777, 0o600)


if __name__ == "__main__":
    unittest.main()
