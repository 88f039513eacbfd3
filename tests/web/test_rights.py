#!/usr/bin/env python3
"""Every handler asked by every role about what is not theirs: the truth is computed here, from the tables."""
import csv
import json
import re
import sqlite3
import unittest

from service import API, PEOPLE, SOURCE, Schema, Served

MAIL_PARTS = ["", "/way", "/lines", "/ticket", "/ticket?language=de&audience=admin", "/related", "/alike"]


class Rights(Served):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with sqlite3.connect(cls.home.path / "mail.db") as db:
            cls.mails = {row[0]: row[1:] for row in
                         db.execute("SELECT lower(hex(id)), sender, server, client_addr FROM connectlog")}
            cls.deliveries = db.execute("SELECT lower(hex(connect_id)), lower(hex(id)), recipient, original_recipient, folder "
                                        "FROM deliverlog").fetchall()
        cls.clients = {name: cls.service.logged_in(name) for name in PEOPLE}
        token = cls.clients["anna"].post("/tokens", {"name": "script"}).json["token"]
        cls.clients["anna's token"] = cls.service.client()
        cls.clients["anna's token"].token = token

    def person(self, name):
        return PEOPLE[name.removesuffix("'s token")]

    def is_own(self, name, address):
        if not address:
            return False
        person, address = self.person(name), address.lower()
        if person["role"] == "user":
            return address in person["addresses"]
        return not person.get("domains") or address.rpartition("@")[2] in person["domains"]

    def sees_all(self, name):
        person = self.person(name)
        return person["role"] == "admin" or (person["role"] == "helpdesk" and not person.get("domains"))

    def may_see(self, name, delivery):
        mail, _, recipient, original, _ = delivery
        return self.sees_all(name) or any(self.is_own(name, one) for one in (self.mails[mail][0], recipient, original))

    def own_mails(self, name):
        if self.sees_all(name):
            return set(self.mails)
        return {mail for mail, row in self.mails.items() if self.is_own(name, row[0])} | \
            {row[0] for row in self.deliveries if self.may_see(name, row)}

    def test_search_finds_exactly_the_own_deliveries(self):
        for name, client in self.clients.items():
            with self.subTest(name=name):
                found = [one for hit in client.search() for one in hit["deliveries"]]
                self.assertEqual(len(found), len(set(found)))
                found = set(found)
                self.assertEqual({row[1] for row in self.deliveries if self.may_see(name, row)}, found)
        self.assertEqual([], self.clients["nobody"].search())
        self.assertGreater(len(self.clients["beta"].search()), 20)

    def test_exports_hold_exactly_the_own_deliveries(self):
        for name, client in self.clients.items():
            with self.subTest(name=name):
                own = {row[1] for row in self.deliveries if self.may_see(name, row)}
                answer = client.get("/export.json")
                self.assertEqual(own, {hit["deliver"]["id"] for hit in answer.json if hit["deliver"]})
                lines = client.get("/export.csv").body.decode("utf-8-sig").splitlines()
                self.assertGreaterEqual(len(lines), len(own) + 1)
                self.assertEqual(len(answer.json), len(lines) - 1)

    def test_mails_of_others_are_not_there(self):
        for name, client in self.clients.items():
            own = self.own_mails(name)
            foreign = sorted(set(self.mails) - own)[:: max(1, (len(self.mails) - len(own)) // 15)]
            for mail in foreign:
                for part in MAIL_PARTS:
                    with self.subTest(name=name, mail=mail, part=part):
                        answer = client.ask("GET", API + f"/mails/{mail}{part}")
                        self.assert_problem(answer, 404, "not_found")
            for mail in ("0" * 32, "f" * 32, "x", "%2e%2e", "1' OR '1'='1", "%00"):
                answer = client.ask("GET", API + f"/mails/{mail.replace(' ', '%20')}")
                self.assertIn(answer.status, (400, 404), mail)

    def test_of_an_own_mail_only_the_own_part_is_shown(self):
        for name, client in self.clients.items():
            for mail in sorted(self.own_mails(name))[::7]:
                with self.subTest(name=name, mail=mail):
                    seen = {row[1] for row in self.deliveries if row[0] == mail and self.may_see(name, row)}
                    answer = client.get(f"/mails/{mail}")
                    self.assertEqual(200, answer.status, answer.body)
                    self.assertEqual(seen, {row["id"] for row in answer.json["deliveries"]})
                    way = client.get(f"/mails/{mail}/way")
                    shown = {row["id"] for one in way.json["mails"] for row in one["deliveries"]}
                    self.assertEqual(set(), shown - {row[1] for row in self.deliveries if self.may_see(name, row)})

    def addresses_in(self, text):
        known = {address for row in self.deliveries for address in row[2:4] if address} | \
            {row[0] for row in self.mails.values() if row[0]}
        return {address for address in known if re.search(r"(?<![\w.+-])" + re.escape(address), text)}

    def test_users_get_no_address_of_others_no_hosts_and_no_lines(self):
        for name in ("anna", "boris", "anna's token"):
            client = self.clients[name]
            own = set(self.person(name)["addresses"])
            for mail in sorted(self.own_mails(name))[::3]:
                sender = self.mails[mail][0]
                rows = [row for row in self.deliveries if row[0] == mail]
                # With whom he has to do anyhow: the sender, those he wrote to, and the name he was written to.
                fine = own | {sender}
                for row in self.deliveries:
                    if self.is_own(name, self.mails[row[0]][0]) and (not row[3] or row[3] == row[2]):
                        fine.add(row[2])
                    if self.may_see(name, row):
                        fine.add(row[3])
                        fine.add(self.mails[row[0]][0])
                for part in MAIL_PARTS:
                    answer = client.ask("GET", API + f"/mails/{mail}{part}")
                    with self.subTest(name=name, mail=mail, part=part, rows=rows):
                        if part == "/lines":
                            self.assert_problem(answer, 403, "forbidden")
                            continue
                        text = answer.body.decode()
                        self.assertEqual(set(), self.addresses_in(text) - fine)
                        self.assertEqual([], self.hosts_in(answer.json))

    def hosts_in(self, value, at=""):
        """Texts that name a host, client or socket of ours. A Message-ID is part of the mail itself."""
        if isinstance(value, dict):
            return [one for name, part in value.items() if name != "message_id" for one in self.hosts_in(part, f"{at}.{name}")]
        if isinstance(value, list):
            return [one for i, part in enumerate(value) for one in self.hosts_in(part, f"{at}[{i}]")]
        text = re.sub(r"(?m)^ *Message-ID: .*$", "", value) if isinstance(value, str) else ""
        # The page's own address, as the browser has it, leads the link of a ticket.
        text = re.sub(r"\bhttp://127\.0\.0\.1:\d+/#/mail/", "", text)
        servers = {row[1] for row in self.mails.values()}
        clients = {row[2] for row in self.mails.values() if row[2]}
        ours = "|".join(re.escape(name) for name in sorted(servers | clients))
        return [f"{at}: {text}"] if re.search(rf"(?<![\w.@-])({ours})(?![\w-])|private/|127\.\d", text) else []

    def test_users_get_no_hosts_by_any_handler(self):
        for name in ("anna", "boris", "anna's token"):
            client = self.clients[name]
            results = client.search()
            self.assertGreater(len([hit for hit in results if (hit["deliver"] or {}).get("status") == "sent"]), 5)
            self.assertEqual([], self.hosts_in(results))
            self.assertEqual([], self.hosts_in(client.get("/export.json").json))
            exported = client.get("/export.json").json
            relays = {(hit["deliver"] or {}).get("relay_name") for hit in exported}
            for line in csv.DictReader(client.get("/export.csv").body.decode("utf-8-sig").splitlines()):
                self.assertEqual([], self.hosts_in(line))
                relays.add(line["relay_name"])
            # As on the page: what stands for a hidden name is no name.
            self.assertNotIn("…", relays)
            shown = {hit["deliver"]["id"]: hit["deliver"] for hit in results if hit["deliver"]}
            same = [hit["deliver"] for hit in exported if hit["deliver"] and hit["deliver"]["id"] in shown]
            self.assertEqual([shown[row["id"]] for row in same], same)
            self.assertGreater(len(same), 5)
            self.assertEqual([], self.hosts_in(client.get("/nothing", recipient="carla@alpha.exampel").json))
            related = [hit for mail in sorted(self.own_mails(name))
                       for hit in client.get(f"/mails/{mail}/related").json["related"]]
            self.assertGreater(len(related), 0)
            self.assertEqual([], self.hosts_in(related))
        # What is looked for above is there for others.
        self.assertGreater(len(self.hosts_in(self.clients["desk"].search(recipient="anna@alpha.example"))), 5)

    def test_a_sender_learns_no_folder_and_no_forward_of_others(self):
        for mail, delivery, recipient, original, folder in self.deliveries:
            if self.mails[mail][0] != "anna@alpha.example" or recipient == "anna@alpha.example":
                continue
            answer = self.clients["anna"].get(f"/mails/{mail}")
            row, = [one for one in answer.json["deliveries"] if one["id"] == delivery]
            self.assertNotIn("folder", row, folder)
            if original and original != recipient:
                self.assertNotEqual(recipient, row["recipient"])

    def test_what_is_masked_cannot_be_guessed_by_searching(self):
        client = self.clients["boris"]
        for criterion in ("received_from", "sent_to", "logged_by", "sasl_user", "response", "queue_id_deliver"):
            for path in ("/search", "/nothing", "/export.csv", "/export.json"):
                self.assert_problem(client.get(path, **{criterion: "*a*"}), 403, "forbidden")
        # info@ is his, and boris@ and anna@ are behind it: of anna's delivery he sees that there was one.
        hidden = [row for row in self.deliveries if row[3] == "info@alpha.example" and row[2] == "anna@alpha.example"]
        self.assertGreater(len(hidden), 0)
        found = {one for hit in client.search(recipient="info@alpha.example") for one in hit["deliveries"]}
        self.assertLessEqual({row[1] for row in hidden}, found)
        for text in ("anna@alpha.example", "*nna@alpha*", "anna*"):
            shown = {one for hit in client.search(recipient=text) for one in hit["deliveries"]}
            self.assertEqual(set(), shown & {row[1] for row in hidden}, text)

    def test_nothing_found_tells_users_nothing_of_others(self):
        for name in ("anna", "nobody"):
            answer = self.clients[name].get("/nothing", recipient="carla@alpha.exampel")
            self.assertEqual(200, answer.status)
            self.assertNotIn("hosts", answer.json)
            self.assertNotIn("carla@alpha.example\"", answer.body.decode())
        answer = self.clients["desk"].get("/nothing", recipient="carla@alpha.exampel")
        self.assertGreater(len(answer.json["hosts"]), 0)
        self.assertIn("carla@alpha.example", answer.body.decode())

    def test_who_may_call_what(self):
        everybody = {"chief", "desk", "beta", "anna", "boris", "nobody"}
        staff = {"chief", "desk", "beta"}
        person, caller, admin = everybody, everybody | {"anna's token"}, {"chief"}
        rules = {
            "GET /users": admin, "POST /users": admin, "GET /users/{name}": admin, "PATCH /users/{name}": admin,
            "DELETE /users/{name}": admin, "GET /audit": admin, "GET /audit/check": admin, "GET /metrics": admin,
            "GET /overview": {"chief", "desk"}, "GET /hosts": staff,
            "GET /session": person, "GET /sessions": person, "DELETE /sessions/{id}": person,
            "GET /tokens": person, "POST /tokens": person, "DELETE /tokens/{id}": person,
            "GET /searches": person, "POST /searches": person, "DELETE /searches/{id}": person,
            "GET /search": caller, "GET /nothing": caller, "POST /understand": caller,
            "GET /export.csv": caller, "GET /export.json": caller,
            # Of a mail that is not there: who may ask.
            "GET /mails/{id}": caller, "GET /mails/{id}/way": caller, "GET /mails/{id}/lines": caller,
            "GET /mails/{id}/ticket": caller, "POST /mails/{id}/ticket": caller, "GET /mails/{id}/related": caller,
            "GET /mails/{id}/alike": caller,
        }
        # Those end the session that asks; tests/web/test_accounts.py.
        ends = {"POST /logout", "DELETE /sessions", "POST /password"}
        public = {"POST /login", "GET /health", "GET /openapi.yaml"}
        source = (SOURCE / "plugins/web/portal/api.cc").read_text()
        table = source[source.index("Route table[]"):]
        routes = re.findall(r'\{"([A-Z]+)", "(/[^"]*)", Need::', table[:table.index("};")])
        self.assertEqual({f"{method} {path}" for method, path in routes}, rules.keys() | ends | public)
        for rule in rules.keys() | ends:
            method, pattern = rule.split(" ")
            path = re.sub(r"\{\w+\}", "anna" if method in ("GET", "PATCH") and "users" in pattern else "999999", pattern)
            body = {} if method in ("POST", "PATCH") else None
            for name, client in self.clients.items():
                if rule in ends and name != "anna's token":
                    continue
                with self.subTest(rule=rule, name=name):
                    answer = client.ask(method, API + path, body)
                    self.assertEqual(name in rules.get(rule, ()), answer.status != 403, answer.body[:200])
            with self.subTest(rule=rule, name="a stranger"):
                answer = self.service.client().ask(method, API + path, body)
                self.assertIn(answer.status, (401, 403), answer.body[:200])
        for rule in public:
            self.assertNotIn(self.service.client().ask(*rule.split(" ")[:1], API + rule.split(" ")[1]).status, (401, 403, 404), rule)

    def test_sessions_tokens_and_searches_of_others_are_not_there(self):
        anna, boris = self.clients["anna"], self.clients["boris"]
        session = [one["id"] for one in anna.get("/sessions").json["sessions"] if one["current"]][0]
        token = anna.post("/tokens", {"name": "mine"}).json["id"]
        search = anna.post("/searches", {"name": "mine", "query": "status=bounced"}).json["id"]
        for path in (f"/sessions/{session}", f"/tokens/{token}", f"/searches/{search}"):
            for other in (boris, self.clients["chief"]):
                self.assert_problem(other.ask("DELETE", API + path), 404, "not_found")
        self.assertEqual([], boris.get("/tokens").json["tokens"])
        self.assertEqual([], boris.get("/searches").json["searches"])
        self.assertEqual(200, anna.get("/session").status)
        self.assertEqual(204, anna.ask("DELETE", API + f"/tokens/{token}").status)
        self.assertEqual(204, anna.ask("DELETE", API + f"/searches/{search}").status)

    def test_who_searched_for_whom_is_recorded(self):
        desk = self.clients["desk"]
        for _ in range(3):  # a page that refreshes itself is told once
            desk.get("/search", sender="audited@alpha.example", status="bounced,deferred")
        mail = sorted(self.mails)[0]
        desk.get(f"/mails/{mail}")
        desk.get(f"/mails/{mail}/lines")
        desk.get("/export.csv", sender="audited@alpha.example")
        entries = self.clients["chief"].get("/audit", user="desk", limit=100).json["entries"]
        told = {(one["action"], one["mail"]): one["addresses"] for one in entries if "mail" in one}
        whose = [self.mails[mail][0], *{row[3] or row[2] for row in self.deliveries if row[0] == mail}]
        for action in ("mail", "lines"):
            self.assertEqual({one for one in whose if one}, set(told[action, mail]))
        searched = [one for one in entries if one["action"] == "search" and
                    one["criteria"].get("sender") == "audited@alpha.example"]
        self.assertEqual(["bounced", "deferred"], searched[0]["criteria"]["status"])
        self.assertEqual([("desk", "helpdesk", 0, "127.0.0.1")],
                         [(one["user"], one["role"], one["results"], one["address"]) for one in searched])
        found = self.clients["chief"].get("/audit", text="audited@", action="export").json["entries"]
        self.assertEqual(1, len(found), json.dumps(found))

    def test_no_route_tells_of_mails_unrecorded(self):
        # What those tell is of hosts, accounts and counts, or of the text that was sent; a new route is none of them.
        tell_no_mail = {
            "POST /login", "POST /logout", "GET /session", "POST /password", "GET /sessions", "DELETE /sessions",
            "DELETE /sessions/{id}", "GET /tokens", "POST /tokens", "DELETE /tokens/{id}", "GET /users", "POST /users",
            "GET /users/{name}", "PATCH /users/{name}", "DELETE /users/{name}", "GET /audit", "GET /audit/check",
            "POST /understand", "GET /searches", "POST /searches", "DELETE /searches/{id}", "GET /overview", "GET /hosts",
            "GET /health", "GET /metrics", "GET /openapi.yaml"}
        operations = {f"{method.upper()} {path}" for path, item in Schema().file["paths"].items()
                      for method in item if method != "parameters"}
        self.assertLessEqual(tell_no_mail, operations)
        # Looking again is told once: so each route asks for a mail, or a sender, of its own.
        mails = iter(sorted(self.mails)[10:])
        for number, operation in enumerate(sorted(operations - tell_no_mail)):
            method, path = operation.split(" ")
            mail, sender = next(mails), f"route{number}@alpha.example"
            asked = path.replace("{id}", mail) if "{id}" in path else f"{path}?sender={sender}"
            with self.subTest(operation=operation):
                answer = self.clients["desk"].ask(method, API + asked, {} if method == "POST" else None)
                self.assertEqual(200, answer.status, answer.body[:200])
                told = self.clients["chief"].get("/audit", user="desk", text=mail if "{id}" in path else sender).json["entries"]
                self.assertEqual(1, len(told), told)

    def test_a_text_means_only_what_may_be_searched_by(self):
        for text in ("192.0.2.1", "552 5.2.2", "anna berger", "mx.example.org"):
            self.assertTrue(self.clients["desk"].post("/understand", {"text": text}).json["tries"], text)
            for criteria in self.clients["beta"].post("/understand", {"text": text}).json["tries"]:
                self.assertEqual(200, self.clients["beta"].get("/search", **criteria).status, (text, criteria))

    def test_a_ticket_is_recorded_when_it_is_taken(self):
        beta, mail = self.clients["beta"], sorted(self.own_mails("beta"))[0]
        shown = beta.get(f"/mails/{mail}/ticket", language="de").json

        def taken():
            return [one for one in self.clients["chief"].get("/audit", user="beta", action="ticket").json["entries"]
                    if one["mail"] == mail]
        self.assertEqual([], taken())
        self.assertEqual(shown, beta.post(f"/mails/{mail}/ticket?language=de", {}).json)
        self.assertEqual(1, len(taken()))

    def test_an_opened_mail_is_found_by_its_addresses(self):
        for name in ("beta", "anna"):
            mail = sorted(self.own_mails(name))[1]
            shown = self.clients[name].get(f"/mails/{mail}").json
            found = self.clients["chief"].get("/audit", user=name, action="mail", text=shown["connect"]["sender"]).json["entries"]
            entry, = [one for one in found if one["mail"] == mail]
            # Of what is masked for him, the record says no more.
            seen = {shown["connect"]["sender"]} | {row.get("original_recipient", row.get("recipient")) for row in shown["deliveries"]}
            self.assertEqual({one for one in seen if one}, set(entry["addresses"]))


if __name__ == "__main__":
    unittest.main()
