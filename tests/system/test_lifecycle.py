"""What a service manager and an admin do to the daemon: notify socket, SIGHUP, second SIGTERM, a database that is
not there, mistakes at the start."""
import os
import signal
import socket
import ssl
import subprocess

from corpus import forwarded_lines
from daemon import MAILTRACED, Mailtraced, configuration, found, import_reference, listener, yaml
from databases import Sqlite
from harness import Case, Process, free_port, run, wait_until
from senders import CLIENT_NAME, Rsyslog, make_certificates, send_octet_counted


class Lifecycle(Case):
    def start(self, inputs, sink, name="receiver", env=None):
        daemon = Mailtraced.__new__(Mailtraced)
        daemon.scratch, daemon.config, daemon.name = self.scratch, configuration(self.scratch, name, [sink], inputs), name
        daemon.control = self.scratch.path / name / "control.sock"
        daemon.process = Process(self.scratch, f"mailtraced-{name}", MAILTRACED, "--config", daemon.config, env=env)
        daemon.process.wait_ready(lambda: daemon.status(quiet=True), "an answer of its control socket")
        return daemon

    def refused(self, tree, code=78):
        path = self.scratch.path / "refused.yaml"
        path.write_text(tree if isinstance(tree, str) else yaml(tree))
        ended = run(MAILTRACED, "--config", path, check=False)
        self.assertEqual(ended.returncode, code, ended.stderr)
        return ended.stderr

    def test_notifies_the_service_manager(self):
        path = str(self.scratch.path / "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(path)
            notify.settimeout(60)
            entry, _ = listener("tcp")
            daemon = self.start([entry], Sqlite(self.scratch).sink(), env={"NOTIFY_SOCKET": path})
            self.assertIn(b"READY=1", notify.recv(4096))
            self.assertEqual(0, daemon.status()["spool"]["backlog_lines"])
            self.assertIn(b"WATCHDOG=1", notify.recv(4096))
            daemon.process.child.send_signal(signal.SIGTERM)
            while b"STOPPING=1" not in notify.recv(4096):
                pass
            self.assertEqual(daemon.process.child.wait(60), 0)

    def test_hangup_opens_certificates_again(self):
        first = make_certificates(self.scratch, "localhost")
        entry, port = listener("tcp", first)
        daemon = self.start([entry], Sqlite(self.scratch).sink())

        def certificate():
            context = ssl.create_default_context(cafile=first / "ca.pem")
            context.load_cert_chain(first / f"client-{CLIENT_NAME}-cert.pem", first / f"client-{CLIENT_NAME}-key.pem")
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            with context.wrap_socket(socket.create_connection(("127.0.0.1", port))) as stream:
                return stream.getpeercert(binary_form=True)

        before = certificate()
        self.assertEqual(certificate(), before)
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=renewed.example",
            "-keyout", first / "server-key.pem", "-out", first / "server-cert.pem")
        self.assertEqual(certificate(), before)
        daemon.process.child.send_signal(signal.SIGHUP)
        wait_until(lambda: certificate() != before, "the new certificate")
        (first / "server-cert.pem").write_text("this is no certificate\n")
        renewed = certificate()
        daemon.process.child.send_signal(signal.SIGHUP)
        wait_until(lambda: "config.mistake" in daemon.process.output(), "a word about the broken certificate")
        self.assertEqual(certificate(), renewed)
        daemon.stop()

    def test_hangup_with_a_broken_configuration_keeps_the_old_one(self):
        entry, port = listener("tcp")
        database = Sqlite(self.scratch)
        daemon = self.start([entry], database.sink())
        good = daemon.config.read_text()
        daemon.config.write_text(good + "nonsense: true\n")
        daemon.process.child.send_signal(signal.SIGHUP)
        wait_until(lambda: "nonsense: no such option" in daemon.process.output(), "the mistake on stderr")
        lines = forwarded_lines(["simple"])
        send_octet_counted(port, lines)
        daemon.wait_received(len(lines))
        daemon.config.write_text(good + "log_level: error\n")
        daemon.process.child.send_signal(signal.SIGHUP)
        daemon.wait_stored()
        daemon.stop()
        self.assertNotIn("daemon.stop", daemon.process.output())  # an info line

    def test_hangup_says_what_needs_a_restart(self):
        entry, port = listener("tcp")
        daemon = self.start([entry], Sqlite(self.scratch).sink())
        other = {"tcp": {**entry["tcp"], "listen": f"127.0.0.1:{free_port()}", "max_connections": 7}}
        daemon.config = configuration(self.scratch, "receiver", [{"sqlite": {"file": "elsewhere.db"}}],
                                      [other, {"udp": {"listen": "127.0.0.1:0"}}], log_level="warning")
        daemon.process.child.send_signal(signal.SIGHUP)
        wait_until(lambda: "config.reload" in daemon.process.output(), "a word about the new configuration")
        said = next(line for line in daemon.process.output().splitlines() if "config.reload" in line)
        taken, waiting = said.split("needs_restart")
        for name in ("inputs.tcp.max_connections", "log_level"):
            self.assertIn(name, taken)
        for name in ("inputs.tcp.listen", "inputs.udp (new)", "sinks.sqlite.file"):
            self.assertIn(name, waiting)
        lines = forwarded_lines(["simple"])
        send_octet_counted(port, lines)  # the old port still listens
        daemon.wait_received(len(lines))
        daemon.stop()

    def test_hangups_under_load(self):
        """Good, broken and changed files in turn, while lines come: nothing is lost and nobody is thrown out."""
        entry, port = listener("relp")
        database = Sqlite(self.scratch)
        daemon = self.start([entry], database.sink())
        good = daemon.config.read_text()
        sender = Rsyslog(self.scratch, "relp", port)
        lines = forwarded_lines(["simple", "multi", "deferred", "bounces", "reject", "twohop"])
        step = len(lines) // 20
        for i in range(20):
            change = ("inputs: [\n", "nonsense: 1\n", "log_level: info\n", "peers: {a.example: [b]}\n")[i % 4]
            daemon.config.write_text(change if change.startswith("inputs") else good + change)
            fed = (i + 1) * step if i < 19 else len(lines)
            sender.feed(lines[i * step:fed])
            daemon.process.child.send_signal(signal.SIGHUP)
            wait_until(lambda: daemon.process.output().count("config.reload") > i, f"the answer to hangup {i + 1}")
            # rsyslog reads two connections side by side: lines of the next one must not come between.
            daemon.wait_received(fed, sender.process.output()[-1000:])
        output = daemon.process.output()
        self.assertEqual(10, output.count('result="refused'))
        self.assertGreaterEqual(output.count("config.mistake"), 10)
        daemon.wait_received(len(lines), sender.process.output()[-1000:])
        sender.stop()
        daemon.stop()
        self.assertNotIn("relp.broken", daemon.process.output())
        self.assert_equal_rows(import_reference(self.scratch, sender.sent).rows(), database.rows())

    def test_lines_are_taken_and_kept_without_a_database(self):
        entry, port = listener("tcp")
        away = {"postgresql": {"connection": f"host=127.0.0.1 port={free_port()} dbname=away user=nobody"}}
        daemon = self.start([entry], away)
        lines = forwarded_lines(["simple", "multi"])
        send_octet_counted(port, lines)
        daemon.wait_received(len(lines))
        self.assertNotEqual(daemon.status()["sinks"][0]["state"], "running")
        self.assertTrue(daemon.status()["sinks"][0]["last_error"])
        daemon.process.child.send_signal(signal.SIGTERM)
        wait_until(lambda: "daemon.stop" in daemon.process.output(), "its stop")
        daemon.process.child.send_signal(signal.SIGTERM)  # do not wait for the database
        self.assertEqual(daemon.process.child.wait(60), 0, daemon.process.output())

        database = Sqlite(self.scratch)
        again = self.start([entry], database.sink())  # the same state directory, another database
        again.wait_stored()
        again.stop()
        sent = self.scratch.path / "sent.log"
        sent.write_bytes(b"".join(line + b"\n" for line in lines))
        self.assert_equal_rows(import_reference(self.scratch, sent).rows(), database.rows())
        self.assertTrue(found(again.config, "--status", "sent"))

    def test_mistakes_at_the_start_are_sentences(self):
        text = self.refused({"state_directory": str(self.scratch.path / "a"), "inptus": [], "sinks": [{"sqlit": {}}],
                             "parsers": [{"postfix": {"nams": []}}]})
        for sentence in ('did you mean "inputs"?', 'did you mean "sqlite"?', 'did you mean "names"?'):
            self.assertIn(sentence, text)
        self.assertFalse((self.scratch.path / "a").exists())
        self.assertIn("refused.yaml", self.refused("inputs: [\n"))
        entry, port = listener("tcp")
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", port))
            taken.listen()
            text = self.refused({"state_directory": str(self.scratch.path / "b"), "inputs": [entry],
                                 "sinks": [{"sqlite": {}}], "parsers": ["postfix"]}, code=75)  # a later start may find it free
        self.assertIn(str(port), text)
        self.assertIn("address already in use", text)
        # An interface that is not up yet.
        text = self.refused({"state_directory": str(self.scratch.path / "c"), "inputs": [{"tcp": {"listen": "192.0.2.10:2514"}}],
                             "sinks": [{"sqlite": {}}], "parsers": ["postfix"]}, code=75)
        self.assertIn("192.0.2.10:2514", text)

    def test_a_state_directory_has_one_daemon(self):
        entry, _ = listener("tcp")
        daemon = self.start([entry], Sqlite(self.scratch).sink())
        second = subprocess.run([MAILTRACED, "--config", daemon.config], capture_output=True, text=True, check=False,
                                timeout=120, env=dict(os.environ))
        self.assertEqual(second.returncode, 78, second.stderr)
        self.assertIn("another process", second.stderr)
        daemon.stop()
