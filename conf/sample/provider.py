#!/usr/bin/python3
"""The mail log of a small provider: some days that end now, thousands of mails, everything the helpdesk is asked about.

    provider.py [--days 3] [--end 2026-11-24T12:00:00Z] [--seed 1] [--scale 1.0] >mail.log

The same arguments give the same log; conf/quickstart feeds it, the tests of the page use it. All names are RFC 2606 names, all addresses RFC 5737 addresses.
"""
import argparse
import datetime
import random
import sys

OURS = "example.org"
PEOPLE = ["anna.berger", "boris.klein", "carla.weiss", "david.lang", "elena.roth", "felix.kurz", "greta.stern", "hanna.wolf",
          "ivan.graf", "julia.vogt", "karl.brandt", "lena.huber", "mara.jung", "nils.otto", "olga.frank", "paul.seidel"]
STRANGERS = [("newsletter@shop.example", "mail.shop.example", "198.51.100.20"),
             ("m.fischer@firma.example", "mx.firma.example", "198.51.100.31"),
             ("lisa@freunde.example", "smtp.freunde.example", "198.51.100.42"),
             ("office@kanzlei.example", "mail.kanzlei.example", "198.51.100.53"),
             ("noreply@bahn.example", "out3.bahn.example", "198.51.100.64"),
             ("rechnung@strom.example", "mailer.strom.example", "198.51.100.75"),
             ("tom@school.example.com", "mail.school.example.com", "203.0.113.12"),
             ("support@cloud.example.net", "a7.cloud.example.net", "203.0.113.77")]
REMOTE = {"firma.example": ("mx.firma.example", "198.51.100.30"), "freunde.example": ("mx1.freunde.example", "198.51.100.40"),
          "kanzlei.example": ("mx.kanzlei.example", "198.51.100.50"), "school.example.com": ("mx.school.example.com", "203.0.113.10"),
          "big.example.net": ("mx2.big.example.net", "203.0.113.90")}
FOLDERS = ["INBOX"] * 8 + ["Lists", "Invoices", "Junk"]
TRACE = 412  # octets of the Received field that a hop puts in front
LONG_ID = "BCDFGHJKLMNPQRSTVWXYZ"


class Log:
    def __init__(self, seed, end, days):
        self.random = random.Random(seed)
        self.end = end
        self.start = end - datetime.timedelta(days=days)
        self.lines = []
        self.serial = 0

    def write(self, time, host, program, text):
        stamp = time.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")
        self.lines.append((time, f"{stamp} {host} {program}: {text}"))

    def queue_id(self):
        self.serial += 1
        return f"{self.random.randrange(16 ** 5):05X}{self.serial:06X}"

    def word(self, length=22):
        return "".join(self.random.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") for _ in range(length))

    def message_id(self, domain):
        return f"{self.word(12).lower()}.{self.random.randrange(10 ** 6)}@{domain}"


def seconds(value):
    return datetime.timedelta(seconds=value)


class Provider:
    """mx1 and mx2 take mail from outside, out1 from customers; Dovecot keeps it."""

    def __init__(self, log):
        self.log = log
        self.random = log.random

    def pid(self, base):
        return base + self.random.randrange(90)

    def open(self, host, time, sender, client, message_id, recipients, queue=None, login=None, size=None):
        queue = queue or self.log.queue_id()
        service = "submission/smtpd" if login else "smtpd"
        extra = f", sasl_method=PLAIN, sasl_username={login}" if login else ""
        self.log.write(time, host, f"postfix/{service}[{self.pid(2100)}]", f"{queue}: client={client[0]}[{client[1]}]{extra}")
        self.log.write(time + seconds(0.02), host, f"postfix/cleanup[{self.pid(2300)}]", f"{queue}: message-id=<{message_id}>")
        size = size or self.size()
        self.log.write(time + seconds(0.05), host, f"postfix/qmgr[{1201 if host != 'out1' else 1301}]",
                       f"{queue}: from=<{sender}>, size={size}, nrcpt={recipients} (queue active)")
        return queue

    def size(self):
        return int(self.random.lognormvariate(9.3, 1.4))

    def attempt(self, host, time, queue, recipient, transport, relay, delay, dsn, status, answer, alias=None):
        orig = f" orig_to=<{alias}>," if alias else ""
        parts = (0.05, max(delay - 0.3, 0), 0.1, 0.15) if status == "deferred" or delay > 60 else (0.05, 0.01, delay * 0.4, delay * 0.5)
        delays = "/".join(f"{part:.2g}" if part < 100 else f"{part:.0f}" for part in parts)
        self.log.write(time, host, f"postfix/{transport}[{self.pid(2500)}]",
                       f"{queue}: to=<{recipient}>,{orig} relay={relay}, delay={delay:.2g}, delays={delays}, dsn={dsn}, status={status} ({answer})"
                       if delay < 100 else
                       f"{queue}: to=<{recipient}>,{orig} relay={relay}, delay={delay:.0f}, delays={delays}, dsn={dsn}, status={status} ({answer})")

    def removed(self, host, time, queue):
        self.log.write(time, host, f"postfix/qmgr[{1201 if host != 'out1' else 1301}]", f"{queue}: removed")

    def mailbox(self, host, time, queue, recipient, message_id, folder="INBOX", alias=None, outcome=None):
        session = self.log.word()
        self.attempt(host, time + seconds(0.2), queue, recipient, "lmtp", f"{host}.{OURS}[private/dovecot-lmtp]", 0.27, "2.0.0", "sent",
                     f"250 2.0.0 <{recipient}> {session} Saved", alias)
        what = outcome or (f"saved mail to INBOX" if folder == "INBOX" else f"stored mail into mailbox '{folder}'")
        sieve = "sieve: " if outcome or folder != "INBOX" else ""
        pid = self.pid(3100)
        self.log.write(time + seconds(0.21), host, f"dovecot", f"lmtp({recipient})<{pid}><{session}>: {sieve}msgid=<{message_id}>: {what}")

    def bounce(self, host, time, queue, to, message_of):
        notice = self.log.queue_id()
        message_id = f"{time:%Y%m%d%H%M%S}.{notice}@{host}.{OURS}"
        self.log.write(time, host, f"postfix/cleanup[{self.pid(2300)}]", f"{notice}: message-id=<{message_id}>")
        self.log.write(time + seconds(0.01), host, f"postfix/bounce[{self.pid(2700)}]", f"{queue}: sender non-delivery notification: {notice}")
        self.log.write(time + seconds(0.02), host, f"postfix/qmgr[{1201 if host != 'out1' else 1301}]", f"{notice}: from=<>, size=3217, nrcpt=1 (queue active)")
        domain = to.split("@")[1]
        if domain == OURS:
            self.mailbox(host, time + seconds(0.1), notice, to, message_id)
        else:
            name, address = REMOTE.get(domain, (f"mx.{domain}", "198.51.100.99"))
            self.attempt(host, time + seconds(0.8), notice, to, "smtp", f"{name}[{address}]:25", 0.78, "2.0.0", "sent", f"250 2.0.0 Ok: queued as {self.log.word(10).upper()}")
        self.removed(host, time + seconds(0.9), notice)

    # What happens, one method each.
    def incoming(self, time, folder=None, outcome=None):
        sender, name, address = self.random.choice(STRANGERS)
        host = self.random.choice(["mx1", "mx1", "mx2"])
        to = f"{self.random.choice(PEOPLE)}@{OURS}"
        message_id = self.log.message_id(sender.split("@")[1])
        queue = self.open(host, time, sender, (name, address), message_id, 1)
        self.mailbox(host, time + seconds(0.1), queue, to, message_id, folder or self.random.choice(FOLDERS), outcome=outcome)
        self.removed(host, time + seconds(0.4), queue)

    def alias(self, time):
        sender, name, address = self.random.choice(STRANGERS)
        message_id = self.log.message_id(sender.split("@")[1])
        queue = self.open("mx1", time, sender, (name, address), message_id, 2)
        for person in ("carla.weiss", "nils.otto"):
            self.mailbox("mx1", time + seconds(0.1), queue, f"{person}@{OURS}", message_id, alias=f"sales@{OURS}")
        self.removed("mx1", time + seconds(0.5), queue)

    def forwarded(self, time):
        """A Sieve rule of the recipient sends it on; the mailbox keeps nothing."""
        person, target = f"ivan.graf@{OURS}", "m.fischer@firma.example"
        sender, name, address = self.random.choice(STRANGERS[4:])
        message_id = self.log.message_id(sender.split("@")[1])
        size, second = self.size(), self.log.queue_id()
        queue = self.open("mx1", time, sender, (name, address), message_id, 1, size=size)
        self.mailbox("mx1", time + seconds(0.1), queue, person, message_id, outcome=f"redirect action: forwarded to <{target}>")
        self.removed("mx1", time + seconds(0.4), queue)
        self.open("out1", time + seconds(0.28), sender, (f"mx1.{OURS}", "192.0.2.10"), message_id, 1, queue=second, size=size + TRACE)
        name, address = REMOTE["firma.example"]
        self.attempt("out1", time + seconds(1.4), second, target, "smtp", f"{name}[{address}]:25", 1.1, "2.0.0", "sent", f"250 2.0.0 Ok: queued as {self.log.word(10).upper()}")
        self.removed("out1", time + seconds(1.5), second)

    def discarded(self, time):
        self.incoming(time, outcome="marked message to be discarded if not explicitly delivered (discard action)")

    def outgoing(self, time, to=None):
        person = f"{self.random.choice(PEOPLE)}@{OURS}"
        to = to or self.random.choice([stranger[0] for stranger in STRANGERS if stranger[0].split("@")[1] in REMOTE] + [f"kunde{self.random.randrange(30)}@big.example.net"])
        message_id = self.log.message_id(OURS)
        queue = self.open("out1", time, person, ("unknown", f"192.0.2.{self.random.randrange(2, 250)}"), message_id, 1, login=person)
        name, address = REMOTE[to.split("@")[1]]
        self.attempt("out1", time + seconds(1.3), queue, to, "smtp", f"{name}[{address}]:25", 1.2, "2.0.0", "sent", f"250 2.0.0 Ok: queued as {self.log.word(10).upper()}")
        self.removed("out1", time + seconds(1.4), queue)

    def internal(self, time):
        one, two = self.random.sample(PEOPLE, 2)
        message_id = self.log.message_id(OURS)
        size, second = self.size(), self.log.queue_id()
        queue = self.open("out1", time, f"{one}@{OURS}", ("unknown", f"192.0.2.{self.random.randrange(2, 250)}"), message_id, 1, login=f"{one}@{OURS}", size=size)
        self.attempt("out1", time + seconds(0.4), queue, f"{two}@{OURS}", "smtp", f"mx1.{OURS}[192.0.2.10]:25", 0.4, "2.0.0", "sent", f"250 2.0.0 Ok: queued as {second}")
        self.removed("out1", time + seconds(0.41), queue)
        self.open("mx1", time + seconds(0.2), f"{one}@{OURS}", (f"out1.{OURS}", "192.0.2.20"), message_id, 1, queue=second, size=size + TRACE)
        self.mailbox("mx1", time + seconds(0.4), second, f"{two}@{OURS}", message_id)
        self.removed("mx1", time + seconds(0.9), second)

    def filtered_in(self, time, to=None):
        sender, name, address = self.random.choice(STRANGERS)
        to = to or f"{self.random.choice(PEOPLE)}@{OURS}"
        message_id = self.log.message_id(sender.split("@")[1])
        first, second, size = self.log.queue_id(), self.log.queue_id(), self.size()
        self.open("mx2", time, sender, (name, address), message_id, 1, queue=first, size=size)
        self.open("mx2", time + seconds(1.6), sender, ("localhost", "127.0.0.1"), message_id, 1, queue=second, size=size + TRACE)
        self.attempt("mx2", time + seconds(1.8), first, to, "smtp", "127.0.0.1[127.0.0.1]:10024", 1.7, "2.0.0", "sent",
                     f"250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as {second}")
        self.removed("mx2", time + seconds(1.81), first)
        self.mailbox("mx2", time + seconds(1.9), second, to, message_id)
        self.removed("mx2", time + seconds(2.3), second)

    def mailbox_full(self, time, person=None):
        person = person or f"{self.random.choice(PEOPLE)}@{OURS}"
        to = "lisa@freunde.example"
        message_id = self.log.message_id(OURS)
        queue = self.open("out1", time, person, ("unknown", "192.0.2.77"), message_id, 1, login=person)
        name, address = REMOTE["freunde.example"]
        self.attempt("out1", time + seconds(1.3), queue, to, "smtp", f"{name}[{address}]:25", 1.3, "5.2.2", "bounced",
                     f"host {name}[{address}] said: 552 5.2.2 <{to}>: Recipient address rejected: Mailbox full, quota exceeded (in reply to RCPT TO command)")
        self.bounce("out1", time + seconds(1.4), queue, person, message_id)
        self.removed("out1", time + seconds(2.4), queue)

    def wrong_address(self, time, person=None):
        person = person or f"{self.random.choice(PEOPLE)}@{OURS}"
        to = "m.fisher@firma.example"
        message_id = self.log.message_id(OURS)
        queue = self.open("out1", time, person, ("unknown", "192.0.2.78"), message_id, 1, login=person)
        name, address = REMOTE["firma.example"]
        self.attempt("out1", time + seconds(1.3), queue, to, "smtp", f"{name}[{address}]:25", 1.3, "5.1.1", "bounced",
                     f"host {name}[{address}] said: 550 5.1.1 <{to}>: Recipient address rejected: User unknown in virtual mailbox table (in reply to RCPT TO command)")
        self.bounce("out1", time + seconds(1.4), queue, person, message_id)
        self.removed("out1", time + seconds(2.4), queue)

    def two_ends(self, time):
        person = f"julia.vogt@{OURS}"
        message_id = self.log.message_id(OURS)
        queue = self.open("out1", time, person, ("unknown", "192.0.2.79"), message_id, 2, login=person)
        name, address = REMOTE["firma.example"]
        self.attempt("out1", time + seconds(1.1), queue, "m.fischer@firma.example", "smtp", f"{name}[{address}]:25", 1.1, "2.0.0", "sent", f"250 2.0.0 Ok: queued as {self.log.word(10).upper()}")
        self.attempt("out1", time + seconds(1.3), queue, "m.fisher@firma.example", "smtp", f"{name}[{address}]:25", 1.3, "5.1.1", "bounced",
                     f"host {name}[{address}] said: 550 5.1.1 <m.fisher@firma.example>: Recipient address rejected: User unknown in virtual mailbox table (in reply to RCPT TO command)")
        self.bounce("out1", time + seconds(1.4), queue, person, message_id)
        self.removed("out1", time + seconds(2.4), queue)

    def waiting(self, time, until=None, person=None):
        person = person or f"{self.random.choice(PEOPLE)}@{OURS}"
        to = f"kunde{self.random.randrange(30)}@big.example.net"
        message_id = self.log.message_id(OURS)
        queue = self.open("out1", time, person, ("unknown", f"192.0.2.{self.random.randrange(2, 250)}"), message_id, 1, login=person)
        name, address = REMOTE["big.example.net"]
        at = time + seconds(30)
        pause = 300
        while at < self.log.end - seconds(5):
            delay = (at - time).total_seconds()
            if until and at >= until:
                self.attempt("out1", at, queue, to, "smtp", f"{name}[{address}]:25", delay, "2.0.0", "sent", f"250 2.0.0 Ok: queued as {self.log.word(10).upper()}")
                self.removed("out1", at + seconds(0.01), queue)
                return
            self.attempt("out1", at, queue, to, "smtp", f"{name}[{address}]:25", delay, "4.7.0", "deferred",
                         f"host {name}[{address}] said: 421 4.7.0 Too many connections from your network, try again later (in reply to MAIL FROM command)")
            at += seconds(pause)
            pause = min(pause * 2, 4000)

    def refuse(self, time, host, client, code, text, sender, to):
        self.log.write(time, host, f"postfix/smtpd[{self.pid(2100)}]",
                       f"NOQUEUE: reject: RCPT from {client[0]}[{client[1]}]: {code} {text}; from=<{sender}> to=<{to}> proto=ESMTP helo=<{client[0] if client[0] != 'unknown' else 'WIN-PC'}>")

    def unknown_user(self, time):
        sender, name, address = self.random.choice(STRANGERS)
        to = self.random.choice([f"anna.burger@{OURS}", f"boris.kleen@{OURS}", f"webmaster@{OURS}"])
        self.refuse(time, "mx1", (name, address), "550 5.1.1", f"<{to}>: Recipient address rejected: User unknown in virtual mailbox table", sender, to)

    def block_list(self, time):
        address = f"203.0.113.{self.random.randrange(150, 250)}"
        to = f"{self.random.choice(PEOPLE)}@{OURS}"
        self.refuse(time, self.random.choice(["mx1", "mx2"]), ("unknown", address), "554 5.7.1",
                    f"Service unavailable; Client host [{address}] blocked using zen.rbl.example; Listed, see https://rbl.example/{address}", f"win{self.random.randrange(99)}@prize.example", to)

    def relay_denied(self, time):
        self.refuse(time, "mx2", ("unknown", "203.0.113.201"), "454 4.7.1", "<x@elsewhere.example>: Relay access denied", "spam@prize.example", "x@elsewhere.example")

    def greylisted(self, time):
        sender, name, address = ("praxis@arzt.example", "mail.arzt.example", "198.51.100.86")
        sender = self.random.choice([sender, "info@verein.example", "kontakt@bakery.example"])
        to = f"{self.random.choice(PEOPLE)}@{OURS}"
        self.refuse(time, "mx1", (name, address), "450 4.2.0", f"<{to}>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/help/{OURS}.html", sender, to)
        back = time + seconds(self.random.randrange(320, 1400))
        if back > self.log.end - seconds(10):
            return
        message_id = self.log.message_id(sender.split("@")[1])
        queue = self.open("mx1", back, sender, (name, address), message_id, 1)
        self.mailbox("mx1", back + seconds(0.1), queue, to, message_id)
        self.removed("mx1", back + seconds(0.4), queue)


# Which share of the mails ends how.
ENDS = [("incoming", 420), ("outgoing", 190), ("internal", 90), ("filtered_in", 60), ("alias", 16), ("forwarded", 10), ("discarded", 8), ("mailbox_full", 9),
        ("wrong_address", 12), ("two_ends", 3), ("unknown_user", 34), ("block_list", 62), ("relay_denied", 5), ("greylisted", 24)]


def busy(hour):
    """How many mails an hour has, of 1: nights are calm, mornings are not."""
    return [0.10, 0.07, 0.06, 0.06, 0.08, 0.15, 0.35, 0.6, 0.9, 1.0, 0.95, 0.85, 0.7, 0.85, 0.9, 0.85, 0.75, 0.65, 0.5, 0.45, 0.4, 0.32, 0.24, 0.15][hour]


def fill(log, scale, like):
    provider = Provider(log)
    # As busy as before the moment `like`.
    shift = like - log.end
    names = [name for name, _ in ENDS]
    weights = [weight for _, weight in ENDS]
    time = log.start
    while time < log.end - seconds(20):
        hour = time + shift
        rate = 95 * scale * busy(hour.hour) * (0.6 if hour.weekday() >= 5 else 1)
        time += seconds(log.random.expovariate(rate / 3600))
        if time < log.end - seconds(20):
            getattr(provider, log.random.choices(names, weights)[0])(time)
    # One big provider was hard to reach for some hours, and is again.
    trouble = log.end - seconds(9 * 3600)
    for _ in range(int(40 * scale)):
        provider.waiting(trouble + seconds(log.random.randrange(3 * 3600)), until=trouble + seconds(4 * 3600))
    for _ in range(int(14 * scale)):
        provider.waiting(log.end - seconds(log.random.randrange(120, 5000)))
    # What a helpdesk gets asked about, shortly before the end.
    for minutes, what in ((3, "incoming"), (5, "two_ends"), (8, "mailbox_full"), (12, "filtered_in"), (14, "internal"), (40, "greylisted"), (17, "discarded"), (19, "alias"), (22, "forwarded")):
        getattr(provider, what)(log.end - seconds(60 * minutes))


def sample(days=3.0, end=None, seed=1, scale=1.0, like=None):
    """The lines in the order of time. Those that end at a busy hour of a working day, `like`, are the same mails at any time."""
    log = Log(seed, end or datetime.datetime.now(datetime.timezone.utc), days)
    fill(log, scale, like or log.end)
    return [line for time, line in sorted(log.lines, key=lambda entry: entry[0]) if time <= log.end]


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--days", type=float, default=3)
    options.add_argument("--end", type=lambda text: datetime.datetime.fromisoformat(text.replace("Z", "+00:00")))
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--scale", type=float, default=1.0)
    given = options.parse_args()
    sys.stdout.write("\n".join(sample(given.days, given.end, given.seed, given.scale)) + "\n")


if __name__ == "__main__":
    main()
