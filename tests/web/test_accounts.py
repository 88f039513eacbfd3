#!/usr/bin/env python3
"""Accounts: one-time passwords, sessions, roles changed while logged in, tokens, throttling, the command line, a proxy
that logs people in."""
import json
import re
import sqlite3
import stat
import unittest

from service import API, PASSWORD, Served

PEOPLE = {"chief": {"role": "admin"}, "desk": {"role": "helpdesk"},
          "anna": {"role": "user", "addresses": ["anna@alpha.example"]}}


class Accounts(Served):
    people = PEOPLE
    groups = ["simple"]

    def make_user(self, name, role="user", **rest):
        done = self.home.run("user", "add", name, "--role", role, *[p for a in rest.get("addresses", []) for p in ("--address", a)])
        self.assertEqual(0, done.returncode, done.err)
        return re.search(r"password: (\S+)", done.out).group(1)

    def test_a_one_time_password_must_be_changed_first(self):
        first = self.make_user("fresh")
        client = self.service.client("de")
        self.assertTrue(client.login("fresh", first).json["must_change_password"])
        for path in ("/search", "/sessions", "/tokens", "/mails/" + "0" * 32, "/export.csv"):
            answer = client.get(path)
            self.assert_problem(answer, 403, "forbidden")
            self.assertIn("Einmalpasswort", answer.json["detail"])
        self.assert_problem(client.post("/password", {"old": first, "new": "short"}), 422, "weak_password")
        self.assert_problem(client.post("/password", {"old": first, "new": "aaaaaaaaaaaaaa"}), 422, "weak_password")
        self.assert_problem(client.post("/password", {"old": first, "new": first}), 422, "weak_password")
        self.assert_problem(client.post("/password", {"old": "wrong", "new": PASSWORD}), 403, "wrong_password")
        self.assertEqual(204, client.post("/password", {"old": first, "new": PASSWORD}).status)
        self.assertEqual(200, client.get("/search").status)
        self.assert_problem(self.service.client().login("fresh", first), 401, "login_failed")

    def test_only_hashes_are_stored(self):
        client = self.logged_in("anna")
        token = client.post("/tokens", {"name": "secret"}).json["token"]
        secrets = [client.cookie.split("=", 1)[1], token, PASSWORD, client.csrf]
        files = list(self.home.path.glob("accounts.db*"))
        self.assertGreaterEqual(len(files), 1)
        for file in files:
            self.assertEqual(0o600, stat.S_IMODE(file.stat().st_mode), file)
            content = file.read_bytes()
            for secret in secrets:
                self.assertNotIn(secret.encode(), content)

    def test_sessions_are_listed_ended_and_end_with_the_password(self):
        one, two = self.logged_in("anna"), self.logged_in("anna")
        self.assertNotEqual(one.cookie, two.cookie)
        listed = one.get("/sessions").json["sessions"]
        self.assertEqual(1, sum(session["current"] for session in listed))
        for session in listed:
            self.assertNotIn(session["id"], one.cookie + two.cookie)
        other = [session["id"] for session in two.get("/sessions").json["sessions"] if session["current"]][0]
        self.assertEqual(204, one.ask("DELETE", API + f"/sessions/{other}").status)
        self.assert_problem(two.get("/session"), 401, "not_logged_in")
        three = self.logged_in("anna")
        self.assertEqual(204, one.ask("DELETE", API + "/sessions").status)
        self.assertEqual((200, 401), (one.get("/session").status, three.get("/session").status))
        four = self.logged_in("anna")
        changed = PASSWORD + " changed"
        self.assertEqual(204, one.post("/password", {"old": PASSWORD, "new": changed}).status)
        self.assertEqual((200, 401), (one.get("/session").status, four.get("/session").status))
        self.assertEqual(204, one.post("/password", {"old": changed, "new": PASSWORD}).status)
        self.assertEqual(204, one.post("/logout", {}).status)
        self.assertEqual(401, one.get("/session").status)

    def test_a_change_of_rights_ends_the_sessions(self):
        first = self.make_user("temp", "helpdesk")
        client = self.service.client()
        client.login("temp", first)
        client.post("/password", {"old": first, "new": PASSWORD})
        admin = self.logged_in("chief")
        for change in ({"role": "user"}, {"addresses": ["temp@alpha.example"]}, {"disabled": False}):
            self.assertEqual(200, client.get("/session").status)
            self.assertEqual(200, admin.ask("PATCH", API + "/users/temp", change).status)
            self.assertEqual(401, client.get("/session").status, change)
            client = self.logged_in("temp")
        admin.ask("PATCH", API + "/users/temp", {"disabled": True})
        self.assert_problem(self.service.client().login("temp"), 401, "login_failed")
        made = admin.ask("PATCH", API + "/users/temp", {"disabled": False, "reset_password": True}).json
        self.assert_problem(self.service.client().login("temp"), 401, "login_failed")
        self.assertTrue(self.service.client().login("temp", made["password"]).json["must_change_password"])
        self.assertEqual(204, admin.ask("DELETE", API + "/users/temp").status)

    def test_the_last_admin_stays(self):
        admin = self.logged_in("chief")
        for change in ({"role": "user"}, {"disabled": True}):
            self.assert_problem(admin.ask("PATCH", API + "/users/chief", change), 409, "conflict")
        self.assert_problem(admin.ask("DELETE", API + "/users/chief"), 409, "conflict")
        for command in (["lock", "chief"], ["role", "chief", "user"], ["remove", "chief"]):
            done = self.home.run("user", *command)
            self.assertEqual(2, done.returncode)
            self.assertIn("last admin", done.err)

    def test_tokens_read_and_nothing_else(self):
        owner = self.logged_in("anna")
        made = owner.post("/tokens", {"name": "cron"}).json
        client = self.service.client()
        client.token = made["token"]
        self.assertEqual(200, client.get("/search").status)
        for method, path in (("GET", "/tokens"), ("POST", "/tokens"), ("POST", "/password"), ("GET", "/sessions"), ("GET", "/users")):
            self.assertEqual(403, client.ask(method, API + path, {} if method == "POST" else None).status, path)
        client.token = made["token"][:-1] + ("A" if made["token"][-1] != "A" else "B")
        self.assertEqual(401, client.get("/search").status)
        client.token = made["token"]
        with sqlite3.connect(self.home.path / "accounts.db") as db:
            db.execute("UPDATE tokens SET expires = 1 WHERE id = ?", (int(made["id"]),))
        self.assertEqual(401, client.get("/search").status)
        self.assert_problem(owner.post("/tokens", {"name": "old", "expires": "2020-01-01"}), 422, "invalid")
        line = self.home.run("user", "token", "anna", "--title", "shell", "--days", "1")
        client.token = line.out.strip()
        self.assertEqual(200, client.get("/search").status)

    def test_idle_and_old_sessions_end(self):
        client = self.logged_in("desk")
        for column in ("seen", "created"):
            self.assertEqual(200, client.get("/session").status)
            with sqlite3.connect(self.home.path / "accounts.db") as db:
                db.execute(f"UPDATE sessions SET {column} = {column} - 13 * 3600 * 1000000")
            self.assertEqual(401, client.get("/session").status, column)
            client = self.logged_in("desk")

    def test_guessers_are_slowed_down_and_learn_no_names(self):
        answers = {}
        for name in ("desk2", "nobody-has-this"):
            if name == "desk2":
                self.make_user(name)
            kinds = []
            for i in range(8):
                answer = self.service.client().login(name, f"wrong password {i}")
                kinds.append((answer.status, answer.json["type"], answer.json["title"]))
            self.assertIn("Retry-After", answer.headers)
            answers[name] = kinds
        self.assertEqual(answers["desk2"], answers["nobody-has-this"])
        self.assertEqual(429, answers["desk2"][-1][0])
        self.assertEqual(401, answers["desk2"][0][0])
        # Others are not shut out.
        self.assertEqual(200, self.service.client().login("desk").status)
        entries = self.logged_in("chief").get("/audit", action="login_failed", limit=100).json["entries"]
        self.assertIn("desk2", {entry["user"] for entry in entries})
        self.assertNotIn("nobody-has-this", json.dumps(entries))

    def test_the_audit_cannot_be_changed_unnoticed(self):
        with sqlite3.connect(self.home.path / "accounts.db") as db:
            rows = db.execute("SELECT hash FROM audit ORDER BY id").fetchall()
        self.assertGreater(len(rows), 3)
        self.assertEqual(len(rows), len(set(rows)))
        admin = self.logged_in("chief")
        checked = admin.get("/audit/check").json
        self.assertTrue(checked["whole"])
        self.assertGreaterEqual(checked["entries"], len(rows))
        self.assertIn("none was changed", self.home.run("user", "audit").out)

        def run(statement, *values):
            with sqlite3.connect(self.home.path / "accounts.db", timeout=60) as db:
                db.execute(statement, values)
        with sqlite3.connect(self.home.path / "accounts.db") as db:
            row = db.execute("SELECT * FROM audit WHERE id = 3").fetchone()
            details, time = db.execute("SELECT details, time FROM audit WHERE id = 3").fetchone()
        marks = ", ".join("?" * len(row))
        for broken, mended in (
                ((("UPDATE audit SET details = 'nobody' WHERE id = 3",)), ("UPDATE audit SET details = ? WHERE id = 3", details)),
                ((("UPDATE audit SET time = time + 1 WHERE id = 3",)), ("UPDATE audit SET time = ? WHERE id = 3", time)),
                ((("DELETE FROM audit WHERE id = 3",)), (f"INSERT INTO audit VALUES ({marks})", *row))):
            with self.subTest(broken=broken):
                run(*broken)
                found = admin.get("/audit/check").json
                self.assertFalse(found["whole"])
                self.assertIn("broken", found)
                done = self.home.run("user", "audit")
                self.assertNotEqual(0, done.returncode)
                self.assertIn("changed or taken out", done.err)
                run(*mended)
                self.assertTrue(admin.get("/audit/check").json["whole"])

    def test_the_command_line(self):
        done = self.home.run("user", "add", "cli", "--role", "helpdesk", "--domain", "alpha.example")
        self.assertEqual(0, done.returncode, done.err)
        listed = {one["name"]: one for one in map(json.loads, self.home.run("user", "list", "--json").out.splitlines())}
        self.assertEqual(("helpdesk", ["alpha.example"], False), tuple(listed["cli"][k] for k in ("role", "domains", "locked")))
        self.assertIn("@alpha.example", self.home.run("user", "list").out)
        german = {"LC_ALL": "de_DE.UTF-8"}
        self.assertRegex(self.home.run("user", "list", **german).out, r"cli +helpdesk +nie angemeldet +@alpha.example\n")
        self.assertRegex(self.home.run("user", "audit", **german).out, r"^Protokoll: (1 Eintrag|\d+ Einträge), nichts geändert oder entfernt\n$")
        for command in (["lock", "cli"], ["role", "cli", "user"], ["addresses", "cli", "--address", "Cli@alpha.example"]):
            self.assertEqual(0, self.home.run("user", *command).returncode, command)
        listed = {one["name"]: one for one in map(json.loads, self.home.run("user", "list", "--json").out.splitlines())}
        self.assertEqual(("user", [], True, ["cli@alpha.example"]),
                         tuple(listed["cli"][k] for k in ("role", "domains", "locked", "addresses")))
        self.assertEqual(0, self.home.run("user", "unlock", "cli").returncode)
        self.assertIn("one-time password", self.home.run("user", "password", "cli").out)
        self.assertEqual(0, self.home.run("user", "remove", "cli").returncode)
        for command, text in ((["remove", "cli"], "no such user"), (["add", "chief"], "there is a user"),
                              (["add", "No Good"], "a name is made"), (["add", "x", "--address", "x"], "expected addresses"),
                              (["add", "x", "--domain", "a b"], "expected domains")):
            done = self.home.run("user", *command)
            self.assertEqual(2, done.returncode, command)
            self.assertIn(text, done.err)


class Proxy(Served):
    people = PEOPLE
    groups = ["simple"]
    options = "      trusted_proxies: [127.0.0.1]\n      user_header: X-Remote-User\n"

    def test_the_proxy_says_who_it_is(self):
        client = self.service.client()
        proxied = {"X-Remote-User": "anna", "X-Forwarded-For": "198.51.100.7, 203.0.113.9", "X-Forwarded-Proto": "https"}
        answer = client.ask("GET", API + "/session", headers=proxied)
        self.assertEqual(("anna", "proxy"), (answer.json["name"], answer.json["how"]))
        self.assertIn("max-age", answer.headers["Strict-Transport-Security"])
        self.assertEqual(401, client.ask("GET", API + "/session", headers={"X-Remote-User": "stranger"}).status)
        refused = client.ask("POST", API + "/searches", {"name": "a", "query": "b"}, proxied)
        self.assert_problem(refused, 403, "csrf")
        made = client.ask("POST", API + "/searches", {"name": "a", "query": "b"}, proxied | {"X-CSRF-Token": answer.json["csrf"]})
        self.assertEqual(201, made.status)
        client.ask("GET", API + "/search", headers=proxied)
        login = client.ask("POST", API + "/login", {"name": "chief", "password": PASSWORD},
                           {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.4"})
        cookie = login.headers["Set-Cookie"]
        self.assertTrue(cookie.startswith("__Host-mailtrace="), cookie)
        for part in ("Secure", "HttpOnly", "SameSite=Strict", "Path=/"):
            self.assertIn(part, cookie)
        admin = self.logged_in("chief")
        addresses = {one["address"] for one in admin.get("/audit", user="anna").json["entries"]}
        self.assertIn("203.0.113.9", addresses)
        self.assertNotIn("198.51.100.7", addresses)


class NotTrusted(Served):
    people = {"chief": {"role": "admin"}}
    groups = ["simple"]
    options = "      trusted_proxies: [192.0.2.1]\n      user_header: X-Remote-User\n      metrics_from: [127.0.0.0/8]\n"

    def test_headers_of_anybody_else_are_not_believed(self):
        answer = self.service.client().ask("GET", API + "/session", headers={"X-Remote-User": "chief"})
        self.assert_problem(answer, 401, "not_logged_in")
        answer = self.service.client().ask("GET", API + "/session", headers={"X-Forwarded-Proto": "https"})
        self.assertNotIn("Strict-Transport-Security", answer.headers)

    def test_metrics_for_allowed_addresses(self):
        answer = self.service.client().get("/metrics")
        self.assertEqual(200, answer.status)
        self.assertRegex(answer.body.decode(), r"(?m)^# TYPE mailtrace_web_requests_total counter\nmailtrace_web_requests_total \d+$")


if __name__ == "__main__":
    unittest.main()
