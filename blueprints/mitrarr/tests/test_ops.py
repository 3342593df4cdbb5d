"""Reconciliation: what is on one side only."""
import json
import tempfile
import unittest
from pathlib import Path

from apps.normalization.domain import Source
from apps.normalization.register import Register
from apps.normalization.register_nist import register_nists
from apps.ops.compare_cards import compare, report
from tests import programs
from tests.test_register import line


class Comparison(unittest.TestCase):
    """By id and name."""

    def test_tells_missing_surplus_and_different_apart(self) -> None:
        found = compare(
            [("1", "ANA", True), ("2", "BIA", True), ("3", "CAIO", True), ("4", "DAVI", False)],
            [("2", "BIA"), ("3", "C"), ("10", "X"), ("9", "Y")])
        self.assertEqual(found.missing, [("1", "ANA")])
        self.assertEqual(found.waiting, [("4", "DAVI")])
        self.assertEqual(found.different, [("3", "CAIO", "C")])
        self.assertEqual(found.surplus, [("9", "Y"), ("10", "X")])
        self.assertEqual(found.equal, 1)
        self.assertIn("| faltam no FindFace | 1 |", report(found))

    def test_of_equals_says_so_and_lists_nothing(self) -> None:
        text = report(compare([("1", "ANA", True)], [("1", "ANA")]))
        self.assertIn("| iguais | 1 |", text)
        self.assertNotIn("## ", text)

    def test_shows_no_more_than_a_person_reads(self) -> None:
        text = report(compare([(str(id), "A", True) for id in range(1, 31)], []))
        self.assertIn("20 e mais 10", text)


class Program(unittest.TestCase):
    """As a step runs it."""

    def test_leaves_canaries_out_and_tells_what_was_never_sent(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "register.db")
            register = Register(path)
            canary = json.dumps(json.loads(line(4)) | {
                "name": "canary-019a0c3e.nst", "descriptive": {"2.901": ["canary"]}})
            register_nists(register, [line(1), line(2), line(3), canary], Source.FILE, "k", "j")
            register._connection.execute("UPDATE cards SET sent_at = 'now' WHERE id <> 3")
            register.close()
            remote = "\n".join(json.dumps(card) for card in [
                {"id": 1, "name": "ANA", "meta": {}}, {"id": 7, "name": "X", "meta": {"canary": "c"}}])
            ended = programs.run("ops/compare_cards.py", address={"path": path}, files={"remote": remote})
            self.assertEqual((ended.code, ended.output),
                             (0, {"missing": 1, "waiting": 1, "surplus": 0, "different": 0, "equal": 1}), ended.stderr)
            self.assertEqual(ended.artifacts["differences.ndjson"],
                             '{"kind": "missing", "id": "2", "local": "ANA"}\n'
                             '{"kind": "waiting", "id": "3", "local": "ANA"}\n')
            broken = programs.run("ops/compare_cards.py", address={"path": path}, files={"remote": "{}\n"})
            self.assertEqual((broken.code, broken.stderr), (65, "line 1 of FindFace's cards is no card\n"))


if __name__ == "__main__":
    unittest.main()
