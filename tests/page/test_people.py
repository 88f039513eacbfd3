"""Users, their rights, sessions, tokens and the audit, as an admin, a helpdesk member and a customer use them."""
import datetime
import json
import unittest
import urllib.error
import urllib.request
import zoneinfo

from selenium.webdriver.common.keys import Keys

from browser import Browser, begun, entered
from harness import wait_until

scratch = served = admin = None


def setUpModule():
    global scratch, served, admin
    scratch, served, admin = begun("people", days=3)


def tearDownModule():
    scratch.close()


def add_user(name, role, lines=""):
    """On the users page; returns the one-time password that is shown."""
    admin.open("users")
    admin.click("Add a user")
    admin.one("input[name=user_name]").send_keys(name)
    admin.one(f"input[name=role][value={role}]").click()
    if lines:
        admin.one("dialog textarea").send_keys(lines)
    admin.picture(f"user-new-{role}")
    admin.click(admin.one("dialog .primary"))
    admin.wait_text(f"One-time password of {name}")
    password = admin.one(".secret code").text
    admin.click("Close")
    served.one_time[name] = password
    return password


MAKE_TOKEN = """const [name, expires, done] = arguments;
fetch("api/v1/session").then((answer) => answer.json()).then(({csrf}) => fetch("api/v1/tokens", {method: "POST", body: JSON.stringify({name, expires}),
    headers: {"Content-Type": "application/json", "X-CSRF-Token": csrf}})).then((answer) => done(answer.status), (error) => done(String(error)))"""

# Typed keys are taken differently by each language of the browser.
SET_TIME = """const [field, value] = arguments;
Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(field, value);
field.dispatchEvent(new Event("input", {bubbles: true}))"""


class People(unittest.TestCase):
    def test_a_customer_sees_the_own_mails_only(self):
        add_user("anna", "user", "anna.berger@example.org\n")
        admin.wait_text("anna.berger@example.org")
        admin.checked(self, "users")
        customer = entered(served, "anna", size=(360, 740))
        self.assertEqual(customer.texts(".navigation a"), [customer.said("Search")])
        rows = customer.all(".row")
        self.assertTrue(rows)
        for row in rows:
            self.assertIn("anna.berger@example.org", row.text)
        # Who brought it and which host took it is hidden: then nothing is said of it.
        self.assertNotIn(customer.said("this server itself"), customer.text())
        self.assertEqual({row.get_attribute("title") for row in customer.all(".line_in .direction")}, {customer.said("Incoming"), customer.said("Outgoing")})
        mail = customer.one(".row_mail").get_attribute("href").split("#/")[1]
        customer.ask("m.fischer@firma.example")
        customer.one(".row")
        for row in customer.all(".row"):
            self.assertIn("anna.berger@example.org", row.text)
        customer.open("search?sender=nobody%40firma.example")
        customer.wait_text("Nothing found")
        self.assertNotIn("mx1", customer.text(".nothing"))
        customer.checked(self, "customer-nothing")
        customer.open(mail)
        customer.wait_text("What happened")
        self.assertFalse(customer.has(".audience"))
        self.assertNotIn(customer.said("Log lines"), customer.text())
        customer.checked(self, "customer-mail")
        # The hidden name of the other side is no name: neither in the picture, nor in the list, nor for the answer.
        customer.open("search?sender=anna.berger%40example.org&recipient=%40big.example.net")
        customer.open(customer.one(".row_mail").get_attribute("href").split("#/")[1])
        customer.one("svg.way")
        self.assertIn(customer.said("the recipient's mail server"), " ".join(customer.texts("svg.way title")))
        self.assertNotIn(customer.said("Mailbox"), customer.text("svg.way"))
        customer.one(".ticket_text")
        self.assertNotRegex(customer.text(), r"…[\])]|[\[(]…|" + customer.said("Other server") + ": *…")
        customer.checked(self, "customer-mail-out")
        customer.click("List")
        customer.wait_text("the recipient's mail server")
        customer.click("Picture")
        # Somebody else's mail, by its address.
        admin.open("search?recipient=boris.klein%40example.org&limit=10")
        foreign = admin.one(".row_mail").get_attribute("href").split("#/")[1]
        customer.open(foreign)
        customer.wait_text("This mail is no longer stored, or you may not see it.")
        for page in ("users", "audit", "overview"):
            customer.open(page)
            customer.wait_text("You may not see this page.")
            self.assertEqual([button.text for button in customer.all("main button, main input")], [], page)
        customer.checked(self, "customer-no-page")
        customer.gather()
        self.assertEqual(customer.complaints, [])
        customer.close()

    def test_helpdesk_of_one_domain(self):
        add_user("hugo", "helpdesk", "firma.example\n")
        helper = entered(served, "hugo")
        self.assertEqual(helper.texts(".navigation a"), [helper.said("Search")])
        helper.open("search?limit=50")
        helper.one(".row")
        for row in helper.all(".row"):
            self.assertIn("@firma.example", row.text)
        helper.checked(self, "helpdesk-of-a-domain")
        helper.close()

    def test_blocking_and_removing(self):
        add_user("rolf", "helpdesk")
        user = entered(served, "rolf")
        admin.open("users")
        admin.click("Block: rolf")
        admin.wait_text("blocked")
        user.open("search?status=sent")
        user.wait_text("Your session has ended.")
        admin.click("Unblock: rolf")
        admin.click("Remove: rolf")
        admin.wait_text("Remove rolf?")
        admin.checked(self, "user-remove")
        admin.click(admin.one("dialog .danger"))
        wait_until(lambda: "rolf" not in admin.text("table"), "the user to be gone")
        user.close()

    def test_a_new_password_is_asked_first(self):
        """A click by mistake takes nobody's password away."""
        one_time = add_user("rita", "helpdesk")
        admin.open("users")
        admin.click("New password: rita")
        admin.wait_text("A new password for rita?", "The current password ends at once.")
        admin.checked(self, "user-reset")
        admin.click("Cancel")
        self.assertFalse(admin.has("dialog"))
        user = Browser(served)
        user.login("rita", one_time)
        user.wait_text("one-time password")
        user.close()
        admin.click("New password: rita")
        admin.click(admin.one("dialog .primary"))
        admin.wait_text("One-time password of rita")
        self.assertNotEqual(admin.one(".secret code").text, one_time)
        admin.click("Close")

    def test_the_own_password_and_sessions(self):
        add_user("petra", "helpdesk")
        first = entered(served, "petra")
        second = Browser(served)
        second.login("petra", served.passwords["petra"])
        first.open("account")
        first.wait_text("this session", "Log out there")
        first.checked(self, "account")
        first.type("Current password", "wrong by intent")
        first.type("New password", "another long passphrase")
        first.one("input[name=again]").send_keys("not the same at all", Keys.TAB)
        first.wait_text("The two new passwords differ.")
        again = first.one("input[name=again]")
        again.send_keys(Keys.CONTROL, "a")
        again.send_keys("another long passphrase", Keys.ENTER)
        first.wait_text("The current password is wrong.")
        first.type("Current password", served.passwords["petra"])
        first.one("input[name=again]").send_keys(Keys.ENTER)
        first.wait_text("The password is changed.")
        second.open("search?status=sent")
        second.wait_text("Your session has ended.")
        second.login("petra", "another long passphrase")
        second.wait_text("Newest mails")
        first.open("search")
        first.open("account")
        first.click("Log out everywhere else")
        second.open("search?status=bounced")
        second.wait_text("Your session has ended.")
        first.click(first.one(".account_menu summary"))
        first.checked(self, "account-menu")
        first.click("Log out")
        first.wait_text("Where is my mail? Log in and see.")
        first.close()
        second.close()

    def test_a_token_for_scripts(self):
        admin.open("account")
        admin.one("input[name=token_name]").send_keys("report", Keys.ENTER)
        admin.wait_text("It is never shown again.", "A token may read what you may see, and change nothing.")
        token = admin.one(".secret code").text

        def ask():
            request = urllib.request.Request(served.address + "api/v1/search?limit=3", headers={"Authorization": f"Bearer {token}"})
            return json.load(urllib.request.urlopen(request, timeout=30))
        self.assertEqual(len(ask()["results"]), 3)
        end = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(days=30)
        self.assertEqual(admin.driver.execute_async_script(MAKE_TOKEN, "for a while", end.strftime("%Y-%m-%dT%H:%M:%SZ")), 201)
        admin.open("search")
        admin.open("account")
        told = end.astimezone(zoneinfo.ZoneInfo("Europe/Berlin"))
        admin.wait_text("for a while", "ends", told.strftime({"en": "%Y-%m-%d %H:%M:%S", "de": "%d.%m.%Y, %H:%M:%S"}[admin.language]))
        admin.checked(self, "account-token")
        admin.click("Remove: for a while")
        admin.click("Remove: report")
        admin.wait_text("No tokens.")
        with self.assertRaises(urllib.error.HTTPError) as refused:
            ask()
        self.assertEqual(refused.exception.code, 401)

    def test_the_audit_says_who_looked_for_whom(self):
        admin.open("search")
        admin.ask("carla.weiss@example.org")
        admin.open("audit")
        admin.wait_text("helga", "Searched", "carla.weiss@example.org")
        admin.checked(self, "audit")
        admin.one("input[name=text]").send_keys("carla.weiss", Keys.ENTER)
        admin.settle()
        self.assertTrue(admin.all("tbody tr"))
        for row in admin.all("tbody tr"):
            self.assertIn("carla.weiss", row.text)
        # Of a time that is over before anything was recorded, and of one since then.
        admin.script(SET_TIME, admin.one("input[name=to]"), "2020-01-01T00:00")
        admin.click(admin.one("form .primary"))
        admin.wait_text("Nothing recorded.")
        self.assertIn("to=2019-12-31T23%3A00%3A00.000Z", admin.place())
        admin.script(SET_TIME, admin.one("input[name=to]"), "")
        admin.script(SET_TIME, admin.one("input[name=from]"), "2020-01-01T00:00")
        admin.click(admin.one("form .primary"))
        admin.wait_text("carla.weiss@example.org", css="tbody")
        self.assertNotIn("to=", admin.place())
        admin.checked(self, "audit-since")

    def test_one_question_is_one_entry(self):
        """The page tries by itself whether it is a Message-ID, and asks again while it is live."""
        admin.open("search")
        admin.ask("nobody.of.that.name@example.org")
        admin.one(".nothing")
        asked = "return performance.getEntriesByType('resource').filter((each) => each.name.includes('/search?')).length"
        before = admin.script(asked)
        admin.click("Live")
        wait_until(lambda: admin.script(asked) > before, "the next look", 60)
        admin.open("audit?text=nobody.of.that.name")
        admin.wait_text("nobody.of.that.name", css="tbody")
        self.assertEqual(len(admin.all("tbody tr")), 1, admin.text("tbody"))

    def test_wrong_passwords_are_slowed_down(self):
        stranger = Browser(served)
        for _ in range(12):
            stranger.reload() if stranger.driver.current_url.startswith(served.address) else stranger.open()
            stranger.login("nobody", "no")
            if stranger.said("Too many requests") in stranger.text():
                break
        stranger.wait_text("Too many requests")
        stranger.close()


if __name__ == "__main__":
    unittest.main()
