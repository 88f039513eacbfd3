"""The pictures of the README, from the sample. MAILTRACE_README_PICTURES=1 writes them to conf/pictures."""
import os
import shutil
import unittest

from browser import PICTURES, entered
from harness import ROOT, Scratch, wait_until
from served import Served

NAMES = ("search", "mail", "overview")


class Readme(unittest.TestCase):
    def setUp(self):
        self.scratch = Scratch("readme")
        self.addCleanup(self.scratch.close)

    def test_pictures(self):
        served = Served(self.scratch, scale=1.0, days=2)
        browser = entered(served, size=(1280, 1000), dark=False)
        browser.open("search?sender=julia.vogt%40example.org")
        browser.click(browser.all(".row_fold")[0])
        browser.one(".verdict")
        browser.script("document.activeElement.blur(); window.scrollTo(0, 0)")
        browser.picture("readme-search", whole=False)
        browser.open("search?response=*quota*&status=bounced")
        browser.open(browser.one(".row_mail").get_attribute("href").split("#/")[1])
        browser.one("svg.way")
        browser.one(".ticket_text")
        browser.script("window.scrollTo(0, 0)")
        browser.picture("readme-mail", whole=False)
        browser.open("overview")
        canvas = browser.one(".chart canvas")
        wait_until(lambda: canvas.size["height"] > 100, "the chart")
        browser.script("window.scrollTo(0, 0)")
        browser.picture("readme-overview", whole=False)
        readme = (ROOT / "README.md").read_text()
        for name in NAMES:
            made = PICTURES / f"readme-{name}.png"
            self.assertGreater(made.stat().st_size, 20_000)
            self.assertLess(made.stat().st_size, 250_000)
            self.assertIn(f"conf/pictures/{name}.png", readme)
            if os.environ.get("MAILTRACE_README_PICTURES"):
                (ROOT / "conf" / "pictures").mkdir(exist_ok=True)
                shutil.copy(made, ROOT / "conf" / "pictures" / f"{name}.png")
            self.assertTrue((ROOT / "conf" / "pictures" / f"{name}.png").exists())


if __name__ == "__main__":
    unittest.main()
