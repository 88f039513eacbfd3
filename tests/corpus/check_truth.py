#!/usr/bin/env python3
"""Compares the rows that the lab's logs give with what the lab's driver knows to be true.

check_truth.py --corpus DIR --rows-tool PROGRAM [--group NAME]... [--rendering NAME]...

DIR holds lab/ (tests/corpus/corpus.tar.xz). Exit 1 when anything that was logged is missing or wrong.
"""
import argparse
import calendar
import collections
import json
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

RENDERINGS = ["rfc3339", "rfc5424", "rfc5424-noslash", "trad", "fwd3164"]
GROUPS = """simple multi queueids aliases sieve greylist deferred expired bounces reject checks submission filter
twohop pickup utf8 responses msgid size lost anvil concurrency postsuper inject dovecot milter shortreuse xclient
postscreen verify failures exim sendmail""".split()
CANONICAL = {"oldname@alpha.example": "newname@alpha.example"}  # sender_canonical_maps of the lab
HOSTNAMES = {"mx": "mx1.alpha.example", "out": "out1.alpha.example"}
SERVERS = {"mx": "mx1", "out": "out1", "exim": "ex1", "sendmail": "ex1"}
REFUSED = {"rejected", "greylisted", "blocked"}
# What smtpd(8) tells the client without a line that says "reject": wrong protocol, limits, time-outs.
UNLOGGED = ("Bad recipient address syntax", "send HELO/EHLO first", "Error: access denied for", "Unsupported option",
            "Error: timeout exceeded", "Error: too much mail from", "Error: too many recipients from",
            "Error: too many connections from", "Error: bad UTF-8 syntax", "Error: bad syntax",
            "need MAIL command", "need RCPT command")


def seconds(text):
    stamp, _, fraction = text.rstrip("Z").partition(".")
    return calendar.timegm(time.strptime(stamp, "%Y-%m-%dT%H:%M:%S")) + (float("0." + fraction) if fraction else 0.0)


class Rows:
    """The rows of one log, and the ways between its mails."""

    def __init__(self, text):
        self.connects, self.deliveries = {}, collections.defaultdict(list)
        for line in text.splitlines():
            kind, _, body = line.partition(" ")
            row = json.loads(body)
            if kind == "connect":
                row["t"] = seconds(row["connect_time"])
                self.connects[row["id"]] = row
            elif kind == "deliver":
                row["t"] = seconds(row["deliver_time"])
                self.deliveries[row["connect_id"]].append(row)
        self.children = collections.defaultdict(list)
        for row in self.connects.values():
            if "origin_id" in row:
                self.children[row["origin_id"]].append(row)
        self.all_deliveries = [row for rows in self.deliveries.values() for row in rows]

    def mail(self, truth, slack):
        """The row of the mail that the driver sent."""
        server = SERVERS[truth["at"]]
        from_, to = truth["t0"] - slack, truth["t1"] + slack
        found = [row for row in self.connects.values()
                 if row["server"] == server and from_ <= row["t"] <= to and "queue_id" in row
                 and (row["queue_id"] == truth["qid"] if truth.get("qid") else
                      truth.get("message_id") and row.get("message_id") == truth["message_id"].strip("<>"))]
        mine = [row for row in found if row.get("sender", "").lower() == (truth.get("mail_from") or "").lower()]
        # Whole-second stamps: several mails may have had the queue id within the slack.
        by_message_id = [row for row in mine or found
                         if truth.get("message_id") and row.get("message_id") == truth["message_id"].strip("<>")]
        best = by_message_id or mine or found
        return min(best, key=lambda row: abs(row["t"] - truth["t0"])) if best else None

    def flow(self, mail, kinds):
        """The mail and all that came out of it."""
        out, todo = [], [mail]
        while todo:
            row = todo.pop()
            if row in out:
                continue
            out.append(row)
            todo += [child for child in self.children[row["id"]] if child["origin_kind"] in kinds]
        return out


def address(text):
    """Postfix quotes local parts in its log; the driver did not."""
    return text.lower().replace('"', "")


def same_delivery(expect, row):
    # discard(8) says "sent" for what it throws away: the rows say discarded.
    status = "sent" if row.get("status") == "discarded" else row.get("status")
    if row["server"] != SERVERS[expect["at"]] or status != expect["status"]:
        return False
    if address(row.get("recipient", "")) != address(expect["to"]):
        return False
    if "dsn" in expect and "dsn" in row and row["dsn"] != expect["dsn"]:
        return False
    if "orig_to" in expect and address(row.get("original_recipient", "")) != address(expect["orig_to"]):
        return False
    if "relay" in expect and expect["relay"] not in (row.get("relay_name", "") + " " + row.get("relay_addr", "")):
        return False
    return True


def refusals_of(truth):
    """(reply, recipient or None) of every refusal that the client was told."""
    out = [(rcpt.get("reply") or "", rcpt["addr"]) for rcpt in truth.get("rcpts", [])]
    out += [(truth.get(name) or "", None) for name in ("mail_reply", "data_reply", "final_reply")]
    for reply in truth.get("replies", []):
        stage, _, text = reply.partition(": ")
        if stage in ("banner", "helo"):
            out.append((text, None))
    return [(reply, recipient) for reply, recipient in out if reply[:1] in ("4", "5")]


class Report:
    def __init__(self):
        self.expected = self.found = self.unexpected = self.refusals = self.refusals_found = 0
        self.unlogged = self.strangers = self.folders = self.folders_found = self.folders_wrong = 0
        self.ends = self.ends_found = self.parts = self.parts_linked = self.unqueued = self.reasons = self.reasons_found = 0
        self.senders = self.senders_right = 0
        self.notes = []


def check_folders(truth, rows, mail, mailboxes, report):
    """What lies in the mailboxes is in the rows of the mail or of the notices about it, and nothing else is."""
    if not mail:
        return
    flow = rows.flow(mail, ("filter", "relay", "forward", "resend", "bounce"))
    ended = [(row, folder) for part in flow for row in rows.deliveries[part["id"]]
             for folder in row.get("folder", "").split(", ") if folder and not folder.startswith("(")]
    users = [(row["recipient"].lower().partition("@")[0].partition("+")[0], folder) for row, folder in ended]
    for item in mailboxes[truth["id"]]:
        report.folders += 1
        if item in users:
            report.folders_found += 1
        else:
            report.notes.append(f"{truth['id']} {truth['scenario']}: not in {item}")
    for (row, _), item in zip(ended, users):
        # A mail without header, and most bounces, lie there without the driver's number; the first mails were
        # taken before the mailboxes were watched.
        unnumbered = row["t"] < mailboxes["watched", item] or any(abs(at - row["t"]) < 3 for at in mailboxes[item])
        if item not in mailboxes[truth["id"]] and not unnumbered:
            report.folders_wrong += 1
            report.notes.append(f"{truth['id']} {truth['scenario']}: nothing in {item}")


def sender_of(truth):
    """What the client said; of mail that sendmail(1) was given, the address that Postfix completed."""
    if truth.get("mail_from") is not None:
        return CANONICAL.get(truth["mail_from"], truth["mail_from"])
    command = truth.get("command") or ""
    given = re.search(r"sendmail.* -f (\S+)", command)
    user = re.match(r"su (\S+)", command)
    name = given[1].strip('"<>') if given else user[1] if user else "root"
    return name if not name or "@" in name else f"{name}@{HOSTNAMES[truth['at']]}"


def check_sender(truth, mail, report):
    if not mail or "size" not in mail:
        return
    report.senders += 1
    if address(mail.get("sender", "(unknown)")) == address(sender_of(truth)):
        report.senders_right += 1
    else:
        report.notes.append(f"{truth['id']} {truth['scenario']}: sender {mail.get('sender')!r} is not {sender_of(truth)!r}")


ALL_KINDS = ("filter", "relay", "forward", "resend", "bounce", "vacation")


def check_ends(truth, rows, mail, taken, report):
    """Whatever another server took for this mail, redirects, copies and bounces too, is sent in its flow."""
    if not mail:
        return
    sent = {address(row.get("recipient", "")) for part in rows.flow(mail, ALL_KINDS)
            for row in rows.deliveries[part["id"]] if row.get("status") == "sent"}
    for recipient in sorted(rcpt for number, rcpt in taken if number == truth["id"]):
        report.ends += 1
        # The receiving end kept an odd recipient's parameters.
        if any(recipient == to or recipient.startswith(to + ">") for to in sent):
            report.ends_found += 1
        else:
            report.notes.append(f"{truth['id']} {truth['scenario']}: not linked to what {recipient} got")


def check_links(rows, roots, report):
    """Each mail that one of our own hosts brought, or that was born there, names the one it came from."""
    handed_on = {row["next_queue_id"] for row in rows.all_deliveries if "next_queue_id" in row}
    for row in rows.connects.values():
        if "queue_id" not in row or row["id"] in roots:
            continue
        # smtp-source(1), which nobody counted, loads from the own hosts.
        if row.get("sender", "").startswith("load") and row["queue_id"] not in handed_on:
            continue
        client = row.get("client_addr")
        inner = client.startswith(("127.77.", "127.0.0.")) if client else row.get("service") != "pickup"
        if not inner or row["flags"] & 256:
            continue
        # Nothing was queued, so no way leads anywhere: a recipient that another host's verify(8) asked for and
        # then took back, whose answer names no queue id; a notice that was deleted before it was finished,
        # which bounce(8) names only at its end.
        if "size" not in row and not rows.deliveries[row["id"]]:
            report.unqueued += 1
            continue
        report.parts += 1
        if "origin_id" in row and row["origin_id"] in rows.connects:
            report.parts_linked += 1
        else:
            report.notes.append(f"{row['server']} {row['queue_id']} {row.get('sender')} "
                                f"{row.get('message_id')}: no origin")


def check_reasons(rows, report):
    """A refusal says why; one by block lists names the list in the words of the program that asked it."""
    for row in rows.all_deliveries:
        if row.get("status") not in REFUSED:
            continue
        report.reasons += 1
        screened = rows.connects[row["connect_id"]].get("service") == "postscreen"
        listed = screened and " blocked using " in row.get("response", "")
        if row.get("response") and (not listed or "listed by " in row.get("reason", "")):
            report.reasons_found += 1
        else:
            report.notes.append(f"refusal of {row.get('recipient')}: no reason beside {row.get('response')!r}")


def check(group, rendering, rows, truths, taken, mailboxes):
    slack = 1.1 if rendering in ("trad", "fwd3164") else 0.2
    report = Report()
    roots = {row["id"] for row in (rows.mail(truth, slack) for truth in truths if truth.get("at") in SERVERS) if row}
    expected_of = collections.defaultdict(list)
    for truth in truths:
        if truth.get("at") not in SERVERS:
            continue
        mail = rows.mail(truth, slack) if truth.get("accepted") or truth.get("qid") else None
        expect = truth.get("expect") or []
        if expect and not mail:
            report.notes.append(f"{truth['id']} {truth['scenario']}: no mail {truth.get('qid')}")
        flow = rows.flow(mail, ("filter", "relay", "forward", "resend")) if mail else []
        sent = [row for part in flow for row in rows.deliveries[part["id"]]]
        for item in expect:
            report.expected += 1
            if any(same_delivery(item, row) for row in sent):
                report.found += 1
            else:
                report.notes.append(f"{truth['id']} {truth['scenario']}: missing {item}")
        check_sender(truth, mail, report)
        check_folders(truth, rows, mail, mailboxes, report)
        check_ends(truth, rows, mail, taken, report)
        if expect or truth.get("accepted") is False:
            for row in sent:
                wanted = [item for item in expect if item["status"] == "sent"]
                hop = row.get("next_queue_id") and any(
                    part.get("queue_id") == row["next_queue_id"] for part in flow)
                seen = (truth["id"], address(row.get("recipient", ""))) in taken
                if row["status"] == "sent" and not hop and not seen and not any(
                        same_delivery(item, row) for item in wanted):
                    report.unexpected += 1
                    report.notes.append(f"{truth['id']} {truth['scenario']}: unexpected sent to {row['recipient']} "
                                        f"by {row['server']} {row['queue_id']}")
        check_refusals(truth, rows, slack, report)
    check_links(rows, roots, report)
    check_reasons(rows, report)
    if group == "inject":
        check_addresses(rows, truths, report)
    return report


def check_addresses(rows, truths, report):
    """No row names a sender or recipient whom neither a client nor a server named."""
    known = {""}
    for truth in truths:
        known.add(address(truth.get("mail_from") or ""))
        known.update(address(rcpt["addr"]) for rcpt in truth.get("rcpts", []))
        for item in truth.get("expect") or []:
            known.update((address(item["to"]), address(item.get("orig_to", ""))))
    known = {item.replace("\\", "") for item in known}
    named = [(row, "sender") for row in rows.connects.values()]
    named += [(row, name) for row in rows.all_deliveries for name in ("recipient", "original_recipient")]
    for row, name in named:
        text = address(row.get(name, "")).replace("\\", "")
        if text not in known:
            report.strangers += 1
            report.notes.append(f"{row.get('queue_id')}: {name} {row[name]!r} is nobody's")


def check_refusals(truth, rows, slack, report):
    wanted = refusals_of(truth)
    server = SERVERS[truth["at"]]
    candidates = [row for row in rows.all_deliveries
                  if row["server"] == server and row.get("status") in REFUSED
                  and truth["t0"] - slack <= row["t"] <= truth["t1"] + slack]
    for reply, recipient in wanted:
        if any(text in reply for text in UNLOGGED):
            report.unlogged += 1
            continue
        report.refusals += 1
        fit = [row for row in candidates if row.get("smtp_code", int(reply[:3])) == int(reply[:3]) and
               (recipient is None or address(row.get("recipient", "")) == address(recipient))]
        if fit:
            report.refusals_found += 1
            candidates.remove(fit[0])
        else:
            report.notes.append(f"{truth['id']} {truth['scenario']}: no refusal {reply} for {recipient}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--rows-tool", required=True)
    parser.add_argument("--group", action="append")
    parser.add_argument("--rendering", action="append")
    options = parser.parse_args()

    truths = collections.defaultdict(list)
    with open(f"{options.corpus}/lab/truth.jsonl", encoding="utf-8") as lines:
        for line in lines:
            truth = json.loads(line)
            if truth["kind"] == "mail":
                truths[truth["group"]].append(truth)

    # (mail, recipient) that a receiving end took, for mails whose end the driver did not foresee.
    taken, mailboxes = set(), collections.defaultdict(set)
    numbers = {truth["id"] for group in truths.values() for truth in group}
    with open(f"{options.corpus}/lab/endpoints.jsonl", encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line)
            if event["ev"] == "data" and event.get("code") == 250:
                taken.update((mail, address(rcpt)) for mail in event.get("labid", []) for rcpt in event["rcpts"])
            if event["ev"] == "mailbox":
                item = (event["user"], event["folder"])
                known = numbers.intersection(event["labid"])
                for mail in known:
                    mailboxes[mail].add(item)
                if not known:
                    mailboxes[item].add(event["t"])
                mailboxes["watched", item] = min(mailboxes["watched", item] or event["t"], event["t"])

    def run(job):
        group, rendering = job
        text = subprocess.run([options.rows_tool, f"{options.corpus}/lab/{group}.{rendering}.log"], check=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode("utf-8")
        return job, check(group, rendering, Rows(text), truths[group], taken, mailboxes)

    jobs = [(group, rendering) for group in options.group or GROUPS
            for rendering in options.rendering or RENDERINGS]
    total = Report()
    print(f"{'group':12} {'rendering':16} {'deliveries':>11} {'unexpected':>10} {'refusals':>9} {'folders':>9} {'ends':>9} "
          f"{'linked':>9} {'reasons':>9}")
    with ThreadPoolExecutor(2) as pool:
        for (group, rendering), report in pool.map(run, jobs):
            print(f"{group:12} {rendering:16} {report.found:>5}/{report.expected:<5} {report.unexpected:>10} "
                  f"{report.refusals_found:>4}/{report.refusals:<4} {report.folders_found:>4}/{report.folders:<4} "
                  f"{report.ends_found:>4}/{report.ends:<4} {report.parts_linked:>4}/{report.parts:<4} "
                  f"{report.reasons_found:>4}/{report.reasons:<4}")
            for note in report.notes:
                print("    " + note)
            for name in ("expected", "found", "unexpected", "refusals", "refusals_found", "unlogged", "strangers",
                         "folders", "folders_found", "folders_wrong", "ends", "ends_found", "parts", "parts_linked", "unqueued",
                         "reasons", "reasons_found", "senders", "senders_right"):
                setattr(total, name, getattr(total, name) + getattr(report, name))
    print(f"expected deliveries found: {total.found}/{total.expected}")
    print(f"unexpected sent rows: {total.unexpected}")
    print(f"refusals found: {total.refusals_found}/{total.refusals}")
    print(f"senders of mails in the queue: {total.senders_right}/{total.senders}")
    print(f"mails in the folder they lie in: {total.folders_found}/{total.folders}, in another: {total.folders_wrong}")
    print(f"what other servers took, in the flow of its mail: {total.ends_found}/{total.ends}")
    print(f"mails of inner hops, notices and answers with their origin: {total.parts_linked}/{total.parts}")
    print(f"begun by inner hosts and never queued, which no line ties to another mail: {total.unqueued}")
    print(f"refusals that say why: {total.reasons_found}/{total.reasons}")
    print(f"refusals without a line that says so (protocol errors, rate limits, time-outs): {total.unlogged}")
    print(f"addresses nobody named (group inject): {total.strangers}")
    bad = total.folders_found != total.folders or total.folders_wrong or total.senders != total.senders_right
    bad = bad or total.strangers or total.found != total.expected or total.unexpected or total.refusals_found != total.refusals
    bad = bad or total.parts != total.parts_linked or total.ends != total.ends_found or total.reasons != total.reasons_found
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
