"""mailtrace import: whatever way a line comes in, it makes the same row, once."""
import gzip
import json
import lzma
import os
import sqlite3
import unittest

import tool


class Import(unittest.TestCase):
    def setUp(self):
        self.homes = []

    def tearDown(self):
        for home in self.homes:
            home.remove()

    def home(self, extra=""):
        self.homes.append(tool.Home(extra))
        return self.homes[-1]

    def rows_of(self, *imports, **options):
        home = self.home()
        for arguments in imports:
            done = home.run("import", *arguments, **options)
            self.assertEqual(done.returncode, 0, done.err)
        rows = home.rows()
        self.assertGreater(len(rows["connectlog"]), 100)
        self.assertGreater(len(rows["deliverlog"]), 100)
        return rows

    def test_twice_is_once(self):
        files = tool.corpus(self.home().path)
        self.assertEqual(self.rows_of(files), self.rows_of(files, files))

    def test_every_line_of_the_corpus_is_understood_or_known(self):
        """By the program that wrote it; su and rsyslogd wrote to the same files."""
        parsers = "postfix, dovecot, amavis, rspamd, postgrey, policyd_spf, opendkim, opendmarc, spamd, exim, sendmail, opensmtpd"
        for rendering in ("rfc3339", "rfc5424", "rfc5424-noslash", "trad", "fwd3164"):
            self.homes.append(tool.Home(parsers=parsers))
            home = self.homes[-1]
            summary, = home.json("import", *tool.corpus(home.path, rendering, None))
            self.assertGreater(summary["lines"], 9000)
            self.assertEqual({name: 0 for name in summary["unknown_by_program"]}, summary["unknown_by_program"], rendering)
            self.assertEqual((0, 9), (summary["unknown"], summary["other_programs"]), rendering)

    def test_the_order_of_files_does_not_matter(self):
        files = tool.corpus(self.home().path)
        self.assertEqual(self.rows_of(files), self.rows_of(files[::-1]))

    def test_compressed_and_piped_files_are_the_same(self):
        folder = self.home().path
        text = b"".join(f.read_bytes() for f in tool.corpus(folder))
        plain, packed_gzip, packed_xz = folder / "all.log", folder / "all.gz", folder / "named-wrongly.txt"
        plain.write_bytes(text)
        packed_gzip.write_bytes(gzip.compress(text))
        packed_xz.write_bytes(lzma.compress(text))
        expected = self.rows_of([plain])
        self.assertEqual(self.rows_of([packed_gzip]), expected)
        self.assertEqual(self.rows_of([packed_xz]), expected)
        self.assertEqual(self.rows_of(["-"], stdin=text), expected)
        self.assertEqual(self.rows_of(["-"], stdin=gzip.compress(text)), expected)

    def test_one_mail_in_two_files(self):
        folder = self.home().path
        text = b"".join(f.read_bytes() for f in tool.corpus(folder)).splitlines(keepends=True)
        for name, lines in (("whole", text), ("mail.log.1", text[:701]), ("mail.log", text[701:])):
            (folder / name).write_bytes(b"".join(lines))
        expected = self.rows_of([folder / "whole"])
        together = self.rows_of([folder / "mail.log", folder / "mail.log.1"])
        self.assertEqual(together, expected)
        apart = self.rows_of([folder / "mail.log.1"], [folder / "mail.log"])
        for table in ("connectlog", "deliverlog"):
            self.assertEqual(apart[table], expected[table])

    def test_the_old_log_may_come_last(self):
        home = self.home()
        log, = tool.corpus(home.path, groups=["simple"])
        text = log.read_bytes().splitlines(keepends=True)
        whole = self.home()
        self.assertEqual(whole.run("import", log).returncode, 0)
        newer = home.path / "newer.log"
        newer.write_bytes(b"".join(text[len(text) // 2:]))
        for file in (newer, log, newer, log):
            done = home.run("import", file)
            self.assertEqual(done.returncode, 0, done.err)
        def plain(home):
            with sqlite3.connect(home.path / "mail.db") as db:
                return [db.execute(f"select {columns} from {table} order by {columns}").fetchall() for columns, table in (
                    ("connect_time, server, queue_id, sender, size, message_id, end_time", "connectlog"),
                    ("connect_time, deliver_time, server, queue_id, recipient, status, response", "deliverlog"))]
        self.assertEqual(plain(home), plain(whole))

    def test_traditional_stamps_take_their_year_from_the_file(self):
        home = self.home()
        log, = tool.corpus(home.path, "trad", ["simple"])
        os.utime(log, (1546300800 + 3600, 1546300800 + 3600))  # 2019-01-01: its Nov 23 was in 2018
        self.assertEqual(home.run("import", log).returncode, 0)
        years = {hit["connect"]["connect_time"][:4] for hit in home.json("search", "--limit", 1000)}
        self.assertEqual(years, {"2018"})
        other = self.home()
        os.utime(log)
        self.assertEqual(other.run("import", "--year", "2020", log).returncode, 0)
        years = {hit["connect"]["connect_time"][:4] for hit in other.json("search", "--limit", 1000)}
        self.assertEqual(years, {"2020"})

    def test_the_database_is_not_for_everybody(self):
        home = self.home()
        mask = os.umask(0)
        try:
            self.assertEqual(home.run("import", *tool.corpus(home.path, groups=["simple"])).returncode, 0)
        finally:
            os.umask(mask)
        self.assertEqual(oct((home.path / "mail.db").stat().st_mode & 0o777), "0o640")

    def test_summary(self):
        home = self.home()
        files = tool.corpus(home.path)
        lines = sum(len(f.read_bytes().splitlines()) for f in files)
        done = home.run("import", *files)
        self.assertIn(f"{lines:>10}  lines read in ", done.out)
        self.assertIn("  of programs without a parser: dovecot ", done.out)
        self.assertEqual(done.err, "")
        summary = json.loads(home.run("import", "--json", *files).out)
        self.assertEqual(summary["lines"], lines)
        self.assertEqual(summary["unknown"], 0)
        self.assertEqual(summary["understood"] + summary["ignored"] + summary["other_programs"], lines)
        self.assertEqual(summary["mails"], len(home.rows()["connectlog"]))
        self.assertEqual(summary["deliveries"], len(home.rows()["deliverlog"]))
        self.assertEqual(home.run("import", "--quiet", *files).out, "")

    def test_summary_in_both_languages(self):
        home = self.home()
        stamp = "2026-11-23T20:11:54.131466+00:00 mx1 "
        one = [stamp + "postfix/smtpd[1]: NOQUEUE: reject: RCPT from unknown[192.0.2.1]: 550 5.1.1 <b@example.org>: no; "
               "from=<a@example.net> to=<b@example.org> proto=ESMTP helo=<me>", stamp + "cron[1]: x", stamp + "postfix/smtp[1]: x"]
        summary = {"C": (["line read in", "understood", "known to say nothing about a mail", "not understood", "of programs without a parser",
                          "mail or refusal", "delivery"], ["lines read in", "mails and refusals", "deliveries"]),
                   "de_DE.UTF-8": (["Zeile gelesen in", "verstanden", "bekannt, ohne Aussage über eine Mail", "nicht verstanden",
                                    "von Programmen ohne Parser", "Mail oder Ablehnung", "Zustellung"],
                                   ["Zeilen gelesen in", "Mails und Ablehnungen", "Zustellungen"])}
        for language, (names, many) in summary.items():
            for lines, counts in (([], [0] * 7), (one[:1], [1, 1, 0, 0, 0, 1, 1]), (one, [3, 1, 0, 1, 1, 1, 1])):
                file = home.path / "few.log"
                file.write_text("".join(line + "\n" for line in lines))
                out = home.run("import", file, LC_ALL=language).out.splitlines()
                expected = list(names)
                for at, name in zip((0, 5, 6), many):
                    if counts[at] != 1:
                        expected[at] = name
                self.assertEqual(len(out), 7, out)
                for row, count, name in zip(out, counts, expected):
                    self.assertRegex(row, rf"^ *{count}  {name}( [^a-z]|:|$)", language)

    def test_what_cannot_be_opened_stops_before_anything_is_written(self):
        home = self.home()
        log, = tool.corpus(home.path, groups=["simple"])
        done = home.run("import", log, home.path / "missing.log", home.path)
        self.assertEqual(done.returncode, 66)
        self.assertIn("missing.log: No such file or directory", done.err)
        self.assertEqual(done.err.count("\n"), 2)
        self.assertFalse((home.path / "mail.db").exists())

    def test_damage_is_said_and_the_rest_is_imported(self):
        home = self.home()
        damaged, whole = tool.corpus(home.path, groups=["bounces", "simple"])
        damaged.write_bytes(gzip.compress(damaged.read_bytes())[:-2000])
        done = home.run("import", damaged, whole)
        self.assertEqual(done.returncode, 65)
        self.assertIn("bounces.rfc3339.log: gzip data ends too early", done.err)
        self.assertTrue(home.json("search", "@beta.example", "--limit", 1))
        self.assertTrue(home.json("show", "2579851CA7B"))  # a mail of the whole file

    def test_hostile_text_stays_text(self):
        home = self.home()
        hostile = home.path / "hostile.log"
        nasty = b"\x1b]0;x\x07\x9b31m\xe2\x80\xae\x00\xff"
        stamp = b"2026-11-23T20:11:54.131466+00:00 mx1 postfix/"
        hostile.write_bytes(stamp + b"smtpd[1]: 2579851CA7B: client=a" + nasty + b"[192.0.2.1]\n" +
                            stamp + b"cleanup[1]: 2579851CA7B: message-id=<" + nasty + b"@example.org>\n" +
                            stamp + b"qmgr[1]: 2579851CA7B: from=<" + nasty + b"@example.org>, size=1, nrcpt=1 (queue active)\n" +
                            stamp + b"smtp[1]: 2579851CA7B: to=<bob@example.com>, relay=none, delay=1, delays=1/0/0/0, "
                            b"dsn=4.4.1, status=deferred (" + nasty + b")\n" + b"x" * 200000 + b"\n")
        self.assertEqual(home.run("import", hostile).returncode, 0)
        for arguments in (["search", "bob@example.com"], ["show", "2579851CA7B"], ["search", "--queue-id", "2579851CA7B", "--json"]):
            done = home.run(*arguments)
            self.assertEqual(done.returncode, 0, done.err)
            bad = {c for c in done.out if (ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 or c == "\u202e"}
            if "--json" not in arguments:
                self.assertEqual(bad, set())


if __name__ == "__main__":
    unittest.main()
