"""What the page says when the server has no whole answer, none at all, or the browser does not do what it is asked for. English."""
import unittest

from browser import entered
from harness import Scratch, wait_until
from served import Served

scratch = served = browser = None


def setUpModule():
    global scratch, served, browser
    scratch = Scratch("trouble")
    try:
        served = Served(scratch, scale=0.3, days=1)
        browser = entered(served)
    except BaseException:
        scratch.close()
        raise


def tearDownModule():
    scratch.close()


# The server counted the newest columns only, as it does when its time is over.
COUNTED_PARTLY = """
const real = window.fetch;
window.fetch = async (address, ...rest) => {
  if (!new URL(address, window.location.href).pathname.endsWith("/api/v1/overview")) return real(address, ...rest);
  const whole = await (await real(address, ...rest)).json();
  const columns = whole.columns.slice(-6);
  window.told = {...whole, columns, complete: false, reached: window.reached_told ? columns[0].time : undefined};
  return new Response(JSON.stringify(window.told));
};
"""


class Trouble(unittest.TestCase):
    def setUp(self):
        browser.reload()
        browser.open("search")

    def test_an_overview_that_counted_a_part(self):
        browser.script("window.reached_told = true;" + COUNTED_PARTLY)
        browser.open("overview")
        browser.wait_text("Counted back to", "what is older is not in these numbers", css=".overview .notice")
        browser.one("canvas[data-drawn]")
        reached = browser.script("return window.told.reached")
        self.assertEqual(browser.script("return new Date(document.querySelector('canvas').dataset.since).getTime()"),
                         browser.script("return new Date(window.told.reached).getTime()"), "the first column is the first that was counted")
        links = browser.script("return [...document.querySelectorAll('.totals a, .bars a')].map((a) => new URLSearchParams(a.hash.split('?')[1]).get('connect_from'))")
        self.assertGreater(len(links), 5)
        self.assertEqual(set(links), {reached}, "what was not counted is not searched for")
        browser.checked(self, "overview-partly")
        browser.script("window.reached_told = false")
        browser.click("7 days")
        browser.wait_text("these numbers are not complete", css=".overview .notice")
        browser.reload()
        browser.wait_text("Top senders")
        self.assertFalse(browser.has(".overview .notice"))


if __name__ == "__main__":
    unittest.main()
