"""The page and the receiver: in one process, and the page alone while nobody receives."""
import socket

from corpus import lines_of
from daemon import Mailtraced, configuration, listener
from databases import Sqlite
from harness import Case, wait_until
from page import WebServer, logged_in, web_entry
from senders import send_octet_counted

GROUPS = ["simple", "bounces"]


class Web(Case):
    def test_receives_and_serves_in_one_process(self):
        database = Sqlite(self.scratch, "both")
        entry, port = listener("tcp")
        web, page = web_entry()
        config = configuration(self.scratch, "both", [database.sink()], [entry], web=[web])
        daemon = Mailtraced(self.scratch, config)
        client = logged_in(config, page)
        self.assertEqual([], client.search())
        lines = lines_of(GROUPS, "rfc5424")
        send_octet_counted(port, lines)
        daemon.wait_received(len(lines))
        daemon.wait_stored()
        deliveries = len(database.rows()["deliverlog"])
        self.assertGreater(deliveries, 20)
        wait_until(lambda: sum(len(hit["deliveries"]) for hit in client.search()) == deliveries, "all deliveries")
        # A few seconds old at most.
        metrics = lambda: client.get("/metrics").body.decode()
        wait_until(lambda: f"mailtrace_sink_up{{sink=\"sqlite {database.file}\"}} 1" in metrics()
                   and "mailtrace_spool_backlog_lines 0" in metrics(), metrics)
        daemon.stop()

    def test_a_port_that_is_taken_keeps_no_line_out(self):
        database = Sqlite(self.scratch, "taken")
        entry, port = listener("tcp")
        web, page = web_entry()
        with socket.create_server(("127.0.0.1", page)):
            daemon = Mailtraced(self.scratch, configuration(self.scratch, "taken", [database.sink()], [entry],
                                                            web=[web]))
            lines = lines_of(GROUPS, "rfc5424")
            send_octet_counted(port, lines)
            daemon.wait_received(len(lines))
            daemon.wait_stored()
            daemon.stop()
        self.assertGreater(len(database.rows()["deliverlog"]), 20)

    def test_serves_alone_and_leaves_the_receivers_files_alone(self):
        database = Sqlite(self.scratch, "writer")
        entry, port = listener("tcp")
        daemon = Mailtraced(self.scratch, configuration(self.scratch, "writer", [database.sink()], [entry]))
        lines = lines_of(GROUPS, "rfc5424")
        send_octet_counted(port, lines)
        daemon.wait_received(len(lines))
        daemon.wait_stored()
        page = WebServer(self.scratch, "page", database.sink())
        client = logged_in(page.config, page.port)
        before = client.search()
        self.assertGreater(len(before), 20)
        daemon.stop()
        self.assertEqual(before, client.search())
        self.assertEqual(["accounts.db"], sorted(path.name for path in (self.scratch.path / "page").iterdir()
                                                 if not path.name.endswith(("-wal", "-shm"))))
        page.stop()
