"""A real Postfix of its own: own folders and ports, own /dev/log in a mount namespace, and the SMTP server it
delivers to, which does what the recipient's name says."""
import pathlib
import smtplib
import socketserver
import threading

from harness import Process, free_port, run, wait_until
from senders import Rsyslog


class SmtpSink:
    """Answers RCPT by the local part: perm… 550, tmp… 451 at the first try of each address, else 250."""

    def __init__(self, scratch):
        self.received = []  # (sender, recipients)
        self.tried = set()
        sink = self

        class Session(socketserver.StreamRequestHandler):
            def handle(self):
                try:
                    sink.converse(self)
                except OSError:
                    pass

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session, bind_and_activate=False)
        self.server.daemon_threads = self.server.allow_reuse_address = True
        self.server.server_bind()
        self.server.server_activate()
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        scratch.on_close(lambda: (self.server.shutdown(), self.server.server_close()))

    def answer_to(self, recipient):
        local = recipient.split("@")[0]
        if local.startswith("perm"):
            return f"550 5.1.1 <{recipient}>: no such user here"
        if local.startswith("tmp") and recipient not in self.tried:
            self.tried.add(recipient)
            return "451 4.3.0 come back later"
        return "250 2.1.5 ok"

    def converse(self, session):
        def say(text):
            session.wfile.write(text.encode() + b"\r\n")
        sender, recipients = "", []
        say("220 sink.example ESMTP")
        for raw in session.rfile:
            line = raw.decode(errors="replace").strip()
            word = line[:4].upper()
            if word == "EHLO":
                say("250-sink.example\r\n250 ENHANCEDSTATUSCODES")
            elif word == "MAIL":
                sender, recipients = line.split("<")[1].split(">")[0], []
                say("250 2.1.0 ok")
            elif word == "RCPT":
                recipient = line.split("<")[1].split(">")[0]
                answer = self.answer_to(recipient)
                if answer.startswith("250"):
                    recipients.append(recipient)
                say(answer)
            elif word == "DATA":
                say("354 go on" if recipients else "554 5.5.1 no valid recipients")
                if recipients:
                    for data in session.rfile:
                        if data == b".\r\n":
                            break
                    self.received.append((sender, recipients))
                    say("250 2.0.0 taken")
            elif word == "QUIT":
                say("221 2.0.0 bye")
                return
            else:
                say("250 2.0.0 ok")


# /dev with what programs need and room for a socket "log" of our own; the rest of the machine sees nothing of it.
PRIVATE_DEV = """
set -e
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$1"
for node in null zero full random urandom tty; do : > "$1/$node"; mount --bind "/dev/$node" "$1/$node"; done
ln -s /proc/self/fd "$1/fd"
mkdir "$1/shm"; chmod 1777 "$1/shm"
mount --rbind "$1" /dev
: > "$2"
exec sleep infinity
"""


class Namespace:
    def __init__(self, scratch):
        ready = scratch.path / "namespace.ready"
        self.process = Process(scratch, "namespace", "unshare", "--mount", "sh", "-c", PRIVATE_DEV, "sh",
                               scratch.folder("dev"), ready)
        self.process.wait_ready(ready.exists)

    def inside(self, *command):
        return ["nsenter", f"--target={self.process.child.pid}", "--mount", "--root", "--", *command]


class LocalRsyslog(Rsyslog):
    """The rsyslog of a mail server: takes /dev/log of the namespace, as Debian's does."""

    def __init__(self, scratch, namespace, port, host):
        self.namespace = namespace
        super().__init__(scratch, "relp", port, extra=f'''
global(localHostname="{host}")
module(load="imuxsock")
''')

    def start(self):
        self.process = Process(self.scratch, self.name, *self.namespace.inside(
            "rsyslogd", "-n", "-i", self.folder / "pid", "-f", self.config, "-C"))
        self.process.wait_ready(
            lambda: run(*self.namespace.inside("test", "-S", "/dev/log"), check=False).returncode == 0)


class Postfix:
    def __init__(self, scratch, namespace, relay_port, long_ids=False):
        self.namespace, self.port = namespace, free_port()
        self.config = scratch.folder("postfix")
        queue, data = scratch.folder("postfix-queue"), scratch.folder("postfix-data", "postfix")
        settings = {
            "compatibility_level": "3.6", "queue_directory": queue, "data_directory": data,
            "command_directory": "/usr/sbin", "daemon_directory": "/usr/lib/postfix/sbin", "mail_owner": "postfix",
            "setgid_group": "postdrop", "myhostname": "mx1.example.org", "mydestination": "", "alias_maps": "",
            "local_recipient_maps": "", "inet_interfaces": "127.0.0.1", "inet_protocols": "ipv4", "mynetworks": "192.0.2.1/32",
            "relay_domains": "sink.example", "relayhost": f"[127.0.0.1]:{relay_port}", "smtpd_recipient_restrictions": "",
            "smtpd_relay_restrictions": "reject_unauth_destination", "enable_long_queue_ids": "yes" if long_ids else "no",
            "queue_run_delay": "1s", "minimal_backoff_time": "1s", "maximal_backoff_time": "2s",
            "notify_classes": "", "biff": "no", "disable_dns_lookups": "yes", "smtpd_peername_lookup": "no",
        }
        (self.config / "main.cf").write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
        services = pathlib.Path("/usr/share/postfix/master.cf.dist").read_text()
        wanted = {"pickup", "cleanup", "qmgr", "tlsmgr", "rewrite", "bounce", "defer", "trace", "verify", "flush",
                  "proxymap", "proxywrite", "smtp", "relay", "showq", "error", "retry", "discard", "local", "virtual", "anvil",
                  "scache", "postlog"}
        lines = [f"127.0.0.1:{self.port} inet n - n - - smtpd\n"]
        for line in services.splitlines():
            fields = line.split()
            if len(fields) >= 8 and fields[0] in wanted and fields[1] != "inet":
                fields[4] = "n"  # not in a chroot: /dev/log is not there
                lines.append(" ".join(fields) + "\n")
        (self.config / "master.cf").write_text("".join(lines))
        self.process = Process(scratch, "postfix", *namespace.inside("postfix", "-c", self.config, "start-fg"))
        self.process.wait_ready(self.greets)

        scratch.on_close(self.stop)

    def stop(self):
        """As the admin does it: master runs below the script that is our child."""
        if self.process.running():
            run(*self.namespace.inside("postfix", "-c", self.config, "stop"))
            wait_until(lambda: not self.process.running(), "Postfix to end")

    def greets(self):
        try:
            with smtplib.SMTP("127.0.0.1", self.port, timeout=5) as client:
                return client.noop()[0] == 250
        except OSError:
            return False

    def send(self, sender, recipients, subject="test", message_id=None):
        """Returns {recipient: (code, text)} of those that were refused."""
        text = f"From: <{sender}>\r\nSubject: {subject}\r\nMessage-ID: {message_id or '<' + subject + '@client.example>'}\r\n\r\nhello\r\n"
        with smtplib.SMTP("127.0.0.1", self.port, local_hostname="client.example", timeout=60) as client:
            try:
                return client.sendmail(sender, recipients, text)
            except smtplib.SMTPRecipientsRefused as refused:
                return refused.recipients

    def wait_empty(self):
        """Until no mail is in the queue any more."""
        wait_until(lambda: not run(*self.namespace.inside("postqueue", "-c", self.config, "-j")).stdout.strip(),
                   "an empty mail queue")
