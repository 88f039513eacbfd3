"""What became of every line: counts by program and hour, over the network and by import; lines nobody understood are
kept, shown, and read again once there is a parser for them."""
import json

from corpus import forwarded_lines
from daemon import Mailtraced, configuration, import_reference, listener, mailtrace
from databases import Sqlite, differences
from harness import Case
from senders import send_octet_counted

LINES = forwarded_lines(["simple", "multi"])


class Accounts(Case):
    def status(self, config, *arguments):
        return json.loads(mailtrace(config, "status", "--json", *arguments).stdout)["database"]

    def write(self, lines, name="lines.log"):
        file = self.scratch.path / name
        file.write_bytes(b"".join(line + b"\n" for line in lines))
        return file

    def test_kept_lines_are_read_again(self):
        wanted = import_reference(self.scratch, self.write(LINES)).rows()
        entry, port = listener("tcp")
        database = Sqlite(self.scratch)
        config = configuration(self.scratch, "receiver", [database.sink()], [entry])
        with_parser = config.read_text()
        config.write_text(with_parser.replace("postfix", "postgrey"))
        daemon = Mailtraced(self.scratch, config)
        send_octet_counted(port, LINES)
        daemon.wait_received(len(LINES))
        daemon.wait_stored()
        daemon.kill()
        self.assertEqual(database.rows()["connectlog"], {})
        config.write_text(with_parser)
        for _ in range(2):
            mailtrace(config, "reparse", "--json")
            self.assertEqual(differences(wanted, database.rows()), "")

    def test_each_line_is_counted_once(self):
        odd = [LINES[0].split(b": ", 1)[0] + b": no parser ever saw %d of these" % number for number in range(5)]
        lines = LINES + odd
        file = self.write(lines)
        entry, port = listener("tcp")
        config = configuration(self.scratch, "receiver", [Sqlite(self.scratch).sink()], [entry])
        daemon = Mailtraced(self.scratch, config)
        send_octet_counted(port, lines)
        daemon.wait_received(len(lines))
        daemon.wait_stored()
        daemon.kill()
        daemon.start()
        daemon.wait_stored()

        def counts():
            stored = self.status(config)
            by_program = {program.pop("program"): program for program in stored["programs"]}
            self.assertEqual(sum(sum(program.values()) for program in by_program.values()), len(lines))
            self.assertEqual(sum(hour["lines"] for host in stored["hosts"] for hour in host["hours"]), len(lines))
            self.assertEqual(by_program["postfix"]["unknown"], len(odd))
            self.assertEqual([sample["lines"] for sample in stored["unknown"]], [len(odd)])
            return stored

        received = counts()
        for _ in range(2):
            mailtrace(config, "import", file)
            self.assertEqual(counts()["programs"], received["programs"])
        shown = mailtrace(config, "status", "--unknown").stdout
        self.assertIn("no parser ever saw", shown)
        self.assertIn("5 lines", shown)
        daemon.stop()
