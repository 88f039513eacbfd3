"""What conf/ ships: every configuration passes --check, and what senders are told to connect to is offered."""
import re
import unittest

import tool

CONF = tool.SOURCE / "conf"


def everything_on(text):
    """The configuration with what it offers in comments switched on."""
    return re.sub(r"^( *)# ?(?=- (relp|tcp|udp)\b| {4}\w+:)", r"\1", text, flags=re.M)


class Shipped(unittest.TestCase):
    def setUp(self):
        self.home = tool.Home()

    def tearDown(self):
        self.home.remove()

    def check(self, text):
        secret = self.home.path / "secret"
        secret.write_text("secret\n")
        text = re.sub(r"file:/etc/mailtrace/\w+\.password", f"file:{secret}", text)
        self.home.config.write_text(text.replace("@STATE@", str(self.home.path)))
        done = self.home.run("check")
        return done.returncode, done.err

    def test_every_configuration_passes(self):
        files = [*CONF.glob("*.yaml"), *CONF.glob("examples/*.yaml")]
        self.assertGreaterEqual(len(files), 4)
        for file in files:
            with self.subTest(file.name):
                self.assertEqual(self.check(file.read_text()), (0, ""))

    def test_what_is_commented_out_is_understood(self):
        text = everything_on((CONF / "mailtrace.yaml").read_text())
        self.assertIn("\n  - tcp/tls:\n      listen:", text)
        code, mistakes = self.check(text)
        for line in mistakes.splitlines():  # the certificates do not exist here
            self.assertIn("/etc/mailtrace/tls/", line)

    def test_every_port_of_a_sender_is_offered(self):
        offered = set()
        for name, port in re.findall(r"- (\w+)(?:/tls)?:\s+listen: \S*?:(\d+)",
                                     everything_on((CONF / "mailtrace.yaml").read_text())):
            offered.add((name, port))
        wanted = set()
        for file in CONF.glob("rsyslog/*.conf"):
            text = re.sub(r"^\s*#.*", "", file.read_text(), flags=re.M)
            port = re.search(r'port="(\d+)"', text)[1]
            protocol = re.search(r'protocol="(\w+)"', text)
            wanted.add((protocol[1] if protocol else "relp", port))
        self.assertGreaterEqual(len(wanted), 4)
        self.assertEqual(wanted - offered, set())
        self.assertIn("port(6514)", (CONF / "syslog-ng/mailtrace.conf").read_text())


if __name__ == "__main__":
    unittest.main()
