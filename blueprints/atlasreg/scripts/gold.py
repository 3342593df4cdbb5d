"""Consolidates what was extracted into the JSON Gold, version 2.0 (`schemas/gold.schema.json`).

Reads from ESTEIRA_DATA `{run_id, date, generated_at, sources_processed, documents, errors}`, where a document is
`{document, source, facts}`, and on standard input the register of companies as CVM publishes it, or nothing.
What a page does not say is left out of its event, never filled in.
"""

import csv
import hashlib
import io
import json
import os
import sys
import uuid

IN_GOLD = {"ORG", "PERSON", "MONEY", "CNPJ", "ASSET"}
LONGEST_SUMMARY = 400
# A fine from here on, or any incident, is critical.
CRITICAL_FINE = 10_000_000.0


def registered_companies():
    """Name and CVM code by CNPJ, digits only."""
    companies = {}
    text = io.TextIOWrapper(sys.stdin.buffer, encoding="latin-1", newline="")
    for row in csv.DictReader(text, delimiter=";"):
        if row.get("CNPJ_CIA") and row.get("CD_CVM"):
            companies[digits(row["CNPJ_CIA"])] = {"name": row["DENOM_SOCIAL"], "cvm": row["CD_CVM"]}
    return companies


def digits(cnpj):
    return "".join(character for character in cnpj if character.isalnum()).upper()


def formatted(cnpj):
    return f"{cnpj[:2]}.{cnpj[2:5]}.{cnpj[5:8]}/{cnpj[8:12]}-{cnpj[12:]}"


def company(found, source, register):
    """The company of an event; `player_id` is the register's where the CNPJ is in it, else the source's."""
    if "company" not in found:
        return None
    cnpj = found.get("cnpj")
    result = {"id": str(uuid.uuid5(uuid.NAMESPACE_OID, cnpj or found["company"])), "name": found["company"]}
    if cnpj:
        result["cnpj"] = formatted(cnpj)
    if cnpj in register:
        result["player_id"] = f"cvm-{register[cnpj]['cvm']}"
    elif source.get("player_id"):
        result["player_id"] = source["player_id"]
    return result


def summary(facts):
    """The first paragraph behind the title, which holds what the page's first line says."""
    paragraphs = [part for part in facts["text"].split("\n\n") if part.strip() and part != facts["title"]]
    longest = max(paragraphs[:2], key=len, default=facts["title"])
    return longest if len(longest) <= LONGEST_SUMMARY else longest[:LONGEST_SUMMARY - 1].rstrip() + "…"


def event(entry, register, day):
    document, source, facts = entry["document"], entry["source"], entry["facts"]
    found = facts["event"]
    amount = found.get("amount")
    result = {
        "event_id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{document['url']}#{found['type']}")),
        "title": facts["title"] or document["title"],
        "summary": summary(facts),
        "event_type": found["type"],
        "date": found.get("date") or document.get("date") or day,
        "source": source["id"],
        "source_url": document["url"],
        "confidence_score": found["confidence"],
        "is_critical": found["type"] == "INCIDENTE" or found["type"] == "MULTA" and (amount or 0.0) >= CRITICAL_FINE,
        "entities": [{key: entity[key] for key in ("type", "text", "confidence")}
                     for entity in facts["entities"] if entity["type"] in IN_GOLD],
        "tags": [found["type"].lower(), source["id"]],
    }
    if who := company(found, source, register):
        result["company"] = who
    if amount is not None:
        result["amount"] = float(amount)
    return result


with open(os.environ["ESTEIRA_DATA"], encoding="utf-8") as file:
    data = json.load(file)
register = registered_companies()
events = [event(entry, register, data["date"]) for entry in data["documents"]]
gold = {
    "metadata": {
        "run_id": data["run_id"], "generated_at": data["generated_at"], "date": data["date"],
        "sources_processed": data["sources_processed"], "documents_count": len(data["documents"]),
        "events_count": len(events), "version": "2.0"},
    "events": events,
    "errors": data["errors"],
}
body = (json.dumps(gold, ensure_ascii=False, indent=2) + "\n").encode()
with open(os.path.join(os.environ["ESTEIRA_ARTIFACTS"], "gold.json"), "wb") as file:
    file.write(body)
matched = sum(1 for one in events if one.get("company", {}).get("player_id", "").startswith("cvm-"))
with open(os.environ["ESTEIRA_OUTPUT"], "w", encoding="utf-8") as file:
    json.dump({"sha256": hashlib.sha256(body).hexdigest(), "events_count": len(events),
               "companies_registered": len(register), "companies_matched": matched}, file)
