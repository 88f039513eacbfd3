"""The overview: every bar of it leads to its search. In both languages, at a desk and on a phone."""
import datetime
import unittest
from urllib.parse import parse_qs

from selenium.webdriver import ActionChains

from browser import begun, found_by
from harness import wait_until
from said import GROUPED

scratch = served = browser = None


def setUpModule():
    global scratch, served, browser
    scratch, served, browser = begun("overview")


def tearDownModule():
    scratch.close()


BARS = """return [...document.querySelectorAll('.bars')].flatMap((panel) => [...panel.querySelectorAll('a')].map((a) => [
    panel.querySelector('h2').textContent, a.querySelector('.bar_name').textContent, Number(a.dataset.count), a.hash.split('?')[1]]))"""
NOTES = """return [...document.querySelectorAll('.bars')].flatMap((panel) => [...panel.querySelectorAll('a')].map((a) => [
    panel.querySelector('h2').textContent, a.querySelector('.bar_name').textContent, a.querySelector('.bar_note')?.textContent ?? '']))"""

# Of each swatch: its pattern, its colour, and how many pixels of the chart have it.
KEYS = """const canvas = document.querySelector(".chart canvas");
const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
return [...document.querySelectorAll(".totals .swatch")].map((swatch) => {
    const colour = getComputedStyle(swatch.querySelector(".swatch_ground")).fill;
    const [red, green, blue] = colour.match(/[0-9]+/g).map(Number);
    let count = 0;
    for (let at = 0; at < pixels.length; at += 4) count += pixels[at] === red && pixels[at + 1] === green && pixels[at + 2] === blue;
    return [swatch.dataset.pattern, colour, count];
})"""


# A server that was silent for some time.
WITH_GAP = """
const [host, gap] = arguments;
const real = window.fetch;
window.fetch = async (address, ...rest) => {
  const answer = await real(address, ...rest);
  if (!String(address).includes("api/v1/overview")) return answer;
  const page = await answer.json();
  page.hosts.forEach((each) => { each.gaps = each.host === host ? [gap] : []; });
  return new Response(JSON.stringify(page));
};
"""
STRIPS = """return [...document.querySelectorAll('.strips li')].flatMap((li) => [...li.querySelectorAll('a')].map((a) => [
    li.querySelector('.strip_name').textContent, a.querySelector('rect').getAttribute('class'), a.getAttribute('href').split('?')[1]]))"""


class Overview(unittest.TestCase):
    def test_every_bar_leads_to_its_search(self):
        browser.open("overview")
        browser.wait_text("Deliveries by time and status", "Top senders", "Servers and gaps", "mx1")
        browser.one(".chart canvas")
        browser.checked(self, "overview")
        bars = browser.script(BARS)
        self.assertEqual(len({title for title, _, _, _ in bars}), 4, "each panel has bars")
        self.assertGreater(len(bars), 20)
        for title, name, told, search in bars:
            with self.subTest(f"{title}: {name}"):
                results, mails = found_by(browser, search)
                if "sent_to=" in search and "sent" not in parse_qs(search).get("status", [""])[0].split(","):
                    # Of a destination that fails it opens what failed.
                    self.assertTrue(0 < results <= told, (results, told))
                    continue
                self.assertIn(told, (results, mails) if title == browser.said("Top senders") else (results,))
        browser.click(browser.all(".bars a")[0])
        browser.one(".row")
        browser.driver.back()
        browser.settle()
        wait_until(lambda: len(browser.all(".bars a")) == len(bars), "the overview again")
        browser.click("As a table")
        browser.checked(self, "overview-table")
        numbers = browser.script("return [...document.querySelectorAll('.numbers td a')].map((a) => [a.textContent, a.hash.split('?')[1]])")
        self.assertGreater(len(numbers), 20)
        for told, search in numbers[::7]:
            self.assertEqual(found_by(browser, search)[0], int(told.replace(GROUPED[browser.language], "")), search)
        browser.click(browser.one(".numbers td a"))
        browser.one(".row")

    def test_what_was_delayed_need_not_wait_any_more(self):
        """The figure counts both, its search lists both, and each row says which it is, as its mail does."""
        browser.open("overview?span=14d")
        browser.one(".chart canvas")
        browser.click(next(total for total in browser.all(".totals a") if browser.said("Delayed") in total.text))
        seen = {}
        for row in browser.all(".row"):
            seen.setdefault(row.find_element("css selector", ".row_end .pill").text, row.find_element("css selector", ".row_mail").get_attribute("href"))
        self.assertEqual({browser.said("Waiting"), browser.said("Delayed")}, set(seen))
        for word, address in seen.items():
            browser.open(address.split("#/")[1])
            browser.one(".verdict_word")
            self.assertEqual(word == browser.said("Waiting"), browser.said("Waiting") in browser.texts(".verdict_word"))

    def test_only_what_is_ill_is_called_so(self):
        browser.open("overview")
        browser.wait_text("Slow or failing destinations")
        ill = [(name, note) for title, name, note in browser.script(NOTES) if title == browser.said("Slow or failing destinations")]
        self.assertIn("mx2.big.example.net", [name for name, _ in ill])
        self.assertNotIn("mx.school.example.com", [name for name, _ in ill])
        for name, note in ill:
            self.assertRegex(note, {"en": "waiting|undeliverable", "de": "wartet|warten|unzustellbar"}[browser.language], name)
        reasons = [(name, note) for title, name, note in browser.script(NOTES) if title == browser.said("Why mails were refused or undeliverable")]
        self.assertGreater(len(reasons), 3)
        self.assertEqual(len(reasons), len(set(reasons)), f"two that read the same: {reasons}")

    def test_the_legend_looks_like_the_bars(self):
        """By its pattern without colours, and by the same colour as the bars."""
        browser.open("overview")
        browser.one("canvas[data-drawn]")
        keys = browser.script(KEYS)
        self.assertGreater(len(keys), 4)
        self.assertEqual(len({pattern for pattern, _, _ in keys}), len(keys), f"two with the same pattern: {keys}")
        self.assertEqual(len({colour for _, colour, _ in keys}), len(keys), f"two with the same colour: {keys}")
        for _, colour, pixels in keys:
            self.assertGreater(pixels, 5, f"{colour} is in the chart")

    def test_days_under_the_chart(self):
        """Over more than a day each day is named once; an hour alone says nothing then."""
        browser.open("overview")
        self.assertEqual(browser.one("canvas[data-drawn]").get_attribute("data-days"), "")
        browser.open("overview?span=7d")
        days = browser.one("canvas[data-days]:not([data-days=''])").get_attribute("data-days").split("|")
        self.assertEqual(len(days), len(set(days)), days)
        self.assertIn(len(days), (7, 8, 9), days)
        browser.picture("overview-7d")

    def test_a_click_into_the_chart(self):
        browser.open("overview")
        canvas = browser.one(".chart canvas")
        wait_until(lambda: canvas.size["height"] > 100, "the chart")
        def hit():
            for x in range(20, canvas.size["width"], 23):
                ActionChains(browser.driver).move_to_element_with_offset(canvas, x - canvas.size["width"] // 2, canvas.size["height"] // 2 - 34).click().perform()
                if "search" in browser.place():
                    return True
            return False
        self.assertTrue(hit(), "no bar led to a search")
        browser.settle()
        self.assertIn("connect_from=", browser.place())
        browser.one(".row")

    def test_servers_and_gaps_as_strips(self):
        """Each server's lines over the time; a gap is drawn as one and leads to its search."""
        silent = datetime.datetime.now(datetime.timezone.utc).replace(minute=0, second=0, microsecond=0) - datetime.timedelta(hours=9)
        quiet = silent + datetime.timedelta(hours=3)
        span = {"from": silent.isoformat(), "to": quiet.isoformat()}
        self.addCleanup(browser.reload)
        browser.open("search")
        browser.script(WITH_GAP, "mx2", span)
        browser.open("overview")
        browser.one(".strip a")
        strips = browser.script(STRIPS)
        self.assertEqual({host for host, _, _ in strips}, {"mx1", "mx2", "out1"})
        gaps = [(host, search) for host, kind, search in strips if kind == "strip_gap"]
        self.assertEqual([host for host, _ in gaps], ["mx2"])
        self.assertEqual(len([host for host, kind, _ in strips if kind == "strip_heard" and host == "mx2"]), 2, "before and behind it")
        asked = parse_qs(gaps[0][1])
        self.assertEqual(asked["logged_by"], ["mx2"])
        self.assertEqual(datetime.datetime.fromisoformat(asked["connect_from"][0].replace("Z", "+00:00")), silent)
        browser.checked(self, "overview-strips")
        browser.click(next(a for a in browser.all(".strip a") if "mx1" in a.get_attribute("aria-label")))
        browser.one(".row")
        self.assertIn("logged_by=mx1", browser.place())

    def test_longer_spans(self):
        browser.open("overview")
        browser.click("7 days")
        self.assertIn("span=7d", browser.place())
        browser.wait_text("Top senders")


if __name__ == "__main__":
    unittest.main()
