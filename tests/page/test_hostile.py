"""What strangers write into logs: markup, spreadsheet formulas, letters that turn the direction of writing, endless
words. It must be shown as what it is, and break nothing."""
import datetime
import re
import tarfile
import unittest

import provider
from browser import PHONE, entered
from harness import ROOT, Scratch, wait_until
from served import Served

scratch = served = None
queue_ids = []
MARKUP = '"<img/src=x/onerror=window.broken=1>"@evil.example'
TURNED = "paypal\u202e\u2066elpmaxe.live\u2069@example.net"
LONG = "a" * 240 + "@" + "b" * 60 + ".example"
FORMULA = "=HYPERLINK(1)@evil.example"


def crafted_lines():
    """What a real Postfix logged for senders, recipients, answers and headers that were made to look like log lines."""
    with tarfile.open(ROOT / "tests" / "corpus" / "corpus.tar.xz") as archive:
        return archive.extractfile("hostile/postfix-crafted.log").read().decode(errors="replace").splitlines()


def setUpModule():
    global scratch, served, queue_ids
    scratch = Scratch("hostile")
    try:
        now = datetime.datetime.now(datetime.timezone.utc)
        log = provider.Log(5, now, 1)
        mails = provider.Provider(log)
        for number, sender in enumerate((MARKUP, TURNED, LONG, FORMULA, "javascript:alert(1)//@evil.example")):
            time = now - datetime.timedelta(minutes=30 - number)
            queue = mails.open("mx1", time, sender, ("evil.example", "203.0.113.66"), f"<script>window.broken=1</script>{number}", 1)
            mails.attempt("mx1", time + datetime.timedelta(seconds=1), queue, "anna.berger@example.org", "smtp", "mx.evil.example[203.0.113.67]:25", 1.0,
                             "5.7.1", "bounced", "host mx.evil.example[203.0.113.67] said: 550 5.7.1 <script>window.broken=1</script> status=sent (250 ok) " + "x" * 300)
        lines = [line for _, line in sorted(log.lines)]
        lines += (ROOT / "tests" / "traces" / "cases" / "hostile.log").read_text(errors="replace").splitlines()
        real = crafted_lines()
        queue_ids = sorted({found.group(1) for found in (re.search(r" mx1 postfix/(?:smtp|error)\[\d+\]: (\w+): to=", line) for line in real) if found})
        served = Served(scratch, lines + real)
    except BaseException:
        scratch.close()
        raise


def tearDownModule():
    scratch.close()


class Hostile(unittest.TestCase):
    def walk(self, browser, name):
        browser.open("search?limit=100")
        self.assertGreater(len(browser.all(".row")), 4)
        browser.checked(self, f"hostile-{name}-search")
        for text in (MARKUP, LONG, FORMULA):
            browser.open("search?sender=" + browser.script("return encodeURIComponent(arguments[0])", text))
            row = browser.one(".row")
            self.assertIn(text[:60], row.text.replace("\n", ""))
            self.assertIn(browser.said("Undeliverable"), row.text)
            browser.click(browser.one(".row_fold"))
            browser.one(".verdict.tone_bad")
            for summary in browser.all(".row_fold_out .more summary"):
                browser.click(summary)
            browser.checked(self, f"hostile-{name}-fold-{text[0] if text[0].isalpha() else 'x'}")
            browser.open(browser.one(".row_mail").get_attribute("href").split("#/")[1])
            browser.one("svg.way")
            browser.checked(self, f"hostile-{name}-mail-{text[0] if text[0].isalpha() else 'x'}")
        self.forged(browser, name)
        self.assertIsNone(browser.script("return window.broken"))
        self.assertEqual(browser.script("return document.querySelectorAll('#page script, #page img').length"), 0)

    def forged(self, browser, name):
        """Recipients, servers and ends that only the free text claims are those of no row and of no picture."""
        self.assertGreater(len(queue_ids), 4)
        for queue_id in queue_ids:
            with self.subTest(queue_id):
                browser.open(f"search?queue_id={queue_id}")
                browser.one(".row")
                self.assertNotIn("victim@bank.example", browser.texts(".row .who"))
                self.assertFalse([text for text in browser.texts(".row .line_out .where") if text.startswith(browser.said("to") + " evil")])
                browser.open(browser.one(".row_mail").get_attribute("href").split("#/")[1])
                browser.one("svg.way")
                self.assertFalse({"evil", "evil [6.6.6.6]", "good", "victim@bank.example"} & set(browser.texts("svg.way .way_name")))
                browser.checked(self, f"hostile-{name}-mail-{queue_id}")
        browser.open("search?queue_id=4jYGwZ6zsYz1cvvd")
        self.assertEqual(browser.texts(".row .row_end .pill"), [browser.said("Undeliverable")])

    def test_at_a_desk(self):
        browser = entered(served)
        self.addCleanup(browser.close)
        self.walk(browser, "desktop")
        # Letters that turn the direction are shown by their number.
        browser.open("search?sender=*paypal*")
        self.assertIn("\\u{202e}", browser.one(".row").text)
        # Pasted, too.
        browser.open("search")
        browser.paste(MARKUP + "\n<script>window.broken=2</script>\n" + "\u202e" * 50)
        self.assertIsNone(browser.script("return window.broken"))
        browser.open("search?subject=%3Cimg%20src%3Dx%20onerror%3Dwindow.broken%3D3%3E&sort=%3Cb%3E&limit=-1&after=%3Cscript%3E&connect_from=never")
        browser.gather()
        self.assertIsNone(browser.script("return window.broken"))
        browser.complaints.clear()
        csv = browser.driver.execute_async_script("fetch('api/v1/export.csv?sender=*hyperlink*').then((r) => r.text()).then(arguments[0])")
        self.assertIn("'=HYPERLINK", csv)

    def test_on_a_phone(self):
        browser = entered(served, size=PHONE, language="de")
        self.addCleanup(browser.close)
        self.walk(browser, "phone")


if __name__ == "__main__":
    unittest.main()
