"""Invents regulatory notices, the same ones for the same seed and date."""

import base64
import csv
import datetime
import html
import random
import re

AUTHORITIES = {
    "aneel": ("Aneel", "Agência Nacional de Energia Elétrica"),
    "anp": ("ANP", "Agência Nacional do Petróleo"),
    "cade": ("Cade", "Conselho Administrativo de Defesa Econômica"),
    "cvm": ("CVM", "Comissão de Valores Mobiliários"),
    "newsroom": ("Anatel", "Agência Nacional de Telecomunicações"),
}
FIRST = ["Horizonte", "Alvorada", "Cerrado", "Planalto", "Ipiranga", "Araucária", "Meridional", "Litoral", "Aurora",
         "Bandeirante", "Guaíba", "Pioneira", "Atlântica", "Jequitibá", "Paranoá", "Tietê", "Mantiqueira", "Solimões"]
TRADES = ["Energia", "Transmissora de Energia", "Saneamento", "Telecomunicações", "Óleo e Gás", "Logística",
          "Participações", "Distribuição", "Açúcar e Álcool", "Mineração", "Seguradora", "Papel e Celulose"]
FORMS = ["S.A.", "S.A.", "S.A.", "S/A", "Ltda."]
MONTHS = ["janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro",
          "novembro", "dezembro"]
REASONS = ["descumprir os limites de duração das interrupções", "deixar de prestar informações no prazo",
           "operar sem a licença exigida", "descumprir metas de qualidade do atendimento",
           "divulgar dados incompletos a seus clientes"]
PLAIN_NAME = re.compile(r"[A-Z]+( [A-Z]{3,})* S\.A\.")
TYPES = ["MULTA", "DECISAO", "TRANSACAO", "INCIDENTE", "NOTICIA"]


def cnpj_from(base):
    """A CNPJ of twelve characters and its two check digits, formatted."""
    def digit(values):
        rest = sum(value * (2 + place % 8) for place, value in enumerate(reversed(values))) % 11
        return 0 if rest < 2 else 11 - rest
    values = [ord(character) - 48 for character in base]
    first = digit(values)
    text = f"{base}{first}{digit(values + [first])}"
    return f"{text[:2]}.{text[2:5]}.{text[5:8]}/{text[8:12]}-{text[12:]}"


class Money:
    """An amount in whole hundredths, in the ways in which the press writes it."""

    def __init__(self, chance):
        kind = chance.randrange(4)
        if kind == 0:
            self.cents = chance.randrange(10, 9_999) * 10_000_000          # tenths of a million
            millions = self.cents / 100_000_000
            self.short = f"R$ {decimal(millions)} {'milhão' if millions < 2 else 'milhões'}"
        elif kind == 1:
            self.cents = chance.randrange(10, 990) * 100_000
            self.short = f"R$ {self.cents // 100_000} mil"
        elif kind == 2:
            self.cents = chance.randrange(11, 99) * 10_000_000_000
            billions = self.cents / 100_000_000_000
            self.short = f"R$ {decimal(billions)} {'bilhão' if billions < 2 else 'bilhões'}"
        else:
            self.cents = chance.randrange(100_000, 999_999_999)
            self.short = self.full
        self.reais = self.cents / 100

    @property
    def full(self):
        whole = f"{self.cents // 100:,}".replace(",", ".")
        return f"R$ {whole},{self.cents % 100:02d}"


def decimal(number):
    return f"{number:.1f}".replace(".", ",").removesuffix(",0")


def registered(chance, register):
    """Companies of a register as CVM publishes it, those whose name says their legal form."""
    with open(register, encoding="latin-1", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter=";")
                if row["SIT"] == "ATIVO" and PLAIN_NAME.fullmatch(row["DENOM_SOCIAL"])]
    return [{"name": row["DENOM_SOCIAL"], "cnpj": row["CNPJ_CIA"], "cvm": row["CD_CVM"]}
            for row in chance.sample(rows, 18)]


class Inventor:
    """Draws companies and documents from a seed and a date; each added page draws from its own number."""

    def __init__(self, seed, date, register=None):
        self.seed, self.date = seed, date
        chance = random.Random(f"{seed}/companies")
        self.companies = registered(chance, register) if register else []
        if self.companies:
            return
        for number, first in enumerate(chance.sample(FIRST, len(FIRST))):
            name = f"{first} {chance.choice(TRADES)} {chance.choice(FORMS)}"
            base = f"{chance.randrange(10**8):08d}0001"
            self.companies.append({"name": name, "cnpj": cnpj_from(base), "cvm": 20000 + 7 * number})

    def document(self, source, number, kind=None):
        chance = random.Random(f"{self.seed}/{self.date}/{source}/{number}")
        kind = kind or TYPES[chance.randrange(len(TYPES))]
        code = base64.b32encode(chance.randbytes(5)).decode().lower()
        day = datetime.date.fromisoformat(self.date) - datetime.timedelta(days=chance.randrange(0, 3))
        company, other = chance.sample(self.companies, 2)
        facts = {
            "id": f"{source}-{code}", "source": source, "path": f"/{source}/noticias/{code}.html", "type": kind,
            "date": day.isoformat(), "company": company["name"], "cnpj": company["cnpj"], "amount": None,
        }
        write = {"MULTA": fine, "DECISAO": decision, "TRANSACAO": deal, "INCIDENTE": incident, "NOTICIA": notice}
        write[kind](facts, chance, AUTHORITIES[source], other)
        return facts


def written(day):
    date = datetime.date.fromisoformat(day)
    return f"{'1º' if date.day == 1 else date.day} de {MONTHS[date.month - 1]} de {date.year}"


def slashed(day):
    return "/".join(reversed(day.split("-")))


def fine(facts, chance, authority, other):
    money = Money(chance)
    facts["amount"] = money.reais
    facts["title"] = f"{authority[0]} multa {facts['company']} em {money.short}"
    facts["paragraphs"] = [
        f"A {authority[1]} aplicou em {written(facts['date'])} multa de {money.full} à {facts['company']}, "
        f"CNPJ {facts['cnpj']}, por {chance.choice(REASONS)}.",
        f"A empresa ainda pode recorrer. O processo é o 48500.{chance.randrange(10**6):06d}/2026-11.",
    ]


def decision(facts, chance, authority, other):
    if chance.random() < 0.5:
        money = Money(chance)
        facts["amount"] = money.reais
        facts["title"] = f"{authority[0]} anula multa de {money.short} aplicada à {facts['company']}"
        second = f"Com a decisão, publicada em {slashed(facts['date'])}, nenhuma multa será cobrada da empresa."
    else:
        facts["title"] = f"{authority[0]} arquiva processo contra a {facts['company']}"
        second = f"A decisão foi tomada em {slashed(facts['date'])}. A empresa não será multada."
    facts["paragraphs"] = [
        f"O colegiado da {authority[1]} julgou o recurso da {facts['company']} (CNPJ {facts['cnpj']}) e decidiu por "
        "unanimidade.", second]


def deal(facts, chance, authority, other):
    money = Money(chance)
    facts["amount"] = money.reais
    facts["title"] = f"{facts['company']} conclui a compra da {other['name']} por {money.short}"
    facts["paragraphs"] = [
        f"A {facts['company']}, inscrita no CNPJ sob o nº {facts['cnpj']}, comunicou a aquisição em "
        f"{written(facts['date'])}. O negócio equivale a US$ {chance.randrange(2, 90)} milhões.",
        f"A {authority[1]} não apontou restrições. O contrato prevê multa rescisória de R$ 1 milhão.",
    ]


def incident(facts, chance, authority, other):
    what = chance.choice(["Vazamento", "Incêndio", "Explosão", "Apagão"])
    facts["title"] = f"{what} em unidade da {facts['company']} mobiliza a {authority[0]}"
    facts["paragraphs"] = [
        f"O acidente começou às {chance.randrange(24)}h{chance.randrange(60):02d} de {written(facts['date'])} e foi "
        f"comunicado pela {facts['company']} (CNPJ {facts['cnpj']}). Não houve feridos.",
        "A empresa poderá ser multada se for comprovada negligência.",
    ]


def notice(facts, chance, authority, other):
    facts["company"] = facts["cnpj"] = None
    facts["title"] = f"{authority[0]} abre consulta pública nº {chance.randrange(2, 90)}"
    facts["paragraphs"] = [
        f"As contribuições podem ser enviadas até {slashed(facts['date'])} pelo portal da {authority[1]}.",
        f"O relatório da área técnica está disponível. Dúvidas: 0800 727 {chance.randrange(10**4):04d}.",
    ]


def page(facts):
    """The document as its press office would publish it, with everything around that is not the document."""
    name = AUTHORITIES[facts["source"]][1]
    paragraphs = "\n".join(f"      <p>{html.escape(text)}</p>" for text in facts["paragraphs"])
    return f"""<!doctype html>
<html lang="pt-BR">
<head><meta charset="utf-8"><title>{html.escape(facts['title'])} | {name}</title>
<style>nav li {{ display: inline }}</style></head>
<body>
  <header><a href="/">{name}</a></header>
  <nav><ul><li>Multas aplicadas</li><li>Leilões</li><li>Fale conosco</li></ul></nav>
  <main>
    <article>
      <h1>{html.escape(facts['title'])}</h1>
      <time datetime="{facts['date']}">Publicado em {slashed(facts['date'])}</time>
{paragraphs}
    </article>
  </main>
  <footer>{name} · CNPJ 00.000.000/0000-00 · Telefone 55 11 98765-4321 · Orçamento anual R$ 99 milhões</footer>
</body>
</html>
"""
