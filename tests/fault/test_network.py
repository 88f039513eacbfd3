"""Clients that misbehave, and real senders beside them that must not notice: thousands of idle connections, one byte at a
time, half frames, giant announced lengths, TLS that never finishes, connections that are reset."""
import os
import resource
import socket
import struct
import subprocess
import sys

import settings
from corpus import forwarded_lines
from daemon import Mailtraced, configuration, import_reference, listener
from databases import Sqlite
from harness import Case, wait_until
from senders import Rsyslog, make_certificates

GROUPS = ["simple", "multi", "deferred", "bounces", "reject"]
MOST_PER_CONNECTION = 16 * 1024  # bytes of memory of an idle connection

# Opens so many connections from one address, says so, and ends when its standard input does.
HOLDER = """
import resource, socket, sys
port, count, source, first = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4].encode()
resource.setrlimit(resource.RLIMIT_NOFILE, (count + 100, max(count + 100, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
held = []
for _ in range(count):
    stream = socket.create_connection(("127.0.0.1", port), source_address=(source, 0))
    if first:
        stream.sendall(first)
    held.append(stream)
print("held", flush=True)
sys.stdin.read()
"""


def open_frame():
    data = b"relp_version=0\ncommands=syslog"
    return b"1 open %d %s\n" % (len(data), data)


def reset(stream):
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stream.close()


class Network(Case):
    def start(self, kind="relp", certificates=None, **options):
        entry, self.port = listener(kind, certificates, **options)
        self.database = Sqlite(self.scratch)
        self.daemon = Mailtraced(self.scratch, configuration(self.scratch, "receiver", [self.database.sink()], [entry]))
        self.lines = forwarded_lines(GROUPS)

    def memory(self):
        with open(f"/proc/{self.daemon.process.child.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))

    def counter(self, name):
        return sum(each["value"] for each in self.daemon.status()["counters"] if each["name"] == name)

    def hold(self, count, source, first=b""):
        child = subprocess.Popen([sys.executable, "-c", HOLDER, str(self.port), str(count), source, first.decode()],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

        def end():
            child.stdin.close()
            child.wait(60)
            child.stdout.close()
        self.scratch.on_close(end)
        self.assertEqual("held\n", child.stdout.readline())
        return end

    def send_for_real(self, transport="relp", certificates=None):
        """A real rsyslog sends everything; the rows must be those of an import."""
        sender = Rsyslog(self.scratch, transport, self.port, certificates)
        sender.feed(self.lines)
        self.daemon.wait_received(len(self.lines), sender.process.output()[-1000:])
        return sender

    def finish(self, sender):
        sender.stop()
        self.daemon.stop()
        self.assert_equal_rows(import_reference(self.scratch, sender.sent).rows(), self.database.rows())

    def test_thousands_of_idle_connections(self):
        count = settings.number("connections")
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.assertGreater(hard, count + 1000, "the limit of open files is too low for this test")
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # inherited by the daemon
        try:
            self.start(max_connections=count + 10, max_connections_per_address=count)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
        empty = self.memory()
        ends = [self.hold(count // 2, f"127.0.1.{number}", open_frame()) for number in (1, 2)]
        wait_until(lambda: self.counter("input_connections") >= count, "all connections")
        each = (self.memory() - empty) / count
        sender = self.send_for_real()
        print(f"    {count} idle connections: {each / 1024:.1f} KiB each", flush=True)
        self.assertLess(each, MOST_PER_CONNECTION)
        for end in ends:
            end()
        wait_until(lambda: self.counter("input_connections") <= 1, "that they are gone")
        self.finish(sender)

    def test_limits_are_kept_and_counted(self):
        self.start(max_connections=30, max_connections_per_address=20, handshake_timeout="2s")
        sender = Rsyslog(self.scratch, "relp", self.port)
        sender.feed(self.lines[:1])
        self.daemon.wait_received(1)
        streams = [socket.create_connection(("127.0.0.1", self.port), source_address=("127.0.1.1", 0)) for _ in range(50)]
        wait_until(lambda: self.counter("input_rejected_connections_total") == 30, "the refusals of one address")
        streams += [socket.create_connection(("127.0.0.1", self.port), source_address=("127.0.1.2", 0))
                    for _ in range(20)]
        wait_until(lambda: self.counter("input_rejected_connections_total") == 41, "the refusals of all")
        # Who says nothing is cut off after handshake_timeout; the sender that has greeted stays.
        wait_until(lambda: self.counter("input_connections") == 1, "the end of the silent ones")
        self.assertGreater(self.counter("input_handshake_timeouts_total"), 0)
        for stream in streams:
            stream.close()
        sender.feed(self.lines[1:])
        self.daemon.wait_received(len(self.lines), sender.process.output()[-1000:])
        self.finish(sender)

    def test_idle_connections_lock_nobody_out(self):
        """With the limits as shipped: 1000 that greet and say no more, of eleven addresses, and a sender that comes back."""
        self.start()
        held = [self.hold(100, f"127.0.1.{number}", open_frame()) for number in range(1, 11)]
        wait_until(lambda: self.counter("input_connections") == 1000, "that all places are taken")
        sender = Rsyslog(self.scratch, "relp", self.port)
        half = len(self.lines) // 2
        sender.feed(self.lines[:half])
        self.daemon.wait_received(half, sender.process.output()[-1000:])
        self.assertGreater(self.counter("input_evicted_connections_total"), 0)
        # The same address as one of them.
        stream = socket.create_connection(("127.0.0.1", self.port), source_address=("127.0.1.1", 0))
        stream.sendall(open_frame())
        self.assertIn(b"200 OK", stream.recv(1000))
        held.append(self.hold(1, "127.0.1.11", open_frame()))
        sender.feed(self.lines[half:])
        self.daemon.wait_received(len(self.lines), sender.process.output()[-1000:])
        stream.close()
        for end in held:
            end()
        self.finish(sender)

    def test_slow_half_and_giant_frames(self):
        # All of them are there at once, before the first is read.
        self.start(handshake_timeout="60s", max_connections_per_address=200)
        line = self.lines[0]
        slow = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(40)]
        frame = open_frame() + b"2 syslog %d %s\n" % (len(line), line)
        before = self.memory()
        others = []
        for first in (open_frame() + b"2 syslog 999999999 x", open_frame() + b"2 syslog 131072 " + b"x" * 131071,
                      open_frame() + b"2 sys", b"1 open 99999999999 ", b"\0" * 5000, b"GET / HTTP/1.1\r\n\r\n",
                      open_frame() + b"7 syslog 1 x\n", open_frame() * 2):
            for _ in range(10):
                stream = socket.create_connection(("127.0.0.1", self.port))
                stream.sendall(first)
                others.append(stream)
        sender = Rsyslog(self.scratch, "relp", self.port)
        helping = len(self.lines) // 60 + 1
        for position in range(60):  # a byte of each slow one, then a helping of the real one
            for stream in slow:
                stream.sendall(frame[position:position + 1])
            sender.feed(self.lines[position * helping:(position + 1) * helping])
            # rsyslog reads two connections side by side: lines of the next one must not come between.
            self.daemon.wait_received(min((position + 1) * helping, len(self.lines)), sender.process.output()[-1000:])
        self.daemon.wait_received(len(self.lines), sender.process.output()[-1000:])
        wait_until(lambda: self.counter("relp_broken_sessions_total") >= 50, "that broken sessions are counted")
        grown = self.memory() - before
        print(f"    memory grew by {grown >> 20} MiB", flush=True)
        self.assertLess(grown, 64 << 20)
        for stream in slow + others:
            reset(stream)
        wait_until(lambda: self.counter("input_connections") == 1, "the end of the others")
        self.finish(sender)

    def test_tls_that_never_finishes(self):
        certificates = make_certificates(self.scratch)
        self.start(certificates=certificates, handshake_timeout="3s", max_connections_per_address=500)
        hello = bytes.fromhex("16030100") + b"\xf8\x01\x00\x00\xf4\x03\x03" + os.urandom(60)  # a ClientHello, cut
        streams = []
        for number in range(200):
            stream = socket.create_connection(("127.0.0.1", self.port))
            stream.sendall(hello[:number % len(hello)])
            streams.append(stream)
        for number in range(50):
            stream = socket.create_connection(("127.0.0.1", self.port))
            stream.sendall(os.urandom(200))
            streams.append(stream)
        sender = self.send_for_real("relp-tls", certificates)
        wait_until(lambda: self.counter("input_connections") == 1, "the end of those that never finish")
        self.assertGreaterEqual(self.counter("tls_failures_total") + self.counter("input_handshake_timeouts_total"), 200)
        for stream in streams:
            stream.close()
        self.finish(sender)
