#!/usr/bin/env python3
"""Every number of the overview is how many results its search finds."""
import datetime
import unittest

from service import Served


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def text_of(time):
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Overview(Served):
    groups = ["simple", "bounces", "deferred", "expired", "greylist", "reject", "aliases", "dovecot", "postscreen"]
    people = {"desk": {"role": "helpdesk"}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.desk = cls.service.logged_in("desk")
        times = sorted(moment(hit["connect"]["connect_time"]) for hit in cls.desk.search())
        # Neither end is a full hour, and mails lie on both sides of both ends.
        cls.span = {"from": text_of(times[len(times) // 8]), "to": text_of(times[-len(times) // 8])}
        assert moment(cls.span["to"]) - moment(cls.span["from"]) < datetime.timedelta(days=31), cls.span
        answer = cls.desk.get("/overview", **cls.span)
        assert answer.status == 200, answer.body
        cls.overview = answer.json
        assert cls.overview["complete"]

    def found(self, criteria):
        asked = {name: ",".join(value) if isinstance(value, list) else value for name, value in criteria.items()}
        return len(self.desk.search(**asked))

    def test_lists(self):
        for name in ("reasons", "destinations", "senders", "recipients"):
            self.assertGreater(len(self.overview[name]), 1, name)
            for entry in self.overview[name]:
                with self.subTest(list=name, entry=entry):
                    self.assertEqual(entry["count"], self.found(entry.get("all_criteria", entry["criteria"])))

    def test_the_bar_of_a_failing_destination_leads_to_what_failed(self):
        failing = [one for one in self.overview["destinations"] if one["sent"] and one["deferred"] + one["bounced"]]
        self.assertTrue(failing)
        for entry in failing:
            with self.subTest(entry=entry):
                asked = {**entry["criteria"], "status": ",".join(entry["criteria"]["status"])}
                found = {(hit["connect"]["id"], hit["deliver"]["recipient"]): hit["deliver"]["status"] for hit in self.desk.search(**asked)}
                self.assertLessEqual(set(found.values()), {"deferred", "bounced", "expired"})
                # Those that had to wait before they were sent, too.
                self.assertGreaterEqual(len(found), entry["deferred"] + entry["bounced"])
                self.assertLess(len(found), entry["count"])

    def test_destinations_are_the_sum_of_their_parts(self):
        for entry in self.overview["destinations"]:
            self.assertEqual(entry["count"], entry["sent"] + entry["deferred"] + entry["bounced"])

    def test_columns(self):
        step = datetime.timedelta(seconds=self.overview["step"])
        totals = {}
        for column in self.overview["columns"]:
            start = moment(column["time"])
            window = {"connect_from": text_of(max(start, moment(self.overview["from"]))),
                      "connect_to": text_of(min(start + step, moment(self.overview["to"])))}
            for status, count in column["counts"].items():
                if status:
                    with self.subTest(window=window, status=status):
                        self.assertEqual(count, self.found({**window, "status": status}))
                    totals[status] = totals.get(status, 0) + count
        self.assertGreater(totals["deferred"], 1)
        window = {"connect_from": self.overview["from"], "connect_to": self.overview["to"]}
        for status, count in totals.items():
            with self.subTest(status=status):
                self.assertEqual(count, self.found({**window, "status": status}))


if __name__ == "__main__":
    unittest.main()
