"""The domain of normalization: which records there are, and which are none."""
import json
import unittest

from apps.normalization import domain
from apps.normalization.domain import InvariantBroken, Nist, Person, Source

HASH = "a" * 64


def line(**changes: object) -> str:
    """A line of `nist.parse`, but for the changes."""
    whole = {
        "sha256": HASH, "name": "a.nst", "size": 1200,
        "transaction": {"TOT": "AMN", "ORI": "RR", "TCN": "n1"},
        "descriptive": {"2.018": ["Silva, Ana  maria"], "2.022": ["19900131"]}, "images": [{"type": 4}],
    }
    return json.dumps(whole | changes)


def nist(hash: str = HASH, source: Source = Source.FILE) -> Nist:
    """A record, but for these."""
    return Nist(hash, "a.nst", 10, source, "AMN", "RR", "n1", 0)


class ARecord(unittest.TestCase):
    """A line becomes a `Nist` or says why not."""

    def test_is_read_with_its_person(self) -> None:
        self.assertEqual(
            domain.validate(line(), Source.FILE),
            Nist(HASH, "a.nst", 1200, Source.FILE, "AMN", "RR", "n1", 1, Person("SILVA ANA MARIA", "1990-01-31")))

    def test_is_refused_with_the_invariant_that_it_breaks(self) -> None:
        cases = {
            "empty-hash": [line(sha256=""), line(sha256=None), line(sha256="  ")],
            "bad-hash": [line(sha256="A" * 64), line(sha256="a" * 63), line(sha256="a" * 64 + "\n0")],
            "bad-file-name": [line(name=""), line(name="../a.nst")],
            "empty-record": [line(size=0), line(size=-1)],
            "no-transaction-type": [line(transaction={}), line(transaction={"TOT": ""}), line(transaction={"TOT": []})],
            "invalid-line": [
                "", "{", "[]", '"text"', line(size="12"), line(size=True), line(transaction=[]),
                line(transaction={"TOT": 4}),
                line(descriptive=1), line(images={}), line(name=3)],
        }
        for code, lines in cases.items():
            for text in lines:
                with self.subTest(code=code, line=text), self.assertRaises(InvariantBroken) as caught:
                    domain.validate(text, Source.FILE)
                self.assertEqual(caught.exception.code, code)

    def test_has_no_person_where_one_would_be_guessed(self) -> None:
        for fields in [{}, {"2.018": ["ANA"]}, {"2.022": ["19900131"]}, {"2.018": [""], "2.022": ["19900131"]},
                       {"2.018": ["ANA"], "2.022": ["19901331"]}, {"2.018": [], "2.022": []},
                       {"2.018": ["ANA"], "2.022": ["31/01/1990"]}]:
            with self.subTest(fields=fields):
                self.assertIsNone(domain.validate(line(descriptive=fields), Source.FILE).person)

    def test_is_a_canary_by_its_mark_and_its_whole_name(self) -> None:
        name, marked = "canary-019a0c3e-1111-7000-8000-000000000001.nst", {"2.901": ["canary"]}
        self.assertEqual(domain.validate(line(name=name, descriptive=marked), Source.FILE).canary, name[7:-4])
        self.assertIsNone(domain.validate(line(name=name), Source.FILE).canary)
        for other in ["canary-.nst", "my-canary-019a0c3e.nst", "canary-019a0c3e.nst.bak", "canary-019a0c3g.nst"]:
            with self.subTest(name=other):
                self.assertIsNone(domain.validate(line(name=other, descriptive=marked), Source.FILE).canary)


class Records(unittest.TestCase):
    """What is known of several."""

    def test_are_each_new_once(self) -> None:
        one, two, three = nist("1" * 64), nist("2" * 64), nist("3" * 64)
        new, duplicates = domain.dedupe([one, two, one, three], {"3" * 64})
        self.assertEqual((new, duplicates), ([one, two], [one, three]))

    def test_of_one_person_are_related_to_the_first(self) -> None:
        found = domain.relationships("P", ["b", "a", "c"])
        self.assertEqual([(pair.first, pair.second) for pair in found], [("b", "a"), ("b", "c")])
        self.assertEqual(domain.relationships("P", ["b"]), [])
        with self.assertRaises(InvariantBroken):
            domain.Relationship("P", "a", "a")

    def test_of_several_sources_alert(self) -> None:
        request = domain.StimarRequest("h", "P", Source.DETRAN)
        self.assertIsNone(domain.alert(request, {"detran"}))
        self.assertEqual(domain.alert(request, {"idnet", "detran", "arquivo"}),
                         "detran and arquivo, idnet know the same person")


if __name__ == "__main__":
    unittest.main()
