#!/usr/bin/env python3
"""Stands in for DETRAN-RR: pages of licence records, made from a seed.

  detran_site.py --seed 7 --records 120 --login-file login.json

  GET /api/v1/registros?desde=YYYY-MM-DD&pagina=N   {total, pagina, ultima, registros}; asks for Basic

Every fortieth record has no number, as happens; a demonstration sees it refused. Control path, without a login:

  POST /__fail {status, times}                      the next requests are refused so
"""
import argparse
import base64
import hmac
import json
import random
from datetime import date, timedelta
from typing import Any

from serving import Handler, Server, serve

PAGE = 50
BROKEN_EVERY = 40
GIVEN = ["Ana", "Bruno", "Caio", "Davi", "Elisa", "Flávia", "Gil", "Helena", "Iara", "João"]
FAMILY = ["Almeida", "Barros", "Cardoso", "Dias", "Esteves", "Farias", "Gomes", "Lima", "Macuxi", "Nunes"]


class Records:
    """The records, and who may see them."""

    def __init__(self, seed: int, count: int, login: dict[str, str]) -> None:
        self.authorization = "Basic " + base64.b64encode(
            f"{login['username']}:{login['password']}".encode()).decode()
        self.failures: list[int] = []
        chance = random.Random(seed)
        self.all = [self._record(number, chance) for number in range(1, count + 1)]

    @staticmethod
    def _record(number: int, chance: random.Random) -> dict[str, Any]:
        born = date(1950, 1, 1) + timedelta(days=chance.randrange(20_000))
        return {
            "registro": "" if number % BROKEN_EVERY == 0 else f"RR{number:08}",
            "nome": f"{chance.choice(GIVEN)} {chance.choice(FAMILY)} {chance.choice(FAMILY)}",
            "nascimento": born.isoformat(),
            "imagem": base64.b64encode(chance.randbytes(96)).decode(),
        }


class DetranHandler(Handler):
    """The site."""

    def do_GET(self) -> None:
        """One page."""
        records: Records = self.server.state
        with self.server.lock:
            if records.failures:
                return self.answer(records.failures.pop(), {"detalhe": "pediram para falhar"})
        if not hmac.compare_digest(self.headers.get("Authorization", ""), records.authorization):
            return self.answer(401, {"detalhe": "usuário ou senha"})
        if self.split.path != "/api/v1/registros":
            return self.answer(404, {"detalhe": "não existe"})
        try:
            date.fromisoformat(self.query.get("desde", ""))
            number = max(1, int(self.query.get("pagina", "1")))
        except ValueError:
            return self.answer(400, {"detalhe": "desde=AAAA-MM-DD e pagina=N"})
        start = (number - 1) * PAGE
        self.answer(200, {
            "total": len(records.all), "pagina": number, "ultima": start + PAGE >= len(records.all),
            "registros": records.all[start:start + PAGE]})

    def do_POST(self) -> None:
        """Control."""
        body = self.body()
        if self.split.path != "/__fail":
            return self.answer(404, {})
        with self.server.lock:
            self.server.state.failures = [int(body["status"])] * int(body["times"])
        self.answer(200, {})


def main() -> None:
    """Serves until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--records", type=int, default=120)
    parser.add_argument("--login-file", required=True, help='{"username": …, "password": …}')
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--port-file", help="where the port is written once the stand-in answers")
    options = parser.parse_args()
    with open(options.login_file, encoding="utf-8") as file:
        login = json.load(file)
    serve(Server(DetranHandler, options.port, Records(options.seed, options.records, login)), options.port_file)


if __name__ == "__main__":
    main()
