#!/usr/bin/env python3
"""Stands in for the connectors `findface.count`, `findface.upsert_cards` and `findface.delete_cards`.

`data` says what to do, in the words that the connectors will have under `with`:

  {do: count, filter: {meta_canary: ID}}      {count}
  {do: upsert, cards: [LINE, …]}              {sent_ids, created, updated}
  {do: delete, filter: {meta_canary: ID}}     {deleted}
  {do: list}                                  the artifact `cards.ndjson`

A card is a line of `outbound_cards` as JSON. The step's key is the key of the request: a repeated batch gets the
answer of the first.
"""
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from apps.distribution.domain import Card, FindFaceCredential, InvariantBroken  # noqa: E402
from apps.distribution.gateway import FindFace  # noqa: E402
from apps.shared import step  # noqa: E402


def perform(asked: Mapping[str, Any], findface: FindFace, key: str) -> dict[str, Any]:
    """Does what `data` says."""
    match asked.get("do"):
        case "count":
            return {"count": findface.count(asked.get("filter", {}))}
        case "upsert":
            cards = [Card.from_row(json.loads(line)) for line in asked["cards"]]
            return findface.upsert(cards, key) if cards else {"sent_ids": [], "created": 0, "updated": 0}
        case "delete":
            return {"deleted": findface.delete(asked.get("filter", {}), key)["deleted"]}
        case "list":
            with step.artifact("cards.ndjson").open("w", encoding="utf-8") as file:
                for card in findface.cards():
                    file.write(json.dumps(card, ensure_ascii=False) + "\n")
            return {}
        case other:
            raise step.WrongConfiguration(f"do says {other!r}, not count, upsert, delete or list")


def main() -> None:
    """One attempt of the step."""
    connection = step.connection()
    try:
        credential = FindFaceCredential(connection.text("url"), connection.secret("token"))
        step.output(perform(step.data(), FindFace(credential), step.key()))
    except InvariantBroken as broken:
        raise step.WrongData(str(broken)) from None


if __name__ == "__main__":
    step.run(main)
