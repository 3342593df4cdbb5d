"""Acquisition: all that a source announced, each record once, or nothing."""
import json
import tempfile
import unittest
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from apps.acquisition.domain import AcquisitionJob, BatchChanged, InvariantBroken, RawNistBatch
from apps.normalization import domain as normalization
from tests import programs
from tests.programs import StandIn

TODAY = date(2026, 11, 20)


class Source:
    """A source with these pages."""

    def __init__(self, *pages: RawNistBatch) -> None:
        self.pages = pages

    def batches(self, since: date) -> Iterator[RawNistBatch]:
        yield from self.pages

    def line(self, record: Mapping[str, Any]) -> dict[str, Any]:
        return {"sha256": record["id"]}


class UseCase(unittest.TestCase):
    """RunAcquisitionJob."""

    def run_on(self, *pages: RawNistBatch) -> list[str]:
        return [line["sha256"] for line in AcquisitionJob(TODAY, TODAY).run(Source(*pages))]

    def test_gives_every_record_of_every_page(self) -> None:
        pages = RawNistBatch(1, 3, ({"id": "a"}, {"id": "b"})), RawNistBatch(2, 3, ({"id": "c"},))
        self.assertEqual(self.run_on(*pages), ["a", "b", "c"])
        self.assertEqual(self.run_on(), [])

    def test_ends_where_the_source_changed_meanwhile(self) -> None:
        first = RawNistBatch(1, 3, ({"id": "a"}, {"id": "b"}))
        for pages in [(first,), (first, RawNistBatch(2, 4, ({"id": "c"}, {"id": "d"}))),
                      (first, RawNistBatch(2, 3, ({"id": "b"},)))]:
            with self.subTest(pages=pages), self.assertRaises(BatchChanged):
                self.run_on(*pages)

    def test_refuses_what_cannot_be(self) -> None:
        with self.assertRaises(InvariantBroken):
            AcquisitionJob(date(2026, 11, 21), TODAY)
        with self.assertRaises(InvariantBroken):
            RawNistBatch(1, 0, ({"id": "a"},))
        with self.assertRaises(InvariantBroken):
            RawNistBatch(0, 1, ())


class Detran(unittest.TestCase):
    """The program against the stand-in."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        login = Path(folder.name) / "login.json"
        login.write_text('{"username": "mitrarr", "password": "p"}', encoding="utf-8")
        standin = StandIn("detran_site.py", "--records", "120", "--login-file", str(login))
        self.url = standin.__enter__()
        self.addCleanup(standin.__exit__)

    def fetch(self, password: str = "p", since: str = "2026-11-19") -> programs.Ended:
        return programs.run("acquisition/detran.py", "--since", since, "--until", "2026-11-20",
                            address={"url": self.url}, secrets={"username": "mitrarr", "password": password})

    def test_fetches_all_pages_in_the_form_that_normalization_reads(self) -> None:
        ended = self.fetch()
        self.assertEqual((ended.code, ended.output), (0, {"count": 120}), ended.stderr)
        codes = []
        for line in ended.artifacts["batch.ndjson"].splitlines():
            try:
                self.assertIsNotNone(normalization.validate(line, normalization.Source.DETRAN).person)
            except normalization.InvariantBroken as broken:
                codes.append(broken.code)
        self.assertEqual(codes, ["no-transaction-type"] * 3)

    def test_gives_the_same_bytes_again(self) -> None:
        self.assertEqual(self.fetch().artifacts, self.fetch().artifacts)

    def test_each_refusal_has_the_exit_code_that_says_what_to_do(self) -> None:
        self.assertEqual(self.fetch(password="other").code, 77)
        self.assertEqual(self.fetch(since="2026-11-21").code, 65)
        for status, code in [(503, 75), (429, 75), (404, 65)]:
            body = json.dumps({"status": status, "times": 1}).encode()
            urllib.request.urlopen(self.url + "/__fail", data=body).close()
            with self.subTest(status=status):
                self.assertEqual(self.fetch().code, code)


if __name__ == "__main__":
    unittest.main()
