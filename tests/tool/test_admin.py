"""mailtrace status, check, options, spool, expire: what an admin types."""
import json
import socket
import threading
import unittest

import tool


class Admin(tool.Imported):
    def test_status_without_daemon(self):
        done = self.home.run("status")
        self.assertEqual(done.returncode, 69)
        self.assertIn("mailtraced does not run here: connect to ", done.out)
        self.assertRegex(done.out, r"\n  mx1   2026-11-23 \d\d:\d\d:\d\d – 2026-11-23 \d\d:\d\d:\d\d       1095 lines\n")
        status = self.home.json("status")[0]
        self.assertIsNone(status["daemon"])
        self.assertEqual([h["host"] for h in status["database"]["hosts"]], ["mx1", "out1"])

    def answer(self, reply):
        """A daemon that answers one question."""
        path = self.home.path / "control.sock"
        path.unlink(missing_ok=True)
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(path))
        server.listen(1)
        asked = []

        def serve():
            connection, _ = server.accept()
            asked.append(connection.makefile().readline())
            connection.sendall(reply)
            connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            done = self.home.run("status")
        finally:
            thread.join()
            server.close()
            path.unlink()
        self.assertEqual(asked, ["status\n"])
        return done

    def test_status_of_a_daemon(self):
        reply = {"name": "mx1", "version": "9.9", "started": "2026-11-23T12:00:00Z", "inputs": [{"input": "relp", "at": "here"}],
                 "spool": {"segments": 1, "bytes": 1024, "backlog_lines": 0}, "sinks": []}
        done = self.answer(json.dumps(reply).encode() + b"\n")
        self.assertEqual(done.returncode, 0)
        self.assertTrue(done.out.startswith("mailtraced 9.9 on mx1, running since 2026-11-23 12:00:00\n"))
        self.assertIn("\nInputs\n  relp  here, 0 lines received\n", done.out)
        self.assertIn("Servers in the database", done.out)

    def test_status_of_a_daemon_that_talks_nonsense(self):
        done = self.answer(b"[1]\n")
        self.assertEqual(done.returncode, 69)
        self.assertIn("does not run here: its answer is no JSON", done.out)

    def test_check(self):
        done = self.home.run("check")
        self.assertEqual((done.returncode, done.out), (0, f"{self.home.config}: ok\n"))
        home = tool.Home()
        home.config.write_text("state_directry: /tmp\nparsers: [postfx]\nsinks:\n  - sqlite: {fil: x}\ninputs:\n  - udp: {listen: nowhere}\n")
        done = home.run("check")
        self.assertEqual(done.returncode, 78)
        self.assertEqual(done.out, "")
        for mistake in ("mailtrace.yaml:1:1: ", 'did you mean "state_directory"?', "mailtrace.yaml:2:", "postfix",
                        "mailtrace.yaml:4:", "mailtrace.yaml:6:", "udp.listen"):
            self.assertIn(mistake, done.err)
        self.assertEqual(home.run("search", "x").returncode, 78)
        home.remove()

    def test_options(self):
        done = self.home.run("options")
        self.assertEqual(done.returncode, 0)
        self.assertIn("state_directory", done.out)
        self.assertIn("sink.sqlite", done.out)
        self.assertIn("servers", self.home.run("options", "cache.memcached").out)
        wrong = self.home.run("options", "sink.sqlit")
        self.assertEqual(wrong.returncode, 78)
        self.assertIn('did you mean "sink.sqlite"?', wrong.err)
        manual = self.home.run("options", "--roff").out
        self.assertIn('.SS "cache.memcached"', manual)

    def test_spool(self):
        missing = self.home.run("spool", "verify", self.home.path / "nothing")
        self.assertNotEqual(missing.returncode, 0)
        self.assertIn("nothing", missing.err)
        self.assertEqual(self.home.run("spool").returncode, 2)
        for command in (["verify"], ["dump"], ["dump", "--json"]):
            own = self.home.run("spool", *command)
            self.assertNotEqual(own.returncode, 0)
            self.assertIn(f"{self.home.path}/spool", own.err)
        self.assertEqual(self.home.run("spool", "salvage").returncode, 2)

    def test_expire_keeps_what_is_young(self):
        before = self.home.rows()
        for more in (["--dry-run"], []):
            done = self.home.run("expire", "--max-age", "36500", *more)
            self.assertEqual(done.returncode, 0, done.err)
        self.assertEqual(self.home.rows(), before)
        self.assertEqual(self.home.run("expire").returncode, 2)

    def test_status_tells_how_the_last_expire_ended(self):
        def told(**environment):
            out = self.home.run("status", **environment).out
            return out.split("\nRetention\n" if not environment else "\nAufbewahrung\n")[1]

        (self.home.path / "expire.json").unlink(missing_ok=True)
        self.assertEqual(told(), "  mailtrace expire has not run on this host\n")
        self.home.run("expire", "--max-age", "36500", "--dry-run")
        self.assertEqual(told(), "  mailtrace expire has not run on this host\n")
        self.home.run("expire", "--max-age", "36500")
        self.assertRegex(told(), r"^  last run \S+ \S+: 36500 days are kept\n$")
        refused = self.home.run("expire", "--max-age", "1")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("did not finish", told())
        self.assertIn("kam nicht zu Ende", told(LC_ALL="de_DE.UTF-8"))
        retention = json.loads(self.home.run("status", "--json").out)["retention"]
        self.assertEqual(retention["max_age_days"], 1)
        self.assertIn(retention["refused"][0]["error"], refused.err)
        (self.home.path / "expire.json").write_text('{"ended": 3')
        self.assertEqual(told(), "  mailtrace expire has not run on this host\n")


if __name__ == "__main__":
    unittest.main()
