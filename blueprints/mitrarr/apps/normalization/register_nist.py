#!/usr/bin/env python3
"""Registers one batch: validate, enrich, dedupe, and one transaction for all of it.

  register_nist.py --source arquivo < lines

Standard input holds lines of `nist.parse`. The output is `{records, duplicates, rejected, refused}`; `refused`
lists each refused record with its reason. A batch that was committed before answers what it answered then.
"""
import argparse
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from apps.normalization import domain  # noqa: E402
from apps.normalization.register import Register, opened  # noqa: E402
from apps.shared import step  # noqa: E402


def register_nists(register: Register, lines: Iterable[str], source: domain.Source, key: str, job: str
                   ) -> dict[str, Any]:
    """The use case RegisterNist, for a batch."""
    nists, refused = validated(lines, source)
    with register.transaction():
        if (answer := register.answer(key)) is not None:
            return answer
        new, duplicates = domain.dedupe(nists, register.known(nist.hash for nist in nists))
        register.add(new, job)
        register.refuse(refused, job)
        answer = {
            "records": len(new), "duplicates": len(duplicates), "rejected": len(refused),
            "refused": [asdict(one) for one in refused],
        }
        register.remember(key, job, answer)
    return answer


def validated(lines: Iterable[str], source: domain.Source
              ) -> tuple[list[domain.Nist], list[domain.Rejection]]:
    """The records of the lines, and a reason for each line that holds none."""
    nists: list[domain.Nist] = []
    refused: list[domain.Rejection] = []
    for number, line in enumerate(lines, start=1):
        try:
            nists.append(domain.validate(line, source))
        except domain.InvariantBroken as broken:
            sha256, name = named(line)
            refused.append(domain.Rejection(sha256, name or f"line {number}", broken.code, str(broken)))
    return nists, refused


def named(line: str) -> tuple[str, str]:
    """What a refused line says of itself, as far as it can be read."""
    try:
        raw = json.loads(line)
    except ValueError:
        return "", ""
    members = raw if isinstance(raw, dict) else {}
    sha256, name = members.get("sha256"), members.get("name")
    return sha256 if isinstance(sha256, str) else "", name if isinstance(name, str) else ""


def main() -> None:
    """One attempt of the step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", required=True, type=domain.Source, choices=list(domain.Source))
    options = parser.parse_args()
    with opened(step.connection().text("path")) as register:
        step.output(register_nists(register, step.lines(), options.source, step.key(), step.job()))


if __name__ == "__main__":
    step.run(main)
