#!/usr/bin/env python3
"""Relates the records of each person: the use case SyncRelationships.

  sync_relationships.py --job ID

Looks at every record that was not yet compared, whoever registered it: a job that ended too early leaves nothing
behind for good. A repetition finds nothing to do.
"""
import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from apps.normalization import domain  # noqa: E402
from apps.normalization.register import Register, opened  # noqa: E402
from apps.shared import step  # noqa: E402


def sync_relationships(register: Register, job: str) -> dict[str, int]:
    """One transaction; gives how many relationships are new, and of how many people records were compared."""
    with register.transaction():
        people = register.not_related()
        added = sum(
            register.relate(domain.relationships(person, register.hashes(person)), job) for person in people)
        register.all_related()
    return {"people": len(people), "relationships": added}


def main() -> None:
    """One attempt of the step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--job", required=True, help="for the journal")
    options = parser.parse_args()
    with opened(step.connection().text("path")) as register:
        step.output(sync_relationships(register, options.job))


if __name__ == "__main__":
    step.run(main)
