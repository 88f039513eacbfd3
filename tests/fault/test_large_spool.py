"""A restart with a large spool that no database has taken yet: lines are acknowledged again after the last segment was
looked at, however many there are. And a spool that an older process filled is read by this one, to the line.

Long form: --spool-mib 2048."""
import time

import settings
from corpus import forwarded_lines
from daemon import Mailtraced, configuration, import_reference, listener
from databases import Sqlite
from harness import Case, free_port
from relp_client import RelpClient

SEGMENT = 64 << 20
LINE = 60_000


class LargeSpool(Case):
    def write_configuration(self, entry, sink):
        config = configuration(self.scratch, "receiver", [sink], [entry])
        config.write_text("\n".join("spool: {max_size: 100 GiB, min_free: 0}" if line.startswith("spool:") else line
                                    for line in config.read_text().splitlines()) + "\n")
        return config

    def first_acknowledgement(self, config, port):
        """Seconds from the start to the first acknowledged line, and bytes read until then."""
        begun = time.monotonic()
        daemon = Mailtraced(self.scratch, config)
        self.assertTrue(RelpClient(port, [b"<22>1 2026-11-23T20:11:54Z mx1 postfix/smtp 1 - - one more"]).send(1))
        took = time.monotonic() - begun
        with open(f"/proc/{daemon.process.child.pid}/io", encoding="ascii") as counts:
            read = int(counts.readline().split()[1])
        daemon.kill()
        return took, read

    def test_restart(self):
        entry, port = listener("relp")
        away = {"postgresql": {"connection": f"host=127.0.0.1 port={free_port()} dbname=away user=nobody"}}
        config = self.write_configuration(entry, away)
        small = self.first_acknowledgement(config, port)
        size = settings.number("spool_mib") << 20
        daemon = Mailtraced(self.scratch, config)
        text = b"<22>1 2026-11-23T20:11:54Z mx1 postfix/smtp 1 - - "
        lines = [text + b"x" * LINE] * (size // LINE)
        begun = time.monotonic()
        self.assertTrue(RelpClient(port, lines).send(len(lines)))
        filled = time.monotonic() - begun
        daemon.kill()
        spool = self.scratch.path / "receiver" / "spool"
        on_disk = sum(path.stat().st_size for path in spool.glob("*.seg"))
        self.assertGreater(on_disk, size)
        large = self.first_acknowledgement(config, port)
        print(f"    {on_disk >> 20} MiB, filled in {filled:.0f} s: first acknowledgement after {large[0]:.2f} s, "
              f"{large[1] >> 20} MiB read; with an empty one {small[0]:.2f} s, {small[1] >> 20} MiB read", flush=True)
        # Nothing but the last segment is read, and so the size does not matter.
        self.assertLess(large[1] - small[1], SEGMENT + (8 << 20))

        database = Sqlite(self.scratch)
        real = forwarded_lines(["simple", "multi"])
        again = Mailtraced(self.scratch, self.write_configuration(entry, database.sink()))
        self.assertTrue(RelpClient(port, real).send(len(real)))
        again.wait_stored(600)
        status = again.status()
        again.stop()
        self.assertEqual([], status["spool"]["gaps"])
        read = sum(each["value"] for each in status["counters"] if each["name"] == "parse_lines_total")
        self.assertEqual(len(lines) + 2 + len(real), read)
        sent = self.scratch.path / "sent.log"
        sent.write_bytes(b"".join(line + b"\n" for line in real))
        self.assert_equal_rows(import_reference(self.scratch, sent).rows(), database.rows())
