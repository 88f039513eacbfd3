"""The overview: every bar of it leads to its search. English, desktop."""
import unittest

from selenium.webdriver import ActionChains

from browser import entered
from harness import Scratch, wait_until
from served import Served

scratch = served = browser = None


def setUpModule():
    global scratch, served, browser
    scratch = Scratch("overview")
    try:
        served = Served(scratch)
        browser = entered(served)
    except BaseException:
        scratch.close()
        raise


def tearDownModule():
    scratch.close()


class Overview(unittest.TestCase):
    def test_every_bar_leads_to_its_search(self):
        browser.open("overview")
        browser.wait_text("Deliveries by time and status", "Top senders", "Servers and gaps", "mx1")
        browser.one(".chart canvas")
        browser.checked(self, "overview")
        count = len(browser.all(".bars a"))
        self.assertGreater(count, 10)
        for index in (0, count // 2, count - 1):
            bar = browser.all(".bars a")[index]
            browser.click(bar)
            browser.wait_text("Times in")
            browser.one(".row")
            browser.driver.back()
            browser.settle()
            wait_until(lambda: len(browser.all(".bars a")) == count, "the overview again")
        browser.click("As a table")
        browser.checked(self, "overview-table")
        number = browser.one(".numbers td a")
        expected = number.text
        browser.click(number)
        browser.one(".row")

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

    def test_longer_spans(self):
        browser.open("overview")
        browser.click("7 days")
        self.assertIn("span=7d", browser.place())
        browser.wait_text("Top senders")


if __name__ == "__main__":
    unittest.main()
