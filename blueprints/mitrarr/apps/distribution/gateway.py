"""FindFace's API for cards and cameras, spoken over HTTP."""
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from apps.distribution.domain import Card, FindFaceCredential
from apps.shared.step import CredentialRefused, Transient, WrongData

# Of one call; the step has its own timeout around all of them.
TIMEOUT = 60
PAGE = 500
LONGEST_ANSWER = 16 << 20


class FindFace:
    """What MITRARR asks of FindFace."""

    def __init__(self, credential: FindFaceCredential) -> None:
        self._credential = credential

    def count(self, wanted: Mapping[str, str]) -> int:
        """How many cards match."""
        return int(self._call("GET", "/cards/humans/count/", query=wanted)["count"])

    def upsert(self, cards: Sequence[Card], request_key: str) -> dict[str, Any]:
        """Makes or changes cards by our ids. The same key gets the answer that it got before."""
        return self._call(
            "POST", "/cards/humans/upsert/", body={"cards": [card.wire() for card in cards]},
            headers={"Idempotency-Key": request_key})

    def delete(self, wanted: Mapping[str, str], request_key: str) -> dict[str, Any]:
        """Removes the cards that match; an empty filter is refused, here and there."""
        if not wanted:
            raise WrongData("no filter: this would remove every card")
        return self._call("DELETE", "/cards/humans/", query=wanted, headers={"Idempotency-Key": request_key})

    def cards(self) -> Iterator[dict[str, Any]]:
        """All cards, by pages, in the order of their ids."""
        after = 0
        while True:
            query = {"after": str(after), "limit": str(PAGE)}
            page = self._call("GET", "/cards/humans/", query=query)["results"]
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1]["id"]

    def switch(self, camera: str, is_on: bool) -> bool:
        """Turns a camera on or off; true where it was not so before."""
        path = f"/cameras/{urllib.parse.quote(camera, safe='')}/"
        return bool(self._call("PUT", path, body={"active": is_on})["changed"])

    def _call(
        self, method: str, path: str, query: Mapping[str, str] | None = None,
        body: object = None, headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        url = self._credential.url.rstrip("/") + path
        if query:
            url += "?" + urllib.parse.urlencode(query)
        request = urllib.request.Request(url, method=method, headers={
            "Authorization": f"Token {self._credential.token}", "Accept": "application/json", **(headers or {})})
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                bytes_read = answer.read(LONGEST_ANSWER + 1)
        except urllib.error.HTTPError as error:
            raise refusal(error) from None
        except (OSError, urllib.error.URLError) as error:
            raise Transient(f"FindFace does not answer: {getattr(error, 'reason', error)}") from None
        if len(bytes_read) > LONGEST_ANSWER:
            raise WrongData(f"FindFace answers more than {LONGEST_ANSWER} bytes to {method} {path}")
        try:
            value = json.loads(bytes_read)
        except ValueError:
            raise Transient(f"FindFace answers something else than JSON to {method} {path}") from None
        if not isinstance(value, dict):
            raise WrongData(f"FindFace answers no JSON object to {method} {path}")
        return value


def refusal(error: urllib.error.HTTPError) -> Exception:
    """What a status of HTTP means for the step."""
    said = error.read(500).decode(errors="replace").strip()
    text = f"FindFace answers {error.code}" + (f": {said}" if said else "")
    if error.code in (401, 403):
        return CredentialRefused(text)
    if error.code in (408, 425, 429) or error.code >= 500:
        return Transient(text)
    return WrongData(text)
