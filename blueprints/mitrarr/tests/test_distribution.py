"""FindFace: cards by our own ids, requests with keys, and cameras by their windows."""
import json
import tempfile
import unittest
import urllib.request
from datetime import datetime, time
from pathlib import Path
from typing import Any

from apps.distribution.domain import Card, FindFaceCredential, InvariantBroken, ScheduleTask, Window
from tests import programs
from tests.programs import StandIn


class Domain(unittest.TestCase):
    """Values that cannot be wrong."""

    def test_a_window_ends_after_it_starts(self) -> None:
        self.assertTrue(Window.parse("08:00-18:30").holds(time(18, 29)))
        self.assertFalse(Window.parse("08:00-18:30").holds(time(18, 30)))
        self.assertTrue(Window.parse("22:00-00:00").holds(time(23, 59)))
        for text in ["22:00-06:00", "08:00-08:00", "8h-9h", "08:00", "25:00-26:00", ""]:
            with self.subTest(text=text), self.assertRaises(InvariantBroken):
                Window.parse(text)

    def test_a_schedule_has_days_and_windows_that_do_not_overlap(self) -> None:
        good = {"camera": "norte", "days": [0, 4], "windows": ["13:00-18:00", "06:00-13:00"]}
        task = ScheduleTask.parse(good)
        self.assertTrue(task.is_on(datetime(2026, 11, 20, 13, 0)))
        self.assertFalse(task.is_on(datetime(2026, 11, 21, 13, 0)))
        for change in [{"camera": " "}, {"days": []}, {"days": [7]}, {"days": [1, 1]}, {"windows": []},
                       {"windows": ["06:00-13:00", "12:59-14:00"]}, {"windows": ["22:00-00:00", "23:00-23:30"]},
                       {"days": "0"}, {"windows": "06:00-13:00"}]:
            with self.subTest(change=change), self.assertRaises(InvariantBroken):
                ScheduleTask.parse(good | change)

    def test_a_token_is_never_shown(self) -> None:
        self.assertNotIn("s3cret", repr(FindFaceCredential("http://findface", "s3cret")))
        for url, token in [("findface", "t"), ("http://findface", ""), ("http://findface", "a b")]:
            with self.subTest(url=url, token=token), self.assertRaises(InvariantBroken):
                FindFaceCredential(url, token)

    def test_a_card_has_an_id_and_a_name(self) -> None:
        row = {"id": 3, "hash": "h", "card_name": "ANA", "image_uri": "nist:h", "canary": None}
        self.assertEqual(Card.from_row(row).wire(),
                         {"id": 3, "name": "ANA", "image_uri": "nist:h", "meta": {"sha256": "h"}})
        self.assertEqual(Card.from_row(row | {"canary": "c1"}).meta, {"sha256": "h", "canary": "c1"})
        for change in [{"id": 0}, {"card_name": " "}]:
            with self.subTest(change=change), self.assertRaises(InvariantBroken):
                Card.from_row(row | change)


class Client(unittest.TestCase):
    """The program against the stand-in."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.journal = Path(folder.name) / "findface.jsonl"
        self.token = Path(folder.name) / "token"
        self.token.write_text("t0ken\n", encoding="utf-8")
        self.start()

    def start(self) -> None:
        """A stand-in on the same journal."""
        self.standin = StandIn("findface_server.py", "--token-file", str(self.token), "--journal", str(self.journal))
        self.url = self.standin.__enter__()
        self.addCleanup(self.standin.__exit__)

    def ask(self, data: dict[str, Any], key: str = "k1", token: str = "t0ken") -> programs.Ended:
        """One step."""
        return programs.run("distribution/findface.py", data=data, key=key, address={"url": self.url},
                            secrets={"token": token})

    def control(self, path: str, body: object = None) -> Any:
        """A control path of the stand-in."""
        content = None if path == "/__journal" else json.dumps(body).encode()
        with urllib.request.urlopen(self.url + path, data=content) as answer:
            return json.load(answer)

    @staticmethod
    def rows(*ids: int, canary: str | None = None) -> list[str]:
        """Lines of `outbound_cards`."""
        return [json.dumps({"id": id, "hash": f"h{id}", "card_name": f"N{id}", "image_uri": f"nist:h{id}",
                            "canary": canary}) for id in ids]

    def test_a_repeated_request_changes_nothing_also_after_a_restart(self) -> None:
        first = self.ask({"do": "upsert", "cards": self.rows(1, 2)})
        self.assertEqual(first.output, {"sent_ids": [1, 2], "created": 2, "updated": 0}, first.stderr)
        self.assertEqual(self.ask({"do": "upsert", "cards": self.rows(1, 2)}).output, first.output)
        self.standin.__exit__()
        self.start()
        self.assertEqual(self.ask({"do": "upsert", "cards": self.rows(1, 2)}).output, first.output)
        self.assertEqual(len(self.control("/__journal")["lines"]), 1)

    def test_a_card_sent_under_another_key_is_changed_not_doubled(self) -> None:
        self.ask({"do": "upsert", "cards": self.rows(1)})
        again = self.ask({"do": "upsert", "cards": self.rows(1, 2)}, key="k2")
        self.assertEqual((again.output["created"], again.output["updated"]), (1, 1))
        self.assertEqual(self.ask({"do": "count", "filter": {}}, key="k3").output, {"count": 2})

    def test_a_canary_is_counted_and_removed_and_nothing_else(self) -> None:
        self.ask({"do": "upsert", "cards": self.rows(1) + self.rows(2, canary="c1")})
        self.assertEqual(self.ask({"do": "count", "filter": {"meta_canary": "c1"}}).output, {"count": 1})
        self.assertEqual(self.ask({"do": "delete", "filter": {"meta_canary": "c1"}}, key="k2").output, {"deleted": 1})
        self.assertEqual(self.ask({"do": "count", "filter": {}}).output, {"count": 1})
        refused = self.ask({"do": "delete", "filter": {}}, key="k3")
        self.assertEqual(refused.code, 65, refused.stderr)

    def test_the_list_has_every_page(self) -> None:
        self.ask({"do": "upsert", "cards": self.rows(*range(1, 602))})
        listed = self.ask({"do": "list"}, key="k2").artifacts["cards.ndjson"].splitlines()
        self.assertEqual([json.loads(card)["id"] for card in listed], list(range(1, 602)))

    def test_each_refusal_has_the_exit_code_that_says_what_to_do(self) -> None:
        self.assertEqual(self.ask({"do": "count"}, token="other").code, 77)
        for status, code in [(503, 75), (429, 75), (400, 65), (404, 65), (403, 77)]:
            self.control("/__fail", {"status": status, "times": 1})
            with self.subTest(status=status):
                ended = self.ask({"do": "count"})
                self.assertEqual(ended.code, code)
                self.assertIn(f"FindFace answers {status}", ended.stderr)
        self.assertEqual(self.ask({"do": "dance"}).code, 78)
        self.standin.__exit__()
        self.assertEqual(self.ask({"do": "count"}).code, 75)

    def test_nothing_to_send_is_no_request(self) -> None:
        self.assertEqual(self.ask({"do": "upsert", "cards": []}).output, {"sent_ids": [], "created": 0, "updated": 0})
        self.assertEqual(self.control("/__journal")["lines"], [])

    def test_cameras_follow_their_windows(self) -> None:
        tasks = json.dumps([{"camera": "pátio 1", "days": [4], "windows": ["08:00-18:00"]},
                            {"camera": "norte", "days": [5], "windows": ["08:00-18:00"]}])

        def at(moment: str) -> dict[str, Any]:
            ended = programs.run(
                "distribution/schedule_cameras.py", "--at", moment, "--zone", "America/Boa_Vista",
                address={"url": self.url}, secrets={"token": "t0ken"}, files={"cameras.json": tasks})
            self.assertEqual(ended.code, 0, ended.stderr)
            return ended.output

        self.assertEqual(at("2026-11-20T12:00:00+00:00"), {"on": ["pátio 1"], "off": []})
        self.assertEqual(at("2026-11-20T12:05:00+00:00"), {"on": [], "off": []})
        self.assertEqual(at("2026-11-20T22:00:00+00:00"), {"on": [], "off": ["pátio 1"]})


if __name__ == "__main__":
    unittest.main()
