"""Reading what happened to a mail and answering the caller; all of it with the keyboard."""
import re
import unittest

from selenium.webdriver.common.keys import Keys

from browser import Case, begun, found_by
from harness import ROOT, wait_until
from said import OTHER, SINCE, said

scratch = served = browser = None


def setUpModule():
    global scratch, served, browser
    scratch, served, browser = begun("reading")


def tearDownModule():
    scratch.close()


# Each station of the picture: its kind, and all that is said of it.
WAY = """return [...document.querySelectorAll("svg.way .way_node")].map((node) =>
    [node.getAttribute("class").match(/way_(?!node)([a-z]+)/)[1], node.querySelector("title").textContent])"""


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
        self.assertEqual(len(re.findall(r"\b\d\d:\d\d\b", verdict)), 3, f"next from, next to, given up, each once: {verdict}")
        self.assertNotIn(browser.said("Next attempt"), verdict)
        self.assertGreater(len(browser.all(".timeline li")), 1)
        browser.wait_text("You are not alone")
        self.assert_not_alone()
        browser.checked(self, "fold-waiting")

    def assert_not_alone(self):
        """The link leads to as many as are told, and to this mail's own attempts; the times are of the page's zone."""
        told = browser.text(".alike p")
        self.assertRegex(told, SINCE[browser.language])
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


if __name__ == "__main__":
    unittest.main()
