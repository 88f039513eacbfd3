#!/usr/bin/env python3
"""An independent correlator: which rows must a set of log lines of Postfix hosts give?

Written from DESIGN, sql/README.md and Postfix's own sources, not from the code under test, and as simple as can be: all
lines are known at once, in order of time, and rows are made in one go. Rows come in a canonical form without hashes:
a mail is named `server/queue id/birth in microseconds`, a refused transaction `server/-/time`, and id, connect_id and
origin_id are such names; a row of deliverlog has no id.

usage: reference.py FILE…   prints the rows of the log files, one JSON object a line
"""
import collections
import ipaddress
import json
import re
import sys

import postfix_lines

OPENED, REMOVED, REFUSED, TRUNCATED, NOTIFICATION, RESENT, HELD, PARTIAL, MILTER, FILTERED = 1, 2, 4, 16, 32, 64, 128, 256, 512, 1024
OWN_NETWORKS = [ipaddress.ip_network(text) for text in (
    "127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")]  # the default of own_networks
SECOND = 1_000_000
JITTER = SECOND // 10  # neighbouring lines of one host may be stamped that much against their order

CONNECT = ("day", "id", "connect_time", "server", "instance", "queue_id", "service", "client_name", "client_addr", "client_port",
           "helo", "protocol", "sasl_user", "tls", "sender", "message_id", "subject", "size", "recipients", "spam_score",
           "spam_action", "dkim", "dmarc", "spf", "origin_id", "origin_kind", "end_time", "flags")
DELIVER = ("day", "connect_id", "connect_time", "deliver_time", "server", "queue_id", "transport", "recipient",
           "original_recipient", "relay_name", "relay_addr", "relay_port", "delay", "delay_before", "delay_queue",
           "delay_connect", "delay_transmit", "smtp_code", "dsn", "status", "response", "next_queue_id", "folder", "tls", "flags")


def own(address):
    try:
        return any(ipaddress.ip_address(address) in network for network in OWN_NETWORKS)
    except ValueError:
        return False


def stored(text, most):
    """As a database takes it: sql/README.md, "Types"."""
    if text is None:
        return None
    data = text.encode("utf-8", "surrogateescape").replace(b"\0", "\ufffd".encode())
    good = "".join(part if not "\udc80" <= part <= "\udcff" else f"\\x{ord(part) - 0xdc00:02X}"
                   for part in data.decode("utf-8", "surrogateescape"))
    data = good.encode()
    return good if len(data) <= most else data[:most].decode("utf-8", "ignore")


MOST = {"sender": 998, "recipient": 998, "original_recipient": 998, "message_id": 998, "response": 8000, "subject": 2000,
        "client_name": 500, "helo": 500, "server": 500, "relay_name": 500, "relay_addr": 500, "sasl_user": 500}


def least(row, name, value):
    """Two values of one column: the smaller stays; unknown gives way."""
    if value is not None and (row[name] is None or as_bytes(value) < as_bytes(row[name])):
        row[name] = value


def most(row, name, value):
    if value is not None and (row[name] is None or value > row[name]):
        row[name] = value


def as_bytes(value):
    return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value


class Mail:
    """One use of a queue id on one host."""

    def __init__(self, host, queue_id, first):
        self.host, self.queue_id, self.first = host, queue_id, first
        self.birth = postfix_lines.long_birth(queue_id) if queue_id else None
        self.long = self.birth is not None
        self.by_opener = self.by_message_id = False
        self.queued_at = self.removed_at = None
        self.row = dict.fromkeys(CONNECT)
        self.row["flags"] = 0
        self.deliveries = []
        self.waiting = {}  # (recipient, original): still deferred
        self.attempts = []  # (line, said)
        self.parent = None  # (mail, kind)
        self.own_client = self.pickup = False
        self.probe = False
        self.message_ids = set()
        self.named_only = False
        self.said = set()  # (time, text) of its lines

    def name(self):
        return f"{self.host}/{self.queue_id or '-'}/{self.birth}"


class Reference:
    def __init__(self):
        self.lines = {}
        self.mails = collections.defaultdict(list)  # (host, queue id): in order of time
        self.refusals = []
        self.sessions = {}
        self.said = collections.defaultdict(set)  # name of a mail: (time, text) of its lines; known after correlate()

    def add(self, raw):
        line = postfix_lines.read(raw)
        if line and line.said:
            self.lines.setdefault(line.identity(), line)

    # ---- which mail

    def mail_at(self, line, queue_id):
        """The mail that has this queue id at the time of the line."""
        mails = self.mails[line.host, queue_id]
        return mails[-1] if mails else None

    def new_mail(self, line, queue_id):
        mail = Mail(line.host, queue_id, line.time)
        self.mails[line.host, queue_id].append(mail)
        return mail

    def mail_of(self, line, queue_id, kind):
        mail = self.mail_at(line, queue_id)
        if mail is None or mail.long and kind:
            return mail or self.new_mail(line, queue_id)
        if kind == "opened" and (mail.by_opener or mail.removed_at is not None or mail.queued_at is not None):
            return self.new_mail(line, queue_id)
        if kind == "message-id":
            late = mail.queued_at is not None and (mail.by_message_id or line.time > mail.queued_at + JITTER)
            if late or mail.removed_at is not None:
                return self.new_mail(line, queue_id)
        if kind in ("queued", "attempt") and mail.removed_at is not None and line.time > mail.removed_at + 60 * SECOND:
            return self.new_mail(line, queue_id)
        return mail

    # ---- lines, in order of time

    def correlate(self):
        """(connectlog, deliverlog): lists of canonical rows."""
        for line in sorted(self.lines.values(), key=lambda line: line.time):
            getattr(self, "take_" + line.said[0].replace("-", "_"))(line, *line.said[1:])
        mails = [mail for mails in self.mails.values() for mail in mails if not self.is_probe(mail)]
        self.join(mails)
        return self.rows(mails)

    def touch(self, line, queue_id, kind):
        mail = self.mail_of(line, queue_id, kind)
        if kind != "removed" or not mail.row["instance"]:
            least(mail.row, "instance", line.instance)
        if line.cut:
            mail.row["flags"] |= TRUNCATED
        mail.said.add((line.time, line.text))
        return mail

    def take_connect(self, line):
        self.sessions[line.host, line.tag, line.pid] = {}

    def take_disconnect(self, line):
        self.sessions.pop((line.host, line.tag, line.pid), None)

    def take_tls(self, line, text, address):
        self.sessions.setdefault((line.host, line.tag, line.pid), {}).update(tls=text, tls_addr=address)

    def take_proxy_accept(self, line):
        pass

    def take_opened(self, line, queue_id, client, user, orig_queue_id, picked_up, orig_client):
        session = self.sessions.setdefault((line.host, line.tag, line.pid), {})
        if queue_id is None:
            session["proxy"] = client
            return
        mail = self.touch(line, queue_id, "opened")
        mail.by_opener = True
        if not mail.long:
            mail.birth = line.time
        row = mail.row
        row["flags"] |= OPENED
        row["service"] = line.service
        if client:
            least(row, "client_name", client["name"])
            least(row, "client_addr", client["addr"])
            least(row, "client_port", client["port"])
            mail.own_client = own(client["addr"])
            if session.get("tls_addr") == client["addr"]:
                least(row, "tls", session["tls"])
        least(row, "sasl_user", user)
        if session.pop("hold", None):
            row["flags"] |= HELD
        if picked_up:
            mail.pickup = True  # its "from" is the submitter's bare name; the sender is what qmgr says
            if picked_up[1]:
                self.link_to(mail, line, picked_up[1], "resend")
        if orig_queue_id:
            self.link_to(mail, line, orig_queue_id, "filter")

    def link_to(self, child, line, queue_id, kind):
        """Another mail of the same host, named by a line."""
        parent = self.mail_at(line, queue_id)
        if parent and child.parent is None:
            child.parent = (parent, kind)

    def take_message_id(self, line, queue_id, value, resent):
        mail = self.touch(line, queue_id, "message-id")
        mail.by_message_id = True
        if not mail.long and not mail.by_opener and mail.birth is None:
            mail.birth = line.time
        least(mail.row, "message_id", value)
        mail.message_ids.add(value)
        if resent:
            mail.row["flags"] |= RESENT

    def take_subject(self, line, queue_id, value):
        least(self.touch(line, queue_id, "other").row, "subject", value)

    def take_queued(self, line, queue_id, sender, size, recipients):
        mail = self.touch(line, queue_id, "queued")
        if mail.queued_at is None:
            mail.queued_at = line.time
        least(mail.row, "sender", sender)
        most(mail.row, "size", size)
        most(mail.row, "recipients", recipients)

    def take_removed(self, line, queue_id):
        mail = self.touch(line, queue_id, "removed")
        mail.removed_at = line.time
        mail.row["flags"] |= REMOVED
        most(mail.row, "end_time", line.time)

    def take_attempt(self, line, queue_id, recipient, original, relay, delays, dsn, status, response, code, following, forwarded):
        mail = self.touch(line, queue_id, "attempt")
        if mail.queued_at is None:
            mail.queued_at = line.time
        if status in ("deliverable", "undeliverable"):
            mail.probe = True
            return
        if line.program == "discard" and status == "sent":
            status = "discarded"
        mail.attempts.append((line, relay, status, following, forwarded))
        mail.waiting[recipient, original] = status == "deferred"
        self.delivery(mail, line, transport=line.service if line.program not in ("cleanup", "qmgr") else None, recipient=recipient, original_recipient=original, relay_name=relay[0],
                      relay_addr=relay[1], relay_port=relay[2], delay=delays[0], delay_before=delays[1], delay_queue=delays[2],
                      delay_connect=delays[3], delay_transmit=delays[4], smtp_code=code, dsn=dsn, status=status, response=response,
                      next_queue_id=following)

    def delivery(self, mail, line, **columns):
        row = dict.fromkeys(DELIVER)
        row.update(columns, deliver_time=line.time, server=line.host, queue_id=mail.queue_id)
        row["flags"] = (columns.get("flags") or 0) | (TRUNCATED if line.cut else 0)
        mail.deliveries.append(row)

    def end_waiting(self, mail, line, status):
        """expired, deleted: one row for each recipient that still waits; one without, if none is known."""
        waiting = [key for key, waits in mail.waiting.items() if waits]
        for recipient, original in waiting:
            mail.waiting[recipient, original] = False
            self.delivery(mail, line, recipient=recipient, original_recipient=original, status=status)
        if not waiting and not any(waits is False for waits in mail.waiting.values()):
            self.delivery(mail, line, status=status)

    def take_expired(self, line, queue_id, sender):
        mail = self.touch(line, queue_id, "other")
        least(mail.row, "sender", sender)
        self.end_waiting(mail, line, "expired")

    def take_admin(self, line, queue_id, what):
        mail = self.touch(line, queue_id, "other")
        if what == "removed":
            self.end_waiting(mail, line, "deleted")
            self.take_removed(line, queue_id)
        elif what == "placed on hold":
            mail.row["flags"] |= HELD
            self.delivery(mail, line, status="held")

    def take_notification(self, line, queue_id, child_id):
        parent = self.touch(line, queue_id, "other")
        child = self.mail_at(line, child_id)
        if child is None:
            child = self.new_mail(line, child_id)
            child.named_only = True
        child.row["flags"] |= NOTIFICATION
        if child.parent is None:
            child.parent = (parent, "bounce")

    def take_aborted(self, line, queue_id, reason, code, dsn):
        mail = self.touch(line, queue_id, "other")
        mail.removed_at = line.time
        mail.row["flags"] |= REMOVED
        most(mail.row, "end_time", line.time)
        self.delivery(mail, line, status="rejected", response=reason, smtp_code=code, dsn=dsn)

    def take_policy(self, line, queue_id, action, stage, client, code, dsn, reason, sender, recipient, protocol, helo):
        milter = action.startswith("milter-")
        proxy = action == "proxy-reject"
        action = action.removeprefix("milter-").removeprefix("proxy-")
        session = self.sessions.setdefault((line.host, line.tag, line.pid), {})
        if queue_id is None and action == "hold":
            session["hold"] = True
        status = {"reject": "rejected", "discard": "discarded", "hold": "held"}.get(action)
        # In the server's own words: addresses and names are the client's.
        words = re.sub(postfix_lines.ADDRESS + ": ", "", reason, 1)
        if status == "rejected" and re.search(r"grey-?list", words, re.I):
            status = "greylisted"
        elif status == "rejected" and (line.program == "postscreen" or "blocked using" in reason or "Client host rejected" in reason):
            status = "blocked"
        flags = MILTER if milter else 0
        columns = {"recipient": recipient, "smtp_code": code, "dsn": dsn, "status": status, "response": reason, "flags": flags}
        if queue_id is not None:
            mail = self.touch(line, queue_id, "other")
            mail.row["flags"] |= flags
            if status == "held":
                mail.row["flags"] |= HELD
            for name, value in (("sender", sender), ("protocol", protocol), ("helo", helo)):
                least(mail.row, name, value)
            if status:
                self.delivery(mail, line, **columns)
            return
        if status is None or status == "held":
            return
        refusal = Mail(line.host, None, line.time)
        refusal.birth = line.time
        client = client or session.get("proxy") or {"name": None, "addr": None, "port": None}
        refusal.row.update(flags=REFUSED | flags | (TRUNCATED if line.cut else 0), instance=line.instance, service=line.service,
                           client_name=client["name"], client_addr=client["addr"], client_port=client["port"], helo=helo,
                           protocol=protocol, sender=sender)
        if session.get("tls_addr") == client["addr"]:
            refusal.row["tls"] = session.get("tls")
        self.delivery(refusal, line, **columns)
        refusal.said.add((line.time, line.text))
        self.refusals.append(refusal)

    # ---- when all lines are known

    @staticmethod
    def is_probe(mail):
        """An address probe of verify(8) is no mail; one that came in as a mail (sendmail -bv) is."""
        return mail.probe and not mail.by_opener or mail.named_only

    def join(self, mails):
        by_queue_id = collections.defaultdict(list)
        by_message_id = collections.defaultdict(list)
        for mail in mails:
            by_queue_id[mail.queue_id].append(mail)
            for value in mail.message_ids:
                by_message_id[mail.host, value].append(mail)
        # In order of time: where a queue id comes again, the earlier hand-over takes the earlier mail.
        attempts = [(parent, *attempt) for parent in mails for attempt in parent.attempts]
        for parent, line, relay, status, following, forwarded in sorted(attempts, key=lambda attempt: attempt[1].time):
            if forwarded:
                fitting = [child for child in by_queue_id[following] if child.host == parent.host]
                self.adopt(fitting, parent, line, "forward")
            elif following and own(relay[1]):
                fitting = [child for child in by_queue_id[following] if child.own_client and child is not parent]
                self.adopt(fitting, parent, line, None)
            elif line.program == "pipe" and status == "sent":
                for value in parent.message_ids:
                    fitting = [child for child in by_message_id[parent.host, value] if child.pickup and child is not parent]
                    self.adopt(fitting, parent, line, "filter")

    @staticmethod
    def adopt(children, parent, line, kind):
        for child in children:
            # It came out of this hand-over: born after the parent, and not later than the other side's answer was logged.
            slack = JITTER + SECOND * line.whole
            if child.parent is None and parent.birth - slack <= child.birth <= line.time + slack:
                child.parent = (parent, kind or ("filter" if child.host == parent.host else "relay"))

    def rows(self, mails):
        connects, deliveries = [], []
        for mail in mails + self.refusals:
            row = mail.row
            if mail.birth is None:
                mail.birth = mail.first
                row["flags"] |= PARTIAL
        for mail in mails + self.refusals:
            row = mail.row
            name = mail.name()
            self.said[name] |= mail.said
            row.update(day=mail.birth // (86400 * SECOND), id=name, connect_time=mail.birth, server=mail.host, queue_id=mail.queue_id)
            if mail.parent:
                row["origin_id"], row["origin_kind"] = mail.parent[0].name(), mail.parent[1]
                if mail.parent[1] == "filter":
                    row["flags"] |= FILTERED
            connects.append(canonical(row))
            for delivery in mail.deliveries:
                delivery.update(day=row["day"], connect_id=name, connect_time=mail.birth)
                deliveries.append(canonical(delivery))
        return connects, deliveries


def canonical(row):
    out = {}
    for name, value in row.items():
        if isinstance(value, str):
            value = stored(value, MOST.get(name, 250)) if name not in ("id", "connect_id", "origin_id") else value
            if value == "" and name not in ("sender", "message_id", "response"):
                value = None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        out[name] = value
    return out


def expected(lines, said=None):
    """(connectlog, deliverlog) for raw lines (bytes), in any order, any of them more than once. `said` gets the lines of each
    mail: {name: {(time, text)}}."""
    reference = Reference()
    for line in lines:
        reference.add(line)
    rows = reference.correlate()
    if said is not None:
        said.update(reference.said)
    return rows


def canonical_lines(connects, raw_lines):
    """{name of a mail: {(time, text)}} of what a database keeps: rows of connectlog by id, and Database.raw_lines()."""
    kept = {name_of(row): set() for row in connects.values()}
    for key, raws in raw_lines.items():
        # Raw lines of no row are no mail's: `nowhere` then.
        texts = kept.setdefault(name_of(connects[key]) if key in connects else "nowhere", set())
        for raw in raws:
            line = postfix_lines.read(raw)
            if line:
                texts.add((line.time, line.text))
    return kept


def name_of(row):
    return f"{row['server']}/{row['queue_id'] or '-'}/{row['connect_time']}"


def canonical_rows(rows):
    """The same form for what is in a database: `rows` is the result of Database.rows(). Checks what the contract says of
    ids on the way. Without `reason`, which holds other programs' words on a refusal: tests/traces has those."""
    names = {}
    for row in rows["connectlog"].values():
        names[row["id"]] = name_of(row)
        check_id(row, row["id"])
    connects = [{**row, "id": names[row["id"]], "origin_id": row["origin_id"] and names.get(row["origin_id"], "nowhere")}
                for row in rows["connectlog"].values()]
    deliveries = []
    for row in rows["deliverlog"].values():
        check_id(row, row["connect_id"])
        assert row["id"][:12] == row["connect_id"][:12], f"the id of a delivery begins with the birth of its mail: {row}"
        deliveries.append({name: value for name, value in row.items() if name not in ("id", "reason")} |
                          {"connect_id": names.get(row["connect_id"], "nowhere")})
    return connects, deliveries


def check_id(row, key):
    birth = int(key[:12], 16)
    assert birth == row["connect_time"] // 1000, f"an id begins with the milliseconds of birth: {row}"
    assert row["day"] == birth // 86_400_000, f"day is the UTC day of the id: {row}"


def differences(wanted, rows):
    """What differs between two results of expected() or canonical_rows(), in both directions; a list of sentences."""
    out = []
    for table, key_names, one, other in (("connectlog", ("id", "sender", "service"), wanted[0], rows[0]),
                                         ("deliverlog", ("connect_id", "deliver_time", "recipient", "status"), wanted[1], rows[1])):
        sides = []
        for side in (one, other):
            side = collections.Counter(json.dumps(row, sort_keys=True) for row in side)
            sides.append(side)
        missing, unexpected = sides[0] - sides[1], sides[1] - sides[0]
        unmatched = collections.defaultdict(list)
        for text in unexpected.elements():
            row = json.loads(text)
            unmatched[tuple(row[name] for name in key_names)].append(row)
            unmatched[row[key_names[0]]].append(row)
        used = []
        for text in missing.elements():
            row = json.loads(text)
            near = unmatched.get(tuple(row[name] for name in key_names)) or \
                (unmatched.get(row["id"]) if table == "connectlog" else None)
            near = [candidate for candidate in near or [] if candidate not in used]
            if near:
                used.append(near[0])
                out.append(f"{table} {row[key_names[0]]}: " + ", ".join(
                    f"{name}: wanted {row[name]!r}, is {near[0][name]!r}" for name in sorted(row) if row[name] != near[0][name]))
            else:
                out.append(f"{table} missing: {text}")
        out += [f"{table} unexpected: {text}" for text in unexpected.elements() if json.loads(text) not in used]
    return out


def main():
    lines = []
    for name in sys.argv[1:]:
        with open(name, "rb") as file:
            lines += file.read().split(b"\n")
    for table, rows in zip(("connect", "deliver"), expected(lines)):
        for row in rows:
            print(table, json.dumps({name: value for name, value in row.items() if value is not None}, ensure_ascii=False))


if __name__ == "__main__":
    main()
