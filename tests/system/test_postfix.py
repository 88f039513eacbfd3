"""Mails through a real Postfix, its log through a real rsyslog by RELP into mailtraced: `mailtrace search` and
`mailtrace show` find each with its right end."""
import re

from daemon import Mailtraced, configuration, found, listener, mailtrace
from databases import Sqlite
from harness import Case, Scratch, wait_until
from mta import LocalRsyslog, Namespace, Postfix, SmtpSink

SENDER = "anna@client.example"


class PostfixLab:
    """Scenarios are sent once for all cases; the daemon is drained before they look."""

    def __init__(self, scratch, long_ids):
        entry, port = listener("relp")
        self.config = configuration(scratch, "receiver", [Sqlite(scratch).sink()], [entry])
        daemon = Mailtraced(scratch, self.config)
        namespace = Namespace(scratch)
        rsyslog = LocalRsyslog(scratch, namespace, port, "mx1")
        self.sink = SmtpSink(scratch)
        postfix = Postfix(scratch, namespace, self.sink.port, long_ids)
        self.refused = [postfix.send(SENDER, recipients, subject) for subject, recipients in (
            ("accepted", ["ok1@sink.example"]),
            ("two", ["ok2@sink.example", "ok3@sink.example"]),
            ("bounced", ["perm1@sink.example"]),
            ("mixed", ["ok4@sink.example", "perm2@sink.example"]),
            ("later", ["tmp1@sink.example"]),
            ("refused", ["ok@elsewhere.example"]))]
        postfix.wait_empty()
        postfix.stop()
        # The last line of all; RELP keeps the order, so everything before it has arrived too.
        wait_until(lambda: b"stopping the Postfix mail system" in rsyslog.sent.read_bytes(), "Postfix's last line")
        daemon.wait_received(rsyslog.sent_count())
        daemon.stop()

    def ends(self, *arguments):
        """[(recipient, status)] of the results, oldest delivery first; search puts mails in order, not the deliveries
        of one mail."""
        deliveries = [hit["deliver"] for hit in found(self.config, *arguments) if hit["deliver"]]
        return [(d["recipient"], d["status"]) for d in sorted(deliveries, key=lambda d: d["deliver_time"])]


class ShortQueueIds(Case):
    long_ids = False

    @classmethod
    def setUpClass(cls):
        shared = Scratch("postfix")
        cls.addClassCleanup(shared.close)
        cls.lab = PostfixLab(shared, cls.long_ids)

    def show(self, word):
        return mailtrace(self.lab.config, "show", word).stdout

    def shown_ends(self, recipient):
        """{recipient: status of the last attempt} as `show` details the mail. (Its verdict is another: the sink is on loopback,
        where filters are.)"""
        text = self.show(found(self.lab.config, "--to", recipient)[0]["connect"]["id"]).split("\nDetails\n")[1].split("\n(2) ")[0]
        ends, to = {}, None
        for line in text.split("\nLog lines\n")[0].splitlines():
            if named := re.match(r"    to (\S+@\S+)", line):
                to = named[1]
            elif tried := re.match(r"      \d\d:\d\d:\d\d  (\w+)", line):
                ends[to] = tried[1]
        return ends

    def test_accepted(self):
        self.assertEqual([("ok1@sink.example", "sent")], self.lab.ends("--to", "ok1@sink.example"))
        self.assertEqual([("ok1@sink.example", "sent")], self.lab.ends("--message-id", "<accepted@client.example>"))
        hit = found(self.lab.config, "--to", "ok1@sink.example")[0]
        self.assertEqual(SENDER, hit["connect"]["sender"])
        self.assertEqual("mx1", hit["connect"]["server"])
        self.assertEqual("2.0.0", hit["deliver"]["dsn"])
        text = self.show(hit["connect"]["queue_id"])
        self.assertIn("ok1@sink.example", text)
        self.assertIn("250 2.0.0 taken", text)
        self.assertEqual({"ok1@sink.example": "sent"}, self.shown_ends("ok1@sink.example"))
        self.assertIn("<accepted@client.example>", text)

    def test_two_recipients(self):
        self.assertEqual({("ok2@sink.example", "sent"), ("ok3@sink.example", "sent")},
                         set(self.lab.ends("--message-id", "<two@client.example>")))
        self.assertEqual({"ok2@sink.example": "sent", "ok3@sink.example": "sent"}, self.shown_ends("ok2@sink.example"))
        self.assertIn((SENDER, ["ok2@sink.example", "ok3@sink.example"]), self.lab.sink.received)

    def test_bounced(self):
        self.assertEqual([("perm1@sink.example", "bounced")], self.lab.ends("--to", "perm1@sink.example"))
        hit = found(self.lab.config, "--to", "perm1@sink.example", "--status", "bounced")[0]
        self.assertIn("no such user here", hit["deliver"]["response"])
        self.assertEqual(550, hit["deliver"]["smtp_code"])
        # The notice went back to the sender and knows what it is about.
        notices = [notice for notice in found(self.lab.config, "--from", "", "--to", SENDER)
                   if notice["connect"].get("origin_id") == hit["connect"]["id"]]
        self.assertEqual(["bounce"], [notice["connect"]["origin_kind"] for notice in notices])
        self.assertEqual("sent", notices[0]["deliver"]["status"])
        self.assertIn("no such user here", self.show(hit["connect"]["queue_id"]))
        self.assertEqual({"perm1@sink.example": "bounced"}, self.shown_ends("perm1@sink.example"))

    def test_one_sent_one_bounced(self):
        self.assertEqual({("ok4@sink.example", "sent"), ("perm2@sink.example", "bounced")},
                         set(self.lab.ends("--message-id", "<mixed@client.example>")))
        self.assertEqual({"ok4@sink.example": "sent", "perm2@sink.example": "bounced"}, self.shown_ends("ok4@sink.example"))

    def test_deferred_then_sent(self):
        ends = self.lab.ends("--to", "tmp1@sink.example")
        self.assertEqual(("tmp1@sink.example", "sent"), ends[-1])
        self.assertEqual({("tmp1@sink.example", "deferred")}, set(ends[:-1]))
        self.assertIn("come back later", self.show(found(self.lab.config, "--to", "tmp1@sink.example")[0]["connect"]["queue_id"]))
        self.assertEqual({"tmp1@sink.example": "sent"}, self.shown_ends("tmp1@sink.example"))

    def test_refused(self):
        self.assertEqual([("ok@elsewhere.example", "rejected")], self.lab.ends("--to", "ok@elsewhere.example"))
        hit = found(self.lab.config, "--to", "ok@elsewhere.example")[0]
        self.assertEqual((554, "5.7.1"), (hit["deliver"]["smtp_code"], hit["deliver"]["dsn"]))
        self.assertIn("Relay access denied", hit["deliver"]["response"])
        self.assertEqual({"ok@elsewhere.example": "rejected"}, self.shown_ends("ok@elsewhere.example"))
        self.assertEqual(554, self.lab.refused[-1]["ok@elsewhere.example"][0])

    def test_nothing_else_was_delivered(self):
        sent = sorted(recipient for recipient, status in self.lab.ends("--status", "sent", "--limit", "100"))
        really = sorted(recipient for _, recipients in self.lab.sink.received for recipient in recipients)
        self.assertEqual(really, sent)


class LongQueueIds(ShortQueueIds):
    long_ids = True
