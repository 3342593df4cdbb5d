#!/usr/bin/env python3
"""Fetches what is new at DETRAN-RR into one file of lines for `normalize-batch`.

  detran.py --since 2026-11-19 --until 2026-11-20

The connection's address has `url`, its credential `username` and `password`. The artifact is `batch.ndjson`, the
output `{count}`. It only reads, so it can be repeated.
"""
import argparse
import base64
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from apps.acquisition import domain  # noqa: E402
from apps.shared import step  # noqa: E402

TIMEOUT = 60
LONGEST_PAGE = 16 << 20
MOST_PAGES = 10_000


class DetranBatchFetcher:
    """DETRAN's pages over HTTP: a `SourceConnector`."""

    def __init__(self, url: str, username: str, password: str) -> None:
        self._url = url.rstrip("/")
        self._authorization = "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()

    def batches(self, since: date) -> Iterator[domain.RawNistBatch]:
        """Page after page, until one is the last."""
        for number in range(1, MOST_PAGES + 1):
            page = self._page(f"/api/v1/registros?desde={since}&pagina={number}")
            try:
                yield domain.RawNistBatch(number, int(page["total"]), tuple(page["registros"]))
                if page["ultima"]:
                    return
            except (KeyError, TypeError, ValueError) as error:
                raise step.WrongData(f"page {number} of DETRAN is none: {error}") from None
        raise step.WrongData(f"DETRAN has more than {MOST_PAGES} pages since {since}")

    def line(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Known by the hash of the record itself, portrait included. What is missing in it stays empty: the
        register says what is wrong with it."""
        content = domain.canonical(record)
        portrait = record.get("imagem")
        return {
            "sha256": domain.sha256(content),
            "name": f"detran-{record.get('registro', '')}.json",
            "size": len(content),
            "transaction": {
                "TOT": "CNH" if record.get("registro") else "", "ORI": "DETRAN-RR",
                "TCN": str(record.get("registro", "")),
            },
            "descriptive": {
                "2.018": [str(record.get("nome", ""))],
                "2.022": [str(record.get("nascimento", "")).replace("-", "")],
            },
            "images": [{"sha256": domain.sha256(str(portrait).encode())}] if portrait else [],
        }

    def _page(self, path: str) -> dict[str, Any]:
        request = urllib.request.Request(self._url + path, headers={"Authorization": self._authorization})
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                content = answer.read(LONGEST_PAGE + 1)
        except urllib.error.HTTPError as error:
            text = f"DETRAN answers {error.code} to {path}"
            if error.code in (401, 403):
                raise step.CredentialRefused(text) from None
            kind = step.Transient if error.code in (408, 429) or error.code >= 500 else step.WrongData
            raise kind(text) from None
        except (OSError, urllib.error.URLError) as error:
            raise step.Transient(f"DETRAN does not answer: {getattr(error, 'reason', error)}") from None
        if len(content) > LONGEST_PAGE:
            raise step.WrongData(f"{path} has more than {LONGEST_PAGE} bytes")
        try:
            page = json.loads(content)
        except ValueError:
            raise step.Transient(f"{path} broke off or is no JSON") from None
        if not isinstance(page, dict):
            raise step.WrongData(f"{path} holds no JSON object")
        return page


def main() -> None:
    """One attempt of the step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--since", required=True, type=date.fromisoformat)
    parser.add_argument("--until", required=True, type=date.fromisoformat, help="the day of the job")
    options = parser.parse_args()
    connection = step.connection()
    source = DetranBatchFetcher(
        connection.text("url"), connection.secret("username"), connection.secret("password"))
    count = 0
    try:
        with step.artifact("batch.ndjson").open("w", encoding="utf-8") as file:
            for line in domain.AcquisitionJob(options.since, options.until).run(source):
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
                count += 1
    except domain.BatchChanged as changed:
        raise step.Transient(str(changed)) from None
    except domain.InvariantBroken as broken:
        raise step.WrongData(str(broken)) from None
    step.output({"count": count})


if __name__ == "__main__":
    step.run(main)
