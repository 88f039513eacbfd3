"""Chromium as a person uses it: finds things by what they are called, types, clicks, looks; and notes what a
browser complains about."""
import base64
import json
import os
import shutil
import sys
import tempfile
import unittest

from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import accessible
import said
from harness import BUILD, Scratch, wait_until
from served import PASSWORD, Served

PICTURES = BUILD / "page-pictures"
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--force-color-profile=srgb")
WATCH = """
window.complaints = [];
document.addEventListener("securitypolicyviolation", (e) => complaints.push("CSP " + e.violatedDirective + " " + e.blockedURI + " " + e.sample));
window.addEventListener("error", (e) => complaints.push("error " + e.message));
window.addEventListener("unhandledrejection", (e) => complaints.push("rejection " + e.reason));
"""
# In one call: asking the driver for the name of each element takes long. The order of accname-1.1, as far as we use it.
CALLED = """
const [name, css] = arguments;
const tidy = (text) => (text || "").replace(/\\s+/g, " ").trim();
const called = (e) => tidy(e.getAttribute("aria-label") || (e.labels && [...e.labels].map((l) => {
    const copy = l.cloneNode(true);
    copy.querySelectorAll("input, select, textarea").forEach((field) => field.remove());
    return copy.textContent;
}).join(" ")) || [...e.childNodes].map((n) => n.nodeType === 3 ? n.data : n.getAttribute?.("role") === "status" ? "" : n.textContent).join(" ") || e.title);
const all = [...document.querySelectorAll(css)].filter((e) => e.checkVisibility({checkVisibilityCSS: true}));
const modal = document.querySelector("dialog[open]");
const near = modal ? all.filter((e) => modal.contains(e)) : all;
return near.find((e) => called(e) === name) || near.find((e) => called(e).startsWith(name)) || null;
"""
# What anybody can see or hear of the page and is one of these phrases, whole. What other servers said stays as it was.
PHRASES = """
const phrases = new RegExp(arguments[0]);
const tidy = (text) => (text || "").replace(/\\s+/g, " ").trim();
const seen = [...document.querySelectorAll("body *")].filter((e) => !e.closest("script, noscript, .answer, .timeline_answer, .lines, body [lang=en]"))
    .filter((e) => e.checkVisibility({checkVisibilityCSS: true}));
const texts = seen.flatMap((e) => [...["aria-label", "title", "placeholder"].map((name) => e.getAttribute(name)),
    ...[...e.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data)]);
return [...new Set(texts.map(tidy).filter((text) => phrases.test(text)))];
"""
DESKTOP, PHONE = (1280, 900), (360, 740)


class Browser:
    def __init__(self, served, size=None, language=None, dark=False, zone="Europe/Berlin"):
        """`size`: None is that of $MAILTRACE_PAGE_SIZE, desktop or phone; `language`: of $MAILTRACE_PAGE_LANGUAGE, en or de."""
        size = size or {"desktop": DESKTOP, "phone": PHONE}[os.environ.get("MAILTRACE_PAGE_SIZE", "desktop")]
        # test_looks puts both into the names itself.
        given, language = language, language or os.environ.get("MAILTRACE_PAGE_LANGUAGE", "en")
        self.picture_prefix = ("german-" if language == "de" and not given else "") + ("phone-" if size == PHONE else "")
        self.served, self.size, self.language = served, size, language
        self.profile = tempfile.mkdtemp(prefix="mailtrace-chromium-")
        options = webdriver.ChromeOptions()
        for flag in (*FLAGS, f"--user-data-dir={self.profile}", f"--window-size={size[0]},{size[1]}", f"--lang={language}", f"--accept-lang={language}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        served.scratch.on_close(self.close)
        self.command("Emulation.setDeviceMetricsOverride", width=size[0], height=size[1], deviceScaleFactor=1, mobile=size[0] < 600)
        self.command("Emulation.setTimezoneOverride", timezoneId=zone)
        self.command("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
        self.look("dark" if dark else "light")
        self.complaints = []

    def command(self, name, **parameters):
        return self.driver.execute_cdp_cmd(name, parameters)

    def look(self, scheme):
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def close(self):
        self.driver.quit()
        shutil.rmtree(self.profile, ignore_errors=True)

    # Where we are.
    def open(self, path=""):
        """`path` is what stands behind "#/"."""
        if not self.driver.current_url.startswith(self.served.address):
            self.driver.get(self.served.address + (f"#/{path}" if path else ""))
        else:
            self.script("window.location.hash = arguments[0]", f"#/{path}")
        self.settle()

    def reload(self):
        self.gather()
        self.driver.refresh()
        self.settle()

    def place(self):
        return self.script("return window.location.hash")

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def settle(self):
        """Until what was done is drawn and nothing is being loaded."""
        quiet = """const [done] = arguments;
            const look = () => done(document.querySelector("#page > *") !== null && !document.querySelector(".waiting, .spinner, [aria-busy=true]"));
            requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(look, 20)))"""
        wait_until(lambda: self.driver.execute_async_script(quiet), lambda: f"the page to be quiet: {self.text()[:400]}", 60)

    def said(self, text):
        """What the page says for this English text."""
        return said.said(text, self.language)

    # What is there. Things are called by their English names; what of it is not data is looked for in the page's language.
    def all(self, css, within=None):
        return self.script("""const [css, within] = arguments;
            return [...(within || document).querySelectorAll(css)].filter((e) => e.checkVisibility({checkVisibilityCSS: true}))""", css, within)

    def one(self, css, within=None):
        return wait_until(lambda: self.all(css, within), lambda: f"{css} in:\n{self.text()[:1500]}", 60)[0]

    def called(self, name, css="a, button, summary, input, select, textarea, [role]"):
        """What a screen reader calls so (the whole name, or its beginning)."""
        name = said.named(name, self.language)
        return wait_until(lambda: self.script(CALLED, name, css), lambda: f"something called {name!r} in:\n{self.text()[:1500]}", 60)

    def has(self, css):
        return bool(self.all(css))

    def text(self, css="body"):
        try:
            return self.driver.find_element(By.CSS_SELECTOR, css).text
        except NoSuchElementException:
            return ""

    def texts(self, css):
        return self.script("return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent.trim())", css)

    def wait_text(self, *wanted, css="body"):
        wanted = [said.named(part, self.language) for part in wanted]
        wait_until(lambda: all(part in self.text(css) for part in wanted), lambda: f"{wanted} in:\n{self.text(css)[:2500]}", 60)

    # What is done.
    def click(self, name_or_element):
        element = self.called(name_or_element) if isinstance(name_or_element, str) else name_or_element
        self.script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()
        self.settle()

    def type(self, name, text):
        field = self.called(name, "input, textarea")
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(Keys.DELETE)
        field.send_keys(text)
        return field

    def press(self, *keys):
        webdriver.ActionChains(self.driver).send_keys(*keys).perform()
        self.settle()

    def ask(self, text):
        """Types into the box and presses Enter."""
        box = self.one("#box")
        box.send_keys(text, Keys.ENTER)
        wait_until(lambda: box.get_attribute("value") == "", "the box to be empty again", 60)
        self.settle()

    def paste(self, text):
        """As Ctrl+V does."""
        box = self.one("#box")
        self.script("""const data = new DataTransfer(); data.setData("text/plain", arguments[1]);
            arguments[0].focus(); arguments[0].dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}))""", box, text)
        wait_until(lambda: box.get_attribute("value") == "", "the box to be empty again", 60)
        self.settle()

    def clipboard(self):
        self.command("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
        return self.driver.execute_async_script("navigator.clipboard.readText().then(arguments[0], (e) => arguments[0]('?' + e))")

    def allow_clipboard(self):
        self.command("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])

    def login(self, name, password):
        self.open()
        self.one("input[name=name]").send_keys(name)
        self.one("input[name=password]").send_keys(password, Keys.ENTER)
        wait_until(lambda: not self.has(".login input[name=password]") or self.has("[role=alert]"), "an answer to the login", 60)
        self.settle()

    # What is seen.
    def picture(self, name, whole=True):
        PICTURES.mkdir(parents=True, exist_ok=True)
        height = min(self.command("Page.getLayoutMetrics")["cssContentSize"]["height"], 4000) if whole else self.size[1]
        clip = {"x": 0, "y": 0 if whole else self.script("return window.scrollY"), "width": self.size[0], "height": height, "scale": 1}
        data = self.command("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)["data"]
        prefix = self.picture_prefix.replace("phone-", "") if "phone" in name else self.picture_prefix
        path = PICTURES / f"{prefix}{name}.png"
        path.write_bytes(base64.b64decode(data))
        return path

    def gather(self):
        self.complaints += self.script("return window.complaints ? window.complaints.splice(0) : []")
        for entry in self.driver.get_log("browser"):
            # A refused login or a search that was asked for too often is an answer, which Chromium calls an error.
            if "Failed to load resource" in entry["message"] and any(f"status of {code}" in entry["message"] for code in ("401", "403", "404", "409", "422")):
                continue
            self.complaints.append(f"{entry['level']} {entry['message']}")

    def checked(self, test, name):
        """Takes a picture and checks what must be true of every page at any moment."""
        self.picture(name)
        self.gather()
        test.assertEqual(self.complaints, [], f"{name}: the console")
        faults = self.script(accessible.CHECK)
        test.assertEqual(faults, [], f"{name}: accessibility:\n" + "\n".join(json.dumps(fault) for fault in faults[:20]))
        if self.language == "de":
            test.assertEqual(self.script(PHRASES, said.english_phrases()), [], f"{name}: not translated")
        wide = self.script("return document.documentElement.scrollWidth - window.innerWidth")
        test.assertLessEqual(wide, 0, f"{name}: wider than the window by {wide}")
        test.assertLessEqual(self.script("return window.innerWidth"), self.size[0], f"{name}: wider than the device")


COUNTED = """
const [search, done] = arguments;
const count = async () => {
  let results = 0;
  const mails = new Set();
  for (let after = ""; ;) {
    const answer = await fetch(`api/v1/search?${search}&limit=100${after && `&after=${encodeURIComponent(after)}`}`);
    if (!answer.ok) return `${answer.status} ${await answer.text()}`;
    const page = await answer.json();
    results += page.results.length;
    page.results.forEach((result) => mails.add(result.connect.id));
    if (!page.next) return [results, mails.size];
    after = page.next;
  }
};
count().then(done, (trouble) => done(String(trouble)));
"""


def found_by(browser, search):
    """How many results a search has, and of how many mails; `search` is what stands behind "#/search?" and names no quick time."""
    return browser.driver.execute_async_script(COUNTED, search)


def entered(served, name="helga", **how):
    """A browser in which `name` is logged in."""
    browser = Browser(served, **how)
    browser.allow_clipboard()
    if name in served.passwords:
        browser.login(name, served.passwords[name])
        return browser
    browser.login(name, served.one_time[name])
    fields = browser.all("input[type=password]")
    fields[0].send_keys(served.one_time[name])
    fields[1].send_keys(PASSWORD)
    fields[2].send_keys(PASSWORD, Keys.ENTER)
    wait_until(lambda: browser.has("#box"), lambda: f"the search page: {browser.text()[:600]}", 30)
    browser.settle()
    served.passwords[name] = PASSWORD
    return browser


class Case(unittest.TestCase):
    """Each case begins on the search page, without criteria, in the browser of its module; one that fails leaves a picture."""

    @property
    def browser(self):
        return sys.modules[type(self).__module__].browser

    def setUp(self):
        self.browser.open("search")

    def tearDown(self):
        if any(error for _, error in getattr(getattr(self, "_outcome", None), "errors", []) or []):
            self.browser.picture(f"failed-{self._testMethodName}")


def begun(name, **sample):
    """A scratch folder, what is served from it, and a browser in which the admin is logged in."""
    scratch = Scratch(name)
    try:
        served = Served(scratch, **sample)
        return scratch, served, entered(served)
    except BaseException:
        scratch.close()
        raise
