#!/usr/bin/env python3
"""The executor: takes `iniciar_execucao`, writes a report about the data, and answers with `resultado_execucao`.

  executador.py --spool spool --esteira esteira [--once]
  executador.py --broker localhost:5672 --arquivos /volume

The report is a PDF file below the folder `arquivos`, in one of the correlation id. The same data give the same bytes.
"""

import argparse
import collections
import hashlib
import os
import sys

import fila

sys.path.insert(0, os.path.join(fila.here, "..", "..", "lib"))
import pdf  # noqa: E402  the blueprints' own writer


def write(path, body):
    # Two executors may have the same order; each writes a file of its own, and the last one stays.
    draft = f"{path}.{os.getpid()}.new"
    with open(draft, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)


def execute(order):
    data, correlation = order["payload"].get("dados"), order["correlation_id"]
    if not isinstance(data, list) or not all(isinstance(one, dict) for one in data):
        return {"resultado": "erro", "erros": ["payload não traz dados"]}
    if correlation.strip(".") == "":
        return {"resultado": "erro", "erros": ["correlation_id não serve de nome"]}
    months = collections.Counter(str(one.get("data", ""))[:7] or "sem data" for one in data)
    lines = ["Relatório do ORÁCULO", f"Coleta {correlation}", f"Itens: {len(data)}", ""]
    lines += [f"{month}: {count}" for month, count in sorted(months.items())] + [""]
    lines += [f"{str(one.get('data', ''))[:10]}  {str(one.get('titulo', ''))[:70]}" for one in data]
    body = pdf.document(f"Coleta {correlation}", lines)
    folder = os.path.join(options.arquivos, correlation)
    os.makedirs(folder, exist_ok=True)
    write(os.path.join(folder, "relatorio.pdf"), body)
    return {"resultado": "ok", "arquivo": "relatorio.pdf", "sha256": hashlib.sha256(body).hexdigest(),
            "itens": len(data), "por_mes": dict(sorted(months.items()))}


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
fila.add_options(parser)
parser.add_argument("--arquivos", help="where the reports go; a volume that all executors share (SPOOL/arquivos)")
options = fila.options_of(parser)
options.arquivos = options.arquivos or (os.path.join(options.spool, "arquivos") if options.spool else None)
if not options.arquivos:
    parser.error("it needs --arquivos")
worker = fila.worker(options, "iniciar_execucao", "resultado_execucao", execute)
worker.run(["execucao"])
