#!/usr/bin/env python3
"""Where the server says that something is too much: requests of one caller, results of one export."""
import csv
import unittest

from service import PEOPLE, Served


class Limits(Served):
    options = "      requests_per_second: 3\n      max_export: 7\n"
    people = {"chief": PEOPLE["chief"], "desk": PEOPLE["desk"], "exporter": {"role": "helpdesk"}}
    groups = ["simple", "bounces"]

    def test_too_many_requests_of_one_caller(self):
        chief, desk = self.logged_in("chief"), self.logged_in("desk")
        for asked in range(200):
            answer = chief.get("/session")
            if answer.status != 200:
                break
        self.assertGreater(asked, 0)
        self.assert_problem(answer, 429, "too_many_requests")
        self.assertGreaterEqual(int(answer.headers["Retry-After"]), 1)
        # Others are not held up.
        self.assertEqual(200, desk.get("/session").status)

    def test_an_export_says_that_it_is_not_all(self):
        desk = self.logged_in("exporter")
        for language, word in (("en", "Not all"), ("de", "Nicht alles")):
            desk.language = language
            answer = desk.get("/export.json")
            self.assertEqual("truncated", answer.headers["Mailtrace-Export"])
            self.assertEqual(7, len([one for one in answer.json if "connect" in one]))
            self.assertEqual((True, 7), (answer.json[-1]["truncated"], answer.json[-1]["results"]))
            self.assertIn(word, answer.json[-1]["detail"])
        rows = list(csv.reader(desk.get("/export.csv").body.decode("utf-8-sig").splitlines()))
        self.assertEqual(9, len(rows))
        self.assertIn("Nicht alles", rows[-1][0])
        # A link of the page has the page's language, whatever the browser sends.
        for language, word in (("en", "Not all"), ("de", "Nicht alles")):
            self.assertIn(word, desk.get("/export.json", language=language).json[-1]["detail"])
        self.assert_problem(desk.get("/export.csv", language="fr"), 422, "invalid")
        whole = desk.get("/export.json", message_id="nobody-has-this@example.org")
        self.assertEqual(("complete", []), (whole.headers["Mailtrace-Export"], whole.json))


if __name__ == "__main__":
    unittest.main()
