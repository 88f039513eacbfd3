#!/usr/bin/env python3
"""Compares the rows that the lab's logs give with what the lab's driver knows to be true.

check_truth.py --corpus DIR --rows-tool PROGRAM [--group NAME]... [--rendering NAME]... [--explain]

DIR holds lab/ (tests/corpus/corpus.tar.xz). Exit 1 when anything that Postfix logged is missing or wrong.
"""
import argparse
import calendar
import collections
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

RENDERINGS = ["rfc3339", "rfc5424", "rfc5424-noslash", "trad", "fwd3164"]
# Groups whose mails begin in a Postfix. The rest needs the parsers of Exim and Sendmail.
GROUPS = """simple multi queueids aliases sieve greylist deferred expired bounces reject checks submission filter
twohop pickup utf8 responses msgid size lost anvil concurrency postsuper inject dovecot milter shortreuse xclient
postscreen verify failures""".split()
SERVERS = {"mx": "mx1", "out": "out1"}
REFUSED = {"rejected", "greylisted", "blocked"}


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


def same_delivery(expect, row):
    if row["server"] != SERVERS[expect["at"]] or row.get("status") != expect["status"]:
        return False
    if row.get("recipient", "").lower() != expect["to"].lower():
        return False
    if "dsn" in expect and "dsn" in row and row["dsn"] != expect["dsn"]:
        return False
    if "orig_to" in expect and row.get("original_recipient", "").lower() != expect["orig_to"].lower():
        return False
    if "relay" in expect and expect["relay"] not in (row.get("relay_name", "") + " " + row.get("relay_addr", "")):
        return False
    return True


def refusals_of(truth):
    """(code, recipient or None) of every refusal that the client was told."""
    out = []
    for rcpt in truth.get("rcpts", []):
        reply = rcpt.get("reply") or ""
        if reply[:1] in "45" and reply:
            out.append((int(reply[:3]), rcpt["addr"]))
    for name in ("mail_reply", "data_reply", "final_reply"):
        reply = truth.get(name) or ""
        if reply[:1] in "45" and reply:
            out.append((int(reply[:3]), None))
    return out


class Report:
    def __init__(self):
        self.expected = self.found = self.unexpected = self.refusals = self.refusals_found = 0
        self.notes = []


def check(group, rendering, rows, truths):
    slack = 1.1 if rendering in ("trad", "fwd3164") else 0.2
    report = Report()
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
        if expect or truth.get("accepted") is False:
            for row in sent:
                wanted = [item for item in expect if item["status"] == "sent"]
                hop = row.get("next_queue_id") and any(
                    part.get("queue_id") == row["next_queue_id"] for part in flow)
                if row["status"] == "sent" and not hop and not any(same_delivery(item, row) for item in wanted):
                    report.unexpected += 1
                    report.notes.append(f"{truth['id']} {truth['scenario']}: unexpected sent to {row['recipient']} "
                                        f"by {row['server']} {row['queue_id']}")
        check_refusals(truth, rows, slack, report)
    return report


def check_refusals(truth, rows, slack, report):
    wanted = refusals_of(truth)
    server = SERVERS[truth["at"]]
    candidates = [row for row in rows.all_deliveries
                  if row["server"] == server and row.get("status") in REFUSED
                  and truth["t0"] - slack <= row["t"] <= truth["t1"] + slack]
    for code, recipient in wanted:
        report.refusals += 1
        fit = [row for row in candidates if row.get("smtp_code", code) == code and
               (recipient is None or row.get("recipient", "").lower() == recipient.lower())]
        if fit:
            report.refusals_found += 1
            candidates.remove(fit[0])
        else:
            report.notes.append(f"{truth['id']} {truth['scenario']}: no refusal {code} for {recipient}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--rows-tool", required=True)
    parser.add_argument("--group", action="append")
    parser.add_argument("--rendering", action="append")
    parser.add_argument("--explain", action="store_true", help="print what is missing also where it is excused")
    options = parser.parse_args()

    truths = collections.defaultdict(list)
    with open(f"{options.corpus}/lab/truth.jsonl", encoding="utf-8") as lines:
        for line in lines:
            truth = json.loads(line)
            if truth["kind"] == "mail":
                truths[truth["group"]].append(truth)

    def run(job):
        group, rendering = job
        text = subprocess.run([options.rows_tool, f"{options.corpus}/lab/{group}.{rendering}.log"], check=True,
                              stdout=subprocess.PIPE).stdout.decode("utf-8")
        return job, check(group, rendering, Rows(text), truths[group])

    jobs = [(group, rendering) for group in options.group or GROUPS
            for rendering in options.rendering or RENDERINGS]
    total = Report()
    print(f"{'group':12} {'rendering':16} {'deliveries':>11} {'unexpected':>10} {'refusals':>9}")
    with ThreadPoolExecutor(2) as pool:
        for (group, rendering), report in pool.map(run, jobs):
            print(f"{group:12} {rendering:16} {report.found:>5}/{report.expected:<5} {report.unexpected:>10} "
                  f"{report.refusals_found:>4}/{report.refusals:<4}")
            for note in report.notes:
                print("    " + note)
            for name in ("expected", "found", "unexpected", "refusals", "refusals_found"):
                setattr(total, name, getattr(total, name) + getattr(report, name))
    print(f"expected deliveries found: {total.found}/{total.expected}")
    print(f"unexpected sent rows: {total.unexpected}")
    print(f"refusals found: {total.refusals_found}/{total.refusals}")
    bad = total.found != total.expected or total.unexpected or total.refusals_found != total.refusals
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
