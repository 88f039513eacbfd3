"""What every system test stands on: a scratch folder, free ports, processes that are ended by their own pid, and
waiting for a condition. Time limits are safety nets for a hanging program; no test is about how fast something is."""
import contextlib
import ctypes
import os
import pathlib
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MAILTRACE_BUILD", ROOT / "build" / "gcc")).resolve()
NET = 120  # seconds until a wait is given up


def wait_until(condition, what, seconds=NET):
    """Polls until condition() is true and returns its value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"gave up after {seconds} s waiting for {what() if callable(what) else what}")
        time.sleep(0.1)


def free_port():
    """A port below the ephemeral range that is free for TCP and UDP on loopback."""
    while True:
        port = random.randint(20000, 32000)
        with contextlib.suppress(OSError), socket.socket() as tcp, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", port))
            udp.bind(("127.0.0.1", port))
            return port


def accepts(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def run(*command, check=True, text=True, **options):
    """Runs a command to its end; its output is part of the error when it fails."""
    options.setdefault("timeout", 2 * NET)
    done = subprocess.run([str(part) for part in command], text=text, capture_output=True, check=False, **options)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def end_with_parent():
    """In the child: a runner that is killed leaves no servers behind (prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, int(signal.SIGTERM), 0, 0, 0)


class Process:
    """A server in the foreground with its output in a file."""

    def __init__(self, scratch, name, *command, user=None, env=None, cwd=None):
        self.name = name
        self.log = scratch.path / f"{name}.out"
        command = [str(part) for part in command]
        options = {}
        if user and os.geteuid() == 0:
            entry = pwd.getpwnam(user)
            options = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        with open(self.log, "ab") as out:
            self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=cwd or "/",
                                          env={**os.environ, **(env or {})}, preexec_fn=end_with_parent, **options)
        scratch.on_close(self.stop)

    def running(self):
        return self.child.poll() is None

    def output(self):
        return self.log.read_text(errors="replace")

    def wait_ready(self, condition, what="its start"):
        def ready():
            if not self.running():
                raise AssertionError(f"{self.name} ended with {self.child.returncode}:\n{self.output()[-4000:]}")
            return condition()
        return wait_until(ready, lambda: f"{self.name}: {what}; it said:\n{self.output()[-4000:]}")

    def stop(self, how=signal.SIGTERM):
        """Sends the signal and waits; returns the exit status."""
        if self.running():
            self.child.send_signal(how)
            try:
                self.child.wait(NET)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
                raise AssertionError(f"{self.name} did not end after {how!r}:\n{self.output()[-4000:]}") from None
        return self.child.returncode


class Scratch:
    """A temporary folder and what must be undone, in reverse order, when the test is over."""

    def __init__(self, name):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix=f"mailtrace-{name}-"))
        self.path.chmod(0o755)
        self.closers = []

    def on_close(self, closer):
        self.closers.append(closer)

    def folder(self, name, user=None, mode=0o755):
        path = self.path / name
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(mode)
        if user and os.geteuid() == 0:
            shutil.chown(path, user, pwd.getpwnam(user).pw_gid)
        return path

    def close(self, keep=False):
        errors = []
        while self.closers:
            try:
                self.closers.pop()()
            except Exception as error:  # the other closers must still run
                errors.append(error)
        if keep:
            print(f"    kept: {self.path}")
        else:
            shutil.rmtree(self.path, ignore_errors=True)
        if errors:
            raise errors[0]


class Case(unittest.TestCase):
    """A test case with a scratch folder of its own: self.scratch. MAILTRACE_KEEP=1 keeps that of a failed one."""
    maxDiff = 4000

    def setUp(self):
        self.scratch = Scratch(self.id().rsplit(".", 1)[-1][:40])
        self.addCleanup(self.close_scratch)

    def assert_equal_rows(self, wanted, rows):
        """Both: results of Database.rows()."""
        from databases import differences
        text = differences(wanted, rows)
        if text:
            self.fail(text)

    def close_scratch(self):
        failed = any(error for _, error in getattr(self._outcome, "errors", []) if error) or \
            not getattr(self._outcome, "success", True)
        self.scratch.close(keep=failed and bool(os.environ.get("MAILTRACE_KEEP")))
