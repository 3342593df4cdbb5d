"""The transformations of the ETL source: what they write, what they refuse, and where they go on after a crash."""

import csv
import datetime
import io
import json
import os
import sys
import unittest
import zipfile
import zlib

from support import BLUEPRINTS, Case

sys.path[:0] = [str(BLUEPRINTS / "etl/site"), str(BLUEPRINTS / "lib")]
import accounts  # noqa: E402  the site's own, for whole days
import pdf  # noqa: E402

HEAD = "Conta;Data;Ativo;Classe;Quantidade;Preço;Valor;Vencimento"
ROW = "reag;20/11/2026;CDB Cerrado;CDB;1.234,500;10,00;12.345,00;01/02/2028"
SCHEMA = BLUEPRINTS / "etl/schemas/positions.json"


def archive(files):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as made:
        for name, content in files.items():
            # The moment of making would make two archives of the same files differ.
            made.writestr(zipfile.ZipInfo(name), content)
    return memory.getvalue()


def table(*rows, head=HEAD):
    return ("\r\n".join([head, *rows]) + "\r\n").encode("latin-1")


class TransformCSV(Case):
    program = "etl/programs/transform_csv.py"

    def data(self, **more):
        return {"part": "reag/2026-11-20", "checkpoint_every": 1000, "checkpoints": "", "hold": ""} | more

    def files(self, *tables, schema=SCHEMA):
        return {"positions.json": schema, "csv.zip": archive({f"{n}.csv": one for n, one in enumerate(tables)})}

    def transform(self, *tables, **more):
        return self.step(self.program, self.data(**more), self.files(*tables))

    def rows(self, result):
        return list(csv.reader(io.StringIO(result.artifacts["positions.csv"].decode())))

    def days(self, count=3, rows=900):
        made = accounts.Accounts("7", "2026-11-20", rows)
        return [made.csv("reag", day) for day in made.days[-count:]]

    def test_writes_decimals_with_a_point_and_days_as_iso(self):
        result = self.transform(table(ROW, "master;20/11/2026;Ação;ACAO;1,000;0,50;0,50;"))
        self.assertEqual(result.code, 0, result.err)
        head, first, second = self.rows(result)
        self.assertEqual(head, ["part", "account", "date", "asset", "class", "quantity", "price", "value", "maturity"])
        self.assertEqual(first, ["reag/2026-11-20", "reag", "2026-11-20", "CDB Cerrado", "CDB", "1234.500", "10.00",
                                 "12345.00", "2028-02-01"])
        self.assertEqual(second[3:], ["Ação", "ACAO", "1.000", "0.50", "0.50", ""])
        self.assertEqual(result.output, {"rows": 2, "resumed_at": 0, "totals": {"2026-11-20": "12345.50"}})

    def test_names_the_line_and_column_that_break_the_schema(self):
        broken = {
            ROW.replace("12.345,00", "12345.00"): "Valor",
            ROW.replace("1.234,500", "1.23,4"): "Quantidade",
            ROW.replace("20/11/2026", "2026-11-20"): "Data",
            ROW.replace("20/11/2026", "31/02/2026"): "Data",
            ROW.replace(";CDB;", ";LCI;"): "Classe",
            ROW.replace("reag", "bia"): "Conta",
            ROW.replace("CDB Cerrado", ""): "Ativo",
            ROW.replace("12.345,00", "12.345,001"): "Valor",
            ROW + ";mais": "9 cells",
        }
        for row, word in broken.items():
            result = self.transform(table(ROW), table(ROW, row))
            self.assertEqual(result.code, 65, row)
            self.assertIn("1.csv:3", result.err, row)
            self.assertIn(word, result.err, row)

    def test_refuses_other_columns(self):
        result = self.transform(table(ROW, head=HEAD.replace("Valor", "Valor bruto")))
        self.assertEqual(result.code, 65)
        self.assertIn("Valor bruto", result.err)

    def test_refuses_what_is_no_archive(self):
        self.assertEqual(self.step(self.program, self.data(), {"positions.json": SCHEMA, "csv.zip": b"x"}).code, 65)

    def test_refuses_a_schema_that_promises_more_than_is_checked(self):
        schema = json.loads(SCHEMA.read_text())
        schema["properties"]["value"]["minimum"] = 0
        files = self.files(table(ROW), schema=json.dumps(schema).encode())
        result = self.step(self.program, self.data(), files)
        self.assertEqual(result.code, 78)
        self.assertIn("value: minimum", result.err)

    def killed_at_first_checkpoint(self, tables, checkpoints):
        """An attempt that is killed where it has written its first checkpoint down."""
        gate = str(self.folder / "gate")
        os.mkfifo(gate)
        data = self.data(checkpoints=checkpoints, hold=gate)
        with self.begun(self.program, data, self.files(*tables)) as step:
            with open(gate, "wb"):
                step.kill()
        os.remove(gate)

    def test_goes_on_at_its_checkpoint_after_a_kill(self):
        tables, checkpoints = self.days(), str(self.folder / "checkpoints")
        self.killed_at_first_checkpoint(tables, checkpoints)
        self.assertEqual(len(os.listdir(checkpoints)), 2)
        again = self.transform(*tables, checkpoints=checkpoints)
        self.assertEqual(again.code, 0, again.err)
        self.assertEqual(again.output["resumed_at"], 1000)
        whole = self.transform(*tables)
        self.assertEqual(again.hashes, whole.hashes)
        self.assertEqual(again.output["totals"], whole.output["totals"])
        self.assertEqual(os.listdir(checkpoints), [])

    def test_cuts_off_what_was_written_after_the_checkpoint(self):
        tables, checkpoints = self.days(), str(self.folder / "checkpoints")
        self.killed_at_first_checkpoint(tables, checkpoints)
        with open(f"{checkpoints}/step-1.csv", "ab") as file:
            file.write(b"half a li")
        again = self.transform(*tables, checkpoints=checkpoints)
        self.assertEqual(again.hashes, self.transform(*tables).hashes)

    def test_begins_again_where_the_checkpoint_is_of_other_files_or_without_its_output(self):
        tables, checkpoints = self.days(), str(self.folder / "checkpoints")
        self.killed_at_first_checkpoint(tables, checkpoints)
        other = self.transform(*self.days(2), checkpoints=checkpoints)
        self.assertEqual((other.output["resumed_at"], other.hashes), (0, self.transform(*self.days(2)).hashes))
        self.killed_at_first_checkpoint(tables, checkpoints)
        os.truncate(f"{checkpoints}/step-1.csv", 10)
        lost = self.transform(*tables, checkpoints=checkpoints)
        self.assertEqual((lost.output["resumed_at"], lost.hashes), (0, self.transform(*tables).hashes))


class TransformPDF(Case):
    program = "etl/programs/transform_pdf.py"
    day = datetime.date(2026, 11, 20)
    lines = ["Conta: reag (REAG)", "Data: 20/11/2026", "Posições: 3", "Valor total: R$ 1.234,50"]

    def transform(self, *files):
        return self.step(
            self.program, {"part": "reag/2026-11-20"},
            {"pdf.zip": archive({f"{number}.pdf": file for number, file in enumerate(files)})})

    def drawn(self, content, filter=b""):
        """A PDF with this content alone, as other programs write it."""
        return (b"%%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"
                b"2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n"
                b"3 0 obj\n<</Type/Page/Parent 2 0 R/Contents 4 0 R>>\nendobj\n"
                b"4 0 obj\n<<%s/Length %d>>\nstream\r\n%s\r\nendstream\nendobj\ntrailer\n<</Root 1 0 R>>\n%%%%EOF\n"
                % (filter, len(content), content))

    def test_reads_what_the_site_writes(self):
        made = accounts.Accounts("7", "2026-11-20", 12)
        result = self.transform(made.statement("reag", self.day))
        self.assertEqual(result.code, 0, result.err)
        head, row = csv.reader(io.StringIO(result.artifacts["statements.csv"].decode()))
        self.assertEqual(head, ["part", "account", "date", "positions", "total"])
        self.assertEqual(row[:4], ["reag/2026-11-20", "reag", "2026-11-20", "12"])
        total = sum(one["value"] for one in made.positions("reag", self.day))
        self.assertEqual(result.output["totals"], {"2026-11-20": str(total)})

    def test_reads_other_ways_of_writing_the_same_text(self):
        content = ("BT /F1 9 Tf 1 0 0 1 50 700 Tm [(Con) -20 (ta: ) 5 (reag \\(REAG\\))] TJ 0 -12 Td "
                   "(Data: 20/\\061\\061/2026) Tj T* (Posi\\347\\365es: 3) Tj (Valor total: R$ 1.234,50) ' ET")
        for file in (self.drawn(content.encode()),
                     self.drawn(zlib.compress(content.encode()), b"/Filter/FlateDecode")):
            result = self.transform(file)
            self.assertEqual(result.code, 0, result.err)
            self.assertEqual(result.output, {"rows": 1, "totals": {"2026-11-20": "1234.50"}})

    def test_refuses_what_it_cannot_read_whole(self):
        good = pdf.document("Extrato", self.lines)
        self.assertEqual(self.transform(good).code, 0)
        packed = zlib.compress(b"BT ET")
        refused = {
            "no whole PDF": good[:-20],
            "encrypted": good.replace(b"/Root", b"/Encrypt 9 0 R /Root"),
            "another way": self.drawn(b"x", b"/Filter/LZWDecode"),
            "damaged": self.drawn(packed[:3] + b"\xff" + packed[4:], b"/Filter/FlateDecode"),
            "no page": good.replace(b"/Type /Page ", b"/Type /Leaf "),
            "says date 0 times": pdf.document("Extrato", [self.lines[0], *self.lines[2:]]),
            "says total 2 times": pdf.document("Extrato", [*self.lines, self.lines[3]]),
            "says account 0 times": pdf.document("Extrato", []),
            "out of range": pdf.document("Extrato", [line.replace("20/11", "32/11") for line in self.lines]),
        }
        for text, file in refused.items():
            result = self.transform(good, file)
            self.assertEqual(result.code, 65, text)
            self.assertIn("1.pdf", result.err, text)
            if text != "out of range":
                self.assertIn(text, result.err)


if __name__ == "__main__":
    unittest.main()
