#!/usr/bin/env python3
"""openapi.yaml, the server's routes and what the server really answers are the same thing."""
import re
import sqlite3
import unittest

from service import API, PEOPLE, SOURCE, Schema, Served


class Contract(Served):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.schema, cls.operations = cls.contract()

    @staticmethod
    def contract():
        schema = Schema()
        return schema, {(method.upper(), path): operation
                        for path, item in schema.file["paths"].items()
                        for method, operation in item.items() if method != "parameters"}

    def test_every_route_is_in_the_file_and_the_other_way_round(self):
        source = (SOURCE / "plugins/web/portal/api.cc").read_text()
        table = source[source.index("Route table[]"):]
        routes = set(re.findall(r'\{"([A-Z]+)", "(/[^"]*)", Need::', table[:table.index("};")]))
        self.assertEqual(set(self.operations), routes)

    def test_other_methods_are_refused(self):
        admin = self.logged_in("chief")
        for path in self.schema.file["paths"]:
            allowed = {method for method, other in self.operations if other == path}
            answer = admin.ask("PUT", API + re.sub(r"\{\w+\}", "x", path), b"")
            self.assert_problem(answer, 405, "method_not_allowed")
            self.assertEqual(allowed, set(answer.headers["Allow"].split(", ")), path)

    def check(self, answer, method, path):
        """The answer is one of those the file knows, and looks as the file says."""
        responses = self.operations[method, path]["responses"]
        self.assertIn(str(answer.status), responses, f"{method} {path}: {answer.body[:300]}")
        content = self.schema.resolve(responses[str(answer.status)]).get("content")
        if content is None:
            self.assertEqual(b"", answer.body)
            return
        kind, = content
        self.assertEqual(kind, answer.headers["Content-Type"].split(";")[0], path)
        if answer.json is not None:
            self.assertEqual([], self.schema.faults(answer.json, content[kind]["schema"])[:10], f"{method} {path}")

    def test_answers_look_as_the_file_says(self):
        for name in ("chief", "desk", "beta", "anna"):
            client = self.logged_in(name)
            results = client.search()
            self.assertGreater(len(results), 10, name)
            for path in ("/session", "/sessions", "/tokens", "/searches", "/users", "/audit", "/audit/check", "/overview", "/hosts", "/health", "/metrics",
                         "/openapi.yaml", "/search", "/export.csv", "/export.json"):
                with self.subTest(name=name, path=path):
                    answer = client.get(path)
                    if answer.status != 403:
                        self.check(answer, "GET", path)
            statuses = {}
            for result in results:
                statuses.setdefault((result["deliver"] or {}).get("status"), result["connect"]["id"])
            self.assertGreater(len(statuses), 2, name)
            for status, mail in statuses.items():
                for part in ("", "/way", "/lines", "/ticket", "/related", "/alike"):
                    with self.subTest(name=name, status=status, part=part):
                        self.check(client.get(f"/mails/{mail}{part}"), "GET", "/mails/{id}" + part)
                self.check(client.post(f"/mails/{mail}/ticket?language=de&zone=Europe/Berlin", {}), "POST", "/mails/{id}/ticket")

    def test_every_operation_answers_as_the_file_says(self):
        """With too little to succeed as a rule: what is refused is in the file, too."""
        mail = self.logged_in("chief").search()[0]["connect"]["id"]
        for method, path in sorted(self.operations):
            client = self.logged_in("chief")  # some end the session
            asked = API + path.replace("{id}", mail if path.startswith("/mails") else "999999").replace("{name}", "nixda")
            body = {} if method in ("POST", "PATCH") else None
            with self.subTest(method=method, path=path):
                self.check(client.ask(method, asked, body), method, path)
                if method == "GET" and path not in ("/health", "/openapi.yaml", "/metrics"):
                    answer = client.ask(method, asked + "?zone=Nowhere/Else&no=such")
                    self.assertIn(answer.status, (200, 404, 422))
                    if answer.status != 200:
                        self.check(answer, method, path)

    def test_what_was_logged_before_a_refusal(self):
        client = self.logged_in("desk")
        listed = [result for result in client.search(status="blocked")
                  if "listed by" in result["deliver"].get("reason", "")]
        self.assertTrue(listed)
        mail = client.get(f"/mails/{listed[0]['connect']['id']}").json
        self.assertEqual([listed[0]["deliver"]["reason"]], [row.get("reason") for row in mail["deliveries"]])
        verdict, = mail["verdicts"]
        self.assertEqual(listed[0]["deliver"]["reason"], verdict["reason"])
        self.assertIn("Listed by: ", verdict["sentence"]["customer"]["en"])
        self.assertIn(verdict["reason"], verdict["sentence"]["admin"]["de"])

    def test_directions(self):
        def is_at(address, domain):
            return address is not None and address.endswith("@" + domain)
        told = {}
        desk = self.logged_in("desk")
        for result in desk.search():
            connect, deliver = result["connect"], result["deliver"] or {}
            sender, client, relay = connect.get("sender"), connect.get("client_name"), deliver.get("relay_name")
            to_mailbox = "folder" in deliver
            ours, there = is_at(sender, "alpha.example"), is_at(deliver.get("recipient"), "beta.example")
            kind = {
                "from a customer into a mailbox": client == "mail.customer-a.example" and to_mailbox,
                "logged in, to another provider": "sasl_user" in connect and relay == "mx.beta.example",
                "logged in, to a mailbox on our other host": "sasl_user" in connect and relay == "127.77.0.10",
                "and there": client == "out1.alpha.example" and ours and to_mailbox,
                "from a store over our other host to another provider": client == "store3.alpha.example" and there,
                "and on that host": client == "mx1.alpha.example" and ours and there,
                "from outside to an alias that leads out": client == "mail.customer-a.example" and relay == "127.77.0.20" and there,
            }
            for name, fits in kind.items():
                if fits:
                    told.setdefault(name, set()).add(result["direction"])
            # The mail's own is that of its last delivery.
            if any(kind.values()) and connect.get("recipients") == 1:
                self.assertEqual(result["direction"], desk.get(f"/mails/{connect['id']}").json["direction"], connect)
        self.assertEqual({
            "from a customer into a mailbox": {"incoming"}, "logged in, to another provider": {"outgoing"},
            "logged in, to a mailbox on our other host": {"internal"}, "and there": {"internal"},
            "from a store over our other host to another provider": {"outgoing"}, "and on that host": {"outgoing"},
            "from outside to an alias that leads out": {"passing"}}, told)
        self.assertEqual({"incoming", "outgoing"}, {result["direction"] for result in self.logged_in("anna").search()})

    def test_nobody_logged_in(self):
        for method, path in sorted(self.operations):
            asked = API + re.sub(r"\{\w+\}", "999999", path)
            with self.subTest(method=method, path=path):
                answer = self.service.client().ask(method, asked, {} if method in ("POST", "PATCH") else None)
                self.check(answer, method, path)
                public = self.operations[method, path].get("security") == []
                self.assertEqual(not public and path != "/metrics", answer.status == 401 and path != "/login")

    def test_nothing_found_and_pasted_text(self):
        for name in ("desk", "anna"):
            client = self.logged_in(name)
            with self.subTest(name=name):
                self.check(client.get("/nothing", sender="amna@alpha.example", zone="Europe/Berlin"), "GET", "/nothing")
                for text in ("anna@alpha.example", "*anna*", "4jYHMC0fkWzmVyr", "192.0.2.1", "<a@b.example>", "words here", "\n",
                             "a@x.example b@y.example", "552 5.2.2", "bounced",
                             "Nov 23 20:12:01 mx1 postfix/smtp[1]: 4ABC: to=<x@y.example>, relay=none, status=bounced (no)"):
                    self.check(client.post("/understand", {"text": text}), "POST", "/understand")

    def test_hosts(self):
        answer = self.logged_in("desk").get("/hosts")
        self.check(answer, "GET", "/hosts")
        self.assertGreater(len(answer.json["hosts"]), 1)

    def test_changes_look_as_the_file_says(self):
        admin = self.logged_in("chief")
        self.check(admin.post("/tokens", {"name": "script"}), "POST", "/tokens")
        self.check(admin.post("/searches", {"name": "mine", "query": "status=bounced"}), "POST", "/searches")
        self.check(admin.post("/users", {"name": "guest", "role": "user", "addresses": ["g@alpha.example"]}), "POST", "/users")
        self.check(admin.post("/users", {"name": "guest", "role": "user"}), "POST", "/users")
        self.check(admin.post("/users", {"name": "no good", "role": "user"}), "POST", "/users")
        self.check(admin.get("/users/guest"), "GET", "/users/{name}")
        self.check(admin.ask("PATCH", API + "/users/guest", {"reset_password": True}), "PATCH", "/users/{name}")
        self.check(admin.ask("DELETE", API + "/users/guest"), "DELETE", "/users/{name}")
        self.check(admin.ask("DELETE", API + "/users/guest"), "DELETE", "/users/{name}")
        self.check(admin.get("/audit"), "GET", "/audit")
        self.check(admin.post("/logout", {}), "POST", "/logout")
        self.check(admin.get("/session"), "GET", "/session")

    def test_every_parameter_that_is_read_is_in_the_file(self):
        for path, name, value in (("/nothing", "zone", "Nowhere/Else"), ("/export.csv", "language", "xx"), ("/export.json", "language", "xx")):
            answer = self.logged_in("desk").get(path, **{name: value})
            self.assertEqual((422, name), (answer.status, answer.json["field"]))
            known = {self.schema.resolve(one)["name"] for one in self.schema.file["paths"][path]["parameters"]}
            self.assertIn(name, known)

    def test_the_file_is_served(self):
        answer = self.service.client().get("/openapi.yaml")
        self.assertEqual((SOURCE / "plugins/web/openapi.yaml").read_bytes(), answer.body)


class Reply(Served):
    people = {"desk": PEOPLE["desk"]}
    groups = ["simple"]
    schema, operations, check = None, None, Contract.check

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.schema, cls.operations = Contract.contract()
        done = cls.home.run("import", SOURCE / "tests/traces/cases/sieve-vacation.log")
        assert done.returncode == 0, done.err
        # Another host sent the reply; within one, the log says of which mail it is.
        with sqlite3.connect(cls.home.path / "mail.db") as db:
            db.execute("UPDATE connectlog SET origin_kind = 'vacation', origin_id = (SELECT id FROM connectlog WHERE queue_id = 'F053051C447') "
                       "WHERE queue_id = '4jYHD506Q2zmND2'")

    def test_an_automatic_reply(self):
        desk = self.logged_in("desk")
        replies = [hit for hit in desk.search() if hit["connect"].get("origin_kind") == "vacation"]
        self.assertGreater(len(replies), 0)
        for reply in replies:
            reply, cause = reply["connect"]["id"], reply["connect"]["origin_id"]
            related = {}
            for mail in (reply, cause):
                way = desk.get(f"/mails/{mail}/way")
                self.check(way, "GET", "/mails/{id}/way")
                self.assertIn("vacation", [edge["kind"] for edge in way.json["edges"]])
                answer = desk.get(f"/mails/{mail}/related")
                self.check(answer, "GET", "/mails/{id}/related")
                related[mail] = {one["connect"]["id"]: one["relation"] for one in answer.json["related"]}
            self.assertEqual("vacation", related[cause].get(reply))
            self.assertEqual("answered_mail", related[reply].get(cause))


class Away(Served):
    """No database can be opened: what needs one says so, as the file does."""
    people = {"chief": PEOPLE["chief"]}
    groups = ["simple"]
    schema, operations, check = None, None, Contract.check

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.schema, cls.operations = Contract.contract()
        assert cls.service.stop() == 0, cls.service.said()
        (cls.home.path / "mail.db").write_bytes(b"This is no database. " * 1000)
        cls.service.start()

    def test_what_needs_the_database_says_that_it_is_away(self):
        needs = {(method, path) for method, path in self.operations
                 if path in ("/search", "/nothing", "/export.csv", "/export.json", "/overview", "/hosts") or path.startswith("/mails/")}
        self.assertEqual(needs | {("GET", "/health")}, {one for one, operation in self.operations.items() if "503" in operation["responses"]})
        client = self.logged_in("chief")
        for method, path in sorted(needs):
            with self.subTest(method=method, path=path):
                answer = client.ask(method, API + path.replace("{id}", "0" * 32), {} if method == "POST" else None)
                self.check(answer, method, path)
                self.assert_problem(answer, 503, "database_away")


if __name__ == "__main__":
    unittest.main()
