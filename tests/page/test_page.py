"""The page as the helpdesk uses it: finding a mail, reading what happened, answering the caller. In both languages, at a desk and on a phone."""
import csv
import datetime
import io
import re
import sqlite3
import unittest
import zoneinfo

from selenium.webdriver.common.keys import Keys

import provider
from browser import Browser, found_by
from harness import ROOT, Scratch, wait_until
from said import MOMENT, OTHER, ZONED, said
from served import PASSWORD, Served

scratch = served = browser = None


def setUpModule():
    global scratch, served, browser
    scratch = Scratch("page")
    try:
        served = Served(scratch)
        browser = Browser(served)
        browser.allow_clipboard()
    except BaseException:
        scratch.close()
        raise


def tearDownModule():
    scratch.close()


# The first part of a search is cut short, and the second held until window.go_on is called.
IN_PARTS = """
const real = window.fetch;
window.fetch = async (address, ...rest) => {
  const url = new URL(address, window.location.href);
  if (!url.pathname.endsWith("/api/v1/search")) return real(address, ...rest);
  const is_first = !url.searchParams.has("after");
  if (is_first) url.searchParams.set("limit", "3");
  else await new Promise((then) => { window.go_on = then; });
  const page = await (await real(url, ...rest)).json();
  if (is_first) Object.assign(page, {complete: false, reached: page.results[page.results.length - 1].connect.connect_time});
  return new Response(JSON.stringify(page));
};
"""

# Each station of the picture: its kind, and all that is said of it.
WAY = """return [...document.querySelectorAll("svg.way .way_node")].map((node) =>
    [node.getAttribute("class").match(/way_(?!node)([a-z]+)/)[1], node.querySelector("title").textContent])"""


class Case(unittest.TestCase):
    """Each case begins logged in, on the search page, without criteria."""

    def setUp(self):
        self.browser = browser
        enter(self)
        browser.open("search")

    def tearDown(self):
        if any(error for _, error in getattr(getattr(self, "_outcome", None), "errors", []) or []):
            browser.picture(f"failed-{self._testMethodName}")


def enter(test):
    """The first login is with the one-time password, which must be changed."""
    if getattr(served, "entered", None):
        return
    if hasattr(served, "entered"):
        test.fail("nobody could log in")
    served.entered = False
    browser.login("helga", "not this one")
    browser.wait_text("Name or password is wrong.")
    browser.checked(test, "login-refused")
    browser.reload()
    browser.login("helga", served.one_time["helga"])
    browser.wait_text("one-time password")
    browser.checked(test, "password-must-change")
    browser.type("Current password", served.one_time["helga"])
    browser.type("New password", PASSWORD)
    browser.one("input[name=again]").send_keys(PASSWORD, Keys.ENTER)
    browser.wait_text("Where is my mail?", "Newest mails")
    served.entered = True


class Finding(Case):
    def test_newest_mails_are_there_at_once(self):
        browser.wait_text("Where is my mail?", "Newest mails")
        self.assertGreater(len(browser.all(".row")), 10)
        times = browser.script("return [...document.querySelectorAll('.line_in time')].map((e) => e.dateTime)")
        self.assertEqual(times, sorted(times, reverse=True))
        browser.checked(self, "search-start")

    def test_an_address(self):
        browser.ask("anna.berger@example.org")
        browser.wait_text("Understood as", "anna.berger@example.org")
        self.assertIn("anna.berger%40example.org", browser.place())
        for row in browser.all(".row"):
            self.assertIn("anna.berger@example.org", row.text)
        browser.checked(self, "search-address")
        browser.click("Remove: Sender or recipient")
        self.assertNotIn("anna.berger", browser.place())
        browser.driver.back()
        browser.settle()
        self.assertIn("anna.berger", browser.place())
        browser.wait_text("Sender or recipient")

    def test_a_link_opens_the_same_search(self):
        browser.open("search?recipient=%40big.example.net&status=deferred&limit=10&time=7d")
        rows = browser.texts(".row .line_out .who")
        browser.reload()
        self.assertEqual(browser.texts(".row .line_out .who"), rows)
        self.assertEqual(browser.called("Last 7 days").get_attribute("aria-pressed"), "true")
        self.assertEqual({row.get_attribute("data-status") for row in browser.all(".row")}, {"deferred"})
        browser.click("Copy link")
        copied = browser.clipboard()
        self.assertIn("connect_from=", copied)
        self.assertNotIn("time=7d", copied)

    def test_parts_and_domains(self):
        browser.ask("@firma.example")
        self.assertTrue(all("@firma.example" in row.text for row in browser.all(".row")))
        browser.one(".row")
        browser.ask("*fisher*")
        browser.one(".row")
        self.assertTrue(all("fisher" in row.text for row in browser.all(".row")))

    def test_ids_and_addresses_of_servers(self):
        queue_id, message_id = next((re.search(r" (\w+): message-id=(<.+>)", line).groups() for line in served.lines if "out1" in line and "message-id=" in line))
        browser.ask(queue_id)
        browser.wait_text("1 result")
        browser.ask(message_id)
        browser.wait_text("Message-ID", message_id.strip("<>"))
        browser.one(".row")
        browser.ask("198.51.100.20")
        browser.one(".row")
        self.assertTrue(all("198.51.100.20" in row.text for row in browser.all(".row")))

    def test_pasting_a_log_line_and_a_returned_mail(self):
        line = next(line for line in served.lines if "status=bounced" in line)
        queue_id = re.search(r"\]: (\w+): to=", line).group(1)
        browser.paste(line + "\n" + line)
        browser.wait_text("Understood as")
        rows = browser.all(".row")
        self.assertTrue(rows)
        browser.click(rows[0].find_element("css selector", ".row_mail"))
        browser.wait_text(queue_id)
        recipient = re.search(r"to=<([^>]+)>", line).group(1)
        browser.open("search")
        browser.paste(f"This is the mail system at host out1.example.org.\n\nI'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients. It's attached below.\n\n<{recipient}>: host mx.firma.example[198.51.100.30] said: 550 5.1.1\n    <{recipient}>: Recipient address rejected: User unknown\n")
        browser.wait_text("Understood as", recipient)
        browser.one(".row")
        browser.checked(self, "search-bounce-pasted")

    def test_simple_and_extended_form(self):
        browser.click("Filters")
        browser.type("Recipient", "@freunde.example")
        browser.one("input[value=bounced]").click()
        browser.press(Keys.TAB)
        browser.click(browser.one("#filters .primary"))
        browser.one(".row")
        self.assertEqual({row.get_attribute("data-status") for row in browser.all(".row")}, {"bounced"})
        browser.click("All fields")
        browser.checked(self, "search-all-fields")
        names = browser.script("return [...document.querySelectorAll('#filters [name]')].map((e) => e.name)")
        for name in ("sender", "recipient", "message_id", "status", "connect_from", "connect_to", "deliver_from", "deliver_to", "response", "queue_id_connect",
                     "queue_id_deliver", "received_from", "sent_to", "logged_by"):
            self.assertIn(name, names)
        browser.type("Server's answer", "*quota*")
        browser.type("Logged by server", "out1")
        browser.click(browser.one("#filters .primary"))
        browser.wait_text("Server's answer", "*quota*")
        browser.one(".row")
        browser.click("Fewer fields")
        browser.click("Remove all")
        browser.click("Filters")

    def test_a_new_question_starts_anew(self):
        """What was chosen in the form for the question before does not hide the answer to this one; the time stays."""
        browser.open("search?status=held&logged_by=out1&time=7d")
        browser.ask("lisa@freunde.example")
        browser.one(".row")
        browser.wait_text("No longer limited to:", "Status On hold", "Logged by server out1", css=".reading")
        self.assertEqual(browser.place(), "#/search?time=7d&address=lisa%40freunde.example")
        browser.checked(self, "search-started-anew")
        browser.click("Limit again")
        browser.wait_text("Nothing found")
        self.assertIn("status=held", browser.place())
        self.assertNotIn(browser.said("No longer limited to:"), browser.text(".reading"))
        browser.open("search?address=lisa%40freunde.example")
        browser.ask("anna.berger@example.org")
        self.assertNotIn(browser.said("No longer limited to:"), browser.text(".reading"))

    def test_a_link_that_is_not_understood_says_so(self):
        browser.open("search?connect_from=never&status=bogus,bounced&recipent=lisa&limit=10")
        browser.wait_text("Not understood in this address, and therefore left out:", "Came in from: never", "Status: bogus", "recipent: lisa", css=".search_top .notice")
        self.assertNotIn("limit", browser.text(".search_top .notice"))
        self.assertEqual({row.get_attribute("data-status") for row in browser.all(".row")}, {"bounced"})
        browser.checked(self, "search-not-understood")
        browser.open("search?status=bounced&time=7d&sort=sender&order=asc&limit=25")
        self.assertFalse(browser.has(".search_top .notice"))

    def test_windows_of_time(self):
        after = (served.end - datetime.timedelta(hours=20)).astimezone()
        before = served.end - datetime.timedelta(hours=8)
        stamp = lambda time: time.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        browser.open(f"search?connect_from={stamp(after)}&connect_to={stamp(before)}&deliver_from={stamp(before)}")
        browser.wait_text("Came in before", "Delivery from")
        rows = browser.all(".row")
        self.assertTrue(rows, "mails that waited over the border of the two windows")
        for came, tried in zip(browser.script("return [...document.querySelectorAll('.line_in time')].map((e) => e.dateTime)"),
                               browser.script("return [...document.querySelectorAll('.line_out time')].map((e) => e.dateTime)")):
            self.assertLess(came, stamp(before))
            self.assertGreaterEqual(tried[:19], stamp(before)[:19])

    def test_quick_times(self):
        zone = zoneinfo.ZoneInfo("Europe/Berlin")
        for name, place in (("Last 2 hours", "2h"), ("Today", "today"), ("Yesterday", "yesterday"), ("Last 7 days", "7d")):
            with self.subTest(name):
                before = datetime.datetime.now(zone)
                browser.open("search?limit=100&sort=time&order=asc")
                browser.click(name)
                self.assertIn(f"time={place}", browser.place())
                self.assertEqual(browser.called(name).get_attribute("aria-pressed"), "true")
                # A day may end while the page is looked at: what was today then may be yesterday now.
                midnights = [time.replace(hour=0, minute=0, second=0, microsecond=0) for time in (before, datetime.datetime.now(zone))]
                first = {"2h": before - datetime.timedelta(hours=2), "today": midnights[0], "yesterday": midnights[0] - datetime.timedelta(days=1),
                         "7d": midnights[0] - datetime.timedelta(days=7)}[place]
                last = midnights[1] if place == "yesterday" else datetime.datetime.now(zone)
                times = browser.script("return [...document.querySelectorAll('.line_in time')].map((e) => e.dateTime)")
                self.assertTrue(times, f"mails of {name}")
                for time in times:
                    self.assertGreaterEqual(datetime.datetime.fromisoformat(time.replace("Z", "+00:00")), first)
                    self.assertLess(datetime.datetime.fromisoformat(time.replace("Z", "+00:00")), last)
        browser.click("Any time")
        self.assertNotIn("time=", browser.place())

    def test_a_time_as_it_is_said(self):
        for words in ("yesterday around noon", "gestern gegen Mittag", "yesterday between 11 and 2 pm", "gestern 11-14 Uhr"):
            browser.ask(words)
            browser.wait_text("Understood as a time")
            times = browser.script("return [...document.querySelectorAll('.line_in time')].map((e) => e.dateTime)")
            self.assertTrue(times)
            yesterday = datetime.datetime.now(zoneinfo.ZoneInfo("Europe/Berlin")).date() - datetime.timedelta(days=1)
            for time in times:
                local = datetime.datetime.fromisoformat(time.replace("Z", "+00:00")).astimezone(zoneinfo.ZoneInfo("Europe/Berlin"))
                self.assertEqual(local.date(), yesterday)
                self.assertIn(local.hour, (11, 12, 13))
            browser.open("search")

    def test_sorting_page_size_and_pages(self):
        shown = {"sender": lambda: [text.lower() for text in browser.texts(".line_in .who")],
                 "recipient": lambda: [text.lower() for text in browser.texts(".line_out .who")],
                 "status": lambda: browser.script("return [...document.querySelectorAll('.row')].map((e) => e.dataset.status)"),
                 "time": lambda: browser.script("return [...document.querySelectorAll('.line_in time')].map((e) => e.dateTime)")}
        for by, seen in shown.items():
            with self.subTest(by):
                browser.open("search?sender=*example*&limit=25")
                browser.called("Sort by").send_keys(browser.said(by.capitalize()))
                if by != "time":
                    wait_until(lambda: f"sort={by}" in browser.place(), browser.place)
                browser.settle()
                first, other = {"time": ("Newest first", "Oldest first"), "status": ("Grouped", "Grouped, reversed")}.get(by, ("A to Z", "Z to A"))
                orders = []
                for reverse, name, now in ((by == "time", first, other), (by != "time", other, first)):
                    self.assertGreater(len(browser.all(".row")), 15)
                    self.assertEqual(seen(), sorted(seen(), reverse=reverse))
                    orders.append(seen())
                    browser.click(name)
                    browser.called(now, ".order")
                self.assertNotEqual(*orders)
        browser.open("search?status=sent&limit=10")
        first = browser.script("return [...document.querySelectorAll('.row')].map((e) => e.id)")
        browser.click("Older")
        browser.wait_text("Page 2")
        second = browser.script("return [...document.querySelectorAll('.row')].map((e) => e.id)")
        self.assertFalse(set(first) & set(second))
        browser.driver.back()
        browser.settle()
        self.assertEqual(browser.script("return [...document.querySelectorAll('.row')].map((e) => e.id)"), first)
        browser.one("select[name=limit]").send_keys("50")
        wait_until(lambda: "limit=50" in browser.place(), browser.place)
        browser.settle()
        self.assertGreater(len(browser.all(".row")), 25)
        browser.one("select[name=limit]").send_keys("25")
        browser.settle()

    def test_all_mails_with_this_id(self):
        browser.open("search?logged_by=out1&recipient=%40example.org&status=sent")
        row = browser.all(".row")[0]
        browser.click(row.find_element("css selector", f"a[title='{browser.said('All mails with this ID')}']"))
        self.assertIn("message_id=", browser.place())
        browser.one(".row")

    def test_saved_searches(self):
        browser.open("search?status=blocked&time=7d")
        browser.click(browser.one("[data-menu=saved] summary"))
        browser.one("input[name=search_name]").send_keys("Blocked of the week", Keys.ENTER)
        browser.wait_text("Blocked of the week")
        browser.press(Keys.ESCAPE)
        browser.open("search")
        browser.click(browser.one("[data-menu=saved] summary"))
        browser.checked(self, "saved-searches")
        browser.click("Blocked of the week")
        self.assertIn("status=blocked", browser.place())
        browser.click(browser.one("[data-menu=saved] summary"))
        browser.click("Remove: Blocked of the week")
        browser.wait_text("Nothing saved yet.")
        browser.press(Keys.ESCAPE)

    def test_export(self):
        browser.open("search?status=bounced")
        browser.click("Export")
        table = browser.called("Table (CSV)").get_attribute("href")
        given = browser.driver.execute_async_script("fetch(arguments[0]).then(async (r) => arguments[1]([r.status, r.headers.get('content-type'), await r.text()]))", table)
        self.assertEqual(given[0], 200)
        self.assertIn("text/csv", given[1])
        lines = list(csv.DictReader(io.StringIO(given[2].lstrip("\ufeff"))))
        self.assertEqual({line["status"] for line in lines}, {"bounced"})
        self.assertEqual({line["recipient"] for line in lines}, {"m.fisher@firma.example", "lisa@freunde.example"})
        objects = browser.called("JSON").get_attribute("href")
        count = browser.driver.execute_async_script("fetch(arguments[0]).then((r) => r.json()).then((all) => arguments[1](all.length))", objects)
        self.assertEqual(count, len(lines))
        self.assertGreater(count, 3)
        browser.press(Keys.ESCAPE)

    def test_live(self):
        browser.click("Live")
        now = datetime.datetime.now(datetime.timezone.utc)
        log = provider.Log(99, now, 1)
        log.serial = 700000
        provider.Provider(log).incoming(now - datetime.timedelta(seconds=2))
        served.feed([line for _, line in sorted(log.lines)])
        browser.wait_text("1 new mail")
        self.assertTrue(browser.has(".row_fresh"))
        browser.click("Live")

    def test_rows_appear_before_the_search_ends(self):
        """The server answers a broad search in parts, the newest days first: here the second part lets itself be waited for."""
        self.addCleanup(browser.reload)
        browser.script(IN_PARTS)
        browser.script("window.location.hash = '#/search?sender=*example*&limit=10'")
        wait_until(lambda: len(browser.all(".row")) == 3, lambda: browser.text(".found"), 60)
        browser.wait_text("Searching …", "searched back to", css=".progress")
        self.assertFalse(browser.has(".nothing"))
        first = browser.script("return [...document.querySelectorAll('.row')].map((row) => row.id)")
        wait_until(lambda: browser.script("return typeof window.go_on === 'function'"), "the question for the second part", 60)
        browser.script("window.go_on()")
        browser.settle()
        rows = browser.script("return [...document.querySelectorAll('.row')].map((row) => row.id)")
        self.assertEqual(rows[:3], first)
        self.assertEqual(len(set(rows)), 10)

    def test_nothing_found_with_proof_and_near_misses(self):
        browser.ask("anna.burger@example.com")
        browser.wait_text("Nothing found", "mx1", "mx2", "out1", "What helps")
        browser.checked(self, "nothing-found")
        browser.click("*anna.burger*")
        browser.one(".row")
        browser.driver.back()
        browser.wait_text("Nothing found", "What helps")
        browser.click("@example.com")
        self.assertIn("address=%40example.com", browser.place())
        browser.ask("lisa@freunde.exampel")
        browser.wait_text("Nothing found", "lisa@freunde.example")
        near = browser.one(".near a")
        browser.click(near)
        browser.one(".row")

    def test_lost_lines_are_named_in_the_proof(self):
        lost = int((served.end - datetime.timedelta(hours=5)).timestamp())
        with sqlite3.connect(served.scratch.path / "page.db") as database:
            database.execute("INSERT INTO gaps VALUES (?, ?, 'here', 'lost', ?, ?, 17, 'the disk was full')",
                             (lost // 86400, b"0123456789abcdef", lost * 1_000_000, (lost + 60) * 1_000_000))
        self.addCleanup(self.forget_losses)
        browser.open("search?sender=nobody%40nowhere.example")
        browser.wait_text("Nothing found", "Lines that were lost on the way here", "17 log lines", "There is nothing similar")
        self.assertNotIn(browser.said("But there is something similar"), browser.text(".nothing"))
        browser.checked(self, "nothing-found-losses")

    def forget_losses(self):
        with sqlite3.connect(served.scratch.path / "page.db") as database:
            database.execute("DELETE FROM gaps WHERE reason = 'the disk was full'")

    def test_nothing_in_this_time_leads_to_any_time(self):
        browser.open("search?sender=lisa%40freunde.example&connect_from=2020-01-01T00%3A00%3A00Z&connect_to=2020-01-02T00%3A00%3A00Z")
        browser.wait_text("Nothing found")
        browser.click("Search any time")
        browser.one(".row")


class Reading(Case):
    def unfold(self, search):
        browser.open(f"search?{search}")
        browser.click(browser.all(".row_fold")[0])
        browser.wait_text("What happened")

    def test_a_full_mailbox(self):
        self.unfold("response=*quota*&status=bounced")
        browser.wait_text("Who must act", "What to do now", "The server's answer", "Mailbox full, quota exceeded")
        customer = browser.text(".verdict_sentence")
        browser.checked(self, "fold-mailbox-full")
        browser.click("admins")
        wait_until(lambda: browser.text(".verdict_sentence") != customer, "the sentence for admins")
        browser.click("customers")
        browser.click(browser.one(".row_fold_out .more summary"))
        browser.wait_text("queue_id", "relay_addr", "198.51.100.40")
        browser.click(browser.all(".row_fold_out .more summary")[-1])
        browser.wait_text("status=bounced (host mx1.freunde.example")

    def test_waiting_says_when_next_and_until_when(self):
        browser.open("search?status=deferred&time=2h")
        often = next(row for row in browser.all(".row") if browser.said("3 attempts") in row.text)
        browser.click(often.find_element("css selector", ".row_fold"))
        browser.wait_text("The next attempt", "All attempts")
        verdict = browser.text(".verdict")
        moments = re.findall(MOMENT[browser.language], verdict)
        self.assertEqual(len(moments), 3, "next from, next to, given up")
        self.assertEqual(len(set(moments)), 3, f"each time once: {verdict}")
        self.assertNotIn(browser.said("Next attempt"), verdict)
        self.assertGreater(len(browser.all(".timeline li")), 1)
        browser.wait_text("You are not alone")
        self.assert_not_alone()
        browser.checked(self, "fold-waiting")

    def assert_not_alone(self):
        """The link leads to as many as are told, and to this mail's own attempts; the times are of the page's zone."""
        told = browser.text(".alike p")
        self.assertRegex(told, browser.said("since") + " " + MOMENT[browser.language] + ZONED[browser.language])
        own = len(browser.all(".timeline li"))
        others = int(re.search({"en": r"for (\d+) other", "de": r"für (\d+) andere"}[browser.language], told).group(1))
        if "criteria" not in (ROOT / "plugins" / "web" / "openapi.yaml").read_text().split("\n    Alike:", 1)[1].split("\n    Gap:")[0]:
            return  # the API names no search for them
        search = browser.called("Show them").get_attribute("href").split("#/search?")[1]
        # Besides the others it finds this mail's own attempts.
        self.assertIn(found_by(browser, search)[0] - others, range(1, own + 1))

    def test_one_word_for_a_status(self):
        """In the list, above the sentence, in the picture and among the related mails."""
        for search, word in (("status=bounced", "Undeliverable"), ("status=blocked", "Blocked"), ("status=rejected", "Refused"),
                             ("status=discarded", "Discarded"), ("status=deferred&time=2h", "Waiting")):
            with self.subTest(search):
                browser.open(f"search?{search}")
                row = next(row for row in browser.all(".row") if word != "Waiting" or browser.said("3 attempts") in row.text)
                self.assertEqual(row.find_element("css selector", ".row_end .pill").text, browser.said(word))
                browser.open(row.find_element("css selector", ".row_mail").get_attribute("href").split("#/")[1])
                self.assertIn(browser.said(word), browser.texts(".verdict_word"))
                browser.one("svg.way")
                self.assertTrue(any(text.endswith(browser.said(word)) for text in browser.texts("svg.way .way_kind")), browser.texts("svg.way .way_kind"))
                for stored in ("Bounced", "bounced", "rejected", "Deferred", browser.said("End · Sent")):
                    self.assertNotIn(stored, browser.text(".mail_verdict .verdict_word") + browser.text("svg.way"))

    def test_greylisting_is_told_as_a_story(self):
        browser.open("search?status=greylisted")
        count = min(4, len(browser.all(".row_fold")))
        for fold in range(count):
            browser.click(browser.all(".row_fold")[fold])
        browser.wait_text("The first visit", "came back and was accepted")
        browser.checked(self, "fold-greylisted")

    def test_blocked_and_unknown_recipient(self):
        self.unfold("status=blocked")
        browser.wait_text("zen.rbl.example")
        self.unfold("status=rejected&recipient=anna.burger%40example.org")
        browser.wait_text("Who must act")

    def test_two_recipients_with_different_ends(self):
        browser.open("search?sender=julia.vogt%40example.org&recipient=m.fisher%40firma.example")
        browser.click(browser.all(".row_mail")[0])
        browser.wait_text("For m.fischer@firma.example", "For m.fisher@firma.example")
        self.assertEqual(len(browser.all(".verdict.tone_good")), 1)
        self.assertEqual(len(browser.all(".verdict.tone_bad")), 1)
        browser.wait_text("The way of the mail")
        ends = {end.get_attribute("class").split("tone_")[1].split()[0]: end.text for end in browser.all("svg.way .way_outside")}
        self.assertEqual(set(ends), {"good", "bad"}, "one end for each outcome")
        self.assertIn("m.fischer@firma.example", ends["good"])
        self.assertIn(browser.said("Sent"), ends["good"])
        self.assertIn("m.fisher@firma.example", ends["bad"])
        self.assertIn(browser.said("Undeliverable"), ends["bad"])
        browser.wait_text("Related mails", "Notice to the sender")
        self.assertEqual(browser.script("return document.querySelector('.related_who > .icon').previousSibling.data"), " ", "the arrow stands apart")
        browser.checked(self, "mail-two-ends")

    def test_a_way_over_an_alias(self):
        """Side by side on a desktop; each verdict names whom the alias led to."""
        browser.open("search?recipient=sales%40example.org")
        browser.click(browser.all(".row_mail")[0])
        browser.one("svg.way")
        shape = browser.script("return document.querySelector('svg.way').classList.contains('way_as_columns')")
        self.assertEqual(shape, browser.size[0] >= 1280)
        heads = browser.texts(".verdict_for")
        self.assertGreater(len(heads), 1)
        self.assertEqual(len(heads), len(set(heads)), heads)
        browser.checked(self, "mail-alias")

    def test_the_way_as_picture_and_as_list(self):
        browser.open("search?logged_by=mx2&received_from=127.0.0.1")
        browser.click(browser.all(".row_mail")[0])
        names = browser.texts("svg.way .way_name")
        self.assertIn("mx2", names)
        self.assertEqual([kind for kind, _ in browser.script(WAY)], ["client", "host", "filter", "mailbox"])
        browser.checked(self, "mail-filter")
        browser.click("List")
        listed = browser.text(".way_list")
        for name in names:
            self.assertIn(name.rstrip("…"), listed)
        browser.checked(self, "mail-way-list")
        browser.click("Picture")

    def test_what_the_picture_of_a_way_shows(self):
        """A folder that a Sieve rule chose, who is behind an alias, whom it was forwarded to, the notice of a bounce."""
        def stations(search, *words):
            browser.open(f"search?limit=100&{search}")
            browser.one(".row")
            row = next(row for row in browser.all(".row") if all(browser.said(word) in row.text for word in words))
            who = row.find_element("css selector", ".line_out .who").text
            browser.open(row.find_element("css selector", ".row_mail").get_attribute("href").split("#/")[1])
            browser.one("svg.way")
            return who, browser.script(WAY)

        who, way = stations("logged_by=mx1&status=sent", "into Junk")
        self.assertEqual([kind for kind, _ in way], ["client", "host", "mailbox"])
        self.assertIn(f", {who}, Junk", way[-1][1])
        _, way = stations("recipient=sales%40example.org&status=sent", "into INBOX")
        self.assertEqual([kind for kind, _ in way], ["client", "host", "alias", "mailbox", "mailbox"])
        self.assertIn("sales@example.org", way[2][1])
        self.assertNotRegex(browser.texts("svg.way .way_alias text")[-1], r"\d", "no time is spent at an alias")
        self.assertEqual({title.split(", ")[1] for _, title in way[3:]}, {"carla.weiss@example.org", "nils.otto@example.org"})
        browser.checked(self, "mail-alias")
        who, way = stations("recipient=ivan.graf%40example.org", "Forwarded")
        self.assertEqual([kind for kind, _ in way], ["client", "host", "alias"])
        self.assertIn("m.fischer@firma.example", way[-1][1])
        self.assertIn(who, way[-1][1])
        browser.checked(self, "mail-forwarded")
        who, way = stations("status=bounced&response=*quota*", "Undeliverable")
        self.assertEqual(sorted(kind for kind, _ in way), ["bounce", "client", "host", "mailbox", "outside"])
        for part in (browser.said("Undeliverable"), "mx1.freunde.example", who):
            self.assertIn(part, dict(way)["outside"])
        sender = browser.text(".mail_head h1 bdi")
        self.assertIn(sender, dict(way)["mailbox"], "the notice reached the sender")

    def test_a_mail_over_two_own_hosts(self):
        browser.open("search?logged_by=out1&sent_to=mx1.example.org&status=sent")
        message_id = browser.one(".row .row_ids .id").text
        browser.click(browser.one(".row").find_element("css selector", ".row_mail"))
        names = browser.texts("svg.way .way_name")
        self.assertIn("out1", names)
        self.assertIn("mx1", names)
        browser.checked(self, "mail-two-hosts")
        browser.open(f"search?message_id={message_id}")
        self.assertEqual({browser.said("Handed on inside"), browser.said("Delivered")}, set(browser.texts(".row_end .pill")))

    def test_ticket_answer_in_one_click(self):
        browser.open("search?response=*quota*&status=bounced")
        browser.click(browser.all(".row_mail")[0])
        browser.one("#copy_ticket")
        browser.press("c")
        browser.wait_text("Copied")
        copied = browser.clipboard()
        self.assertIn(served.address.rstrip("/"), copied)
        self.assertIn("/#/mail/", copied)
        self.assertIn("552 5.2.2", copied)
        self.assertNotIn("lisa@freunde.example", copied)
        parts = ("Evidence", "From:", "To:", "answer:", "What to do")
        for part in parts:
            self.assertIn(browser.said(part), copied)
        other = OTHER[browser.language]
        browser.click(browser.one(f".ticket [lang={other}]"))
        wait_until(lambda: all(said(part, other) in browser.text(".ticket_text") for part in parts), lambda: browser.text(".ticket_text"), 60)
        translated = browser.text(".ticket_text")
        self.assertIn("552 5.2.2", translated)
        self.assertNotIn(browser.said("Evidence"), translated)
        self.assertNotIn("lisa@freunde.example", translated)
        browser.open(copied.split("/#/")[1].split()[0])
        browser.wait_text("What happened")

    def test_another_mail_or_none(self):
        for nothing in ("mail/00000000000000000000000000000000", "mail/cut-off"):
            browser.open(nothing)
            browser.wait_text("This mail is no longer stored, or you may not see it.")
            self.assertNotIn(browser.said("Try again"), browser.text())
        browser.checked(self, "mail-gone")
        browser.click("To the search")
        browser.one("#box")


class Keyboard(Case):
    def test_shortcuts(self):
        browser.open("search?limit=10")
        browser.press(Keys.ESCAPE)
        browser.script("document.activeElement.blur()")
        browser.press("?")
        browser.wait_text("Keyboard shortcuts", "Next result")
        browser.checked(self, "keyboard-help")
        browser.press(Keys.ESCAPE)
        self.assertFalse(browser.has("dialog"))
        browser.press("j", "j", "x")
        browser.wait_text("What happened")
        opened = browser.one(".row_open")
        self.assertEqual(opened.get_attribute("id"), browser.all(".row")[1].get_attribute("id"))
        browser.press("m")
        self.assertIn("mail/", browser.place())
        browser.press("o")
        browser.wait_text("Overview")
        browser.press("/")
        wait_until(lambda: browser.script("return document.activeElement.id") == "box", "the box to have the focus")

    def test_skip_link_and_order(self):
        browser.reload()
        order = []
        for _ in range(14):
            browser.press(Keys.TAB)
            order.append(browser.driver.switch_to.active_element.accessible_name)
        self.assertEqual(order[0], browser.said("Skip to content"))
        expected = ["Mailtrace", "Search", "Overview", "Users", "Audit", "Account: helga", "What are you looking for?", "Search|button", "Any time"]
        positions = []
        at = 0
        for name in expected:
            at = order.index(browser.said(name), at) + 1
            positions.append(at)
        self.assertEqual(positions, sorted(positions))
        browser.reload()
        browser.press(Keys.TAB)
        browser.press(Keys.ENTER)
        self.assertEqual(browser.script("return document.activeElement.tagName"), "MAIN")


class Safety(Case):
    def test_policy_is_strict(self):
        policy = browser.driver.execute_async_script("fetch('./').then((r) => arguments[0](r.headers.get('content-security-policy')))")
        parts = dict(part.strip().split(" ", 1) for part in policy.split(";") if " " in part.strip())
        self.assertEqual(parts["default-src"], "'none'")
        self.assertEqual(parts["script-src"], "'self'")
        self.assertEqual(parts["style-src"], "'self'")
        self.assertNotIn("unsafe", policy)
        browser.script("const s = document.createElement('script'); s.textContent = 'window.broken = 1'; document.body.append(s)")
        self.assertIsNone(browser.script("return window.broken"))
        self.assertTrue([one for one in browser.script("return window.complaints.splice(0)") if one.startswith("CSP")])
        browser.driver.get_log("browser")


if __name__ == "__main__":
    unittest.main()
