"""mailtrace overview over real logs: its numbers are what the searches find that it names, in both languages."""
import re
import shlex
import unittest

import tool

SPAN = ["--since", "2026-11-23", "--until", "2026-11-23"]


class Overview(tool.Imported):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.counted, = cls.home.json("overview", *SPAN)
        cls.text = cls.home.run("overview", *SPAN).out

    def found(self, options, span=SPAN):
        """How many the table lists: a delivery that was tried several times is one."""
        out = self.home.run("search", *span, *options, "--limit", 1000).out
        return int(re.search(r"\n(\d+) results?, ", out)[1])

    def section(self, title, text=None):
        """The lines below a title."""
        return re.search(rf"(?m)^{re.escape(title)}.*\n((?:  .*\n)*)", text or self.text)[1].splitlines()

    def test_status(self):
        lines = dict(line.split()[:2] for line in self.section("Deliveries by status"))
        self.assertLessEqual({"sent", "deferred", "bounced", "rejected"}, set(lines))
        for status, count in lines.items():
            self.assertEqual(int(count), self.found(["--status", status]), status)

    def test_time(self):
        hours = re.findall(r"(\d\d:\d\d) +(\d+)", "\n".join(self.section("Deliveries by time")))
        self.assertEqual([f"{hour:02}:00" for hour in range(24)], [hour for hour, _ in hours])
        counts = {column["time"][11:16]: column["counts"] for column in self.counted["columns"]}
        for hour, count in hours:
            self.assertEqual(int(count), sum(n for status, n in counts.get(hour, {}).items() if status), hour)
            span = ["--since", f"2026-11-23T{hour}:00Z", "--until", f"2026-11-23T{hour[:2]}:59:59.999999Z"]
            for status in counts.get(hour, {}):
                if status:
                    self.assertEqual(counts[hour][status], self.found(["--status", status], span), (hour, status))

    def entries(self, title):
        """The first line of each entry, and the options that stand below it."""
        out = []
        for line in self.section(title):
            if re.match(r"  +[\d<]", line[:7]):
                out.append((line, []))
            elif line.strip().startswith("--"):
                out[-1][1].extend(shlex.split(line))
        return out

    def test_the_options_of_a_line_find_its_mails(self):
        reasons = self.entries("Why mails were refused")
        self.assertEqual(len(self.counted["reasons"]), len(reasons))
        for (line, options), reason in zip(reasons, self.counted["reasons"]):
            self.assertEqual(reason["count"], int(line.split()[0]))
            self.assertEqual(reason["count"], self.found(options), options)
        destinations = self.entries("Slow or failing destinations")
        self.assertGreater(len(destinations), 1)
        for line, options in destinations:
            self.assertGreater(self.found(options), 0, options)

    def test_what_is_said_at_its_end(self):
        command = re.search(r"\n  mailtrace search (.*) …\n", self.text)[1]
        self.assertEqual(len(self.home.json("search", *SPAN, "--all")), len(self.home.json("search", *shlex.split(command), "--all")))

    def test_top(self):
        few, = self.home.json("overview", *SPAN, "--top", 2)
        for name in ("reasons", "destinations", "senders", "recipients"):
            self.assertGreater(len(self.counted[name]), 2, name)
            self.assertEqual(self.counted[name][:2], few[name], name)

    def test_german(self):
        text = self.home.run("overview", *SPAN, LANG="de_DE.UTF-8").out
        self.assertRegex(text, r"\n  gesendet +\d+  █")
        self.assertEqual(self.text.count("\n"), text.count("\n"))
        same = set(self.text.splitlines()) & set(text.splitlines())
        self.assertEqual([], [line for line in same if re.match(r"\w", line) and not line.startswith("2026")])

    def test_colours(self):
        text = self.home.on_terminal(60, "overview", *SPAN, "--no-pager")
        self.assertIn("\x1b[32m█", text)
        plain = re.sub(r"\x1b\[\d*m", "", text)
        for line in plain.splitlines():
            self.assertTrue(len(line) <= 60 or "--" in line, line)

    def test_exit_codes(self):
        self.assertEqual(0, self.home.run("overview", *SPAN).returncode)
        for form in ([], ["--json"]):
            self.assertEqual(1, self.home.run("overview", "--until", "2001-01-01", *form).returncode)
        nothing = self.home.run("overview", "--until", "2001-01-01").out
        self.assertIn("\nnothing found\n", nothing)
        for language, words in (("C", "--since must be before --until"), ("de_DE", "--since muss vor --until liegen")):
            done = self.home.run("overview", "--since", "2h", "--until", "3h", LANG=language)
            self.assertEqual((2, "", f"mailtrace: {words}\n"), (done.returncode, done.out, done.err))
        self.assertEqual(2, self.home.run("overview", "--since", "soon").returncode)
        self.assertEqual(78, self.home.run("overview", "-c", "/nonexistent.yaml").returncode)


class Slow(unittest.TestCase):
    def test_what_was_not_counted_is_not_shown_as_nothing(self):
        home = tool.Home()
        self.addCleanup(home.remove)
        self.assertEqual(0, home.run("import", *tool.corpus(home.path, groups=["simple"])).returncode)
        tool.crowd_a_minute(home.path / "mail.db")
        span = ["--since", "2024-10-04", "--until", "2024-10-04"]
        whole, = home.json("overview", *span, "--seconds", 0)
        self.assertEqual((True, 20_000), (whole["complete"], whole["columns"][0]["counts"]["sent"]))
        home.config.write_text(home.config.read_text().replace("[sqlite]", tool.IMPATIENT))
        for language, words in (("C", "Counting took too long: these numbers are not complete"),
                                ("de_DE", "Das Zählen hat zu lange gedauert: Diese Zahlen sind nicht vollständig")):
            done = home.run("overview", *span, LANG=language)
            self.assertEqual(69, done.returncode)
            self.assertIn(words, done.out)
            self.assertNotIn("nothing found", done.out)
        self.assertEqual([False], [counted["complete"] for counted in home.json("overview", *span)])
        done = home.run("overview", *span, "--seconds", 0)
        self.assertEqual((69, ""), (done.returncode, done.out))
        self.assertIn("the allowed 1 ms", done.err)


if __name__ == "__main__":
    unittest.main()
