"""mailtrace import on a terminal shows how far it is, and takes that away; anywhere else it shows nothing."""
import contextlib
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
import time
import unittest

import tool

WIDTH = 90
DEADLINE = 120


class Progress(unittest.TestCase):
    def setUp(self):
        self.home = tool.Home()
        self.addCleanup(self.home.remove)
        self.file = tool.corpus(self.home.path, groups=["simple"])[0]
        self.lines = self.file.read_bytes().splitlines(keepends=True)

    def start(self, stderr, *arguments, **environment):
        return subprocess.Popen([tool.PROGRAM, "import", *arguments, self.file, "-"], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=stderr, env=self.home.environment(**environment))

    def feed(self, child, until):
        """The bar comes with a line, but not with each: lines until it is there."""
        end = time.monotonic() + DEADLINE
        while not until():
            self.assertLess(time.monotonic(), end, "no sign of it")
            child.stdin.write(b"".join(self.lines[:100]))
            child.stdin.flush()
            time.sleep(0.01)

    def on_a_terminal(self, *arguments, **environment):
        """What the terminal got, and standard output."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, WIDTH, 0, 0))
        seen = bytearray()

        def read():
            with contextlib.suppress(OSError):  # EIO: the other side is closed
                while piece := os.read(ours, 4096):
                    seen.extend(piece)
        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        child = self.start(theirs, *arguments, **environment)
        os.close(theirs)
        rounds = iter(range(100))  # for one that shows nothing
        quiet = "--quiet" in arguments
        self.feed(child, lambda: next(rounds, None) is None if quiet else seen.count(b"\x1b[K") >= 2)
        out = child.communicate(timeout=DEADLINE)[0].decode()
        self.assertEqual(0, child.returncode, bytes(seen))
        reader.join(DEADLINE)
        os.close(ours)
        return seen.decode(), out

    def test_bar_on_a_terminal(self):
        seen, out = self.on_a_terminal()
        shown = seen.split("\r")
        bars = [part.removesuffix("\x1b[K") for part in shown if "lines/s" in part]
        self.assertTrue(bars, seen)
        for bar in bars:
            self.assertRegex(bar, r"^\[[#.]{24}\] +\d+ %  (.* left  )?\d+ lines  \d+ lines/s  ")
            self.assertLess(len(bar), WIDTH, "a line that wraps cannot be written over")
        self.assertTrue(seen.endswith("\r\x1b[K"), "the last thing is that it goes away")
        self.assertRegex(out, r"^ +\d+  lines read in ")
        self.assertNotIn("\x1b", out)

    def test_german_bar(self):
        seen, out = self.on_a_terminal(LC_ALL="de_DE.UTF-8")
        self.assertRegex(seen, r"\d+ Zeilen  \d+ Zeilen/s  ")
        self.assertIn("Zeilen gelesen in", out)

    def test_quiet_shows_nothing(self):
        self.assertEqual(("", ""), self.on_a_terminal("--quiet"))

    def test_nothing_where_there_is_no_terminal(self):
        child = self.start(subprocess.PIPE)
        begin = time.monotonic()
        self.feed(child, lambda: time.monotonic() - begin > 1)  # many times as long as on a terminal
        out, err = child.communicate(timeout=DEADLINE)
        self.assertEqual((0, b""), (child.returncode, err))
        self.assertTrue(re.match(rb" +\d+  lines read in ", out), out)


if __name__ == "__main__":
    unittest.main()
