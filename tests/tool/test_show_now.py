"""mailtrace show of mails that are under way now: others with the same answer; and the link to the page."""
import datetime
import unittest

import tool

PAGE = 'web: [{portal: {public_address: "https://mailtrace.example.org/"}}]\n'
ADDRESS = "mx.full.example[192.0.2.9]"
FULL = f"status=deferred (host {ADDRESS} said: 452 4.2.2 mailbox full (in reply to RCPT TO command))"


def mail(number, end):
    queue_id = f"A1B2C3D4E{number}"
    start = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=10 - number)
    return [f"{start.isoformat(timespec='microseconds')} mx1 postfix/{program}[{100 + number}]: {queue_id}: {text}" for program, text in (
        ("smtpd", "client=pc.alpha.example[192.0.2.77]"),
        ("cleanup", f"message-id=<{number}@alpha.example>"),
        ("qmgr", f"from=<user{number}@alpha.example>, size=1000, nrcpt=1 (queue active)"),
        ("smtp", f"to=<full@full.example>, relay={ADDRESS}:25, delay=1, delays=0.1/0/0.5/0.4, {end}"))]


class Now(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = tool.Home(PAGE)
        cls.file = cls.home.path / "mail.log"
        lines = [line for number in (1, 2, 3) for line in mail(number, f"dsn=4.2.2, {FULL}")]
        lines += mail(4, "dsn=2.0.0, status=sent (250 2.0.0 Ok)")
        cls.file.write_text("\n".join(lines) + "\n")
        done = cls.home.run("import", cls.file)
        assert done.returncode == 0, done.err

    @classmethod
    def tearDownClass(cls):
        cls.home.remove()

    def test_others_with_the_same_answer(self):
        same = "You are not alone: The same answer from mx.full.example for 2 other deliveries of 2 senders since "
        self.assertIn(same, self.home.run("show", "A1B2C3D4E1", "--verdict").out)
        self.assertIn("Sie sind nicht allein: Dieselbe Antwort von mx.full.example für 2 andere Zustellungen von 2 Absendern seit ",
                      self.home.run("show", "A1B2C3D4E1", LANG="de_DE.UTF-8").out)
        self.assertEqual(2, self.home.json("show", "A1B2C3D4E1")[0]["verdicts"][0]["alike"]["others"])
        self.assertNotIn("alone", self.home.run("show", "A1B2C3D4E4").out)
        self.assertNotIn("alike", self.home.json("show", "A1B2C3D4E4")[0]["verdicts"][0])

    def test_the_link_of_a_ticket(self):
        ticket = ["show", "A1B2C3D4E1", "--ticket"]
        mail = self.home.json("search", "--queue-id", "A1B2C3D4E1")[0]["connect"]["id"]
        self.assertRegex(self.home.run(*ticket).out, rf"Link: +https://mailtrace\.example\.org/#/mail/{mail}\n$")
        configured = self.home.config.read_text()
        for instead in ("", "web: [portal]\n"):
            self.home.config.write_text(configured.replace(PAGE, instead))
            done = self.home.run(*ticket)
            self.assertEqual((0, ""), (done.returncode, done.err))
            self.assertNotIn("Link", done.out)
        for wrong in ("mailtrace.example.org", "https://", "https://a b", "https://mailtrace.example.org/#/mail"):
            self.home.config.write_text(configured.replace("https://mailtrace.example.org/", wrong))
            done = self.home.run("check")
            self.assertEqual(78, done.returncode)
            self.assertIn("public_address: expected an address such as https://mailtrace.example.org, found ", done.err)
        self.home.config.write_text(configured)


if __name__ == "__main__":
    unittest.main()
