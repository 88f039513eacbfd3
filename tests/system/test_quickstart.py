"""conf/quickstart as a user runs it: it looks for packages, builds, starts, feeds the sample, listens, and what it tells to
try finds something. A second run changes nothing; a port that is taken is said."""
import json
import os
import re
import shlex
import socket
import subprocess
import time
import urllib.request

from databases import Sqlite
from harness import ROOT, Case, free_port, run, wait_until
from senders import send_relp


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

    def each_listener_takes_a_line(self, relp, syslog):
        def line(name):
            return (f"<22>1 2026-11-23T20:11:54.131466+00:00 mx1 postfix/smtpd 7 - - NOQUEUE: reject: RCPT from unknown[192.0.2.1]: "
                    f"550 5.1.1 <{name}@quick.example>: Recipient address rejected: User unknown; from=<me@example.net> "
                    f"to=<{name}@quick.example> proto=ESMTP helo=<me>").encode()
        send_relp(relp, [line("relp")])
        with socket.create_connection(("127.0.0.1", syslog)) as stream:
            stream.sendall(line("tcp") + b"\n")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            datagrams.sendto(line("udp"), ("127.0.0.1", syslog))
        for name in ("relp", "tcp", "udp"):
            wait_until(lambda: run(ROOT / "build/quickstart/bin/mailtrace", "--config", self.state / "quickstart.yaml", "search",
                                   "--to", f"{name}@quick.example", check=False).returncode == 0, f"the line sent over {name}")

    def log_in(self, address, password):
        with urllib.request.urlopen(address, timeout=60) as page:
            self.assertIn(b"<script", page.read())
        request = urllib.request.Request(address + "api/v1/login", headers={"Content-Type": "application/json"},
                                         data=json.dumps({"name": "admin", "password": password}).encode())
        with urllib.request.urlopen(request, timeout=60) as answer:
            self.assertTrue(json.load(answer)["must_change_password"])

    def recent(self, database, hours):
        """Mails that came in within the last `hours`: somebody who looks for today finds some."""
        border = (time.time() - hours * 3600) * 1_000_000
        return sum(row["connect_time"] > border for row in database.read("connectlog"))

    def test_two_runs(self):
        self.state = self.scratch.folder("state")
        self.addCleanup(self.quickstart, "--stop")
        relp, syslog, web = free_port(), free_port(), free_port()
        start = ["--no-packages", "--ports", f"{relp},{syslog},{web}"]
        text = self.quickstart(*start[1:])
        self.assertIn("== 1/4 packages\nall packages are installed\n", text)
        commands = [line.strip() for line in text.splitlines() if re.match(r"  \S*mailtrace --config ", line)]
        self.assertGreaterEqual(len(commands), 6, text)
        self.send_a_line(text)
        self.each_listener_takes_a_line(relp, syslog)
        for command in commands:
            with self.subTest(command=command):
                done = subprocess.run(shlex.split(command), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
                self.assertEqual(0, done.returncode, done.stdout + done.stderr)
                self.assertGreater(len(done.stdout.splitlines()), 2, command)
        database = Sqlite(self.scratch, "state/mail")
        rows = database.rows()
        self.assertGreater(len(rows["connectlog"]), 3000)
        self.assertGreater(self.recent(database, hours=24), 300)
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
        self.assertIn("is taken by another program; choose others: conf/quickstart --ports", taken.stderr)
        self.assertNotIn("2/4", taken.stdout)
        self.assertIn("stopped", self.quickstart("--stop"))
        self.assertIn("no mailtraced runs", self.quickstart("--stop"))


class Packages(Case):
    """conf/install-packages with an apt-get that knows no package, and installs none here."""

    def install(self, *names, apt="exit 100"):
        programs = self.scratch.folder("programs")
        for name, text in (("apt-get", f'echo "$@" >>{self.scratch.path}/calls\n{apt}'), ("sudo", 'exec "$@"')):
            (programs / name).write_text(f"#!/bin/bash\n{text}\n")
            (programs / name).chmod(0o755)
        wanted = self.scratch.path / "packages"
        wanted.write_text("# what is wanted\n" + "\n".join(names) + "\n")
        calls = self.scratch.path / "calls"
        calls.write_text("")
        done = run(ROOT / "conf" / "install-packages", wanted, check=False,
                   env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}",
                        "MAILTRACE_POLICY_RC_D": str(self.scratch.path / "policy")})
        self.assertFalse((self.scratch.path / "policy").exists(), "services stay forbidden")
        return done, calls.read_text()

    def test_what_is_there_is_not_installed_again(self):
        done, calls = self.install("bash  # a shell", "coreutils")
        self.assertEqual((0, "all packages are installed\n", ""), (done.returncode, done.stdout, calls))

    def test_only_what_is_missing_is_installed(self):
        done, calls = self.install("bash", "mailtrace-no-such", apt="exit 0")
        self.assertEqual((0, "installing mailtrace-no-such\n"), (done.returncode, done.stdout))
        self.assertEqual(["update", "install mailtrace-no-such"],
                         [line.split("--no-install-recommends ")[1] for line in calls.splitlines()])

    def test_a_package_that_nobody_has(self):
        done, _ = self.install("bash", "mailtrace-no-such", apt='[[ $* == *update ]] || { echo "E: Unable to locate package" >&2; exit 100; }')
        self.assertEqual(1, done.returncode)
        self.assertIn("install-packages: apt-get could not install: mailtrace-no-such\n", done.stderr)

    def test_no_network(self):
        done, _ = self.install("mailtrace-no-such")
        self.assertEqual(1, done.returncode)
        self.assertIn("apt-get update failed, so these are missing: mailtrace-no-such\n", done.stderr)
