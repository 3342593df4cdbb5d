"""The register: a repetition changes nothing, and a death leaves all or nothing."""
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from apps.normalization import register as register_module
from apps.normalization.domain import Source
from apps.normalization.register import Register
from apps.normalization.register_nist import register_nists
from apps.normalization.run_stimar import run_stimar
from apps.normalization.sync_relationships import sync_relationships
from tests import programs


def line(number: int, name: str = "ANA", born: str = "19900131") -> str:
    """A record of its own."""
    return json.dumps({
        "sha256": f"{number:064x}", "name": f"{number}.nst", "size": 9, "transaction": {"TOT": "AMN"},
        "descriptive": {"2.018": [name], "2.022": [born]}, "images": []})


class RegisterTests(unittest.TestCase):
    """On a file of its own."""

    def setUp(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = str(Path(self.folder.name) / "register.db")
        self.register = Register(self.path)
        self.addCleanup(self.register.close)

    def rows(self, statement: str) -> list[tuple]:
        """As another program sees them."""
        connection = sqlite3.connect(self.path)
        self.addCleanup(connection.close)
        return connection.execute(statement).fetchall()

    def add(self, *lines: str, key: str = "k1", source: Source = Source.FILE) -> dict:
        """One batch."""
        return register_nists(self.register, lines, source, key, "j1")

    def test_a_batch_is_counted_and_journalled(self) -> None:
        answer = self.add(line(1), line(2), line(1), '{"sha256": "", "name": "x.nst"}')
        self.assertEqual((answer["records"], answer["duplicates"], answer["rejected"]), (2, 1, 1))
        self.assertEqual(answer["refused"], [
            {"sha256": "", "name": "x.nst", "code": "empty-hash", "message": "the hash is empty"}])
        self.assertEqual(self.rows("SELECT action, subject, job FROM journal ORDER BY id"), [
            ("registered", f"{1:064x}", "j1"), ("registered", f"{2:064x}", "j1"), ("refused", "", "j1")])
        self.assertEqual(self.rows("SELECT count(*) FROM outbound_cards"), [(2,)])

    def test_a_repeated_batch_changes_nothing_and_answers_the_same(self) -> None:
        first = self.add(line(1), line(2), "{")
        before = self.rows("SELECT * FROM journal"), self.rows("SELECT * FROM nists"), self.rows("SELECT * FROM cards")
        self.assertEqual(self.add(line(1), line(2), "{"), first)
        after = self.rows("SELECT * FROM journal"), self.rows("SELECT * FROM nists"), self.rows("SELECT * FROM cards")
        self.assertEqual(before, after)
        self.assertEqual(self.rows("SELECT repeats FROM batches"), [(1,)])

    def test_the_same_record_in_another_batch_is_a_duplicate(self) -> None:
        self.add(line(1))
        answer = self.add(line(1), line(2), key="k2")
        self.assertEqual((answer["records"], answer["duplicates"]), (1, 1))
        self.assertEqual(self.rows("SELECT count(*), count(DISTINCT subject) FROM journal"), [(2, 2)])

    def test_more_records_than_a_statement_takes_are_known(self) -> None:
        count = 2 * register_module.PARAMETERS + 1
        self.add(*(line(number) for number in range(count)))
        self.assertEqual(self.add(*(line(number) for number in range(count)), key="k2")["duplicates"], count)

    def test_relationships_come_once_also_to_people_known_before(self) -> None:
        self.add(line(1), line(2), line(3, "BIA"))
        self.assertEqual(sync_relationships(self.register, "j1"), {"people": 2, "relationships": 1})
        self.assertEqual(sync_relationships(self.register, "j1"), {"people": 0, "relationships": 0})
        self.add(line(4), key="k2")
        self.assertEqual(sync_relationships(self.register, "j2"), {"people": 1, "relationships": 1})
        self.assertEqual(self.rows("SELECT count(*) FROM relationships"), [(2,)])

    def test_stimar_works_each_record_off_once(self) -> None:
        self.add(line(1))
        self.assertEqual(run_stimar(self.register, "j1"), {"queued": 1, "done": 1, "alerts": 0})
        self.add(line(2), line(3, "BIA"), key="k2", source=Source.DETRAN)
        self.assertEqual(run_stimar(self.register, "j2"), {"queued": 2, "done": 2, "alerts": 1})
        self.assertEqual(run_stimar(self.register, "j2"), {"queued": 0, "done": 0, "alerts": 0})
        self.assertEqual(self.rows("SELECT alert FROM stimar_requests WHERE alert IS NOT NULL"),
                         [("detran and arquivo know the same person",)])

    def test_a_program_killed_inside_its_transaction_leaves_nothing(self) -> None:
        # The child dies by SIGKILL with its records written and not committed.
        script = (
            "import os, signal, sys\n"
            "from apps.normalization import domain, register_nist\n"
            "from apps.normalization.register import Register\n"
            "Register.remember = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
            "register_nist.register_nists(Register(sys.argv[1]), sys.argv[2:], domain.Source.FILE, 'k1', 'j1')\n")
        killed = subprocess.run([sys.executable, "-B", "-c", script, self.path, line(1), line(2)],
                                cwd=programs.BLUEPRINT)
        self.assertEqual(killed.returncode, -signal.SIGKILL)
        # Whoever may only read is not kept out by what the dead program left.
        reader = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)
        self.addCleanup(reader.close)
        self.assertEqual(reader.execute("SELECT count(*) FROM nists").fetchall(), [(0,)])
        self.assertEqual(self.add(line(1), line(2))["records"], 2)
        self.assertEqual(self.rows("SELECT count(*) FROM journal"), [(2,)])


class Programs(unittest.TestCase):
    """As steps run them."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.address = {"path": os.path.join(folder.name, "register.db")}

    def test_take_a_slice_as_json_and_a_file_as_lines(self) -> None:
        slice = json.dumps([line(1), line(2)])
        first = programs.run("normalization/register_nist.py", "--source", "arquivo", address=self.address, stdin=slice)
        self.assertEqual((first.code, first.output["records"]), (0, 2), first.stderr)
        second = programs.run("normalization/register_nist.py", "--source", "detran", address=self.address, key="k2",
                              stdin=line(2) + "\n" + line(3) + "\n")
        self.assertEqual(second.output, {"records": 1, "duplicates": 1, "rejected": 0, "refused": []})
        related = programs.run("normalization/sync_relationships.py", "--job", "j1", address=self.address)
        self.assertEqual(related.output, {"people": 1, "relationships": 2}, related.stderr)
        asked = programs.run("normalization/run_stimar.py", "--job", "j1", address=self.address)
        self.assertEqual(asked.output, {"queued": 3, "done": 3, "alerts": 3}, asked.stderr)

    def test_find_a_register_that_is_away_worth_another_try(self) -> None:
        os.mkdir(self.address["path"])
        ended = programs.run("normalization/register_nist.py", "--source", "arquivo", address=self.address)
        self.assertEqual(ended.code, 75)
        self.assertIn("cannot be used: unable to open database file", ended.stderr)

    def test_without_a_connection_is_a_wrong_configuration(self) -> None:
        ended = programs.run("normalization/register_nist.py", "--source", "arquivo")
        self.assertEqual((ended.code, ended.stderr), (78, "the step has no connection\n"))


if __name__ == "__main__":
    unittest.main()
