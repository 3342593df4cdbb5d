"""The classifier and the extractor that need no model: rules, the same result every time.

They claim less than `text.extract` (docs/connectors/text-extract-rules.md) and find the same in what it is tested
with: CNPJs whose check digits are right, amounts in reais, days, and organisations by their legal form.
"""

import dataclasses
import datetime
import decimal
import re

TYPES = ("MULTA", "DECISAO", "TRANSACAO", "INCIDENTE", "NOTICIA", "OUTRO")
ORDER = ("MULTA", "INCIDENTE", "TRANSACAO", "DECISAO")
MONTHS = ("janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro",
          "novembro", "dezembro")

CNPJ = re.compile(r"(?<![\w.])([0-9A-Z]{2})\.?([0-9A-Z]{3})\.?([0-9A-Z]{3})/([0-9A-Z]{4})-?(\d{2})(?!\w)")
MONEY = re.compile(r"(?<![A-Z])R\$\s?(\d{1,3}(?:\.\d{3})+|\d{1,15})(?:,(\d{1,2}))?"
                   r"(?:\s(mil|milh(?:ão|ões)|bilh(?:ão|ões))\b)?")
DAY = re.compile(r"\b(\d{1,2})/(\d{1,2})/(\d{4})\b|\b(\d{1,2})º? de (" + "|".join(MONTHS) + r") de (\d{4})\b", re.I)
NAME = r"[A-ZÀ-Ý][\wÀ-ÿ&'-]*"
COMPANY = re.compile(rf"{NAME}(?:\s+(?:(?:de|da|do|das|dos|e)\s+)?{NAME}){{0,8}}\s+"
                     r"(?:S\.\s?A\.|S/A|SA\b|Ltda\.?|LTDA\.?|EIRELI)")
SCALE = {"mil": 10**3, "milhão": 10**6, "milhões": 10**6, "bilhão": 10**9, "bilhões": 10**9}

CUES = [(kind, points, re.compile(rf"\b(?:{words})\b", re.I)) for kind, points, words in (
    ("MULTA", 3, "multa|multou|multas|multada|multado|auto de infração|autuou"),
    ("MULTA", 2, "penalidade|sanção|autuação"),
    ("INCIDENTE", 3, "vazamento|incêndio|explosão|apagão|rompimento"),
    ("INCIDENTE", 2, "acidente|interrupção do fornecimento"),
    ("TRANSACAO", 3, "aquisição|compra|fusão|incorporação|oferta pública de ações"),
    ("TRANSACAO", 2, "contrato|venda|negócio"),
    ("DECISAO", 3, "arquiva|arquivou|julgou|decidiu|indefere|homologa"),
    ("DECISAO", 2, "decisão|recurso|colegiado"),
    ("NOTICIA", 2, "consulta pública|audiência pública|leilão|divulga|publica"),
    ("NOTICIA", 1, "relatório|contribuições|evento"))]
DENIED = re.compile(r"\b(?:não|nem|sem|nenhuma?|sob pena de|em caso de|poderá|poderia|podem?|prevê)"
                    r"(?:\s+\S+){0,3}\s+$", re.I)
ELSEWISE = re.compile(r"^\s+(?:rescisória|diária|contratual)", re.I)
UNDONE = re.compile(r"\b(?:anul|cancel|revog|suspend|revert)\w*\s+(?:a |as |o |os )?"
                    r"(?:multas?|penalidades?|sanç\w+)", re.I)
SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-ZÀ-Ý0-9])")


@dataclasses.dataclass(frozen=True)
class Entity:
    type: str
    text: str
    confidence: float
    start: int
    value: object = None


def is_cnpj(text):
    """Both check digits, of the alphanumeric form too: a character counts as its ASCII code less 48."""
    if len(text) != 14 or len(set(text)) == 1 or text[8:12] == "0000" or not text[12:].isdigit():
        return False
    values = [ord(character) - 48 for character in text]

    def digit(count):
        rest = sum(value * (2 + place % 8) for place, value in enumerate(reversed(values[:count]))) % 11
        return 0 if rest < 2 else 11 - rest
    return values[12] == digit(12) and values[13] == digit(13)


def _day(found):
    day, month, year = (found[1], found[2], found[3]) if found[1] else (
        found[4], MONTHS.index(found[5].lower()) + 1, found[6])
    try:
        return datetime.date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None


def entities(text):
    """What is named, by its place; nothing overlaps: CNPJ goes before money, days, and organisations."""
    found = []

    def add(entity):
        end = entity.start + len(entity.text)
        if all(end <= other.start or other.start + len(other.text) <= entity.start for other in found):
            found.append(entity)
    for match in CNPJ.finditer(text):
        plain = "".join(match.groups())
        if is_cnpj(plain):
            add(Entity("CNPJ", match[0], 0.99, match.start(), plain))
    for match in MONEY.finditer(text):
        whole = decimal.Decimal(match[1].replace(".", "") + "." + (match[2] or "0"))
        add(Entity("MONEY", match[0], 0.99, match.start(), float(whole * SCALE.get(match[3], 1))))
    for match in DAY.finditer(text):
        if day := _day(match):
            add(Entity("DATE", match[0], 0.97, match.start(), day))
    for match in COMPANY.finditer(text):
        article = re.match(r"(?:A|O|As|Os|À|Ao)\s+", match[0])
        start = article.end() if article else 0
        add(Entity("ORG", match[0][start:], 0.95, match.start() + start))
    return sorted(found, key=lambda entity: entity.start)


def classify(title, text):
    """`(type, confidence)`: points of cues, those of the title double; what is denied or undone does not count."""
    points = dict.fromkeys(TYPES, 0)
    for weight, sentence in [(2, title), *((1, part) for part in SENTENCE.split(text))]:
        undone = UNDONE.search(sentence)
        if undone:
            points["DECISAO"] += 3 * weight
        for kind, value, cue in CUES:
            for match in cue.finditer(sentence):
                if (kind == "MULTA" and undone or DENIED.search(sentence[:match.start()])
                        or ELSEWISE.match(sentence[match.end():])):
                    continue
                points[kind] += value * weight
    best = max(ORDER, key=lambda kind: points[kind])
    if points[best] < 2:
        best = "NOTICIA" if points["NOTICIA"] >= 2 else "OUTRO"
    if best == "OUTRO":
        return best, 0.4
    rival = max(points[kind] for kind in TYPES if kind != best)
    confidence = min(0.95, (0.5 if best == "NOTICIA" else 0.6) + 0.05 * (points[best] - 2))
    return best, round(confidence - (0.15 if 2 * rival > points[best] else 0), 2)
