"""Invents positions of two accounts, the same ones for the same seed and date."""

import datetime
import decimal
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
import pdf  # noqa: E402  the blueprints' own writer

ACCOUNTS = {"reag": "REAG Crédito Privado FIC FIM", "master": "Master Fundo de Investimento em Direitos Creditórios"}
HEAD = ["Conta", "Data", "Ativo", "Classe", "Quantidade", "Preço", "Valor", "Vencimento"]
ISSUERS = ["Horizonte", "Alvorada", "Cerrado", "Ipiranga", "Araucária", "Litoral", "Guaíba", "Jequitibá"]
CLASSES = {"TPF": "LTN", "CDB": "CDB", "DEB": "Debênture", "CRI": "CRI", "ACAO": "Ação"}
DAYS_OFFERED = 15
CENT = decimal.Decimal("0.01")


def written(number, places):
    """As a Brazilian spreadsheet has it: 1.234,50."""
    return f"{number:,.{places}f}".replace(",", "_").replace(".", ",").replace("_", ".")


def slashed(day):
    return day.strftime("%d/%m/%Y")


class Accounts:
    def __init__(self, seed, date, rows):
        self.seed, self.rows = seed, rows
        last, self.days = datetime.date.fromisoformat(date), []
        while len(self.days) < DAYS_OFFERED:
            if last.weekday() < 5:
                self.days.append(last)
            last -= datetime.timedelta(days=1)
        self.days.sort()

    def within(self, start, end):
        return [day for day in self.days if start <= day <= end]

    def positions(self, account, day):
        """`rows` positions; each has its number in its name, so that no two are alike."""
        chance = random.Random(f"{self.seed}/{account}/{day}")
        for number in range(1, self.rows + 1):
            kind = chance.choice(sorted(CLASSES))
            quantity = decimal.Decimal(chance.randrange(1, 5_000_000)) / 1000
            price = decimal.Decimal(chance.randrange(100, 1_500_000)) / 100
            matures = None if kind == "ACAO" else day + datetime.timedelta(days=chance.randrange(30, 3_000))
            yield {
                "account": account, "date": day, "asset": f"{CLASSES[kind]} {chance.choice(ISSUERS)} {number:04d}",
                "class": kind, "quantity": quantity, "price": price, "maturity": matures,
                "value": (quantity * price).quantize(CENT, decimal.ROUND_HALF_EVEN),
            }

    def csv(self, account, day):
        """As back offices send it: Latin-1, semicolons, CRLF, decimal commas, days first."""
        lines = [";".join(HEAD)]
        for one in self.positions(account, day):
            lines.append(";".join([
                one["account"], slashed(one["date"]), one["asset"], one["class"], written(one["quantity"], 3),
                written(one["price"], 2), written(one["value"], 2),
                slashed(one["maturity"]) if one["maturity"] else ""]))
        return ("\r\n".join(lines) + "\r\n").encode("latin-1")

    def statement(self, account, day):
        total = sum((one["value"] for one in self.positions(account, day)), decimal.Decimal(0))
        return pdf.document(f"Extrato {account} {slashed(day)}", [
            "AMPLIS (site de demonstração)", "Extrato de posições", "",
            f"Conta: {account} ({ACCOUNTS[account]})", f"Data: {slashed(day)}", f"Posições: {self.rows}",
            f"Valor total: R$ {written(total, 2)}", "",
            "Os valores (em reais) são inventados a partir de uma semente."])

    def truth(self, account, start, end):
        """What the files of these days say, in the form in which a warehouse keeps it."""
        rows = []
        for day in self.within(start, end):
            for one in self.positions(account, day):
                rows.append([account, day.isoformat(), one["asset"], one["class"], f"{one['quantity']:.3f}",
                             f"{one['price']:.2f}", f"{one['value']:.2f}",
                             one["maturity"].isoformat() if one["maturity"] else None])
        return rows
