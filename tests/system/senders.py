"""Real senders: rsyslogd with a file of conf/rsyslog as shipped, and what it is fed with."""
import re
import socket

from harness import ROOT, Process, accepts, free_port, run

TRANSPORTS = {  # file of conf/rsyslog: kind of listener, framing, TLS
    "relp-tls": ("relp", "relp", True),
    "relp": ("relp", "relp", False),
    "tcp-tls": ("tcp", "octet", True),
    "tcp-tls-lf": ("tcp", "lf", True),
    "tcp": ("tcp", "octet", False),
    "tcp-lf": ("tcp", "lf", False),
    "udp": ("udp", "datagram", False),
}
SERVER_NAME = "mailtrace.example.org"
CLIENT_NAME = "mx1.example.org"


def make_certificates(scratch, server=SERVER_NAME):
    folder = scratch.path / "certificates"
    run(ROOT / "conf" / "rsyslog" / "make-certificates", folder, server, CLIENT_NAME)
    return folder


class Rsyslog:
    """rsyslogd with conf/rsyslog/<transport>.conf; only target, port and folders are replaced. Takes lines in RFC
    3164 or 5424 form on `input_port` (TCP, LF). With `keep_sent`, the file `sent` gets each frame as it was sent.
    `action`: what stands in place of the shipped file."""

    def __init__(self, scratch, transport, port, certificates=None, name="rsyslog", keep_sent=True, extra="", action=None):
        self.folder = scratch.folder(name)
        self.sent = self.folder / "sent.log"
        self.input_port = free_port()
        self.config = self.folder / "rsyslog.conf"
        self.scratch, self.name = scratch, name
        shipped = (ROOT / "conf" / "rsyslog" / f"{transport}.conf").read_text() if not action else ""
        shipped = re.sub(r'target="[^"]+" port="\d+"', f'target="127.0.0.1" port="{port}"', shipped)
        shipped = shipped.replace("/var/spool/rsyslog", str(scratch.folder(f"{name}/spool")))
        # A test need not wait five seconds for each new try.
        shipped = shipped.replace('action.resumeInterval="5"', 'action.resumeInterval="1"')
        if certificates:
            shipped = shipped.replace("/etc/rsyslog.d/mailtrace/ca.pem", str(certificates / "ca.pem"))
            shipped = shipped.replace("/etc/rsyslog.d/mailtrace/client-", str(certificates / f"client-{CLIENT_NAME}-"))
        keep = f'''
template(name="Kept" type="string"
  string="<%PRI%>1 %TIMESTAMP:::date-rfc3339% %HOSTNAME% %APP-NAME% %PROCID% %MSGID% %$!mailtrace% %msg:::drop-last-lf%\\n")
if ($syslogfacility-text == "mail") then {{ action(type="omfile" file="{self.sent}" template="Kept") }}
''' if keep_sent else ""
        self.config.write_text(f'''global(workDirectory="{self.folder}" maxMessageSize="64k")
module(load="imptcp")
input(type="imptcp" address="127.0.0.1" port="{self.input_port}")
{extra}
{action or shipped}{keep}''')
        self.start()

    def start(self):
        self.process = Process(self.scratch, self.name, "rsyslogd", "-n", "-i", self.folder / "pid", "-f", self.config,
                               "-C")
        self.process.wait_ready(lambda: accepts(self.input_port))

    def stop(self, *how):
        return self.process.stop(*how)

    def feed(self, lines):
        """`lines`: bytes without line end, complete syslog messages."""
        with socket.create_connection(("127.0.0.1", self.input_port)) as stream:
            stream.sendall(b"".join(line + b"\n" for line in lines))

    def sent_count(self):
        return self.sent.read_bytes().count(b"\n") if self.sent.exists() else 0


class SyslogNg:
    """syslog-ng, unpacked by fetch-syslog-ng, with conf/syslog-ng/mailtrace.conf; target, port and folders are
    replaced. Takes lines in RFC 5424 form on `input_port` (TCP, LF). `destination`: a driver in place of the file."""
    home = ROOT / "build" / "syslog-ng"
    here = (home / "usr" / "sbin" / "syslog-ng").exists()

    def __init__(self, scratch, port=None, certificates=None, destination=None):
        folder = scratch.folder("syslog-ng")
        self.input_port = free_port()
        shipped = self.shipped(scratch, port, certificates) if not destination else \
            f"destination d_plain {{ {destination} }};\nlog {{ source(s_src); destination(d_plain); }};\n"
        config = folder / "syslog-ng.conf"
        config.write_text(f'''@version: 3.38
options {{ keep-hostname(yes); time-reopen(1); }};
source s_src {{ network(ip("127.0.0.1") port({self.input_port}) transport("tcp") flags(syslog-protocol)); }};
{shipped}''')
        library = self.home / "usr" / "lib" / "syslog-ng"
        # Those the machine does not have lie beside it.
        libraries = [library, *self.home.glob("lib/*-linux-*"), *self.home.glob("usr/lib/*-linux-*")]
        arguments = ["--foreground", "--stderr", "--no-caps", f"--cfgfile={config}", f"--module-path={library}/3.38",
                     f"--persist-file={folder}/persist", f"--pidfile={folder}/pid", f"--control={folder}/control"]
        self.process = Process(scratch, "syslog-ng", self.home / "usr" / "sbin" / "syslog-ng", *arguments,
                               env={"LD_LIBRARY_PATH": ":".join(map(str, libraries))})
        self.process.wait_ready(lambda: accepts(self.input_port))

    @staticmethod
    def shipped(scratch, port, certificates):
        text = (ROOT / "conf" / "syslog-ng" / "mailtrace.conf").read_text()
        text = text.replace('syslog("mailtrace.example.org" port(6514)', f'syslog("localhost" ip-protocol(4) port({port})')
        text = text.replace("/etc/syslog-ng/mailtrace/ca.pem", str(certificates / "ca.pem"))
        text = text.replace("/etc/syslog-ng/mailtrace/client-", str(certificates / f"client-{CLIENT_NAME}-"))
        return text.replace("/var/lib/syslog-ng", str(scratch.folder("syslog-ng/buffer")))

    feed = Rsyslog.feed


def send_octet_counted(port, lines):
    """Complete syslog messages over TCP as RFC 6587 3.4.1 frames them."""
    with socket.create_connection(("127.0.0.1", port)) as stream:
        stream.sendall(b"".join(b"%d %s" % (len(line), line) for line in lines))


def send_relp(port, lines):
    """Complete syslog messages over RELP; returns when each was acknowledged."""
    with socket.create_connection(("127.0.0.1", port), 60) as stream:
        answers = stream.makefile("rb")
        frames = [(b"open", b"relp_version=0\nrelp_software=test\ncommands=syslog"), *((b"syslog", line) for line in lines)]
        for number, (command, data) in enumerate(frames, 1):
            stream.sendall(b"%d %s %d %s\n" % (number, command, len(data), data))
            while not (answer := answers.readline()).startswith(b"%d rsp " % number):
                assert answer, f"closed before frame {number} was acknowledged"
            assert answer.split(b" ", 3)[3].startswith(b"200"), answer
