"""AtlasReg's core: what its rules find in invented notices, its settings, its logs, and its connections."""

import http.server
import io
import json
import logging
import os
import subprocess
import sys
import threading
import unittest
import urllib.error
from unittest import mock

from support import BLUEPRINTS, Case

sys.path[:0] = [str(BLUEPRINTS / "atlasreg/core"), str(BLUEPRINTS / "atlasreg/sample-site")]
import documents  # noqa: E402
from atlasreg import events, index, logs, models, rules, settings  # noqa: E402

STANDALONE = {
    "DATABASE_URL": "postgresql://atlas:p%40ss@db.example.org/atlasreg", "MINIO_ROOT_USER": "admin",
    "MINIO_ROOT_PASSWORD": "atlasreg2025", "HOOK_ENDPOINT": "https://worker.example.org", "HOOK_HMAC_SECRET": "s3cret"}
CLOUDFLARE = {
    **STANDALONE, "MODE": "cloudflare", "CF_API_TOKEN": "t0ken", "CF_ACCOUNT_ID": "a" * 32, "CF_NAMESPACE_ID": "b" * 32,
    "R2_ENDPOINT": "https://account.r2.cloudflarestorage.com", "R2_ACCESS_KEY": "k", "R2_SECRET_KEY": "r2-s3cret"}


class Notices(unittest.TestCase):
    def setUp(self):
        self.enterContext(mock.patch.dict(os.environ, STANDALONE, clear=True))
        for cached in (settings.get_settings, models.classifier, models.extractor):
            cached.cache_clear()
            self.addCleanup(cached.cache_clear)

    def test_say_what_their_author_meant(self):
        wrong = []
        for seed in range(12):
            inventor = documents.Inventor(seed, "2026-11-20")
            for source in documents.AUTHORITIES:
                for number in range(6):
                    fact = inventor.document(source, number)
                    document = {"title": fact["title"], "url": "http://127.0.0.1" + fact["path"], "date": fact["date"]}
                    event = events.read(document, {"id": source}, documents.page(fact))
                    company = event["company"] or {}
                    cnpj = company.get("cnpj")
                    found = (event["event_type"], event["title"], event["amount"], company.get("name"),
                             cnpj and events.formatted(cnpj), event["date"])
                    if found != tuple(fact[key] for key in ("type", "title", "amount", "company", "cnpj", "date")):
                        wrong.append((found, fact))
        self.assertEqual(wrong, [])

    def test_have_no_cnpj_whose_digits_are_wrong(self):
        self.assertTrue(rules.is_cnpj("11222333000181") and rules.is_cnpj("12ABC34501DE35"))
        for wrong in ("11222333000182", "00000000000000", "11222333000081", "12ABC34501DE36", "1122233300018"):
            self.assertFalse(rules.is_cnpj(wrong), wrong)
        self.assertEqual(rules.entities("CNPJ 11.222.333/0001-82 e telefone 55 11 98765-4321"), [])

    def test_of_what_is_denied_possible_or_undone_are_no_fine(self):
        for text in ("A empresa não foi multada.", "O contrato prevê multa rescisória.", "Sob pena de multa.",
                     "Nenhuma multa será cobrada."):
            self.assertNotEqual(rules.classify("", text)[0], "MULTA", text)
        self.assertEqual(rules.classify("Cade anula multa da Alfa S.A.", "")[0], "DECISAO")

    def test_have_money_of_reais_alone(self):
        text = "R$ 2,5 milhões, US$ 3 milhões, R$ 300 mil e R$ 1.234,56."
        found = {one.text: one.value for one in rules.entities(text)}
        self.assertEqual(found, {"R$ 2,5 milhões": 2_500_000.0, "R$ 300 mil": 300_000.0, "R$ 1.234,56": 1234.56})


class Models(unittest.TestCase):
    def use(self, **more):
        self.enterContext(mock.patch.dict(os.environ, {**STANDALONE, **more}, clear=True))
        for cached in (settings.get_settings, models.classifier, models.extractor):
            cached.cache_clear()
            self.addCleanup(cached.cache_clear)

    def test_are_rules_where_no_weights_are_named(self):
        self.use()
        self.assertEqual((models.classifier().name, models.extractor().name), ("rules", "rules"))

    def test_that_are_named_and_missing_are_a_fault(self):
        self.use(BERTIMBAU_PATH="/nowhere", SPACY_MODEL="/nowhere")
        for load in (models.classifier, models.extractor):
            with self.assertRaisesRegex(FileNotFoundError, "/nowhere"):
                load()

    def test_stand_behind_the_same_two_calls(self):
        """With stand-ins of both libraries: their weights are not here."""
        self.use(BERTIMBAU_PATH=os.path.dirname(__file__), SPACY_MODEL=os.path.dirname(__file__))
        said = {"label": "MULTA", "score": 0.87654}
        transformers = mock.Mock(pipeline=mock.Mock(return_value=lambda text: [said]))
        name = "Maria Souza"
        text = f"{name} dirige a Alfa Energia S.A."
        spans = [mock.Mock(label_="PER", text=name, start_char=0),
                 mock.Mock(label_="LOC", text="Alfa", start_char=22)]
        spacy = mock.Mock(load=mock.Mock(return_value=lambda _: mock.Mock(ents=spans)))
        with mock.patch.dict(sys.modules, transformers=transformers, spacy=spacy):
            self.assertEqual(models.classifier().classify("t", "x"), ("MULTA", 0.8765))
            self.assertEqual([(one.type, one.text) for one in models.extractor().entities(text)],
                             [("PERSON", name), ("ORG", "Alfa Energia S.A.")])
            said["label"] = "LABEL_0"
            with self.assertRaisesRegex(ValueError, "LABEL_0"):
                models.classifier().classify("t", "x")


class Environment(unittest.TestCase):
    def test_is_told_all_that_is_wrong_at_once(self):
        with self.assertRaises(settings.SettingsError) as told:
            settings.parse({"MODE": "cloud", "DATABASE_URL": "mysql://db/x", "LOG_LEVEL": "LOUD",
                            "CELERY_VISIBILITY": "0"})
        text = str(told.exception)
        for word in ("MODE", "DATABASE_URL", "LOG_LEVEL", "CELERY_VISIBILITY", "HOOK_ENDPOINT is missing",
                     "HOOK_HMAC_SECRET is missing", "MINIO_ROOT_USER"):
            self.assertIn(word, text)

    def test_of_cloudflare_needs_its_own_and_not_minio(self):
        self.assertEqual(settings.parse(CLOUDFLARE).store_key(), ("k", "r2-s3cret"))
        for name in ("CF_API_TOKEN", "CF_ACCOUNT_ID", "CF_NAMESPACE_ID", "R2_ACCESS_KEY", "R2_SECRET_KEY"):
            with self.assertRaisesRegex(settings.SettingsError, f"{name} is missing"):
                settings.parse({**CLOUDFLARE, name: ""})

    def test_is_read_once_and_keeps_its_secrets(self):
        with mock.patch.dict(os.environ, CLOUDFLARE, clear=True):
            settings.get_settings.cache_clear()
            self.addCleanup(settings.get_settings.cache_clear)
            self.assertIs(settings.get_settings(), settings.get_settings())
            for secret in ("t0ken", "r2-s3cret", "'s3cret'", "atlasreg2025"):
                self.assertNotIn(secret, repr(settings.get_settings()))


class Connections(Case):
    def made(self, environment):
        done = subprocess.run(
            [sys.executable, "-B", str(BLUEPRINTS / "atlasreg/connections.py"), "--dry-run"], capture_output=True,
            text=True, env={"PATH": os.environ["PATH"], **environment}, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        for secret in ("p@ss", "p%40ss", "t0ken", "r2-s3cret", "atlasreg2025"):
            self.assertNotIn(secret, done.stdout)
        return {one["name"]: one for one in map(json.loads, done.stdout.splitlines())}

    def test_of_standalone_ask_nothing_of_cloudflare(self):
        made = self.made(STANDALONE)
        self.assertEqual(made["cloudflare_kv"]["address"], {})
        self.assertNotIn("cloudflare_queue", made)
        self.assertEqual(made["database"]["address"], {
            "host": "db.example.org", "port": 5432, "database": "atlasreg", "security": "verify"})
        self.assertEqual(made["redis_main"]["address"], {"url": "redis://redis:6379/2"})
        self.assertEqual(made["celery"]["address"]["broker"], "redis://redis:6379/1")
        self.assertEqual(made["store"]["address"]["region"], "auto")
        self.assertNotIn("egress", made["database"])

    def test_of_cloudflare_have_queue_and_values(self):
        made = self.made({**CLOUDFLARE, "EGRESS": "10.0.0.0/8"})
        self.assertEqual(made["cloudflare_kv"]["address"]["namespace_id"], "b" * 32)
        self.assertEqual(made["cloudflare_queue"]["address"], {
            "account_id": "a" * 32, "url": "https://api.cloudflare.com/client/v4"})
        self.assertEqual(made["store"]["address"]["service"], "r2")
        self.assertEqual(made["hook"]["egress"], {"allow": ["10.0.0.0/8"]})

    def test_that_cannot_be_made_say_why(self):
        done = subprocess.run([sys.executable, "-B", str(BLUEPRINTS / "atlasreg/connections.py"), "--dry-run"],
                              capture_output=True, text=True, env={"PATH": os.environ["PATH"]}, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("connections: DATABASE_URL is missing", done.stderr)


class Spiders(unittest.TestCase):
    def test_are_polite_unless_a_step_says_otherwise(self):
        said = {}
        exec((BLUEPRINTS / "atlasreg/crawlers/atlasreg_scrapers/settings.py").read_text(), said)
        self.assertEqual((said["ROBOTSTXT_OBEY"], said["DOWNLOAD_DELAY"], said["USER_AGENT"]),
                         (True, 5, "AtlasReg/2.0 by ness."))


class Indexes(unittest.TestCase):
    """Against what the pages of Elasticsearch say of PUT /INDEX/_doc/ID with an external version."""

    def setUp(self):
        self.asked, self.status, case = [], 201, self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_PUT(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                case.asked.append((self.path, self.headers.get("Authorization"), body))
                self.send_response(case.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                """Says nothing."""

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.index = index.Elasticsearch(f"http://ana:p%40ss@127.0.0.1:{server.server_port}/")

    def test_take_both_documents_with_the_version_of_their_run(self):
        self.index.put("aneel/1", "run_1", 1700, {"event_id": "e1", "title": "Multa"}, "texto")
        more = "?version=1700&version_type=external_gte"
        login = "Basic YW5hOnBAc3M="
        self.assertEqual(self.asked, [
            (f"/atlasreg_documents/_doc/aneel%2F1{more}", login, {"run_id": "run_1", "title": "Multa", "body": "texto"}),
            (f"/atlasreg_events/_doc/e1{more}", login, {"run_id": "run_1", "event_id": "e1", "title": "Multa"})])

    def test_that_have_a_newer_run_are_left_as_they_are_and_other_answers_are_faults(self):
        self.status = 409
        self.index.put("1", "run_1", 1, {"event_id": "e1", "title": "Multa"}, "")
        self.status = 503
        with self.assertRaises(urllib.error.HTTPError):
            self.index.put("1", "run_1", 1, {"event_id": "e1", "title": "Multa"}, "")


class Logs(unittest.TestCase):
    def lines(self, kind):
        stream = io.StringIO()
        root = logging.getLogger()
        before, level = root.handlers[:], root.level
        self.addCleanup(lambda: (root.handlers.__setitem__(slice(None), before), root.setLevel(level)))
        logs.setup_logging("INFO", kind, stream)
        log = logs.get_logger("atlasreg")
        log.debug("unheard")
        with logs.LogContext(run_id="run_1"):
            with logs.LogContext(source_id="aneel_news"):
                log.info("source_execution_complete", extra={"success": True, "items_count": 8})
            try:
                raise ValueError("no page")
            except ValueError:
                log.exception("document_not_reprocessed")
        return stream.getvalue().splitlines()

    def test_are_json_with_what_stands_around_them(self):
        first, second = map(json.loads, self.lines("json"))
        self.assertRegex(first.pop("timestamp"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
        self.assertEqual(first, {
            "event": "source_execution_complete", "level": "info", "logger": "atlasreg", "run_id": "run_1",
            "source_id": "aneel_news", "success": True, "items_count": 8})
        self.assertEqual((second["level"], second["run_id"]), ("error", "run_1"))
        self.assertNotIn("source_id", second)
        self.assertIn("ValueError: no page", second["exc_info"])

    def test_are_for_people_on_a_console(self):
        self.assertRegex(self.lines("console")[0],
                         r"^\[[-\d]+ [:\d]+\] \[INFO\] source_execution_complete run_id=run_1 ")


if __name__ == "__main__":
    unittest.main()
