"""Ten typical calls at the helpdesk. Whoever answers knows a sender, or "yesterday around noon", and reaches the sentence
to read out. At a desk each in one language, on a phone in the other. Printed: clicks, keys and seconds of each call; no test passes or fails on a clock."""
import datetime
import time
import unittest
import zoneinfo

from selenium.webdriver.common.keys import Keys

import provider
from browser import PHONE, entered
from harness import Scratch, wait_until
from said import OTHER, named
from served import WEDNESDAY, Served

scratch = served = None
NOON = "yesterday around noon"
ZONE = zoneinfo.ZoneInfo("Europe/Berlin")
OURS = provider.OURS


def yesterday_noon():
    noon = datetime.datetime.now(ZONE).replace(hour=12, minute=20, second=0, microsecond=0)
    return noon - datetime.timedelta(days=1)


def log():
    """Two days of the sample, and yesterday around noon one of each that is asked for by this time."""
    end = datetime.datetime.now(datetime.timezone.utc)
    lines = provider.sample(2.0, end, scale=0.15, like=WEDNESDAY)
    calls = provider.Log(77, end, 2)
    calls.serial = 900000
    mails = provider.Provider(calls)
    noon = yesterday_noon()
    for minutes, what in enumerate((mails.block_list, mails.discarded, mails.forwarded, mails.two_ends)):
        what(noon + datetime.timedelta(minutes=minutes))
    hours = lambda count: end - datetime.timedelta(hours=count)
    mails.mailbox_full(hours(3), "olga.frank@example.org")
    mails.wrong_address(hours(4), "karl.brandt@example.org")
    mails.waiting(hours(1), person="nils.otto@example.org")
    mails.incoming(noon + datetime.timedelta(minutes=9), folder="Junk")
    return sorted(lines + [line for _, line in calls.lines])


def setUpModule():
    global scratch, served
    scratch = Scratch("calls")
    try:
        served = Served(scratch, log(), name="calls")
        Call.browsers = {language: entered(served, language=language) for language in ("en", "de")}
    except BaseException:
        scratch.close()
        raise


def tearDownModule():
    scratch.close()


WITH_WORDS = """const [words] = arguments;
    return [...document.querySelectorAll(".row")].find((row) => words.every((word) => row.textContent.includes(word))) || null"""


class Call(unittest.TestCase):
    browsers = {}

    def begin(self, language):
        browser = self.browsers[language]
        self.browser = self.browsers[OTHER[language]] if browser.size == PHONE else browser
        self.browser.open("search")
        self.clicks = self.keys = 0
        self.began = time.monotonic()

    def ask(self, text):
        """Into the box, and Enter; a key more for each letter."""
        text = self.named(text)
        self.keys += len(text) + 1
        self.browser.ask(text)

    def named(self, text):
        return named(text, self.browser.language)

    def click(self, element):
        self.clicks += 1
        self.browser.click(element)

    def narrow(self, value):
        """One status of the form, as somebody does who was told "it came back". The form stays open for the next call."""
        if not self.browser.has("#filters"):
            self.click(self.browser.one("[aria-controls=filters]"))
        field = self.browser.one(f"#filters input[value={value}]")
        self.clicks += 1
        field.click()
        self.click(self.browser.one("#filters .primary"))

    def unfold(self, *words):
        """The first row that has all these words."""
        self.click(self.row(*words).find_element("css selector", ".row_fold"))
        self.browser.one(".verdict")

    def row(self, *words):
        """Pages on as somebody does who looks it through."""
        words = [self.named(word) for word in words]
        for _ in range(8):
            self.browser.one(".row")
            found = self.browser.script(WITH_WORDS, words)
            if found:
                return found
            self.click(self.browser.one(".pager button"))
        raise AssertionError(f"no row with {words}; at last:\n{self.browser.text('.found')[:2500]}")

    def answered(self, tones, *words):
        verdicts = ".row_open .verdicts"
        words = [self.named(word) for word in words]
        wait_until(lambda: all(word.lower() in self.browser.text(verdicts).lower() for word in words),
                   lambda: f"{words} in:\n{self.browser.text(verdicts)}", 60)
        self.assertTrue(any(self.browser.has(f".row_open .verdict.tone_{tone}") for tone in tones.split()), self.browser.text(verdicts))
        self.done()

    def done(self):
        print(f"     {self._testMethodName[5:].replace('_', ' ')}: {self.clicks} clicks, {self.keys} keys, "
              f"{time.monotonic() - self.began:.1f} s")
        self.browser.gather()
        self.assertEqual(self.browser.complaints, [])

    def test_greylisted(self):
        """The sender's first visit was turned away; which of them came back, the same sentence says."""
        self.begin("de")
        self.ask("info@verein.example")
        self.unfold("Greylisted")
        self.answered("waiting good", "Greylisted", "Who must act", "a precaution against spam")  # it may be back already

    def test_bounced_for_a_full_mailbox(self):
        self.begin("de")
        self.ask("olga.frank@example.org")
        self.narrow("bounced")
        self.unfold("lisa@freunde.example", "Undeliverable")
        self.answered("bad", "mailbox", "is full", "Mailbox full, quota exceeded", "Who must act")

    def test_deferred(self):
        self.begin("en")
        self.ask("nils.otto@example.org")
        self.narrow("deferred")
        self.unfold("Waiting", "kunde")
        self.answered("waiting", "is waiting", "The next attempt", "421 4.7.0 Too many connections", "What to do now")

    def test_refused_by_a_block_list(self):
        self.begin("de")
        self.ask(NOON)
        self.narrow("blocked")
        self.unfold("@prize.example")
        self.answered("bad", "zen.rbl.example", "What to do now")

    def test_in_the_spam_folder(self):
        self.begin("en")
        self.ask(NOON)
        self.unfold("into Junk")
        self.answered("good", "Junk", "Delivered")

    def test_forwarded(self):
        self.begin("de")
        self.ask(NOON)
        self.unfold("Forwarded")
        self.answered("good", "m.fischer@firma.example", "Forwarded")

    def test_never_arrived(self):
        """No mail, but proof that there was none, and whom the caller may have meant."""
        self.begin("de")
        self.ask("lisa@freunde.exampel")
        self.browser.wait_text("Nothing found", "mx1", "mx2", "out1", "lisa@freunde.example")
        self.done()

    def test_wrong_address(self):
        self.begin("de")
        self.ask("karl.brandt@example.org")
        self.narrow("bounced")
        self.unfold("m.fisher@firma.example", "Undeliverable")
        self.answered("bad", "does not exist", "User unknown", "Who must act")

    def test_two_recipients_with_different_ends(self):
        self.begin("en")
        self.ask("julia.vogt@example.org")
        self.narrow("bounced")
        self.click(self.row("m.fisher").find_element("css selector", ".row_mail"))
        self.browser.wait_text("For m.fischer@firma.example", "For m.fisher@firma.example")
        self.assertEqual(len(self.browser.all(".verdict.tone_good")), 1)
        self.assertEqual(len(self.browser.all(".verdict.tone_bad")), 1)
        self.done()

    def test_discarded_by_a_sieve_rule(self):
        self.begin("de")
        self.ask(NOON)
        self.unfold("Discarded")
        self.answered("bad", "threw the mail away")


if __name__ == "__main__":
    unittest.main()
