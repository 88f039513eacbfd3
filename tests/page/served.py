"""A mailtraced that serves the page over a database of the sample, and its users."""
import datetime
import os
import re

import provider
from daemon import MAILTRACED, configuration, mailtrace
from harness import ROOT, Process, accepts, free_port

# Those of an installed program lie beside it.
EXPLANATIONS = os.environ.get("MAILTRACE_EXPLANATIONS", str(ROOT / "conf" / "explanations"))
PASSWORD = "a good long passphrase"


# Whenever the tests run, the sample has the mails of the days before a Wednesday afternoon.
WEDNESDAY = datetime.datetime(2026, 11, 25, 14, tzinfo=datetime.timezone.utc)


class Served:
    """`log`: the lines; default: the sample of two days that end now."""

    def __init__(self, scratch, log=None, name="page", scale=0.6, days=2.0):
        self.scratch = scratch
        self.end = datetime.datetime.now(datetime.timezone.utc)
        self.lines = log if log is not None else provider.sample(days, self.end, scale=scale, like=WEDNESDAY)
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}/"
        self.config = configuration(scratch, name, [{"sqlite": {"file": str(scratch.path / f"{name}.db")}}],
                                    web=[{"portal": self.portal()}])
        text = self.config.read_text()
        parsers = 'parsers: ["postfix", "dovecot", "amavis"]'
        self.config.write_text(re.sub(r"^parsers: .*$", parsers, text, flags=re.M))
        self.feed(self.lines)
        self.one_time, self.passwords = {}, {}
        self.add_user("helga", "admin")
        self.start()

    def portal(self):
        options = {"listen": f"127.0.0.1:{self.port}", "requests_per_second": 1000}
        if "MAILTRACE_PAGE" in os.environ:  # another build of the page, to work on it alone
            options["page_directory"] = os.environ["MAILTRACE_PAGE"]
        return options

    def start(self):
        self.process = Process(self.scratch, "mailtraced-page", MAILTRACED, "--config", self.config,
                               env={"MAILTRACE_EXPLANATIONS": EXPLANATIONS})
        self.process.wait_ready(lambda: accepts(self.port), "the page's port")

    def feed(self, lines):
        file = self.scratch.path / "mail.log"
        file.write_text("\n".join(lines) + "\n")
        mailtrace(self.config, "import", file)

    def add_user(self, name, role, *options):
        text = mailtrace(self.config, "user", "add", name, "--role", role, *options).stdout
        self.one_time[name] = re.search(r"password: (\S+)", text).group(1)

