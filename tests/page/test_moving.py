"""From page to page and back: what was open is open again, the focus goes along, keys that can be switched off."""
import unittest

from selenium.webdriver.common.keys import Keys

from browser import begun
from harness import wait_until

scratch = served = browser = None
FOCUS = "const e = document.activeElement; return [e.tagName, e.id || e.className]"


def setUpModule():
    global scratch, served, browser
    scratch, served, browser = begun("moving", scale=0.3, days=1)


def tearDownModule():
    scratch.close()


class Moving(unittest.TestCase):
    def setUp(self):
        browser.driver.get("about:blank")
        browser.open("search")

    def a_mail(self):
        return browser.one(".row_mail").get_attribute("href").split("#/")[1]

    def test_back_from_a_mail(self):
        mail = self.a_mail()
        browser.click(browser.one(".row_mail"))
        browser.click("Back to the results")
        browser.one(".row")
        self.assertIn("#/search", browser.place())
        browser.open("overview")
        browser.open(mail)
        browser.wait_text("What happened")
        self.assertEqual(browser.text(".mail_head .back"), browser.said("Back"))
        browser.reload()
        browser.click("Back")
        browser.wait_text("Top senders")

    def test_a_mail_opened_from_elsewhere(self):
        """By a link in a ticket: the way back would leave Mailtrace."""
        mail = self.a_mail()
        browser.driver.get("about:blank")
        browser.open(mail)
        browser.wait_text("What happened")
        self.assertNotIn(browser.said("Back to the results"), browser.text())
        browser.checked(self, "mail-from-elsewhere")
        browser.click(browser.one(".mail_head .back"))
        browser.one("#box")
        self.assertEqual(browser.place(), "#/search")

    def test_the_results_are_as_they_were_left(self):
        browser.ask("*example*")
        browser.wait_text("Understood as")
        asked = browser.place()
        rows = browser.all(".row")
        browser.click(rows[1].find_element("css selector", ".row_fold"))
        browser.click(rows[12].find_element("css selector", ".row_fold"))
        browser.wait_text("What happened")
        opened = browser.script("return [...document.querySelectorAll('.row_open')].map((row) => row.id)")
        self.assertEqual(len(opened), 2)
        link = browser.one(f"[id='{opened[1]}'] .row_mail")
        browser.script("arguments[0].scrollIntoView({block: 'center'})", link)
        before = browser.script("return window.scrollY")
        self.assertGreater(before, 300)
        link.click()
        browser.settle()
        browser.wait_text("The way of the mail")
        wait_until(lambda: browser.script("return window.scrollY") == 0, "the mail's page to begin at its top")
        browser.driver.back()
        browser.one(".row")
        browser.settle()
        self.assertEqual(browser.place(), asked)
        browser.wait_text("Understood as")
        self.assertEqual(browser.script("return [...document.querySelectorAll('.row_open')].map((row) => row.id)"), opened)
        wait_until(lambda: abs(browser.script("return window.scrollY") - before) < 60,
                   lambda: f"{browser.script('return window.scrollY')} as before, {before}")
        self.assertEqual(browser.script("return document.activeElement.id"), opened[1])
        # The same search, asked anew, is a new list.
        browser.open("search")
        browser.wait_text("Newest mails")
        browser.open("overview")
        browser.open(asked.removeprefix("#/"))
        browser.one(".row")
        self.assertFalse(browser.has(".row_open"))

    def test_the_focus_goes_along(self):
        self.assertEqual(browser.script(FOCUS)[0], "BODY", "the first page is read from its beginning")
        browser.click(browser.one(".row_mail"))
        browser.wait_text("What happened")
        self.assertEqual(browser.script(FOCUS)[0], "H1")
        self.assertFalse(browser.script("return document.activeElement.matches(':focus-visible')"), "no frame for whoever uses a mouse")
        for page in ("overview", "users", "audit", "account", "search"):
            browser.open(page)
            wait_until(lambda: browser.script(FOCUS)[0] == "H1", lambda: f"{page}: {browser.script(FOCUS)}")
        browser.open("overview")
        browser.press("/")
        wait_until(lambda: browser.script("return document.activeElement.id") == "box", lambda: browser.script(FOCUS))
        browser.one("#box").send_keys("*example*")
        self.assertEqual(browser.script("return document.activeElement.id"), "box")
        browser.ask("")
        self.assertEqual(browser.script("return document.activeElement.id"), "box", "who types goes on typing")

    def test_single_keys_can_be_switched_off(self):
        browser.press("?")
        browser.click("React to single keys")
        browser.checked(self, "keys-off")
        browser.press(Keys.ESCAPE)
        browser.script("document.activeElement.blur()")
        browser.press("o", "?", "/")
        self.assertEqual(browser.place(), "#/search")
        self.assertFalse(browser.has("dialog"))
        self.assertNotEqual(browser.script("return document.activeElement.id"), "box")
        browser.reload()
        browser.press("o")
        self.assertEqual(browser.place(), "#/search", "it is remembered")
        browser.click(browser.one(".account_menu summary"))
        browser.click("Keyboard shortcuts")
        browser.click("React to single keys")
        browser.press(Keys.ESCAPE)
        browser.script("document.activeElement.blur()")
        browser.press("o")
        browser.wait_text("Top senders")


if __name__ == "__main__":
    unittest.main()
