"""What a biometric record is to MITRARR, whatever source it comes from, and which records are none.

Values here cannot be wrong: whoever holds a `Nist` holds one that keeps every invariant.
"""
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

HASH = re.compile(r"[0-9a-f]{64}")
CANARY = re.compile(r"canary-([0-9a-f][0-9a-f-]{7,63})\.nst")
DAY = re.compile(r"(\d{4})-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])")

NAME_FIELD = "2.018"
BIRTH_FIELD = "2.022"
# Where `nist.synthesize` writes its mark.
MARK_FIELD = "2.901"
CANARY_MARK = "canary"


class Source(StrEnum):
    """Where records come from."""

    IDNET = "idnet"
    DETRAN = "detran"
    CANAIME = "canaime"
    SISMIGRA = "sismigra"
    FF_BACKUP = "ff_backup"
    FILE = "arquivo"


class InvariantBroken(Exception):
    """A record that cannot be taken, with a code for programs and a sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Person:
    """Who a record is about: the same name and day of birth is the same person."""

    name: str
    birth: str

    def __post_init__(self) -> None:
        if not self.name:
            raise InvariantBroken("empty-name", "the name of the person is empty")
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", self.birth):
            raise InvariantBroken("bad-birth", f"{self.birth!r} is no day of birth")

    @property
    def key(self) -> str:
        """One text for each person."""
        return f"{self.name}|{self.birth}"


@dataclass(frozen=True, slots=True)
class Nist:
    """One record, known by the SHA-256 of the bytes that it came as."""

    hash: str
    name: str
    size: int
    source: Source
    transaction: str
    agency: str
    control: str
    images: int
    person: Person | None = None
    canary: str | None = None

    def __post_init__(self) -> None:
        if not self.hash:
            raise InvariantBroken("empty-hash", "the hash is empty")
        if not HASH.fullmatch(self.hash):
            raise InvariantBroken("bad-hash", f"{self.hash[:80]!r} is no SHA-256 in lower-case hexadecimal")
        if not self.name or "/" in self.name:
            raise InvariantBroken("bad-file-name", f"{self.name!r} is no file's name")
        if self.size <= 0:
            raise InvariantBroken("empty-record", "the record has no bytes")
        if not self.transaction:
            raise InvariantBroken("no-transaction-type", "the record does not say its type of transaction")
        if self.images < 0:
            raise InvariantBroken("bad-images", "there cannot be fewer than no images")


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that was refused, and why."""

    sha256: str
    name: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Relationship:
    """A record, and the first one that came of the same person. One a record: pairs of all would be millions."""

    person: str
    first: str
    second: str

    def __post_init__(self) -> None:
        if self.first == self.second:
            raise InvariantBroken("bad-relationship", "a record has no relationship with itself")


@dataclass(frozen=True, slots=True)
class StimarRequest:
    """A record that STIMAR compares with what other sources know of its person."""

    hash: str
    person: str
    source: Source


def validate(line: str, source: Source) -> Nist:
    """Reads one line of a batch; raises what is wrong with it."""
    try:
        raw = json.loads(line)
    except ValueError as error:
        raise InvariantBroken("invalid-line", f"the line is not JSON: {error}") from None
    if not isinstance(raw, dict):
        raise InvariantBroken("invalid-line", "the line holds no JSON object")
    transaction = _map(raw, "transaction")
    images = raw.get("images", [])
    if not isinstance(images, list):
        raise InvariantBroken("invalid-line", "images is no list")
    return enrich(
        Nist(
            hash=_text(raw, "sha256"), name=_text(raw, "name"), size=_number(raw, "size"), source=source,
            transaction=_text(transaction, "TOT"), agency=_text(transaction, "ORI"),
            control=_text(transaction, "TCN"), images=len(images)),
        _map(raw, "descriptive"))


def enrich(nist: Nist, descriptive: Mapping[str, object]) -> Nist:
    """Adds what follows from the record: its person, where it says one, and the canary that it may be."""
    canary = CANARY.fullmatch(nist.name) if _first(descriptive, MARK_FIELD) == CANARY_MARK else None
    return Nist(
        hash=nist.hash, name=nist.name, size=nist.size, source=nist.source, transaction=nist.transaction,
        agency=nist.agency, control=nist.control, images=nist.images, person=person(descriptive),
        canary=canary[1] if canary else None)


def person(descriptive: Mapping[str, object]) -> Person | None:
    """Nobody, unless both the name and the day of birth can be read: a guess would relate strangers."""
    name = " ".join(_first(descriptive, NAME_FIELD).replace(",", " ").upper().split())
    birth = DAY.fullmatch(_first(descriptive, BIRTH_FIELD).strip())
    return Person(name, "-".join(birth.groups())) if name and birth else None


def dedupe(nists: Iterable[Nist], known: Collection[str]) -> tuple[list[Nist], list[Nist]]:
    """The new ones, each once, and those that are known or come a second time."""
    seen = set(known)
    new: list[Nist] = []
    duplicates: list[Nist] = []
    for nist in nists:
        (duplicates if nist.hash in seen else new).append(nist)
        seen.add(nist.hash)
    return new, duplicates


def relationships(person: str, hashes: Sequence[str]) -> list[Relationship]:
    """What relates the records of one person, given in the order in which they came."""
    first, *others = hashes
    return [Relationship(person, first, other) for other in others]


def alert(request: StimarRequest, sources: Collection[str]) -> str | None:
    """What STIMAR tells of a record: that other sources know its person too."""
    others = sorted({str(source) for source in sources} - {str(request.source)})
    return f"{request.source} and {', '.join(others)} know the same person" if others else None


def _map(raw: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = raw.get(name, {})
    if not isinstance(value, dict):
        raise InvariantBroken("invalid-line", f"{name} is no map")
    return value


def _text(raw: Mapping[str, object], name: str) -> str:
    """Of several items the first; empty where there is none."""
    value = raw.get(name)
    if isinstance(value, list):
        value = value[0] if value else None
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvariantBroken("invalid-line", f"{name} is no text")
    return value.strip()


def _number(raw: Mapping[str, object], name: str) -> int:
    value = raw.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvariantBroken("invalid-line", f"{name} is no whole number")
    return value


def _first(descriptive: Mapping[str, object], field: str) -> str:
    values = descriptive.get(field, [])
    first = values[0] if isinstance(values, list) and values else values
    return first if isinstance(first, str) else ""
