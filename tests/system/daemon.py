"""mailtraced and mailtrace under test: configuration, life, status, import."""
import json
import signal
import socket

from harness import BUILD, NET, Process, free_port, run, wait_until

MAILTRACED = BUILD / "bin" / "mailtraced"
MAILTRACE = BUILD / "bin" / "mailtrace"


def yaml(tree):
    """The top level as YAML, what lies below as JSON, which YAML reads."""
    return "".join(f"{key}: {json.dumps(part)}\n" for key, part in tree.items())


def configuration(scratch, name, sinks, inputs=(), caches=(), **core):
    """Writes NAME.yaml; returns its path. The state directory is NAME."""
    state = scratch.folder(name, mode=0o700)
    tree = {"name": name, "state_directory": str(state), "spool": {"max_size": "1 GiB", "min_free": "0"}, **core,
            "inputs": list(inputs), "parsers": [{"postfix": {}}], "sinks": list(sinks), "caches": list(caches)}
    path = scratch.path / f"{name}.yaml"
    path.write_text(yaml({key: value for key, value in tree.items() if value not in ([], ())}))
    return path


def listener(kind, tls=None, **options):
    """An entry of inputs: and its port. `tls`: the folder of make_certificates."""
    port = free_port()
    options = {"listen": f"127.0.0.1:{port}", **options}
    if tls:
        options |= {"tls_certificate": str(tls / "server-cert.pem"), "tls_key": str(tls / "server-key.pem"),
                    "tls_ca": str(tls / "ca.pem")}
    return {kind: options}, port


class Mailtraced:
    """The daemon; `config` is what configuration() returned."""

    def __init__(self, scratch, config, env=None):
        self.env = env
        self.scratch, self.config = scratch, config
        self.name = config.stem
        self.control = scratch.path / self.name / "control.sock"
        self.start()

    def start(self):
        self.process = Process(self.scratch, f"mailtraced-{self.name}", MAILTRACED, "--config", self.config, env=self.env)
        self.process.wait_ready(lambda: self.status(quiet=True), "an answer of its control socket")

    def status(self, quiet=False):
        try:
            with socket.socket(socket.AF_UNIX) as stream:
                stream.settimeout(30)
                stream.connect(str(self.control))
                stream.sendall(b"status\n")
                return json.loads(stream.makefile("rb").readline())
        except (OSError, ValueError):
            if quiet:
                return None
            raise

    def received(self):
        return self.status()["spool"]["next"] - 1

    def wait_received(self, count, hint=""):
        wait_until(lambda: self.received() >= count,
                   lambda: f"{count} lines, has {self.received()} {hint}\n{self.process.output()[-2000:]}")

    def wait_stored(self, seconds=NET):
        """Until everything received so far is in every database."""
        def stored():
            status = self.status()
            following = status["spool"]["next"]
            return following == 1 or all(sink["committed"] >= following for sink in status["sinks"])
        wait_until(stored, lambda: f"an empty backlog: {self.status()}", seconds)

    def stop(self):
        """SIGTERM: drains and ends with 0."""
        status = self.process.stop(signal.SIGTERM)
        assert status == 0, f"mailtraced ended with {status}:\n{self.process.output()[-4000:]}"

    def kill(self):
        self.process.stop(signal.SIGKILL)


def mailtrace(config, *arguments, **options):
    return run(MAILTRACE, "--config", config, *arguments, **options)


def found(config, *arguments):
    """The result objects of `mailtrace search --json`, one a line."""
    return [json.loads(line) for line in mailtrace(config, "search", "--json", *arguments).stdout.splitlines()]


def import_reference(scratch, file, name="reference"):
    """What `mailtrace import` makes of the file in a fresh SQLite: the Sqlite it is in."""
    from databases import Sqlite
    database = Sqlite(scratch, name)
    config = configuration(scratch, name, [database.sink()])
    mailtrace(config, "import", file)
    return database
