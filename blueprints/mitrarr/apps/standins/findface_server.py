#!/usr/bin/env python3
"""Stands in for FindFace's API of cards and cameras; every change is a line of a journal on disk.

  findface_server.py --token-file token --journal findface.jsonl

  GET    /cards/humans/count/?meta_canary=X   {count}
  GET    /cards/humans/?after=ID&limit=N      {results}, in the order of the ids
  POST   /cards/humans/upsert/                {cards: [{id, name, image_uri, meta}]}: {sent_ids, created, updated}
  DELETE /cards/humans/?meta_canary=X         {deleted}; without a filter 400
  PUT    /cameras/NAME/                       {active} gives {changed}

All ask for `Authorization: Token …`. A request with an `Idempotency-Key` that was answered before gets the same
answer and changes nothing, also after a restart. Control paths, for demonstrations and tests, ask for no token:

  GET  /__journal                             {lines: [...]}: what changed, in order
  POST /__fail {status, times}                the next requests are refused so
  POST /__hold, POST /__release               holds requests back, and lets them go
  POST /__held                                answers once a request is held back
"""
import argparse
import hmac
import json
import os
import threading
from typing import Any

from serving import Handler, Server, serve

LARGEST_PAGE = 1_000


class Cards:
    """Cards, cameras and answered requests. The journal is their only store: they are read from it."""

    def __init__(self, path: str, token: str) -> None:
        self.token = token
        self.cards: dict[int, dict[str, Any]] = {}
        self.cameras: dict[str, bool] = {}
        self.answers: dict[str, dict[str, Any]] = {}
        self.lines: list[dict[str, Any]] = []
        self.failures: list[int] = []
        self.free, self.held = threading.Event(), threading.Event()
        self.free.set()
        self.journal = open(path, "a+", encoding="utf-8")
        self.journal.seek(0)
        for text in self.journal.read().splitlines():
            try:
                self._apply(json.loads(text))
            except ValueError:
                # A last line that was half written never was answered.
                break

    def matching(self, wanted: dict[str, str]) -> list[int]:
        """Ids of the cards whose meta has all of these; `meta_x` asks for the member x."""
        return [id for id, card in self.cards.items() if all(
            card["meta"].get(name.removeprefix("meta_")) == value for name, value in wanted.items())]

    def upsert(self, key: str | None, cards: list[dict[str, Any]]) -> dict[str, Any]:
        """All of them, or none."""
        ids = [card["id"] for card in cards]
        created = len(set(ids) - self.cards.keys())
        answer = {"sent_ids": ids, "created": created, "updated": len(set(ids)) - created}
        return self._commit({"do": "upsert", "key": key, "cards": cards, "answer": answer})

    def delete(self, key: str | None, wanted: dict[str, str]) -> dict[str, Any]:
        """Those that match."""
        ids = self.matching(wanted)
        return self._commit({"do": "delete", "key": key, "ids": ids, "answer": {"deleted": len(ids)}})

    def switch(self, name: str, active: bool) -> dict[str, Any]:
        """A camera that is so already is no change."""
        if self.cameras.get(name, False) == active:
            return {"changed": False}
        return self._commit({"do": "switch", "camera": name, "active": active, "answer": {"changed": True}})

    def _commit(self, line: dict[str, Any]) -> dict[str, Any]:
        self.journal.write(json.dumps(line, ensure_ascii=False) + "\n")
        self.journal.flush()
        os.fsync(self.journal.fileno())
        self._apply(line)
        answer: dict[str, Any] = line["answer"]
        return answer

    def _apply(self, line: dict[str, Any]) -> None:
        match line["do"]:
            case "upsert":
                self.cards |= {card["id"]: card for card in line["cards"]}
            case "delete":
                for id in line["ids"]:
                    self.cards.pop(id, None)
            case "switch":
                self.cameras[line["camera"]] = line["active"]
        if line.get("key"):
            self.answers[line["key"]] = line["answer"]
        self.lines.append(line)


class FindFaceHandler(Handler):
    """The API."""

    @property
    def state(self) -> Cards:
        """What the server keeps."""
        state: Cards = self.server.state
        return state

    def dispatch(self) -> None:
        """Control paths first; then the token, then what was answered before."""
        body = self.body()
        if self.split.path.startswith("/__"):
            return self.control(body)
        if not self.state.free.is_set():
            self.state.held.set()
            self.state.free.wait()
        with self.server.lock:
            if self.state.failures:
                status = self.state.failures.pop()
                return self.answer(status, {"detail": "asked to fail"}, Retry_After="1")
            if not hmac.compare_digest(self.headers.get("Authorization", ""), f"Token {self.state.token}"):
                return self.answer(401, {"detail": "the token is missing or wrong"})
            key = self.headers.get("Idempotency-Key")
            if key and key in self.state.answers:
                return self.answer(200, self.state.answers[key])
            self.answer(*self.perform(key, body))

    do_GET = do_POST = do_PUT = do_DELETE = dispatch

    def perform(self, key: str | None, body: Any) -> tuple[int, object]:
        """One request, by method and path."""
        path = self.split.path
        match self.command, path:
            case "GET", "/cards/humans/count/":
                return 200, {"count": len(self.state.matching(self.query))}
            case "GET", "/cards/humans/":
                return self.page()
            case "POST", "/cards/humans/upsert/":
                cards = body.get("cards") if isinstance(body, dict) else None
                if not isinstance(cards, list) or not all(map(is_card, cards)):
                    return 400, {"detail": "cards is a list of {id, name, image_uri, meta}"}
                return 200, self.state.upsert(key, cards)
            case "DELETE", "/cards/humans/":
                if not self.query:
                    return 400, {"detail": "a filter is needed"}
                return 200, self.state.delete(key, self.query)
            case "PUT", _ if path.startswith("/cameras/") and isinstance(body, dict):
                return 200, self.state.switch(path.split("/")[2], body.get("active") is True)
        return 404, {"detail": "there is no such path"}

    def page(self) -> tuple[int, object]:
        """Cards behind an id."""
        try:
            after, limit = int(self.query.get("after", 0)), int(self.query.get("limit", 100))
        except ValueError:
            return 400, {"detail": "after and limit are numbers"}
        ids = sorted(id for id in self.state.cards if id > after)[:max(1, min(limit, LARGEST_PAGE))]
        return 200, {"results": [self.state.cards[id] for id in ids]}

    def control(self, body: Any) -> None:
        """What a demonstration or a test asks for."""
        match self.split.path:
            case "/__journal":
                with self.server.lock:
                    return self.answer(200, {"lines": self.state.lines})
            case "/__fail":
                with self.server.lock:
                    self.state.failures = [int(body["status"])] * int(body["times"])
            case "/__hold":
                self.state.held.clear()
                self.state.free.clear()
            case "/__held":
                self.state.held.wait()
            case "/__release":
                self.state.free.set()
            case _:
                return self.answer(404, {"detail": "there is no such path"})
        self.answer(200, {})


def is_card(value: Any) -> bool:
    """Whether it has what a card has."""
    return (isinstance(value, dict) and isinstance(value.get("id"), int) and bool(value.get("name"))
            and isinstance(value.get("image_uri"), str) and isinstance(value.get("meta"), dict))


def main() -> None:
    """Serves until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--token-file", required=True)
    parser.add_argument("--journal", required=True, help="one JSON line a change; read at the start")
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--port-file", help="where the port is written once the stand-in answers")
    options = parser.parse_args()
    with open(options.token_file, encoding="utf-8") as file:
        token = file.read().strip()
    serve(Server(FindFaceHandler, options.port, Cards(options.journal, token)), options.port_file)


if __name__ == "__main__":
    main()
