"""The web server under test: a mailtraced that serves the page, and somebody who asks it."""
import signal
import sys

from daemon import MAILTRACED, configuration, mailtrace
from harness import ROOT, Process, accepts, free_port

sys.path.append(str(ROOT / "tests" / "web"))
from service import PASSWORD, Client  # noqa: E402


def web_entry():
    """An entry of web: and its port."""
    port = free_port()
    return {"portal": {"listen": f"127.0.0.1:{port}"}}, port


def logged_in(config, port, name="chief", role="admin", *rights):
    """A new user, made on the command line, with a password of his own."""
    password = mailtrace(config, "user", "add", name, "--role", role, *rights).stdout.split()[-1]
    client = Client(port)
    answer = client.login(name, password)
    assert answer.status == 200, answer.body
    changed = client.post("/password", {"old": password, "new": PASSWORD})
    assert changed.status == 204, changed.body
    return client


class WebServer:
    """mailtraced without inputs."""

    def __init__(self, scratch, name, sink):
        entry, self.port = web_entry()
        self.config = configuration(scratch, name, [sink], web=[entry])
        self.process = Process(scratch, f"mailtraced-{name}", MAILTRACED, "--config", self.config)
        self.process.wait_ready(lambda: accepts(self.port), "its page")

    def stop(self):
        status = self.process.stop(signal.SIGTERM)
        assert status == 0, f"mailtraced ended with {status}:\n{self.process.output()[-4000:]}"
