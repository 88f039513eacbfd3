"""Finding a mail as the helpdesk does: typed, pasted, by a form, by a link. In both languages, at a desk and on a phone."""
import csv
import datetime
import io
import re
import sqlite3
import unittest
import zoneinfo

from selenium.webdriver.common.keys import Keys

import provider
from browser import Browser, Case
from harness import Scratch, wait_until
from served import PASSWORD, Served

scratch = served = browser = None


def setUpModule():
    global scratch, served, browser
    scratch = Scratch("finding")
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


class Entered(Case):
    def setUp(self):
        enter(self)
        super().setUp()


class Finding(Entered):
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

    def test_a_time_that_nobody_changed_keeps_its_seconds(self):
        """The form shows minutes; a link or a bar has more."""
        times = "connect_from=2026-11-24T10%3A53%3A07.000Z&connect_to=2026-11-24T10%3A53%3A56.123Z"
        browser.open(f"search?{times}")
        browser.click("Filters")
        browser.one("#filters .primary").click()
        browser.settle()
        self.assertIn(times, browser.place())
        browser.click("Filters")

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

    def test_live_is_where_the_newest_are(self):
        """Pressed on an older page or in another order it leads to the newest mails: elsewhere none would appear."""
        pressed = lambda: browser.one(".live").get_attribute("aria-pressed")
        browser.open("search?limit=10&sort=sender")
        browser.click("Live")
        browser.settle()
        self.assertEqual((browser.place(), pressed()), ("#/search?limit=10", "true"))
        browser.click("Older")
        self.assertIn("after=", browser.place())
        self.assertEqual(pressed(), "false")
        browser.click("Live")
        browser.settle()
        self.assertEqual((browser.place(), pressed()), ("#/search?limit=10", "true"))

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


class Safety(Entered):
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
