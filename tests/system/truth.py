"""The rows of the lab's Postfix groups against what the driver of the lab knows, in both directions: nothing it demands
is missing, and there is no row that it cannot account for."""
import collections
import datetime
import re
import sys

from corpus import lines_of, truth_of
from harness import ROOT

sys.path.append(str(ROOT / "tests" / "corpus"))
from check_truth import REFUSED, SERVERS, UNLOGGED, address, refusals_of  # noqa: E402

GOES_ON = ("filter", "relay", "forward", "resend")
ATTEMPT = re.compile(rb"(\S+) (\S+) postfix\S*\[\d+\]: +(\w+): to=<(.*?)>,.* dsn=([\d.]+), status=(\w+)")


def lab_time(microseconds):
    """Seconds since 1970 in the year of the lab: a stamp without a year means the nearest one, whenever a test runs."""
    moment = datetime.datetime.fromtimestamp(microseconds / 1e6, datetime.timezone.utc)
    return moment.replace(year=2026).timestamp()


def attempts_in(groups):
    """(host, queue id, recipient, status, dsn) of every delivery line, with how often each was written."""
    out = collections.Counter()
    for line in lines_of(groups, "rfc3339"):
        if found := ATTEMPT.match(line):
            host, queue_id, to, dsn, status = (part.decode() for part in found.groups()[1:])
            if "deliverable" not in status:  # a probe is no mail
                out[host, queue_id, address(to), status, dsn] += 1
    return out


class Truth:
    def __init__(self, groups):
        self.mails = [mail for mail in truth_of(groups) if mail.get("at") in SERVERS]
        self.attempts = attempts_in(groups)
        self.own_hosts = {"127.0.0.1", *(mail["server_ip"] for mail in self.mails)}
        self.expected = sum(len(mail.get("expect") or []) for mail in self.mails)

    def faults(self, database, slack=0.2):
        """Sentences about what differs; none if all is as it was. `slack`: how many seconds stamps may be off."""
        self.slack = slack
        self.connects = {row["id"]: row for row in database.read_all("connectlog")}
        self.deliveries = collections.defaultdict(list)
        for row in database.read_all("deliverlog"):
            self.deliveries[row["connect_id"]].append(row)
        self.children = collections.defaultdict(list)
        for row in self.connects.values():
            self.children[row["origin_id"]].append(row)
        return [*self.of_lines(), *self.of_mails(), *self.of_refusals()]

    def is_outside(self, connect):
        return connect["client_addr"] and connect["client_addr"] not in self.own_hosts

    def of_lines(self):
        """Each delivery line is one row."""
        rows = collections.Counter((row["server"], row["queue_id"], address(row["recipient"] or ""),
                                    row["status"].replace("discarded", "sent"), row["dsn"])
                                   for rows in self.deliveries.values() for row in rows
                                   if row["queue_id"] and row["status"] in ("sent", "deferred", "bounced", "discarded")
                                   and row["dsn"])
        yield from (f"no row of {count} lines {key}" for key, count in (self.attempts - rows).items())
        yield from (f"{count} rows without line {key}" for key, count in (rows - self.attempts).items())

    def flow(self, mail):
        out, todo = {}, [mail]
        while todo:
            row = todo.pop()
            if row["id"] not in out:
                out[row["id"]] = row
                todo += [child for child in self.children[row["id"]] if child["origin_kind"] in GOES_ON]
        return list(out.values())

    def of_mails(self):
        """What the driver expects of a mail is all that became of it, but for the hops between our own hosts; and each
        mail that came from outside is one of the driver's."""
        known = set()
        for mail in self.mails:
            roots = [row for row in self.connects.values()
                     if row["server"] == SERVERS[mail["at"]] and row["queue_id"] and row["queue_id"] == mail.get("qid")]
            if not mail.get("qid"):
                continue
            if len(roots) != 1:
                yield f"{mail['id']}: {len(roots)} rows of {mail['qid']}"
                continue
            flow = self.flow(roots[0])
            known.update(row["id"] for row in flow)
            if mail.get("expect"):
                yield from self.of_mail(mail, flow)
        for row in self.connects.values():
            if row["size"] is not None and row["id"] not in known and self.is_outside(row):
                yield f"a mail that nobody sent: {row['server']} {row['queue_id']} of {row['sender']}"

    def of_mail(self, mail, flow):
        queued = {row["queue_id"] for row in flow}
        rows = [row for part in flow for row in self.deliveries[part["id"]] if row["status"] not in REFUSED]
        waited = [row for row in rows if row["status"] == "deferred"]
        ended = [row for row in rows if row["status"] != "deferred"]
        for item in mail["expect"]:
            among = waited if item["status"] == "deferred" else ended
            fit = [row for row in among if self.same(item, row)]
            if not fit:
                yield f"{mail['id']} {mail['scenario']}: missing {item}"
            elif among is ended:
                ended.remove(fit[0])
        for row in ended:
            if row["next_queue_id"] not in queued:
                yield (f"{mail['id']} {mail['scenario']}: unexpected {row['status']} {row['recipient']} by {row['server']} "
                       f"{row['queue_id']}")

    @staticmethod
    def same(item, row):
        status = row["status"].replace("discarded", "sent")  # as discard(8) says
        return row["server"] == SERVERS[item["at"]] and status == item["status"] and \
            address(row["recipient"] or "") == address(item["to"]) and item.get("dsn") in (None, row["dsn"])

    def of_refusals(self):
        """Each reply that refused is one row, and each row one reply."""
        rows = [row for rows in self.deliveries.values() for row in rows if row["status"] in REFUSED
                and self.is_outside(self.connects[row["connect_id"]])]
        told = [(mail, reply, recipient) for mail in self.mails for reply, recipient in refusals_of(mail)
                if not any(text in reply for text in UNLOGGED)]
        for mail, reply, recipient in sorted(told, key=lambda one: one[2] is None):  # those without are less exact
            fit = [row for row in rows if row["server"] == SERVERS[mail["at"]]
                   and mail["t0"] - self.slack <= lab_time(row["deliver_time"]) <= mail["t1"] + self.slack
                   and row["smtp_code"] in (None, int(reply[:3]))
                   and (recipient is None or address(row["recipient"] or "") == address(recipient))]
            if fit:
                rows.remove(fit[0])
            else:
                yield f"{mail['id']} {mail['scenario']}: no refusal {reply} of {recipient}"
        for row in rows:
            if "Improper use of SMTP command pipelining" not in row["response"]:  # to a client that did not wait for it
                yield f"a refusal that nobody was told: {row['server']} {row['recipient']} {row['response']}"
