#!/usr/bin/env python3
"""Compares the cards of the register with those that FindFace has, and writes a report.

`files` has `remote`: the lines of `findface.py` with `do: list`. The output is
`{missing, waiting, surplus, different, equal}`, where what waits was never sent; the artifacts are `report.md` for people and `differences.ndjson` with every
difference. A canary's card is nobody's loss, so cards with `meta.canary` are left out.
"""
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from apps.normalization.register import opened  # noqa: E402
from apps.shared import step  # noqa: E402

# What a person reads; the artifact has all.
SHOWN = 20


@dataclass(slots=True)
class Comparison:
    """What is on one side only, or not the same on both."""

    missing: list[tuple[str, str]] = field(default_factory=list)
    waiting: list[tuple[str, str]] = field(default_factory=list)
    surplus: list[tuple[str, str]] = field(default_factory=list)
    different: list[tuple[str, str, str]] = field(default_factory=list)
    equal: int = 0

    def differences(self) -> Iterator[dict[str, str]]:
        """One for each card that is not the same."""
        yield from ({"kind": "missing", "id": id, "local": name} for id, name in self.missing)
        yield from ({"kind": "waiting", "id": id, "local": name} for id, name in self.waiting)
        yield from ({"kind": "surplus", "id": id, "remote": name} for id, name in self.surplus)
        yield from ({"kind": "different", "id": id, "local": local, "remote": remote}
                    for id, local, remote in self.different)


def compare(local: Iterable[tuple[str, str, bool]], remote: Iterable[tuple[str, str]]) -> Comparison:
    """By id; names must agree."""
    there = dict(remote)
    found = Comparison()
    for id, name, is_sent in local:
        other = there.pop(id, None)
        if other is None:
            (found.missing if is_sent else found.waiting).append((id, name))
        elif other != name:
            found.different.append((id, name, other))
        else:
            found.equal += 1
    found.surplus = sorted(there.items(), key=lambda card: (len(card[0]), card[0]))
    return found


def remote_cards(file: TextIO) -> Iterator[tuple[str, str]]:
    """Id and name of each card of FindFace that is no canary."""
    for number, line in enumerate(file, start=1):
        try:
            card = json.loads(line)
            if not card.get("meta", {}).get("canary"):
                yield str(card["id"]), str(card["name"])
        except (ValueError, KeyError, AttributeError):
            raise step.WrongData(f"line {number} of FindFace's cards is no card") from None


def report(found: Comparison) -> str:
    """Markdown."""
    rows = [("iguais", found.equal), ("faltam no FindFace", len(found.missing)),
            ("ainda não enviados", len(found.waiting)), ("sobram no FindFace", len(found.surplus)), ("com outro nome", len(found.different))]
    lines = ["# Reconciliação com o FindFace", "", "| cartões | quantos |", "|---|---|"]
    lines += [f"| {title} | {count} |" for title, count in rows]
    parts: list[tuple[str, list[str]]] = [
        ("Faltam", [id for id, _ in found.missing]), ("Ainda não enviados", [id for id, _ in found.waiting]),
        ("Sobram", [id for id, _ in found.surplus]),
        ("Com outro nome", [id for id, _, _ in found.different])]
    for title, ids in parts:
        if ids:
            more = f" e mais {len(ids) - SHOWN}" if len(ids) > SHOWN else ""
            lines += ["", f"## {title}", "", ", ".join(ids[:SHOWN]) + more]
    return "\n".join(lines) + "\n"


def main() -> None:
    """One attempt of the step."""
    with opened(step.connection().text("path")) as register, step.file("remote").open(encoding="utf-8") as file:
        found = compare(register.cards(), remote_cards(file))
    step.artifact("report.md").write_text(report(found), encoding="utf-8")
    with step.artifact("differences.ndjson").open("w", encoding="utf-8") as target:
        for difference in found.differences():
            target.write(json.dumps(difference, ensure_ascii=False) + "\n")
    step.output({
        "missing": len(found.missing), "waiting": len(found.waiting), "surplus": len(found.surplus),
        "different": len(found.different), "equal": found.equal})


if __name__ == "__main__":
    step.run(main)
