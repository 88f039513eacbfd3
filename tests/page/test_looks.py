"""Every page in both languages, at desk and on a phone, in light and dark: readable, within the window, accessible."""
import re
import unittest

from browser import DESKTOP, PHONE, entered
from harness import Scratch, wait_until
from served import Served

scratch = served = None


def setUpModule():
    global scratch, served
    scratch = Scratch("looks")
    try:
        served = Served(scratch, scale=0.3, days=1)
    except BaseException:
        scratch.close()
        raise


def tearDownModule():
    scratch.close()


# Words that only the other language has.
FOREIGN = {"de": re.compile(r"\b(Search|Sender|Recipient|Delivered|Waiting|Undeliverable|Refused|What happened|Details|Users|Overview|attempts?|the mail)\b"),
           "en": re.compile(r"\b(Suche|Absender|Empfänger|Zugestellt|Wartet|Unzustellbar|Abgelehnt|Was geschehen|Einzelheiten|Benutzer|Überblick|Versuche?)\b")}


# Of the picture of a way: words cut off, times with a line through them, arrows that cover each other.
WAY_FAULTS = """
const faults = [...document.querySelectorAll("svg.way text")].filter((text) => text.textContent.endsWith("…")).map((text) => `cut: ${text.textContent}`);
const lines = [...document.querySelectorAll("svg.way .way_edge")].map((path) => {
    const length = path.getTotalLength();
    return Array.from({length: 60}, (_, at) => path.getPointAtLength(length * (at + 0.5) / 60));
});
for (const time of document.querySelectorAll("svg.way .way_time")) {
    const box = time.getBBox();
    const inside = ({x, y}) => x > box.x && x < box.x + box.width && y > box.y + 2 && y < box.y + box.height - 2;
    if (lines.some((line) => line.some(inside))) faults.push(`a line through ${time.textContent}`);
}
const near = (one, other) => Math.hypot(one.x - other.x, one.y - other.y) < 2.5;
lines.forEach((line, at) => lines.slice(at + 1).forEach((other) => {
    if (line.filter((point) => other.some((there) => near(point, there))).length > 30) faults.push("one arrow covers another");
}));
return faults;
"""


class Looks(unittest.TestCase):
    def everything(self, name, language, size, dark):
        browser = entered(served, language=language, size=size, dark=dark)
        self.addCleanup(browser.close)

        def checked(what, quoted=""):
            browser.checked(self, f"{name}-{what}")
            # What other servers said stays as it was.
            said = browser.script("""const copy = document.body.cloneNode(true);
                copy.querySelectorAll('.answer, .timeline_answer, .lines, .details, .where, .id, .switch [lang], option[value]').forEach((e) => e.remove());
                return copy.textContent""")
            said = re.sub(r"host \S+ said: .*", "", said)  # in the answer for the ticket
            self.assertIsNone(FOREIGN[language].search(said.replace(quoted, "")), f"{name}-{what}: {said[:3000]}")
        browser.open("search")
        self.assertEqual(browser.script("return document.documentElement.lang"), language)
        checked("search")
        browser.open("search?status=held&time=7d")
        browser.ask("lisa@freunde.example")
        browser.one(".reading_dropped")
        checked("started-anew")
        browser.open("search?connect_from=never&status=bogus,sent&recipent=lisa&limit=10")
        browser.one(".left_out")
        checked("not-understood", "recipent: lisa")
        browser.open("mail/00000000000000000000000000000000")
        browser.one(".no_page")
        checked("gone")
        browser.open("search?status=bounced&response=*quota*")
        browser.click(browser.one(".row_fold"))
        browser.one(".verdict")
        browser.press("f")
        checked("fold")
        browser.press("f")
        mail = browser.one(".row_mail").get_attribute("href").split("#/")[1]
        browser.open(mail)
        browser.one(".ticket_text")
        browser.one("svg.way")
        checked("mail")
        browser.open("search?sender=julia.vogt%40example.org&recipient=m.fisher%40firma.example")
        browser.open(browser.one(".row_mail").get_attribute("href").split("#/")[1])
        browser.one("svg.way")
        self.assertEqual(len(browser.all("svg.way .way_outside")), 2)
        self.assertEqual(browser.script(WAY_FAULTS), [])
        checked("two-ends")
        browser.open("search?logged_by=mx2&received_from=127.0.0.1")
        browser.open(browser.one(".row_mail").get_attribute("href").split("#/")[1])
        browser.one("svg.way")
        shape = browser.script("return document.querySelector('svg.way').classList.contains('way_as_rows')")
        self.assertEqual(shape, size == PHONE)
        checked("way")
        browser.open("search?sender=nobody%40nowhere.example&time=today")
        wait_until(lambda: browser.has(".nothing_sentence"), "the proof")
        checked("nothing")
        for page in ("overview", "users", "audit", "account"):
            browser.open(page)
            if page == "overview":
                browser.one(f"canvas[data-drawn={language}]")
            checked(page)
        return browser

    def test_german_desktop_light(self):
        browser = self.everything("de-desktop-light", "de", DESKTOP, False)
        browser.open("search")
        browser.wait_text("Wo ist meine Mail?", "Zeiten in MEZ")
        browser.open("search?language=other")
        browser.click(browser.one(".account_menu summary"))
        browser.click("English")
        browser.language = "en"
        browser.wait_text("Where is my mail?")
        browser.reload()
        browser.wait_text("Where is my mail?")

    def test_german_phone_dark(self):
        self.everything("de-phone-dark", "de", PHONE, True)

    def test_english_phone_light(self):
        self.everything("en-phone-light", "en", PHONE, False)

    def test_english_desktop_dark(self):
        browser = self.everything("en-desktop-dark", "en", DESKTOP, True)
        ground = "return getComputedStyle(document.body).backgroundColor"
        dark = browser.script(ground)
        browser.click(browser.one(".account_menu summary"))
        browser.click("Light")
        self.assertNotEqual(browser.script(ground), dark)
        browser.reload()
        self.assertNotEqual(browser.script(ground), dark)

    def test_the_check_finds_faults(self):
        """A page with faults on purpose: the checks above would say so."""
        import accessible
        browser = entered(served)
        self.addCleanup(browser.close)
        browser.script("""document.querySelector('main').insertAdjacentHTML('beforeend', '<button id=twice class=tiny></button><p id=twice class=faint>x y</p><h6>z</h6><button aria-label="Reset">Remove it</button>');
            const sheet = new CSSStyleSheet(); sheet.replaceSync('.faint { color: #bbb; } .tiny.tiny { all: unset; display: block; width: 9px; height: 9px; }'); document.adoptedStyleSheets = [sheet];""")
        found = {fault[0] for fault in browser.script(accessible.CHECK)}
        self.assertLessEqual({"no name", "id twice", "contrast", "target too small", "label without what is shown"}, found)
        self.assertTrue(any(what.startswith("heading 6") for what in found))


if __name__ == "__main__":
    unittest.main()
