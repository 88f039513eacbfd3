"""Receivers of syslog that are not ours: each keeps the frames it got. They show what the shipped rsyslog files
really send, byte for byte."""
import os
import re
import socket
import ssl
import threading


class Receiver:
    """Listens on a free loopback port in threads of its own; `frames` grows."""

    def __init__(self, scratch, framing, certificates=None, names=None):
        self.framing = framing  # relp, octet, lf, datagram
        self.frames = []
        self.names = []  # of the client certificates
        self.context = None
        if certificates:
            self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=certificates / "ca.pem")
            self.context.load_cert_chain(certificates / "server-cert.pem", certificates / "server-key.pem")
            self.context.verify_mode = ssl.CERT_REQUIRED
        kind = socket.SOCK_DGRAM if framing == "datagram" else socket.SOCK_STREAM
        self.socket = socket.socket(socket.AF_INET, kind)
        if framing == "datagram":
            # Room for all that a test sends while this thread does not get the processor.
            so_rcvbufforce = 33  # asm-generic/socket.h; root may exceed net.core.rmem_max
            self.socket.setsockopt(socket.SOL_SOCKET, so_rcvbufforce if os.geteuid() == 0 else socket.SO_RCVBUF, 8 << 20)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        if framing != "datagram":
            self.socket.listen()
        threading.Thread(target=self.datagrams if framing == "datagram" else self.accept, daemon=True).start()
        scratch.on_close(self.socket.close)

    def datagrams(self):
        while True:
            try:
                self.frames.append(self.socket.recv(65536))
            except OSError:
                return

    def accept(self):
        while True:
            try:
                peer = self.socket.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        try:
            if self.context:
                peer = self.context.wrap_socket(peer, server_side=True)
                self.names.append(dict(x[0] for x in peer.getpeercert()["subject"])["commonName"])
            stream = peer.makefile("rwb")
            {"relp": self.relp, "octet": self.octet, "lf": self.lines}[self.framing](stream)
        except (OSError, ValueError):
            pass

    def relp(self, stream):
        # https://github.com/rsyslog/librelp/blob/master/doc/relp.html: TXNR SP COMMAND SP DATALEN [SP DATA] LF
        while True:
            head = b""
            while head.count(b" ") < 3 and not head.endswith(b"\n"):
                byte = stream.read(1)
                if not byte:
                    return
                head += byte
            transaction, command, size = head.split()[:3]
            data = stream.read(int(size))
            if int(size):
                stream.read(1)
            if command == b"open":
                answer = b"200 OK\nrelp_version=0\nrelp_software=test\ncommands=syslog"
            elif command == b"close":
                answer = b""
            else:
                self.frames.append(data)
                answer = b"200 OK"
            stream.write(b"%s rsp %d%s\n" % (transaction, len(answer), b" " + answer if answer else b""))
            stream.flush()

    def octet(self, stream):
        while True:
            digits = b""
            while not digits.endswith(b" "):
                byte = stream.read(1)
                if not byte or not re.fullmatch(rb"[0-9 ]", byte):
                    return
                digits += byte
            self.frames.append(stream.read(int(digits)))

    def lines(self, stream):
        for line in stream:
            self.frames.append(line)
