"""A load of mails that never existed: the log lines that four Postfix hosts would write, with stamps of now, each mail with
an id of its own. Deterministic but for the clock. Lines come in about the order of their stamps, as from real hosts."""
import heapq
import itertools
import random
import socket
import time

from postfix_lines import LONG_DIGITS

HOSTS = {"mx1": False, "mx2": False, "out1": True, "out2": True}  # name: long queue ids
ADDRESSES = {host: f"10.1.0.{number}" for number, host in enumerate(HOSTS, 1)}
STAY = 20  # seconds: no mail of the load is longer in a queue

# A whole small mail after all others: when it is stored, everything before it has arrived, for RELP keeps the order.
MARK = "0FEED0FEED0"


def stamp(microseconds, whole_seconds=False):
    fraction = "" if whole_seconds else f".{microseconds % 1_000_000:06d}"
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(microseconds // 1_000_000)) + fraction + "+00:00"


def mark(host="mx1"):
    """Lines of the mark, in the same form as Load's."""
    now = time.time_ns() // 1000
    return [f"<22>{stamp(now + at)} {host} postfix/{text}".encode() for at, text in enumerate((
        f"smtpd[1]: {MARK}: client=mark.example[192.0.2.1]",
        f"cleanup[2]: {MARK}: message-id=<mark@example.org>",
        f"qmgr[3]: {MARK}: from=<mark@example.org>, size=1, nrcpt=1 (queue active)",
        f"smtp[4]: {MARK}: to=<mark@example.net>, relay=mx.example.net[192.0.2.2]:25, delay=1, delays=0/0/0/1, "
        "dsn=2.0.0, status=sent (250 ok)",
        f"qmgr[3]: {MARK}: removed"))]


class Load:
    """`lines()` gives what is due; `sent` keeps all that was given out. With `whole_seconds`, as by hosts whose rsyslog
    writes the traditional stamp: then the lines of a host come in order, and no queue id comes again. `reuse`: short
    queue ids come again `again` seconds after their mail is gone, far more often than in life. `slow`: the share of
    clients that say nothing for some seconds behind their TLS handshake, each followed by another client of the same
    process."""

    def __init__(self, rate, seed=1, stay=STAY, clock=lambda: time.time_ns() // 1000, whole_seconds=False, reuse=True,
                 again=5, slow=0):
        self.random = random.Random(seed)
        self.whole_seconds, self.reuse = whole_seconds, reuse and not whole_seconds
        self.rate, self.stay, self.clock, self.again, self.slow = rate, stay, clock, again, slow
        self.waiting = []  # (microseconds, number, host, tag, text)
        self.numbers = itertools.count(1)
        self.mails = itertools.count(1)
        self.last = dict.fromkeys(HOSTS, 0)
        self.used = {host: [] for host in HOSTS}  # short queue ids that may come again
        self.given = {host: set() for host in HOSTS}
        self.begun = self.planned = self.clock()
        self.count = 0
        self.sent = []
        self.statuses = {"sent": 0, "deferred": 0, "bounced": 0, "expired": 0, "refused": 0, "deleted": 0}

    # ---- what is due

    def lines(self):
        now = self.clock()
        while self.count < self.rate * (now - self.begun) / 1e6:
            self.mail(now)
        return self.take(now)

    def rest(self):
        """All that is still to come, at once, and the mark."""
        last = self.take(1 << 62) + mark()
        self.sent += last[-5:]
        return last

    def take(self, until):
        out = []
        while self.waiting and self.waiting[0][0] <= until:
            at, _, host, tag, text = heapq.heappop(self.waiting)
            # No two lines of a host at the same microsecond: their order would be anybody's guess.
            at = self.last[host] = max(at, self.last[host] + 1)
            out.append(f"<22>{stamp(at, self.whole_seconds)} {host} {tag}: {text}".encode())
        for at in range(len(out) - 1):
            if not self.whole_seconds and self.random.random() < 0.02:
                out[at], out[at + 1] = out[at + 1], out[at]
        self.sent += out
        return out

    def put(self, at, host, program, text):
        pid = {"qmgr": 900, "smtpd": 1000 + self.random.randrange(20)}.get(program, 2000 + self.random.randrange(50)) \
            if "[" not in program else None
        tag = f"postfix/{program}[{pid}]" if pid else f"postfix/{program}"
        heapq.heappush(self.waiting, (at, next(self.numbers), host, tag, text))
        self.count += 1

    # ---- mails

    def queue_id(self, host, at):
        if HOSTS[host]:
            seconds, rest, text = at // 1_000_000, at % 1_000_000, ""
            for _ in range(4):
                rest, digit = divmod(rest, 52)
                text = LONG_DIGITS[digit] + text
            for _ in range(6):
                seconds, digit = divmod(seconds, 52)
                text = LONG_DIGITS[digit] + text
            return text + "z" + "".join(self.random.choice(LONG_DIGITS[:51]) for _ in range(4))
        # A short one may come again when its file is gone.
        used = self.used[host]
        if self.reuse and used and used[0][0] < at and self.random.random() < 0.3:
            return used.pop(0)[1]
        # No two files of a disk have the same inode.
        while True:
            text = f"{at % 1_000_000:05X}{self.random.randrange(0x10000, 0xFFFFF):05X}"
            if text not in self.given[host]:
                self.given[host].add(text)
                return text

    def done(self, at, host, queue_id):
        self.put(at, host, "qmgr", f"{queue_id}: removed")
        if not HOSTS[host]:
            self.used[host].append((at + self.again * 1_000_000, queue_id))

    def mail(self, now):
        number = next(self.mails)
        host = self.random.choice(list(HOSTS))
        kind = self.random.random()
        if kind < 0.08:
            return self.refused(now, host, number)
        if kind < 0.12:
            return self.pickup(now, host, number)
        client = self.random.randrange(1, 250)
        self.arrive(now, host, number, f"client{client}.example.org", f"192.0.2.{client}", f"sender{number % 97}@example.org",
                    f"load-{number}@example.org", [self.recipient(number, at) for at in range(self.random.choice((1, 1, 1, 2, 3, 9)))],
                    hops=1 if kind > 0.8 else 0)

    @staticmethod
    def recipient(number, at):
        return f"rcpt{number}.{at}@example.net"

    def refused(self, at, host, number):
        session = f"smtpd[{30000 + number}]"
        client = "unknown[198.51.100.7]"
        self.put(at, host, session, f"connect from {client}")
        self.put(at + 4000, host, session, f"NOQUEUE: reject: RCPT from {client}: 554 5.7.1 <rcpt{number}@example.net>: Relay access "
                 f"denied; from=<spam{number}@example.com> to=<rcpt{number}@example.net> proto=ESMTP helo=<h{number}.example.com>")
        self.put(at + 5000, host, session, f"disconnect from {client} ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4")
        self.statuses["refused"] += 1

    def pickup(self, at, host, number):
        queue_id = self.queue_id(host, at)
        sender = f"user{number % 31}"
        self.put(at, host, "pickup", f"{queue_id}: uid=1000 from=<{sender}>")
        self.queued(at + 800, host, queue_id, f"load-{number}@example.org", f"{sender}@{host}.example.org",
                    [self.recipient(number, 0)], 0, at)

    def arrive(self, at, host, number, name, address, sender, message_id, recipients, hops, tls=None, session=None):
        """Over SMTP; returns the queue id."""
        slow = self.slow and tls is None and self.random.random() < self.slow
        session = session or f"smtpd[{100000 + next(self.numbers)}]"
        self.put(at, host, session, f"connect from {name}[{address}]")
        if slow or (tls if tls is not None else self.random.random() < 0.5):
            self.put(at + 1000, host, session, f"Anonymous TLS connection established from {name}[{address}]: TLSv1.3 with cipher "
                     "TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256")
        if slow:
            at += int(self.random.uniform(5.5, 9) * 1e6)
        queue_id = self.queue_id(host, at + 3000)
        # The birth in a long queue id is that of its file, a little before its first line.
        self.put(at + 3100, host, session, f"{queue_id}: client={name}[{address}]")
        if self.random.random() < 0.05:
            self.put(at + 3500, host, session, f"{queue_id}: reject: RCPT from {name}[{address}]: 550 5.1.1 <no{number}@example.net>: "
                     f"Recipient address rejected: User unknown in virtual mailbox table; from=<{sender}> to=<no{number}@example.net> "
                     "proto=ESMTP helo=<host.example.org>")
        self.queued(at + 4000, host, queue_id, message_id, sender, recipients, hops, at + 3000)
        self.put(at + 9000, host, session, f"disconnect from {name}[{address}] ehlo=2 starttls=1 mail=1 rcpt=1 data=1 quit=1 commands=7")
        if slow:
            self.arrive(at + 20_000, host, f"{number}b", "next.example.org", "192.0.2.251", f"next{number}@example.org",
                        f"load-{number}b@example.org", [self.recipient(f"{number}b", 0)], 0, tls=False, session=session)
        return queue_id

    def queued(self, at, host, queue_id, message_id, sender, recipients, hops, birth):
        size = self.random.randrange(500, 90000)
        self.put(at, host, "cleanup", f"{queue_id}: message-id=<{message_id}>")
        active = f"{queue_id}: from=<{sender}>, size={size}, nrcpt={len(recipients)} (queue active)"
        self.put(at + 1500, host, "qmgr", active)
        at += 2000 + self.random.randrange(300_000)
        fate = self.random.random()
        if fate < 0.02:  # an admin throws it away
            at = self.attempts(at, host, queue_id, recipients[:1], sender, "deferred", birth, hops)
            self.put(at, host, "postsuper", f"{queue_id}: removed")
            self.statuses["deleted"] += 1
            return
        waiting = recipients
        if fate < 0.15 and sender:
            # Retries, the last successful or not.
            until = birth + int(self.random.uniform(1, self.stay) * 1e6)
            while at < until:
                refused = self.random.randrange(1, len(waiting) + 1)
                at = self.attempts(at, host, queue_id, waiting[:refused], sender, "deferred", birth, hops)
                at = self.attempts(at, host, queue_id, waiting[refused:], sender, "sent", birth, hops)
                waiting = waiting[:refused]
                at += int(self.random.uniform(0.5, 4) * 1e6)
                self.put(at, host, "qmgr", active)
                at += 1000
            if fate < 0.05:
                self.put(at, host, "qmgr", f"{queue_id}: from=<{sender}>, status=expired, returned to sender")
                self.statuses["expired"] += 1
                at = self.bounce(at + 1000, host, queue_id, sender)
                return self.done(at, host, queue_id)
        if fate > 0.93 and sender:
            bad, waiting = waiting[:1], waiting[1:]
            at = self.attempts(at, host, queue_id, bad, sender, "bounced", birth, hops)
            at = self.bounce(at, host, queue_id, sender)
        at = self.attempts(at, host, queue_id, waiting, sender, "sent", birth, hops)
        self.done(at, host, queue_id)

    def bounce(self, at, host, queue_id, sender):
        child = self.queue_id(host, at)
        self.put(at + 100, host, "cleanup", f"{child}: message-id=<{child}@{host}.example.org>")
        self.put(at + 500, host, "bounce", f"{queue_id}: sender non-delivery notification: {child}")
        self.put(at + 900, host, "qmgr", f"{child}: from=<>, size=2789, nrcpt=1 (queue active)")
        after = self.attempts(at + 2000, host, child, [sender], "", "sent", at, 0)
        self.done(after, host, child)
        return at + 1500

    def attempts(self, at, host, queue_id, recipients, sender, status, birth, hops):
        """Delivery lines for the recipients; returns the time after them."""
        if not recipients:
            return at
        if status == "sent" and hops:
            return self.hand_over(at, host, queue_id, recipients, sender, birth, hops)
        texts = {
            "sent": ("smtp", "mx.example.net[203.0.113.5]:25", "2.0.0", "250 2.0.0 Ok: queued as ABCDEF{}"),
            "deferred": ("smtp", "mx.example.net[203.0.113.5]:25", "4.2.0",
                         "host mx.example.net[203.0.113.5] said: 450 4.2.0 <{}>: Greylisted (in reply to RCPT TO command)"),
            "bounced": ("smtp", "mx.example.net[203.0.113.5]:25", "5.1.1",
                        "host mx.example.net[203.0.113.5] said: 550 5.1.1 <{}>: User unknown (in reply to RCPT TO command)")}
        program, relay, dsn, text = texts[status]
        for recipient in recipients:
            at += self.random.randrange(500, 60_000)
            self.statuses[status] += 1
            self.delivery(at, host, program, queue_id, recipient, relay, dsn, status, text.format(recipient.split("@")[0]), birth)
        return at + 200

    def delivery(self, at, host, program, queue_id, recipient, relay, dsn, status, response, birth):
        delay = max((at - birth) / 1e6, 0.01)
        self.put(at, host, program, f"{queue_id}: to=<{recipient}>, relay={relay}, delay={delay:.2f}, delays={delay / 2:.2f}/0.01/0.02/"
                 f"{delay / 4:.2f}, dsn={dsn}, status={status} ({response})")

    def hand_over(self, at, host, queue_id, recipients, sender, birth, hops):
        """To the next own host: both sides log it."""
        following = self.random.choice([name for name in HOSTS if name != host])
        number = next(self.mails)
        child = self.arrive(at, following, number, f"{host}.example.org", ADDRESSES[host], sender, f"load-{number}@example.org", recipients,
                            hops - 1, tls=True)
        at += 12_000
        for recipient in recipients:
            at += 300
            self.statuses["sent"] += 1
            self.delivery(at, host, "smtp", queue_id, recipient, f"{following}.example.org[{ADDRESSES[following]}]:25", "2.0.0", "sent",
                          f"250 2.0.0 Ok: queued as {child}", birth)
        return at + 200


class Feeder:
    """Sends the load to ports as a local syslog socket would get it: lines, each ended by LF. All lines to all ports, or
    those for which route(line) is the number of the port."""

    def __init__(self, load, *ports, route=None):
        self.load, self.route = load, route
        self.streams = [socket.create_connection(("127.0.0.1", port)) for port in ports]

    def feed(self):
        """What is due by now."""
        lines = self.load.lines()
        self.send(lines)
        return len(lines)

    def send(self, lines):
        for number, stream in enumerate(self.streams):
            stream.sendall(b"".join(line + b"\n" for line in lines if not self.route or self.route(line) == number))

    def finish(self):
        self.send(self.load.rest())
        for stream in self.streams:
            stream.close()
