#!/usr/bin/env python3
"""A search that the database stopped is told to whoever asked, in his language."""
import unittest

from service import PEOPLE, Served
from tool import IMPATIENT, crowd_a_minute


class Slow(Served):
    people = {"desk": PEOPLE["desk"]}
    groups = ["simple"]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        crowd_a_minute(cls.home.path / "mail.db")
        assert cls.service.stop() == 0, cls.service.said()
        config = cls.home.config.read_text()
        assert "[sqlite]" in config
        cls.home.config.write_text(config.replace("[sqlite]", IMPATIENT))
        cls.service.start()

    def test_a_search_that_takes_too_long_says_so(self):
        for language, words in (("en", "took too long"), ("de", "zu lange gedauert")):
            client = self.service.client(language)
            self.assertEqual(200, client.login("desk").status)
            # The budget of a call may end before it comes to the crowded minute.
            answer, after = None, {}
            while answer is None or answer.status == 200:
                answer = client.get("/search", response="needle", **after)
                if answer.status == 200:
                    self.assertTrue(answer.json["next"], "it found everything read in time")
                    after = {"after": answer.json["next"]}
            self.assert_problem(answer, 503, "database_slow")
            self.assertIn(words, answer.json["title"])


if __name__ == "__main__":
    unittest.main()
