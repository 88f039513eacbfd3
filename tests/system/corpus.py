"""The corpus of real logs (tests/corpus): lines of groups in one rendering, and the truth about the mails."""
import functools
import json
import tarfile

from harness import ROOT

# Hosts mx1 and out1 run Postfix; ex1 runs Exim and Sendmail.
POSTFIX_GROUPS = ["simple", "multi", "queueids", "aliases", "sieve", "greylist", "deferred", "expired", "bounces",
                  "reject", "checks", "submission", "filter", "twohop", "pickup", "utf8", "responses", "msgid", "size",
                  "lost", "anvil", "concurrency", "postsuper", "inject", "milter", "shortreuse", "xclient", "postscreen",
                  "verify", "failures"]


@functools.lru_cache
def members():
    with tarfile.open(ROOT / "tests" / "corpus" / "corpus.tar.xz") as archive:
        return {member.name: archive.extractfile(member).read() for member in archive if member.isfile()}


def lines_of(groups, rendering):
    """Lines without line ends, the groups one after the other."""
    return [line for group in groups for line in members()[f"lab/{group}.{rendering}.log"].split(b"\n") if line]


def truth_of(groups):
    entries = map(json.loads, members()["lab/truth.jsonl"].splitlines())
    return [entry for entry in entries if entry["kind"] == "mail" and entry["group"] in groups]


def forwarded_lines(groups):
    """As a host's rsyslog would have taken them from /dev/log: RFC 3164 form, but with microseconds."""
    return [b"<22>" + line for line in lines_of(groups, "rfc3339")]
