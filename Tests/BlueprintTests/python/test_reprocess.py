"""The search index of AtlasReg's reprocess: a date is there whole, once, or not at all."""

import sqlite3
import unittest

from support import Case


def entry(number, title="Título", kind="MULTA"):
    return {"document": {"id": f"cade-{number}", "url": f"http://127.0.0.1/{number}"}, "source": {"id": "cade"},
            "facts": {"title": title, "text": f"{title} da decisão", "event": {"type": kind, "confidence": 0.9}}}


class Reprocess(Case):
    def index(self, documents, date="2026-11-20", run="reprocess_1", index=None):
        data = {"index": index or str(self.folder / "index.db"), "date": date, "run_id": run,
                "documents": documents, "errors": 0}
        return self.step("atlasreg/scripts/reprocess.py", data)

    def ask(self, statement, *values):
        connection = sqlite3.connect(self.folder / "index.db")
        try:
            return connection.execute(statement, values).fetchall()
        finally:
            connection.close()

    def test_replaces_a_date_and_leaves_the_others(self):
        self.index([entry(1), entry(2)])
        self.index([entry(9)], date="2026-11-19")
        result = self.index([entry(2), entry(3)], run="reprocess_2")
        self.assertEqual(result.output, {"documents_count": 2, "errors": 0, "indexed": 2}, result.err)
        rows = self.ask("SELECT document, day, run_id FROM atlasreg_events ORDER BY document")
        self.assertEqual(rows, [("cade-2", "2026-11-20", "reprocess_2"), ("cade-3", "2026-11-20", "reprocess_2"),
                                ("cade-9", "2026-11-19", "reprocess_1")])
        self.assertEqual(self.ask("SELECT count(*) FROM atlasreg_documents"), [(3,)])

    def test_finds_words_without_their_accents(self):
        self.index([entry(1, "Decisão sobre saneamento"), entry(2, "Multa")])
        found = self.ask("SELECT id FROM atlasreg_documents WHERE atlasreg_documents MATCH ?", "decisao saneamento")
        self.assertEqual(found, [("cade-1",)])

    def test_keeps_the_old_date_where_the_new_one_cannot_be_written(self):
        self.index([entry(1)])
        broken = entry(3)
        broken["facts"]["event"]["type"] = None
        self.assertNotEqual(self.index([entry(2), broken], run="reprocess_2").code, 0)
        self.assertEqual(self.ask("SELECT document, run_id FROM atlasreg_events"), [("cade-1", "reprocess_1")])
        self.assertEqual(self.ask("SELECT id FROM atlasreg_documents"), [("cade-1",)])

    def test_needs_to_be_told_where_the_index_is(self):
        self.assertEqual(self.index([entry(1)], index="index.db").code, 78)


if __name__ == "__main__":
    unittest.main()
