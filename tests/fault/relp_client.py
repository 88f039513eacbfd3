"""A RELP client that knows to the line what was acknowledged, and sends the rest again on a new connection."""
import socket

WINDOW = 40


class RelpClient:
    def __init__(self, port, lines):
        self.port, self.lines = port, lines
        self.acknowledged = 0  # RELP answers in order: so many lines from the first

    def send(self, until, between=lambda: None):
        """Up to line `until`, a window at a time, `between` after each. False: the connection broke."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=60) as stream:
                answers = stream.makefile("rb")
                stream.sendall(self.frame(1, b"open", b"relp_version=0\nrelp_software=test\ncommands=syslog"))
                self.read_answer(answers, 1)
                number = 2
                while self.acknowledged < until:
                    part = self.lines[self.acknowledged:min(until, self.acknowledged + WINDOW)]
                    stream.sendall(b"".join(self.frame(number + i, b"syslog", line) for i, line in enumerate(part)))
                    for i in range(len(part)):
                        self.read_answer(answers, number + i)
                        self.acknowledged += 1
                    number += len(part)
                    between()
            return True
        except (OSError, EOFError):
            return False

    @staticmethod
    def frame(number, command, data):
        return b"%d %s %d %s\n" % (number, command, len(data), data)

    @staticmethod
    def read_answer(answers, number):
        head = b""
        while head.count(b" ") < 3:
            byte = answers.read(1)
            if not byte:
                raise EOFError
            head += byte
        got, command, size, _ = head.split(b" ")
        data = answers.read(int(size) + 1)
        if len(data) != int(size) + 1:
            raise EOFError
        if int(got) != number or command != b"rsp" or not data.startswith(b"200"):
            raise AssertionError(f"answer {number}: {head + data!r}")
