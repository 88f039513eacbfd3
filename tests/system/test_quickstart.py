"""conf/quickstart as a user runs it, but for the packages: it builds, starts, feeds the sample, and what it tells to
try finds something. A second run changes nothing; a port that is taken is said."""
import json
import re
import shlex
import subprocess
import urllib.request

from databases import Sqlite
from harness import ROOT, Case, free_port, wait_until


class Quickstart(Case):
    def quickstart(self, *arguments):
        done = subprocess.run([ROOT / "conf" / "quickstart", "--state", self.state, *map(str, arguments)], cwd=ROOT,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=1200, check=False)
        self.assertEqual(0, done.returncode, done.stdout[-3000:] + done.stderr[-3000:])
        return done.stdout

    def send_a_line(self, text):
        logger, search = re.search(r"^  (logger .*?)\n  (\S*mailtrace --config [^\n]*)", text, re.M | re.S).groups()
        done = subprocess.run(["bash", "-c", logger], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual((0, ""), (done.returncode, done.stderr))

        def found():
            return subprocess.run(shlex.split(search), cwd=ROOT, capture_output=True, check=False).returncode == 0
        wait_until(found, "the line sent by hand to be found")

    def log_in(self, address, password):
        with urllib.request.urlopen(address, timeout=60) as page:
            self.assertIn(b"<script", page.read())
        request = urllib.request.Request(address + "api/v1/login", headers={"Content-Type": "application/json"},
                                         data=json.dumps({"name": "admin", "password": password}).encode())
        with urllib.request.urlopen(request, timeout=60) as answer:
            self.assertTrue(json.load(answer)["must_change_password"])

    def test_two_runs(self):
        self.state = self.scratch.folder("state")
        self.addCleanup(self.quickstart, "--stop")
        start = ["--no-packages", "--ports", f"{free_port()},{free_port()},{free_port()}"]
        text = self.quickstart(*start)
        commands = [line.strip() for line in text.splitlines() if re.match(r"  \S*mailtrace --config ", line)]
        self.assertGreaterEqual(len(commands), 6, text)
        self.send_a_line(text)
        for command in commands:
            with self.subTest(command=command):
                done = subprocess.run(shlex.split(command), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
                self.assertEqual(0, done.returncode, done.stdout + done.stderr)
                self.assertGreater(len(done.stdout.splitlines()), 2, command)
        database = Sqlite(self.scratch, "state/mail")
        rows = database.rows()
        self.assertGreater(len(rows["connectlog"]), 400)
        address, password = re.search(r"ready: (http://127\.0\.0\.1:\d+/)\nLog in as admin, one-time password: (\S+)", text).groups()
        self.log_in(address, password)
        again = self.quickstart(*start)
        self.assertIn("runs already", again)
        self.assertIn("Log in as before", again)
        self.assertNotIn(password, again)
        self.assertEqual(rows, database.rows())
        taken = subprocess.run([ROOT / "conf" / "quickstart", "--state", self.scratch.folder("other"), *start], cwd=ROOT,
                               stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(1, taken.returncode, taken.stdout)
        self.assertIn("address already in use", taken.stderr)
        self.assertIn("stopped", self.quickstart("--stop"))
        self.assertIn("no mailtraced runs", self.quickstart("--stop"))
