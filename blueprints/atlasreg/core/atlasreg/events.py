"""From a page to its event: what the gold file tells of it. What a page does not say is left out, never made up."""

import hashlib
import uuid

from atlasreg import models, page

IN_GOLD = ("ORG", "PERSON", "MONEY", "CNPJ", "ASSET")
LONGEST_SUMMARY = 400
# A fine from here on, or any incident, is critical.
CRITICAL_FINE = 10_000_000.0


def company_id(name):
    """Of a CNPJ or, without one, of a name; schema and register make it likewise."""
    return uuid.UUID(bytes=hashlib.sha256(name.encode()).digest()[:16])


def read(document, source, body):
    """The event of one page, with `text`, and `company` as `{name, cnpj}` where it names one."""
    title, paragraphs = page.read(body)
    title = title or document["title"]
    text = "\n\n".join(paragraphs)
    kind, confidence = models.classifier().classify(title, text)
    whole = f"{title}\n\n{text}"
    named = models.extractor().entities(whole)

    def first(wanted, places=named):
        return next((entity for entity in places if entity.type == wanted), None)
    company = None
    if organisation := first("ORG"):
        company = {"name": organisation.text, "cnpj": getattr(first("CNPJ"), "value", None)}
    amount = getattr(first("MONEY"), "value", None)
    longest = max(paragraphs[:3], key=len, default=title)
    return {
        "event_id": str(uuid.uuid5(uuid.NAMESPACE_URL, document["url"])),
        "title": title,
        "summary": longest if len(longest) <= LONGEST_SUMMARY else longest[:LONGEST_SUMMARY - 1].rstrip() + "…",
        "event_type": kind,
        "company": company,
        "amount": amount,
        "date": getattr(first("DATE"), "value", None) or document.get("date"),
        "source": source["id"],
        "source_url": document["url"],
        "confidence_score": confidence,
        "entities": [{"type": one.type, "text": one.text, "confidence": one.confidence}
                     for one in named if one.type in IN_GOLD],
        "text": text,
        "models": [models.classifier().name, models.extractor().name],
    }


def is_critical(kind, amount):
    return kind == "INCIDENTE" or kind == "MULTA" and (amount or 0.0) >= CRITICAL_FINE


def formatted(cnpj):
    return f"{cnpj[:2]}.{cnpj[2:5]}.{cnpj[5:8]}/{cnpj[8:12]}-{cnpj[12:]}"
