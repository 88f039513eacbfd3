"""What Mailtrace makes of the real logs is what the reference makes of them: whole row sets, in both directions."""
import random

import reference
from bench import FaultCase
from corpus import POSTFIX_GROUPS, lines_of
from daemon import import_reference


class AgainstTheReference(FaultCase):
    def compare(self, name, lines, want=None):
        file = self.scratch.path / f"{name}.log"
        file.write_bytes(b"".join(line + b"\n" for line in lines))
        database = import_reference(self.scratch, file, name)
        return self.assert_as_reference(want or lines, database, name)

    def test_each_group(self):
        rows = sum(self.compare(group, lines_of([group], "rfc3339")) for group in POSTFIX_GROUPS)
        self.assertGreater(rows, 2000)

    def test_all_groups_in_one(self):
        self.compare("all", lines_of(POSTFIX_GROUPS, "rfc5424"))

    def test_shuffled_a_little_and_doubled(self):
        """Lines of a host within the second in which Mailtrace puts them in order; some again much later."""
        choice = random.Random(1)
        for group in POSTFIX_GROUPS:
            lines = lines_of([group], "rfc3339")
            mixed = [line for _, line in sorted((at + choice.random() * 4, line) for at, line in enumerate(lines))]
            again = choice.sample(lines, len(lines) // 5)
            self.compare(f"mixed-{group}", mixed + again, lines)

    def test_it_can_fail(self):
        """A line less is seen, in every kind of line that says something of a mail."""
        lines = lines_of(["twohop"], "rfc3339")
        wanted = reference.expected(lines)
        for mark in (b": client=", b": message-id=", b"status=sent", b": removed", b"TLS connection established from", b" size="):
            at = next(number for number, line in enumerate(lines) if mark in line)
            self.assertTrue(reference.differences(wanted, reference.expected(lines[:at] + lines[at + 1:])), mark)
