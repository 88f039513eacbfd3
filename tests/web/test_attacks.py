#!/usr/bin/env python3
"""What an attacker tries: forged requests, smuggled and oversized ones, slow clients, foreign hosts and origins, hostile
text in mails, files outside the page. Each must come to nothing, and the server must go on serving."""
import contextlib
import csv
import io
import json
import pathlib
import shutil
import socket
import tempfile
import time
import unittest

from service import API, PASSWORD, SOURCE, Served

HOSTILE = ["<script>alert(1)</script>@alpha.example", "=cmd|'/C calc'!A0@alpha.example", "@SUM(1+1)*cmd@alpha.example",
           "+1@alpha.example", "\u202eevil@alpha.example", "a\"b,c@alpha.example"]


def log_of_hostile_mails():
    lines = []
    for i, address in enumerate(HOSTILE):
        queue_id = f"4jYHM{i}0fkWzmVy"
        lines += [f"2026-11-23T20:18:3{i}.000000+00:00 mx1 postfix/smtpd[1]: {queue_id}: client=c.example[192.0.2.1]",
                  f"2026-11-23T20:18:3{i}.100000+00:00 mx1 postfix/qmgr[1]: {queue_id}: from=<{address}>, size=1, nrcpt=1 (queue active)",
                  f"2026-11-23T20:18:3{i}.200000+00:00 mx1 postfix/smtp[1]: {queue_id}: to=<h{i}@alpha.example>, relay=mx.example.net[192.0.2.2]:25, "
                  f"delay=1, delays=0/0/0/1, dsn=5.0.0, status=bounced (host mx.example.net[192.0.2.2] said: =HYPERLINK(\"http://x\") <img src=x onerror=alert(1)>)",
                  f"2026-11-23T20:18:3{i}.300000+00:00 mx1 postfix/qmgr[1]: {queue_id}: removed"]
    return "\n".join(lines) + "\n"


class Attacks(Served):
    people = {"chief": {"role": "admin"}, "anna": {"role": "user", "addresses": ["anna@alpha.example"]}}
    groups = ["simple", "bounces"]

    @classmethod
    def setUpClass(cls):
        cls.page = pathlib.Path(tempfile.mkdtemp(prefix="mailtrace-page-"))
        (cls.page / "index.html").write_text("<!doctype html><title>the page</title>")
        (cls.page / "app-ABCD1234.js").write_text("1" * 5000)
        (cls.page / "app-ABCD1234.js.gz").write_bytes(b"\x1f\x8bzipped")
        (cls.page.parent / (cls.page.name + ".secret")).write_text("secret")
        cls.options = f"      page_directory: {cls.page}\n      request_timeout: 2s\n      max_connections: 60\n" \
                      "      max_connections_per_address: 50\n      max_body: 64 KiB\n"
        super().setUpClass()
        file = cls.home.path / "hostile.log"
        file.write_text(log_of_hostile_mails())
        assert cls.home.run("import", file).returncode == 0

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        shutil.rmtree(cls.page)
        (cls.page.parent / (cls.page.name + ".secret")).unlink()

    def tearDown(self):
        self.assertEqual(200, self.service.client().get("/health").status)

    def raw(self, data, wait=20):
        """Sends bytes as they are; everything that came back until the server closed or `wait` seconds of silence."""
        out = b""
        with socket.create_connection(("127.0.0.1", self.service.port), wait) as one, contextlib.suppress(ConnectionError):
            one.sendall(data)
            while True:
                with contextlib.suppress(TimeoutError):
                    part = one.recv(65536)
                    if not part:
                        return out
                    out += part
                    continue
                return out

    def head(self, *lines, host=None):
        return "\r\n".join([*lines, f"Host: {host or '127.0.0.1'}", "Connection: close", "", ""]).encode()

    def test_headers_of_every_answer(self):
        client = self.service.client()
        for path in ("/", "/app-ABCD1234.js", API + "/session", API + "/nix", "/nix.js", API + "/health"):
            answer = client.ask("GET", path)
            with self.subTest(path=path):
                policy = answer.headers["Content-Security-Policy"]
                for part in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
                    self.assertIn(part, policy)
                self.assertNotIn("unsafe", policy)
                self.assertEqual("nosniff", answer.headers["X-Content-Type-Options"])
                self.assertEqual("no-referrer", answer.headers["Referrer-Policy"])
                self.assertIsNone(answer.headers.get("Access-Control-Allow-Origin"))
                self.assertIsNone(answer.headers.get("Server"))

    def test_forged_requests(self):
        client = self.logged_in("chief")
        csrf, client.csrf = client.csrf, None
        body = {"name": "x", "query": "y"}
        self.assert_problem(client.post("/searches", body), 403, "csrf")
        for wrong in ("", "x", csrf[:-1], csrf + "x", self.logged_in("anna").csrf):
            self.assert_problem(client.post("/searches", body, {"X-CSRF-Token": wrong}), 403, "csrf")
        good = {"X-CSRF-Token": csrf}
        for header in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
                       {"Sec-Fetch-Site": "same-site"}):
            self.assert_problem(client.post("/searches", body, good | header), 403, "csrf")
        self.assert_problem(client.ask("POST", API + "/searches", "name=x&query=y",
                                       good | {"Content-Type": "application/x-www-form-urlencoded"}), 422, "invalid")
        self.assertEqual(201, client.post("/searches", body, good | {
            "Origin": f"http://127.0.0.1:{self.service.port}", "Sec-Fetch-Site": "same-origin"}).status)
        stranger = self.service.client()
        answer = stranger.post("/login", {"name": "chief", "password": PASSWORD}, {"Origin": "https://evil.example"})
        self.assert_problem(answer, 403, "csrf")

    def test_a_session_given_by_somebody_else_is_not_taken_over(self):
        planted = self.service.client()
        planted.cookie = "mailtrace=planted-by-an-attacker"
        answer = planted.login("anna")
        self.assertEqual(200, answer.status)
        self.assertNotIn("planted", planted.cookie)
        before = planted.cookie
        planted.csrf = answer.json["csrf"]
        again = planted.login("anna")
        self.assertEqual(200, again.status, again.body)
        self.assertNotEqual(before, planted.cookie)
        old = self.service.client()
        old.cookie = before
        self.assertEqual(401, old.get("/session").status)
        for part in ("HttpOnly", "SameSite=Strict", "Path=/"):
            self.assertIn(part, again.headers["Set-Cookie"])

    def test_foreign_host_names(self):
        for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "", "a b"):
            answer = self.raw(self.head("GET / HTTP/1.1", host=host or " "))
            self.assertRegex(answer.split(b"\r\n")[0], rb"HTTP/1\.1 (421|400) ", host)
        for host in ("localhost", "localhost:8080", "127.0.0.1", "[::1]:80"):
            self.assertIn(b" 200 ", self.raw(self.head("GET / HTTP/1.1", host=host)).split(b"\r\n")[0], host)

    def test_smuggled_requests(self):
        body = "0\r\n\r\nGET /api/v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        for lines in (["Content-Length: 6", "Transfer-Encoding: chunked"], ["Content-Length: 0", "Content-Length: 51"],
                      ["Host: other.example"], ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"]):
            answer = self.raw(self.head(f"POST {API}/login HTTP/1.1", "Content-Type: application/json", *lines) + body.encode())
            self.assertIn(b" 400 ", answer.split(b"\r\n")[0], lines)
            self.assertEqual(1, answer.count(b"HTTP/1.1 "), lines)
        self.assertIn(b" 400 ", self.raw(b"GET / HTTP/1.1\r\n\r\n").split(b"\r\n")[0])

    def test_oversized_requests(self):
        client = self.service.client()
        self.assert_problem(client.post("/login", {"name": "x" * 70_000, "password": "x"}), 413, "too_large")
        big = self.head(f"POST {API}/login HTTP/1.1", "Content-Type: application/json", "Content-Length: 99999999999999999999")
        self.assertRegex(self.raw(big).split(b"\r\n")[0], rb" (400|413) ")
        chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        endless = self.head(f"POST {API}/login HTTP/1.1", "Transfer-Encoding: chunked") + chunk * 40
        self.assertNotIn(b" 200 ", self.raw(endless).split(b"\r\n")[0])
        self.assertRegex(self.raw(self.head(f"GET /{'x' * 40_000} HTTP/1.1")).split(b"\r\n")[0], rb" (414|431|400) ")
        many = self.head("GET / HTTP/1.1", *[f"X-{i}: y" for i in range(5000)])
        self.assertRegex(self.raw(many).split(b"\r\n")[0], rb" (431|400|413) ")
        deep = '{"name":' + "[" * 20_000
        self.assertEqual(422, client.ask("POST", API + "/login", deep, {"Content-Type": "application/json"}).status)

    def test_slow_clients_hold_nobody_up(self):
        idle = []
        try:
            for i in range(40):
                one = socket.create_connection(("127.0.0.1", self.service.port), 10)
                one.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: " if i % 2 else b"G")
                idle.append(one)
            self.assertEqual(200, self.service.client().get("/health").status)
            # A byte now and then does not keep the place: within the time for a request (2 s) it is over.
            alive, end = set(idle), time.monotonic() + 60
            while alive and time.monotonic() < end:
                for one in list(alive):
                    try:
                        one.sendall(b"x")
                        one.settimeout(0.01)
                        if one.recv(1000) == b"":
                            alive.discard(one)
                    except TimeoutError:
                        pass
                    except OSError:
                        alive.discard(one)
                time.sleep(0.2)
            self.assertEqual(set(), alive)
        finally:
            for one in idle:
                one.close()

    def test_no_file_but_those_of_the_page(self):
        name = self.page.name
        for path in (f"/../{name}.secret", f"/%2e%2e/{name}.secret", f"/..%2f{name}.secret", f"/x/../../{name}.secret",
                     f"//{self.page.parent}/{name}.secret", "/%00", "/%ff", "/..%5c..%5cetc", "/etc/passwd", "/%2fetc%2fpasswd"):
            answer = self.raw(self.head(f"GET {path} HTTP/1.1"))
            with self.subTest(path=path):
                self.assertNotIn(b"secret", answer.split(b"\r\n\r\n", 1)[-1])
                self.assertNotIn(b"root:", answer)
                self.assertRegex(answer.split(b"\r\n")[0], rb" (200|400|404) ")

    def test_files_of_the_page(self):
        client = self.service.client()
        page = client.ask("GET", "/")
        self.assertEqual((200, "no-cache"), (page.status, page.headers["Cache-Control"]))
        self.assertEqual(page.body, client.ask("GET", "/any/place/in/it").body)
        self.assertEqual(404, client.ask("GET", "/any/file.js").status)
        again = client.ask("GET", "/", headers={"If-None-Match": page.headers["ETag"]})
        self.assertEqual((304, b""), (again.status, again.body))
        script = client.ask("GET", "/app-ABCD1234.js", headers={"Accept-Encoding": "gzip"})
        self.assertEqual((b"\x1f\x8bzipped", "gzip"), (script.body, script.headers["Content-Encoding"]))
        self.assertIn("immutable", script.headers["Cache-Control"])
        self.assertEqual(b"1" * 5000, client.ask("GET", "/app-ABCD1234.js").body)
        head = client.ask("HEAD", "/")
        self.assertEqual((200, b""), (head.status, head.body))
        self.assertEqual(405, client.ask("POST", "/", {}).status)

    def test_hostile_text_in_mails_stays_text(self):
        client = self.logged_in("chief")
        found = {}
        for i, address in enumerate(HOSTILE):
            hit, = client.search(recipient=f"h{i}@alpha.example")
            found[address] = hit["connect"]["sender"]
        self.assertEqual({address: address for address in HOSTILE}, found)
        answer = client.get("/export.csv", recipient="h*")
        self.assertTrue(answer.headers["Content-Disposition"].startswith("attachment"))
        rows = list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"), newline="")))
        self.assertEqual(len(HOSTILE), len([row for row in rows if row["recipient"].startswith("h")]))
        for row in rows:
            for value in row.values():
                self.assertNotRegex(value or "", r"^\s*[=+@\t\r|%]")
        senders = {row["sender"] for row in rows}
        self.assertIn("'=cmd|'/C calc'!A0@alpha.example", senders)
        for path in ("/search", "/export.json"):
            body = client.get(path, recipient="h*")
            self.assertTrue(body.headers["Content-Type"].startswith("application/json"))
        hit, = client.search(recipient="h0@alpha.example")
        ticket = client.get(f"/mails/{hit['connect']['id']}/ticket", audience="admin").json["text"]
        self.assertNotIn("\u202e", ticket)

    def test_hostile_parameters(self):
        client = self.logged_in("chief")
        for query in ({"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"sort": "id; DROP TABLE x"}, {"order": "up"},
                      {"status": "sent,evil"}, {"connect_from": "yesterday"}, {"unknown": "x"}, {"sender": "x" * 2000}):
            self.assert_problem(client.get("/search", **query), 422, "invalid")
        self.assertEqual(422, client.ask("GET", API + "/search?limit=1&limit=2").status)
        self.assert_problem(client.get("/search", after="0.x"), 422, "invalid")
        for text in ("' OR 1=1 --", "%", "_", "\\", "\u0000x", "*" * 900, "\r\nSet-Cookie: a=b"):
            answer = client.ask("GET", API + "/search?sender=" + "".join(f"%{byte:02x}" for byte in text.encode()))
            self.assertIn(answer.status, (200, 400))
            if answer.json and "results" in answer.json and "*" not in text:
                self.assertEqual([], answer.json["results"], text)
            self.assertIsNone(answer.headers.get("Set-Cookie"))
        for body in ("", "[]", "null", "{", '{"name":1}', '{"name":"a"}', "\xff"):
            answer = self.service.client().ask("POST", API + "/login", body.encode("latin-1"), {"Content-Type": "application/json"})
            self.assertEqual(422, answer.status, body)

    def test_errors_come_in_the_language_that_was_asked_for(self):
        titles = set()
        for language in ("de", "en", "de-AT,de;q=0.9,en;q=0.5", "fr", "en;q=0.4,de;q=0.9"):
            answer = self.service.client(language).get("/session")
            titles.add((answer.headers["Content-Language"], answer.json["title"]))
        self.assertEqual({("de", "Sie sind nicht angemeldet."), ("en", "You are not logged in.")}, titles)

    def test_the_contract_is_no_secret_and_nothing_else_is_public(self):
        routes = json.loads(json.dumps(["/search", "/users", "/audit", "/overview", "/hosts", "/metrics", "/sessions", "/tokens",
                                        "/searches", "/export.csv", "/export.json", "/nothing", "/mails/" + "0" * 32]))
        for path in routes:
            self.assertIn(self.service.client().get(path).status, (401, 403), path)
        self.assertEqual(200, self.service.client().get("/openapi.yaml").status)
        self.assertTrue((SOURCE / "plugins/web/openapi.yaml").exists())


if __name__ == "__main__":
    unittest.main()
