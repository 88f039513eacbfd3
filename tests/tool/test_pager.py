"""Long output on a terminal goes through a pager; nothing else does."""
import os
import re
import unittest

import tool

ALL = ("search", "--limit", "200", "--width", "80")


class Pager(tool.Imported):
    def setUp(self):
        self.seen = self.home.path / "seen"
        self.seen.unlink(missing_ok=True)
        # Keeps what it gets, and shows that it was there.
        self.keep = f"printf '[%s]' \"$LESS\"; cat > {self.seen}"

    def paged(self, *arguments, **environment):
        """What the terminal shows, and what the pager got or None."""
        text = self.home.on_terminal(80, *arguments, **{"MAILTRACE_PAGER": self.keep} | environment)
        return text, self.seen.read_text() if self.seen.exists() else None

    def test_what_is_longer_than_the_terminal(self):
        for arguments in (ALL, ("show", "5538A51C2D6"), ("status",), ("search", "--json", "--limit", "100")):
            with self.subTest(arguments=arguments):
                self.seen.unlink(missing_ok=True)
                plain = self.home.run(*arguments, TZ="Europe/Berlin", COLUMNS="80").out
                text, got = self.paged(*arguments, rows=6, NO_COLOR="1")
                self.assertEqual(plain, re.sub(r"\x1b\[\d+m", "", got or ""))
                self.assertTrue(text.startswith("[FRX]"), text)
                self.assertEqual(plain.count("\x1b"), 0)

    def test_colours_stay(self):
        self.assertIn("\x1b[31m", self.paged(*ALL)[1])

    def test_what_fits_is_printed(self):
        text, got = self.paged("search", "--limit", "2")
        self.assertIsNone(got)
        self.assertIn("2 results", text)

    def test_not_into_a_pipe(self):
        self.assertIn("200 results", self.home.run(*ALL, MAILTRACE_PAGER=self.keep, TERM="xterm").out)
        self.assertFalse(self.seen.exists())

    def test_switched_off(self):
        for arguments, environment in ((("--no-pager", *ALL), {}), ((*ALL, "--no-pager"), {}), (ALL, {"MAILTRACE_PAGER": ""}),
                                       (ALL, {"MAILTRACE_PAGER": "cat"})):
            with self.subTest(arguments=arguments, **environment):
                text, got = self.paged(*arguments, PAGER="false", **environment)
                self.assertIsNone(got)
                self.assertIn("200 results", text)

    def test_which_one(self):
        home = self.home
        ours = {"PAGER": f"cat > {self.seen}.wrong"}
        self.assertIsNotNone(self.paged(*ALL, **ours)[1])
        self.assertFalse(os.path.exists(f"{self.seen}.wrong"))
        self.seen.unlink()
        home.on_terminal(80, *ALL, PAGER=self.keep)
        self.assertTrue(self.seen.exists())
        # A less of our own shows that it is the last choice; the environment's LESS wins over ours.
        bin_ = home.path / "bin"
        bin_.mkdir(exist_ok=True)
        (bin_ / "less").write_text(f"#!/bin/sh\n{self.keep}\n")
        (bin_ / "less").chmod(0o755)
        self.seen.unlink()
        text = home.on_terminal(80, *ALL, PATH=f"{bin_}:{os.environ['PATH']}", LESS="S")
        self.assertTrue(text.startswith("[S]"), text[:40])
        self.assertTrue(self.seen.exists())

    def test_left_early(self):
        for pager in ("true", "head -c 1", "exit 3"):
            with self.subTest(pager=pager):
                text, _ = self.paged("search", "--limit", "1000", "--json", MAILTRACE_PAGER=pager)
                self.assertEqual(0, self.home.terminal_code)
                self.assertLess(len(text), 200)

    def test_one_that_is_not_there(self):
        text, _ = self.paged(*ALL, MAILTRACE_PAGER="/no/such/pager --quick")
        self.assertIn("the pager cannot be started: /no/such/pager --quick", text)
        self.assertIn("200 results", text)
        self.assertEqual(0, self.home.terminal_code)

    def test_exit_code_of_nothing(self):
        self.home.on_terminal(80, "search", "nobody@example.org", rows=3, MAILTRACE_PAGER="true")
        self.assertEqual(1, self.home.terminal_code)


if __name__ == "__main__":
    unittest.main()
