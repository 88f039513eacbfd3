"""mailtrace search and show over real logs: every criterion against a filter written here, and what people see."""
import collections
import csv
import io
import re
import unittest

import tool


def lower(value):
    return (value or "").lower()


class Search(tool.Imported):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.all = cls.home.json("search", "--limit", 1000)

    def key(self, hit):
        return hit["connect"]["id"], (hit["deliver"] or {}).get("id")

    def check(self, arguments, keep):
        """The command finds exactly what the filter keeps of all results, and that is not nothing."""
        expected = {self.key(h) for h in self.all if keep(h["connect"], h["deliver"] or {})}
        self.assertTrue(expected, arguments)
        self.assertLess(len(expected), len(self.all), arguments)
        found = self.home.json("search", "--limit", 1000, *arguments)
        self.assertEqual({self.key(h) for h in found}, expected, arguments)
        self.assertEqual(len(found), len(expected), arguments)

    def test_each_criterion(self):
        recipients = lambda d: (lower(d.get("recipient")), lower(d.get("original_recipient")))
        some = next(h for h in self.all if h["deliver"] and h["deliver"].get("status") == "sent" and
                    h["connect"].get("message_id") and h["connect"].get("client_name"))
        c, d = some["connect"], some["deliver"]
        self.check(["--from", "ANNA@alpha.example"], lambda c, d: lower(c.get("sender")) == "anna@alpha.example")
        self.check(["--from", ""], lambda c, d: c.get("sender") == "")
        self.check(["--from", "@alpha.example"], lambda c, d: lower(c.get("sender")).endswith("@alpha.example"))
        self.check(["--from", "anna*"], lambda c, d: lower(c.get("sender")).startswith("anna"))
        self.check(["--to", "anna@alpha.example"], lambda c, d: "anna@alpha.example" in recipients(d))
        self.check(["--to", "*beta.example"], lambda c, d: any(r.endswith("beta.example") for r in recipients(d)))
        self.check(["--to", "*partner*"], lambda c, d: any("partner" in r for r in recipients(d)))
        self.check(["--address", "boris@alpha.example"],
                   lambda c, d: "boris@alpha.example" in (lower(c.get("sender")), *recipients(d)))
        self.check(["--message-id", c["message_id"]], lambda c2, d2: c2.get("message_id") == c["message_id"])
        self.check(["--message-id", f"<{c['message_id']}>"], lambda c2, d2: c2.get("message_id") == c["message_id"])
        self.check(["--status", "bounced"], lambda c, d: d.get("status") == "bounced")
        self.check(["--status", "bounced,expired"], lambda c, d: d.get("status") in ("bounced", "expired"))
        self.check(["--response", "*queued as*"], lambda c, d: "queued as" in lower(d.get("response")))
        self.check(["--queue-id-connect", c["queue_id"]], lambda c2, d2: c2.get("queue_id") == c["queue_id"])
        self.check(["--queue-id", c["queue_id"]], lambda c2, d2: c["queue_id"] in (
            c2.get("queue_id"), d2.get("queue_id"), d2.get("next_queue_id")))
        self.check(["--received-from", c["client_addr"]], lambda c2, d2: c2.get("client_addr") == c["client_addr"])
        self.check(["--received-from", c["client_name"]], lambda c2, d2: lower(c2.get("client_name")) == lower(c["client_name"]))
        self.check(["--sent-to", "127.77.0.10"], lambda c, d: "127.77.0.10" in (d.get("relay_name"), d.get("relay_addr")))
        self.check(["--logged-by", "out1"], lambda c, d: c["server"] == "out1")
        self.check(["--user", "anna@alpha.example"], lambda c, d: lower(c.get("sasl_user")) == "anna@alpha.example")
        self.assertTrue(self.home.json("search", "--queue-id-deliver", d["queue_id"]))

    def test_criteria_join(self):
        self.check(["--status", "bounced", "anna@alpha.example"], lambda c, d: d.get("status") == "bounced" and "anna@alpha.example" in (
            lower(c.get("sender")), lower(d.get("recipient")), lower(d.get("original_recipient"))))
        self.check(["--from", "anna@alpha.example", "--status", "bounced"],
                   lambda c, d: lower(c.get("sender")) == "anna@alpha.example" and d.get("status") == "bounced")

    def test_times(self):
        times = sorted(h["connect"]["connect_time"] for h in self.all)
        middle = times[len(times) // 2]
        self.check(["--connect-from", middle], lambda c, d: c["connect_time"] >= middle)
        self.check(["--connect-to", middle], lambda c, d: c["connect_time"] < middle)
        self.check(["--deliver-from", middle], lambda c, d: d.get("deliver_time", "") >= middle)
        minute = middle[:16].replace("T", " ")
        self.check(["--connect-from", minute], lambda c, d: c["connect_time"][:16] >= minute.replace(" ", "T"))
        # Five hours west of UTC the same clock reading is a later moment.
        shifted = self.home.run("search", "--connect-from", minute, TZ="EST5")
        self.assertEqual(shifted.returncode, 1)
        day = middle[:10]
        self.assertEqual(len(self.home.json("search", "--limit", 1000, "--since", day, "--until", day)), len(self.all))
        self.assertEqual(self.home.run("search", "--until", "2001-01-01").returncode, 1)

    def test_pages_cover_everything_once(self):
        for sort in ("time", "sender", "recipient", "status"):
            pages = [self.home.json("search", "--sort", sort, "--limit", 150, "--page", n) for n in range(1, 9)]
            keys = [self.key(h) for page in pages for h in page]
            self.assertEqual(len(keys), len(set(keys)), sort)
            self.assertEqual(len(keys), min(len(self.all), 1200), sort)
        first = self.home.run("search", "--limit", 10, "--json")
        mark = re.fullmatch(r"next: --after (\S+)\n", first.err).group(1)
        self.assertEqual([self.key(h) for h in self.home.json("search", "--limit", 10, "--after", mark)],
                         [self.key(h) for h in self.home.json("search", "--limit", 10, "--page", 2)])

    def test_order(self):
        times = [h["connect"]["connect_time"][:23] for h in self.home.json("search", "--limit", 200, "--asc")]
        self.assertEqual(times, sorted(times))
        newest = [h["connect"]["connect_time"][:23] for h in self.home.json("search", "--limit", 200)]
        self.assertEqual(newest, sorted(newest, reverse=True))
        senders = [lower(h["connect"].get("sender")) for h in self.home.json("search", "--sort", "sender", "--asc", "--limit", 900)
                   if h["connect"].get("sender")]
        self.assertEqual(senders, sorted(senders))

    def test_pasted_text(self):
        hit = next(h for h in self.all if h["deliver"] and h["connect"].get("message_id") and h["connect"].get("client_addr"))
        c = hit["connect"]
        for text in (c["queue_id"], f"<{c['message_id']}>", f"Message-ID: <{c['message_id']}>"):
            self.assertIn(self.key(hit), [self.key(h) for h in self.home.json("search", text, "--limit", 1000)], text)
        for text in (c["client_addr"], "anna@alpha.example", "@beta.example", " anna@alpha.example\n", "partner"):
            self.assertTrue(self.home.json("search", text), text)

    def understood(self, text, *arguments, german=False, stdin=b""):
        """The head of the list, and what a program reads beside its results."""
        language = {"LANG": "de_DE.UTF-8"} if german else {}
        head = self.home.run("search", text, *arguments, stdin=stdin, **language).out.split("\n\n")[0]
        done = self.home.run("search", text, "--json", *arguments, stdin=stdin, **language)
        for line in done.out.splitlines():
            self.assertTrue(line.startswith("{"))
        self.assertEqual(head + "\n", "".join(line for line in done.err.splitlines(keepends=True) if not line.startswith("next: ")))
        return head

    def test_how_it_was_understood(self):
        self.assertEqual("Understood as a queue id: queue id 5538A51C2D6", self.understood("5538A51C2D6"))
        self.assertEqual("Understood as a domain or host: sender or recipient @beta.example", self.understood("@beta.example"))
        self.assertEqual("Verstanden als eine IP-Adresse: empfangen von Server 127.77.0.20", self.understood("127.77.0.20", german=True))
        # What was asked for besides is no part of it.
        self.assertEqual("Understood as a queue id: queue id 5538A51C2D6", self.understood("5538A51C2D6", "--status", "sent"))
        self.assertNotIn("nderstood", self.home.run("search", "--status", "sent").out)
        # The second meaning.
        self.assertEqual("Verstanden als eine Adresse: Message-ID dev-0211.e768d8aa@alpha.example\n"
                         "Nichts zur wahrscheinlichsten Bedeutung; dies ist die nächste, die etwas findet.",
                         self.understood("dev-0211.e768d8aa@alpha.example", german=True))

    def test_what_is_typed_finds_something(self):
        mail = next(hit for hit in self.all if hit["connect"].get("sender") and hit["deliver"]["status"] == "bounced")
        sender, recipient = mail["connect"]["sender"], mail["deliver"]["recipient"]
        expected = f"sender {sender}, recipient {recipient}"
        self.assertEqual(f"Understood as sender and recipient: {expected}",
                         self.understood(f"von {sender} an {recipient}"))
        self.assertEqual(f"Understood as sender and recipient, with a status: {expected}, status bounced expired",
                         self.understood(f"{sender} an {recipient} bounced"))
        self.assertTrue(self.understood(f"{recipient} {sender}").startswith(
            "Understood as two addresses: sender and recipient, in either order: "))
        self.assertEqual("Understood as a status: status bounced expired", self.understood("unzustellbar"))
        name, domain = sender.split("@")
        self.assertIn(f"sender or recipient *{name}*{domain.split('.')[0]}*", self.understood(f"{name} {domain.split('.')[0]}"))
        code = f"{mail['deliver']['smtp_code']} {mail['deliver']['dsn']}"
        self.assertEqual(f"Understood as the code of a server's answer: server's answer {code}", self.understood(code))
        for found in self.home.json("search", code):
            self.assertEqual(mail["deliver"]["dsn"], found["deliver"]["dsn"])

    def test_more_than_a_word_from_standard_input(self):
        line = next(l for l in self.files[tool.GROUPS.index("twohop")].read_text().splitlines() if "5538A51C2D6: to=" in l)
        for german, seen in ((False, "Seen in the text: "), (True, "Im Text gesehen: ")):
            head = self.understood("-", german=german, stdin=line.encode() + b"\n")
            self.assertIn("eine Log-Zeile" if german else "a log line", head)
            self.assertIn(seen, head)
            self.assertIn(", Queue-ID 5538A51C2D6, Empfänger " if german else ", queue id 5538A51C2D6, recipient ", head)

    def test_csv(self):
        wanted = ["--status", "bounced,expired", "--limit", "7"]
        done = self.home.run("search", "--csv", *wanted)
        self.assertTrue(done.stdout.startswith(b"\xef\xbb\xbf"))
        rows = list(csv.DictReader(io.StringIO(done.stdout.decode("utf-8-sig"), newline="")))
        hits = self.home.json("search", *wanted)
        self.assertEqual([(h["connect"]["id"], h["deliver"]["recipient"], h["deliver"]["status"]) for h in hits],
                         [(r["id"], r["recipient"], r["status"]) for r in rows])
        self.assertRegex(done.err, r"^next: --after \S+\n$")
        every = self.home.run("search", "--csv", "--all")
        self.assertEqual((len(self.all), ""), (len(every.out.splitlines()) - 1, every.err))
        self.assertEqual(len(self.all), len(self.home.json("search", "--all")))
        self.assertEqual(2, self.home.run("search", "--csv", "--json").returncode)
        self.assertIn("--all verlangt --json oder --csv", self.home.run("search", "--all", LANG="de_DE.UTF-8").err)

    def test_nothing_but_something_near(self):
        near = self.home.run("search", "--to", "borsi@alpha.example").out
        self.assertIn("similar address: boris@alpha.example", near)
        self.assertIn("ähnliche Adresse: boris@alpha.example", self.home.run("search", "--to", "borsi@alpha.example", LANG="de_DE.UTF-8").out)

    def test_exit_codes(self):
        run = self.home.run
        self.assertEqual(run("search", "anna@alpha.example").returncode, 0)
        nothing = run("search", "nobody@example.org")
        self.assertEqual(nothing.returncode, 1)
        self.assertTrue(nothing.out.startswith("Understood as an address: sender or recipient nobody@example.org\n\n"
                                               "nothing found\n\n"), nothing.out)
        self.assertRegex(nothing.out, r"\n  mx1: lines from 2026-11-23 .* to 2026-11-23 .* ago")
        self.assertEqual(run("search", "nobody@example.org", "--json").out, "")
        for wrong in (["search", "--bogus"], [], ["bogus"], ["search", "--status", "lost"], ["search", "--limit", "0"],
                      ["search", "--since", "soon"], ["show"], ["search", "--sink"]):
            self.assertEqual(run(*wrong).returncode, 2, wrong)
        self.assertIn("--connect-from or --since: expected a time such as", run("search", "--since", "soon").err)
        self.assertIn("--connect-to oder --until: erwartet eine Zeit wie", run("search", "--until", "bald", LANG="de_DE.UTF-8").err)
        self.assertEqual(run("--help").returncode, 0)
        self.assertEqual(run("search", "x", "-c", "/nonexistent.yaml").returncode, 78)
        unknown = run("search", "x", "--sink", "sqlit")
        self.assertEqual(unknown.returncode, 78)
        self.assertIn('did you mean "sqlite"?', unknown.err)

    def test_what_is_wrong_with_a_command_line(self):
        for arguments, english, german in (
                (["serch", "x"], 'no command "serch", did you mean search?', 'den Befehl "serch" gibt es nicht, gemeint war vielleicht search'),
                (["user", "ad"], 'no command "ad", did you mean add?', 'den Befehl "ad" gibt es nicht, gemeint war vielleicht add'),
                (["qqqqqqqq"], 'no command "qqqqqqqq"', 'den Befehl "qqqqqqqq" gibt es nicht'),
                ([], "A subcommand is required", "Es fehlt der Befehl"),
                (["import"], "FILE is required", "DATEI fehlt"),
                (["search", "--limt", "3"], "--limt, did you mean --limit?", "nicht vorgesehen: --limt, gemeint war vielleicht --limit"),
                (["search", "--limit", "0"], "--limit: Value 0 not in range", "--limit: 0 liegt nicht zwischen 1 und 1000"),
                (["search", "--status", "lost"], "--status: lost not in {", "--status: lost ist nicht vorgesehen; möglich: "),
                (["search", "--sink"], "--sink: 1 required NAME missing", "--sink: 1 Wert(e) von der Art NAME fehlen"),
                (["search", "--page", "1", "--after", "x"], "--page excludes --after", "--page und --after gehen nicht zusammen"),
                (["import", "x", "--year", "abc"], "--year", "--year: abc")):
            with self.subTest(arguments=arguments):
                for language, expected, more in (("C", english, "Run with --help for more information."),
                                                 ("de_DE.UTF-8", german, "Mehr sagt --help.")):
                    done = self.home.run(*arguments, LC_ALL=language)
                    self.assertEqual((2, ""), (done.returncode, done.out))
                    first, second = done.err.splitlines()
                    self.assertTrue(first.startswith("mailtrace: ") and expected in first, first)
                    self.assertEqual(more, second)

    def test_a_database_that_is_away(self):
        home = tool.Home()
        home.config.write_text(f"state_directory: {home.path}\nparsers: [postfix]\nsinks:\n  - sqlite:\n      file: {home.path}/no/such/mail.db\n")
        done = home.run("search", "x")
        self.assertIn(done.returncode, (69, 78))
        self.assertIn("mail.db", done.err)
        self.assertEqual(done.out, "")
        home.remove()

    def test_table_for_people(self):
        done = self.home.run("search", "dev-0211.e768d8aa@alpha.example", "--asc", "--limit", 2, "--width", 100)
        self.assertEqual(done.out, (
            "Understood as an address: Message-ID dev-0211.e768d8aa@alpha.example\n"
            "Nothing for the likeliest meaning; this is the next one that finds something.\n"
            "\n"
            "2026-11-23 20:14:51  carla@alpha.example     4jYHGz2Q8KzmN64  out1  from pc-17.alpha.example [127.7…\n"
            "           20:14:51  team@alpha.example      sent             to 127.77.0.10  250 2.0.0 Ok: queued …\n"
            "\n"
            "2026-11-23 20:14:51  carla@alpha.example     5538A51C2D6      mx1  from out1.alpha.example [127.77.…\n"
            "           20:14:51  partner@beta.example …  sent             to 127.77.0.20  250 2.0.0 Ok: queued …\n"
            "\n"
            "2 results, times in UTC; more: --page 2\n"))
        for width in (60, 80, 132):
            for found in (["--limit", 200], ["nobody@example.org"], ["--to", "borsi@alpha.example"]):
                for line in self.home.run("search", "--width", width, *found).out.splitlines():
                    self.assertLessEqual(len(line), width)

    def test_one_row_a_delivery(self):
        search = ["search", "--status", "deferred", "--limit", 1000]
        attempts = self.home.json(*search)
        times = collections.Counter((hit["connect"]["id"], hit["deliver"].get("recipient"), hit["deliver"].get("original_recipient"))
                                    for hit in attempts)
        several = sorted(count for count in times.values() if count > 1)
        self.assertGreater(max(several), 2)
        table = self.home.run(*search)
        self.assertIn(f"\n{len(times)} results, ", table.out)
        self.assertEqual(several, sorted(map(int, re.findall(r"(?:deferred|delayed) +(\d+) attempts  ", table.out))))
        self.assertIn(f" {several[-1]} Versuche  ", self.home.run(*search, LANG="de_DE.UTF-8").out)
        each = self.home.run(*search, "--attempts")
        self.assertIn(f"\n{len(attempts)} results, ", each.out)
        self.assertNotIn(" attempts  ", each.out)
        pages = "".join(self.home.run("search", "--status", "deferred", "--limit", 2, "--page", page).out
                        for page in range(1, len(times) // 2 + 2))
        self.assertEqual(several, sorted(map(int, re.findall(r"(?:deferred|delayed) +(\d+) attempts  ", pages))))
        mail = max(times, key=times.get)[0]
        self.assertIn(" attempts  ", self.home.run("search", mail).out)
        self.assertNotIn(" attempts  ", self.home.run("search", mail, "--attempts").out)

    def test_german(self):
        done = self.home.run("search", "--status", "bounced", "--limit", 1, LANG="de_DE.UTF-8")
        self.assertIn("unzustellbar", done.out)
        self.assertIn("1 Treffer, Zeiten in UTC; weiter: --page 2", done.out)
        self.assertTrue(self.home.run("search", "nobody@example.org", LANG="de_DE.UTF-8").out.startswith(
            "Verstanden als eine Adresse: Absender oder Empfänger nobody@example.org\n\nnichts gefunden\n"))
        self.assertIn("bounced", self.home.run("search", "--status", "bounced", LANG="de_DE.UTF-8", LC_ALL="C").out)

    def test_on_a_terminal(self):
        text = self.home.on_terminal(90, "search", "--status", "bounced", "--limit", "5")
        self.assertIn("\x1b[31mbounced\x1b[0m", text)
        self.assertIn("times in CET", text)
        plain = re.sub(r"\x1b\[\d+m", "", text)
        for line in plain.splitlines():
            self.assertLessEqual(len(line), 90)
        self.assertIn(" 21:", plain)  # the logs say 20:… UTC
        self.assertNotIn("\x1b", self.home.on_terminal(90, "search", "--limit", "5", NO_COLOR="1"))
        self.assertNotIn("\x1b", self.home.run("search", "--limit", "5", TERM="xterm").out)


class Slow(unittest.TestCase):
    def test_a_search_that_takes_too_long_says_so(self):
        home = tool.Home()
        self.addCleanup(home.remove)
        self.assertEqual(0, home.run("import", *tool.corpus(home.path, groups=["simple"])).returncode)
        tool.crowd_a_minute(home.path / "mail.db")
        self.assertEqual(1, home.run("search", "--response", "needle").returncode)
        home.config.write_text(home.config.read_text().replace("[sqlite]", tool.IMPATIENT))
        done = home.run("search", "--response", "needle")
        self.assertEqual((69, ""), (done.returncode, done.out), done.err)
        self.assertIn("the search took longer than the allowed 1 ms", done.err)


class Show(tool.Imported):
    def test_one_way_by_any_of_its_ids(self):
        ways = []
        for what in ("5538A51C2D6", "4jYHGz2Q8KzmN64", "<dev-0211.e768d8aa@alpha.example>", "dev-0211.e768d8aa@alpha.example"):
            found = self.home.json("show", what)
            self.assertEqual(len(found), 1, what)
            ways.append(found[0])
        by_id = self.home.json("show", ways[0]["mails"][1]["connect"]["id"])
        self.assertEqual(len(by_id), 1)
        for way in ways + by_id:
            self.assertEqual([m["connect"]["queue_id"] for m in way["mails"]], ["4jYHGz2Q8KzmN64", "5538A51C2D6", "4jYHGz2YvzzmN6w"])
            self.assertEqual([link["kind"] for link in way["links"]], ["relay", "relay"])

    def test_text(self):
        done = self.home.run("show", "5538A51C2D6", "--width", 110)
        self.assertEqual(done.returncode, 0)
        self.assertTrue(done.out.startswith(
            "From          carla@alpha.example\n"
            "To            team@alpha.example\n"
            "Message-ID    <dev-0211.e768d8aa@alpha.example>\n"
            "Times in      UTC\n"
            "\n"
            "What became of it\n"), done.out[:400])
        ends = done.out.split("What became of it\n")[1].split("\nThe way\n")[0].replace("\n   ", "")
        # Two mailboxes and the other provider, not the hand-overs between.
        self.assertEqual((ends.count("delivered  "), ends.count("sent  ")), (2, 1))
        self.assertIn("anna@alpha.example (for team@alpha.example)", ends)
        self.assertIn("mx.beta.example [127.77.0.30] took the mail from out1", ends)
        self.assertIn("(2) mx1  5538A51C2D6  2026-11-23 20:14:51\n    comes from (1): relay\n", done.out)
        raw = self.files[tool.GROUPS.index("twohop")].read_text().splitlines()
        for line in raw:
            if "4jYHGz2Q8KzmN64: " in line:
                self.assertIn("    " + line + "\n", done.out)
        self.assertNotIn("Log lines", self.home.run("show", "5538A51C2D6", "--brief").out)

    def test_german_and_expired(self):
        queue_id = self.home.json("search", "--status", "expired", "--limit", 1)[0]["connect"]["queue_id"]
        text = self.home.run("show", queue_id, "--brief", LANG="de_AT.UTF-8").out
        for word in ("Was daraus wurde", "Der Weg", "aufgegeben", "Die letzte Antwort war: "):
            self.assertIn(word, text)

    def test_ticket(self):
        queue_id = self.home.json("search", "--status", "bounced", "--limit", 1)[0]["connect"]["queue_id"]
        done = self.home.run("show", queue_id, "--ticket")
        self.assertEqual(0, done.returncode)
        self.assertIn("***@alpha.example", done.out)
        self.assertNotRegex(done.out, r"\bout1\b|\bmx1\b")
        admin = self.home.run("show", queue_id, "--ticket", "--audience", "admin").out
        self.assertNotIn("***@", admin)
        self.assertIn(queue_id, admin)
        german = self.home.run("show", queue_id, "--ticket", LANG="de_DE.UTF-8").out
        self.assertIn(" Uhr (UTC)", german)
        for wrong in (["--ticket", "--json"], ["--ticket", "--brief"], ["--audience", "admin"], ["--ticket", "--audience", "boss"]):
            self.assertEqual(2, self.home.run("show", queue_id, *wrong).returncode, wrong)
        self.assertEqual(1, self.home.run("show", "FFFFFFFFFFF", "--ticket").returncode)

    def test_nothing(self):
        done = self.home.run("show", "FFFFFFFFFFF")
        self.assertEqual((done.returncode, done.out), (1, "nothing found\n"))


if __name__ == "__main__":
    unittest.main()
