"""What it means to acquire records from a source, whichever it is."""
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol


class InvariantBroken(ValueError):
    """A value that cannot be."""


class BatchChanged(Exception):
    """The source's data changed while they were being read; reading them again helps."""


@dataclass(frozen=True, slots=True)
class RawNistBatch:
    """One page of a source, as it came: so many records, of so many that the source announced."""

    page: int
    total: int
    records: tuple[Mapping[str, Any], ...]

    def __post_init__(self) -> None:
        if self.page < 1:
            raise InvariantBroken("pages are counted from 1")
        if self.total < len(self.records):
            raise InvariantBroken(f"{len(self.records)} records on a page, of {self.total} in all")


class SourceConnector(Protocol):
    """What each source has to be able to do."""

    def batches(self, since: date) -> Iterator[RawNistBatch]:
        """The pages of what is new since a day, in their order."""

    def line(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """A record in the form of `nist.parse`."""


@dataclass(frozen=True, slots=True)
class AcquisitionJob:
    """What to fetch: everything since a day."""

    since: date
    today: date

    def __post_init__(self) -> None:
        if self.since > self.today:
            raise InvariantBroken(f"{self.since} has not come yet")

    def run(self, source: SourceConnector) -> Iterator[dict[str, Any]]:
        """The use case RunAcquisitionJob: every record once, and all that the source announced."""
        total: int | None = None
        seen: set[str] = set()
        for batch in source.batches(self.since):
            if total is not None and batch.total != total:
                raise BatchChanged(f"page {batch.page} announces {batch.total} records, not {total}")
            total = batch.total
            for record in batch.records:
                line = source.line(record)
                if line["sha256"] in seen:
                    raise BatchChanged(f"page {batch.page} repeats a record")
                seen.add(line["sha256"])
                yield line
        if total is not None and len(seen) != total:
            raise BatchChanged(f"the source announced {total} records and gave {len(seen)}")


def canonical(record: Mapping[str, Any]) -> bytes:
    """The bytes whose hash a record is known by."""
    return json.dumps(record, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def sha256(content: bytes) -> str:
    """Lower-case hexadecimal."""
    return hashlib.sha256(content).hexdigest()
