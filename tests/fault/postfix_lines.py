"""What single Postfix log lines say, written from the Postfix sources and manuals alone: the eyes of reference.py. Slow
and simple on purpose; shares nothing with the parsers under test."""
import datetime
import re

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)

# RFC 3164 form with an RFC 3339 stamp, as in a file of rsyslog; RFC 5424 form.
PLAIN = re.compile(r"(?:<\d+>)?(\d{4}-\S+) (\S+) ([^\s\[:]+)(?:\[(\d+)\])?: ?(.*)", re.S)
FRAMED = re.compile(r"<\d+>1 (\S+) (\S+) (\S+) (\S+) \S+ (?:-|(?:\[(?:[^]\"\\]|\\.|\"(?:[^\"\\]|\\.)*\")*\])+) *(.*)", re.S)

QUEUE_ID = r"([0-9A-F]{6,}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,}z[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-y]+)"
ADDRESS = r'<((?:"(?:[^"\\]|\\.)*"|[^"<>])*)>'  # RFC 5321 quoted local parts may hold anything
PEER = r"(\S*?)\[([^\]\s]*)\](?::(\d+))?"
CUT = 1990  # src/util/msg_vstream.c, msg_syslog.c: longer lines are cut at about 2,000 bytes

LONG_DIGITS = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"  # src/global/mail_queue.h, base 52


def microseconds(stamp):
    return (datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00")) - EPOCH) // datetime.timedelta(microseconds=1)


def long_birth(queue_id):
    """Microseconds since 1970 if it is a long queue id, else None: six digits of seconds, four of microseconds, z."""
    found = re.fullmatch(r"([%s]{6,})([%s]{4})z([%s]+)" % (LONG_DIGITS, LONG_DIGITS, LONG_DIGITS[:-1]), queue_id)
    if not found or re.fullmatch(r"[0-9A-F]+", queue_id):
        return None
    value = [0, 0]
    for part in (0, 1):
        for digit in found[part + 1]:
            value[part] = value[part] * 52 + LONG_DIGITS.index(digit)
    # The inode is base 51: digits up to y.
    return value[0] * 1_000_000 + value[1]


class Line:
    """One log line; `said` is a tuple that begins with the kind of what it says, or None."""
    __slots__ = ("time", "whole", "host", "tag", "pid", "text", "said", "cut")

    def __init__(self, time, whole, host, tag, pid, text):
        self.whole = whole  # the stamp has no fraction
        self.time, self.host, self.tag, self.pid, self.text = time, host, tag, pid, text
        self.cut = len(text.encode("utf-8", "surrogateescape")) >= CUT
        self.said = None

    def identity(self):
        return self.time, self.host, self.tag, self.text, self.whole and self.pid

    @property
    def program(self):
        return self.tag.rsplit("/", 1)[-1]

    @property
    def service(self):
        return self.tag.split("/", 1)[1] if "/" in self.tag else None

    @property
    def instance(self):
        return self.tag.split("/", 1)[0]


def read(raw):
    """A Line of Postfix, or None for every other line."""
    text = raw.decode("utf-8", "surrogateescape").rstrip("\n")
    framed = FRAMED.match(text)
    if framed:
        stamp, host, tag, pid, message = framed.groups()
        pid = None if pid == "-" else pid
    else:
        plain = PLAIN.match(text)
        if not plain:
            return None
        stamp, host, tag, pid, message = plain.groups()
    if not re.match(r"postfix(-[^/]+)?(/|$)", tag):
        return None
    line = Line(microseconds(stamp), "." not in stamp, host, tag, pid, message)
    reader = READERS.get(line.program)
    if reader:
        line.said = reader(message)
    return line


def peer(name, address, port):
    return {"name": name or None, "addr": address.removeprefix("IPv6:"), "port": int(port) if port else None}


def aborted(text):
    """What smtpd(8) told the client then is always the same: src/global/cleanup_strerror.c."""
    found = re.fullmatch(r"warning: " + QUEUE_ID + r": (queue file size limit exceeded|message rejected: .*|"
                         r"BDAT request from \S+ exceeds message size limit|"
                         r"(?:\S+ map lookup problem|unreasonable ).* -- (?:message not accepted, try again later|deferring delivery))", text)
    if not found:
        return None
    told = (552, "5.3.4") if found[2].startswith(("queue", "BDAT")) else (None, None) if found[2].startswith("message rejected: ") else (451, "4.3.0")
    return "aborted", found[1], found[2].removeprefix("message rejected: "), *told


def smtpd(text):
    found = re.fullmatch(r"connect from " + PEER, text)
    if found:
        return ("connect",)
    if re.match(r"disconnect from ", text):
        return ("disconnect",)
    found = re.fullmatch(r"(\S+) TLS connection (?:established|reused) from " + PEER + r": (\S+) with cipher (\S+) .*", text)
    if found:
        return "tls", f"{found[5]} {found[6]} ({found[1]})", found[3]
    found = re.fullmatch(r"(?:" + QUEUE_ID + r"|NOQUEUE): client=" + PEER + r"(.*)", text)
    if found:
        rest = dict(re.findall(r", (\w+)=([^,]*)", found[5]))
        user = re.search(r", sasl_username=(.*?)(?:, sasl_sender=|, orig_queue_id=|, orig_client=|$)", found[5])
        return "opened", found[1], peer(*found.group(2, 3, 4)), user and user[1], rest.get("orig_queue_id"), None, \
            rest.get("orig_client")
    found = re.fullmatch(r"proxy-(accept|reject): (\S+): (\d{3}) (?:(\d\.\d+\.\d+) )?(.*); from=" + ADDRESS + r"(?: to=" + ADDRESS +
                         r")? proto=(\S+) helo=<([^<> ]*)>.*", text)
    if found:
        if found[1] == "accept":
            return ("proxy-accept",)
        return "policy", None, "proxy-reject", found[2], None, int(found[3]), found[4], found[5], found[6], found[7], found[8], found[9]
    return aborted(text) or policy(text)


ENVELOPE = (r"(?:from=" + ADDRESS + r",? ?)?(?:to=" + ADDRESS + r",? ?)?proto=(\w+),?(?: helo=<([^<> ]*)>)?"
            r"(?: sasl_method=\S+ sasl_username=<(.*)>)?")


def policy(text):
    found = re.match(r"(?:" + QUEUE_ID + r"|NOQUEUE): ([a-z-]+): ([A-Za-z-]+) from " + PEER + r": ", text)
    if not found:
        return None
    rest = text[found.end():]
    envelope = re.fullmatch(r"(.*); " + ENVELOPE, rest, re.S)
    reason, sender, recipient, protocol, helo = envelope.groups()[:5] if envelope else (rest, None, None, None, None)
    code = re.match(r"(\d{3}) ", reason)
    if code:
        reason = reason[4:]
    dsn = re.match(r"(\d\.\d{1,3}\.\d{1,3}) ", reason)
    if dsn:
        reason = reason[dsn.end():]
    return "policy", found[1], found[2], found[3], peer(*found.group(4, 5, 6)), int(code[1]) if code else None, \
        dsn[1] if dsn else None, reason, sender, recipient, protocol, helo


def cleanup(text):
    found = re.fullmatch(QUEUE_ID + r": (resent-)?message-id=(.*)", text, re.S)
    if found:
        value = found[3]
        if value.startswith("<") and value.endswith(">"):
            value = value[1:-1]
        return "message-id", found[1], value, bool(found[2])
    found = re.fullmatch(QUEUE_ID + r": ([a-z-]+): (header|body) (.*) from (?:local|" + PEER + r"); from=" + ADDRESS + r"(?: to=" +
                         ADDRESS + r")?(?: proto=(\w+) helo=<([^<> ]*)>)?(?:: (.*))?", text, re.S)
    if found:
        queue_id, action, where, content = found.group(1, 2, 3, 4)
        reason = found[12] or ""
        dsn = re.match(r"(\d\.\d{1,3}\.\d{1,3}) ", reason)
        if action == "warning":
            action = "warn"
        if where == "header" and action in ("warn", "info") and content.lower().startswith("subject: "):
            return "subject", queue_id, content[9:]
        client = peer(*found.group(5, 6, 7)) if found[6] else None
        return "policy", queue_id, action, where, client, None, dsn[1] if dsn else None, \
            reason[dsn.end():] if dsn else reason, found[8], found[9], found[10], found[11]
    return aborted(text) or policy(text) or delivery(text)


def pickup(text):
    found = re.fullmatch(QUEUE_ID + r": uid=(\d+) from=" + ADDRESS + r"(?: orig_id=(\S+))?", text)
    return found and ("opened", found[1], None, None, None, (found[3], found[4]), None)


def qmgr(text):
    found = re.fullmatch(QUEUE_ID + r": removed", text)
    if found:
        return "removed", found[1]
    found = re.fullmatch(QUEUE_ID + r": from=" + ADDRESS + r", size=(\d+), nrcpt=(\d+) \(queue active\)", text)
    if found:
        return "queued", found[1], found[2], int(found[3]), int(found[4])
    found = re.fullmatch(QUEUE_ID + r": from=" + ADDRESS + r", status=(?:force-)?expired, returned to sender", text)
    if found:
        return "expired", found[1], found[2]
    return delivery(text)


def delivery(text):
    found = re.match(QUEUE_ID + r": to=" + ADDRESS + r"(?:, orig_to=" + ADDRESS + r")?, relay=(\S+?)(?:, conn_use=\d+)?"
                     r", delay=([\d.]+), delays=([\d.]+)/([\d.]+)/([\d.]+)/([\d.]+), dsn=(\d\.\d+\.\d+), status=([a-z]+)"
                     r"(?: \((.*))?$", text, re.S)
    if not found:
        return None
    response = found[12] or ""
    if response.endswith(")"):
        response = response[:-1]
    where = re.fullmatch(PEER, found[4])
    relay = (where[1], where[2].removeprefix("IPv6:"), int(where[3]) if where[3] else None) if where else (found[4], None, None)
    # The answer of the other side comes first, or behind who said it.
    code = re.match(r"(?:host \S+ (?:said|refused to talk to me): )?([2-5]\d\d)(?:[ -]|$)", response)
    following = None
    if response.startswith("250"):
        queued = re.search(r"(?:^|\s)queued as (\S+)$", response)
        exim = re.match(r"250 OK id=(\S+)$", response)
        following = queued[1] if queued else exim and exim[1]
    forwarded = re.fullmatch(r"forwarded as (\S+)", response)
    return "attempt", found[1], found[2], found[3], relay, tuple(float(found[i]) for i in range(5, 10)), found[10], found[11], \
        response, int(code[1]) if code else None, forwarded[1] if forwarded else following, bool(forwarded)


def bounce(text):
    found = re.fullmatch(QUEUE_ID + r": (?:sender|postmaster) (?:non-delivery|delay|delivery status) notification: (\S+)", text)
    return found and ("notification", found[1], found[2])


def postsuper(text):
    found = re.fullmatch(QUEUE_ID + r": (removed|placed on hold|released from hold|requeued|expired)", text)
    return found and ("admin", found[1], found[2])


READERS = {"smtpd": smtpd, "cleanup": cleanup, "pickup": pickup, "qmgr": qmgr, "bounce": bounce, "postsuper": postsuper,
           "postscreen": policy}
for transport in ("smtp", "lmtp", "local", "virtual", "pipe", "error", "retry", "discard", "relay"):
    READERS[transport] = delivery
