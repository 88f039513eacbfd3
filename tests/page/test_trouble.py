"""What the page says when the server has no whole answer, none at all, or the browser does not do what it is asked for."""
import unittest

from selenium.webdriver.common.keys import Keys

from browser import begun
from harness import wait_until
from said import OTHER

scratch = served = browser = None


def setUpModule():
    global scratch, served, browser
    scratch, served, browser = begun("trouble", scale=0.3, days=1)


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

NO_CLIPBOARD = "Object.defineProperty(navigator, 'clipboard', {value: undefined, configurable: true});"

# window.refused: "away" is no server, "busy" one that was asked too often.
REFUSING = """
const real = window.fetch;
window.fetch = async (...asked) => {
  if (window.refused === "away") throw new TypeError("Failed to fetch");
  if (window.refused === "busy") return new Response(JSON.stringify({type: "too_many_requests"}), {status: 429});
  return real(...asked);
};
"""

# window.languages: those the server answered errors in.
LANGUAGES = """
const real = window.fetch;
window.languages = [];
window.fetch = async (...asked) => {
  const answer = await real(...asked);
  if (!answer.ok) window.languages.push(answer.headers.get("Content-Language"));
  return answer;
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

    def one_time_password(self):
        """Of a user who is added now; the dialog stays open."""
        Trouble.users = getattr(Trouble, "users", 0) + 1
        browser.open("users")
        browser.click("Add a user")
        browser.one("input[name=user_name]").send_keys(f"user{Trouble.users}")
        browser.one("input[name=role][value=helpdesk]").click()
        browser.click(browser.one("dialog .primary"))
        browser.wait_text(f"One-time password of user{Trouble.users}")
        return browser.one(".secret code").text

    def test_copying_without_a_clipboard(self):
        """As over plain HTTP on a LAN: also from a dialog, outside of which nothing can have the focus."""
        browser.driver.execute_async_script("navigator.clipboard.writeText('what was there before').then(arguments[0])")
        password = self.one_time_password()
        browser.script(NO_CLIPBOARD)
        browser.click(browser.called("Copy"))
        browser.wait_text("Copied", css="dialog")
        browser.script("delete navigator.clipboard")
        self.assertEqual(browser.clipboard(), password)

    def test_what_could_not_be_copied_is_selected(self):
        password = self.one_time_password()
        browser.script(NO_CLIPBOARD + "document.execCommand = () => false")
        browser.click(browser.called("Copy"))
        browser.wait_text("The browser did not allow copying", "Ctrl+C")
        self.assertNotIn(browser.said("Copied"), browser.text())
        selected = "const field = document.activeElement; return field.value.slice(field.selectionStart, field.selectionEnd)"
        self.assertEqual(browser.script(selected), password)
        browser.picture("copy-by-hand")
        browser.press(Keys.ESCAPE)
        self.assertEqual(browser.text("dialog h2"), browser.said(f"One-time password of user{Trouble.users}"), "only the upper window is closed")
        browser.press(Keys.ESCAPE)
        browser.open("search")
        browser.click("Copy link")
        browser.wait_text("The browser did not allow copying")
        browser.checked(self, "copy-by-hand-link")
        browser.press(Keys.ESCAPE)

    def test_a_question_without_an_answer_stays(self):
        browser.script(REFUSING)
        for trouble, words in (("away", "The server cannot be reached"), ("busy", "Too many requests")):
            browser.script("window.refused = arguments[0]", trouble)
            box = browser.one("#box")
            box.clear()
            box.send_keys("lisa@freunde.example", Keys.ENTER)
            browser.wait_text(words, css=".search_top")
            browser.settle()
            self.assertEqual(box.get_attribute("value"), "lisa@freunde.example")
        browser.script("window.refused = ''")
        box.send_keys(Keys.ENTER)
        browser.wait_text("Understood as")
        wait_until(lambda: box.get_attribute("value") == "", "the box to be empty after the answer", 60)
        self.assertFalse(browser.has(".search_top [role=alert]"))

    def test_live_says_that_it_fails(self):
        browser.open("search?limit=10")
        rows = browser.texts(".row")
        browser.script(REFUSING)
        browser.click("Live")
        browser.script("window.refused = 'away'")
        browser.wait_text("The server cannot be reached", "New mails cannot be fetched right now", css=".live_trouble")
        self.assertEqual(len(browser.texts(".row")), len(rows), "what is shown stays")
        browser.checked(self, "live-trouble")
        browser.script("window.refused = ''")
        wait_until(lambda: not browser.has(".live_trouble"), "the next turn to succeed", 60)
        browser.click("Live")

    def test_the_ticket_of_one_delivery(self):
        """The row's own; the mail's page has that of all."""
        browser.open("search?sender=julia.vogt%40example.org&recipient=m.fisher%40firma.example")
        browser.click(browser.all(".row_fold")[0])
        browser.click(browser.one(".fold_tools button"))
        browser.wait_text("Copied", css=".fold_tools")
        of_row = browser.clipboard()
        browser.open(browser.one(".row_mail").get_attribute("href").split("#/")[1])
        whole = browser.one(".ticket_text").text
        for text in (of_row, whole):
            self.assertIn("User unknown", text)
            self.assertIn("m.fisher@firma.example", text, "who was asked for")
        self.assertNotIn("m.fischer@firma.example", whole, "who was not")
        self.assertIn(browser.said("was accepted by"), whole)
        self.assertNotIn(browser.said("was accepted by"), of_row)
        self.assertEqual(of_row.count(browser.said("Evidence")), 1)

    def test_error_details_follow_the_language_of_the_page(self):
        """Not of the browser."""
        own, other = browser.language, OTHER[browser.language]
        browser.script(LANGUAGES)
        browser.open("search?after=nonsense")
        browser.wait_text("The server did not understand this.")
        self.assertIn(own, browser.script("return [...new Set(window.languages.splice(0))]"))
        self.addCleanup(self.choose, own)
        self.choose(other)
        browser.script("window.languages.splice(0)")
        browser.open("search?after=nonsense&limit=10")
        browser.wait_text("The server did not understand this.")
        self.assertEqual(browser.script("return [...new Set(window.languages)]"), [other])

    def choose(self, language):
        browser.click(browser.one(".account_menu summary"))
        browser.click({"de": "Deutsch", "en": "English"}[language])
        browser.press(Keys.ESCAPE)
        browser.language = language


if __name__ == "__main__":
    unittest.main()
