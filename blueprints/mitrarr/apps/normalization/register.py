"""The register in a SQLite file, in the place of Oracle and PostgreSQL.

Every change is one transaction, and a batch is known by the key of its step: whatever the moment at which the
program or its machine dies, a repetition finds all of the batch or nothing.
"""
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from apps.normalization.domain import Nist, Rejection, Relationship, Source, StimarRequest
from apps.shared.step import Transient

# In seconds. Others hold the file for the time of one batch.
LONGEST_WAIT = 120.0
# SQLite takes at least so many parameters in one statement.
PARAMETERS = 500


@contextmanager
def opened(path: str) -> Iterator["Register"]:
    """The register for the time of one program. A file that cannot be opened or stays locked may be there later."""
    try:
        register = Register(path)
        try:
            yield register
        finally:
            register.close()
    except sqlite3.OperationalError as error:
        raise Transient(f"the register {path} cannot be used: {error}") from None


class Register:
    """The tables of `register.sql`."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, timeout=LONGEST_WAIT, isolation_level=None)
        self._connection.execute("PRAGMA foreign_keys = ON")
        # Of a rollback journal that a killed writer left, a reader who may not write could make nothing.
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        if not self._rows("SELECT 1 FROM sqlite_master WHERE name = 'outbound_cards'"):
            self._connection.executescript(Path(__file__).with_name("register.sql").read_text(encoding="utf-8"))

    def close(self) -> None:
        """Lets go of the file."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of what happens inside, or nothing; nobody else writes meanwhile."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def answer(self, key: str) -> dict[str, Any] | None:
        """What a batch answered that was committed before."""
        found = self._rows("SELECT answer FROM batches WHERE key = ?", key)
        if not found:
            return None
        self._connection.execute("UPDATE batches SET repeats = repeats + 1 WHERE key = ?", (key,))
        answer: dict[str, Any] = json.loads(found[0][0])
        return answer

    def remember(self, key: str, job: str, answer: dict[str, Any]) -> None:
        """Keeps what a batch answers, for its repetitions."""
        text = json.dumps(answer, ensure_ascii=False)
        self._connection.execute("INSERT INTO batches (key, job, answer) VALUES (?, ?, ?)", (key, job, text))

    def known(self, hashes: Iterable[str]) -> set[str]:
        """Which of these records are registered."""
        asked = sorted(set(hashes))
        found: set[str] = set()
        for start in range(0, len(asked), PARAMETERS):
            part = asked[start:start + PARAMETERS]
            marks = ", ".join("?" * len(part))
            found |= {row[0] for row in self._rows(f"SELECT hash FROM nists WHERE hash IN ({marks})", *part)}
        return found

    def add(self, nists: Sequence[Nist], job: str) -> None:
        """Registers new records, each with the card that FindFace is to get."""
        self._connection.executemany(
            "INSERT INTO nists (hash, name, size, source, transaction_type, agency, control, images, person,"
            " canary, job) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(nist.hash, nist.name, nist.size, str(nist.source), nist.transaction, nist.agency, nist.control,
              nist.images, nist.person.key if nist.person else None, nist.canary, job) for nist in nists])
        self._connection.executemany(
            "INSERT INTO cards (hash, card_name, image_uri, canary) VALUES (?, ?, ?, ?)",
            [(nist.hash, nist.person.name if nist.person else nist.name, f"nist:{nist.hash}", nist.canary)
             for nist in nists])
        self.note("registered", [nist.hash for nist in nists], job)

    def refuse(self, rejections: Sequence[Rejection], job: str) -> None:
        """Keeps why records were refused."""
        self._connection.executemany(
            "INSERT INTO rejections (sha256, name, code, message, job) VALUES (?, ?, ?, ?, ?)",
            [(one.sha256, one.name, one.code, one.message, job) for one in rejections])
        self.note("refused", [one.sha256 for one in rejections], job)

    def not_related(self) -> list[str]:
        """Those who have records that were not yet compared with their others."""
        return [row[0] for row in self._rows(
            "SELECT DISTINCT person FROM nists WHERE NOT related AND person IS NOT NULL ORDER BY person")]

    def hashes(self, person: str) -> list[str]:
        """All records of a person, in the order in which they came."""
        return [row[0] for row in self._rows("SELECT hash FROM nists WHERE person = ? ORDER BY rowid", person)]

    def relate(self, relationships: Iterable[Relationship], job: str) -> int:
        """Adds what is new of these; gives how many were."""
        added = 0
        for pair in relationships:
            changed = self._connection.execute(
                "INSERT OR IGNORE INTO relationships (person, first, second) VALUES (?, ?, ?)",
                (pair.person, pair.first, pair.second)).rowcount
            if changed:
                self.note("related", [f"{pair.first} {pair.second}"], job)
                added += 1
        return added

    def all_related(self) -> None:
        """Every record was compared."""
        self._connection.execute("UPDATE nists SET related = 1 WHERE NOT related")

    def queue_stimar(self) -> int:
        """Queues each record of a known person that never was; gives how many."""
        return self._connection.execute(
            "INSERT INTO stimar_requests (hash, state) SELECT hash, 'queued' FROM nists"
            " WHERE person IS NOT NULL AND hash NOT IN (SELECT hash FROM stimar_requests)").rowcount

    def queued_stimar(self) -> list[StimarRequest]:
        """What waits for STIMAR, in the order of the records."""
        rows = self._rows(
            "SELECT r.hash, n.person, n.source FROM stimar_requests r JOIN nists n ON n.hash = r.hash"
            " WHERE r.state = 'queued' ORDER BY n.rowid")
        return [StimarRequest(row[0], row[1], Source(row[2])) for row in rows]

    def sources(self, person: str) -> set[str]:
        """Which sources know a person."""
        return {row[0] for row in self._rows("SELECT DISTINCT source FROM nists WHERE person = ?", person)}

    def finish_stimar(self, request: StimarRequest, alert: str | None, job: str) -> None:
        """Takes a request off the queue, with what came of it."""
        self._connection.execute(
            "UPDATE stimar_requests SET state = 'done', alert = ? WHERE hash = ?", (alert, request.hash))
        if alert:
            self.note("alerted", [request.hash], job)

    def cards(self) -> Iterator[tuple[str, str, bool]]:
        """Id and name of each card that FindFace should have, and whether it was sent; a canary's is nobody's."""
        yield from ((str(row[0]), row[1], bool(row[2])) for row in self._connection.execute(
            "SELECT id, card_name, sent_at IS NOT NULL FROM cards WHERE canary IS NULL AND NOT deleted ORDER BY id"))

    def note(self, action: str, subjects: Iterable[str], job: str) -> None:
        """Writes changes into the journal."""
        self._connection.executemany(
            "INSERT INTO journal (action, subject, job) VALUES (?, ?, ?)",
            [(action, subject, job) for subject in subjects])

    def _rows(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement, parameters).fetchall()
