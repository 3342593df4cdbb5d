"""The messages of ORÁCULO, what publishes them, and the two workers that answer them."""

import functools
import http.server
import json
import os
import stat
import subprocess
import sys
import threading
import unittest
import urllib.request

from support import BLUEPRINTS, PATIENCE, Case

sys.path.insert(0, str(BLUEPRINTS / "oraculo/programs"))
import mensagem  # noqa: E402  the blueprint's own

SCHEMA = BLUEPRINTS / "oraculo/schemas/mensagem_schema.json"
RESULT = BLUEPRINTS / "oraculo/schemas/resultado_coleta.json"
MESSAGE = {"correlation_id": "abc123", "tipo_evento": "iniciar_coleta", "timestamp": "2025-10-14T12:00:00Z",
           "payload": {"fonte": "youtube", "parametros": {"canal": "canal_exemplo", "periodo": "2025-10"}}}
# Stands in for the program: writes down what it is asked and what it is given, and ends as it is told.
PROGRAM = """#!{python} -B
import json, pathlib, sys
folder = pathlib.Path({folder!r})
words = sys.argv[1:]
with open(folder / "asked.jsonl", "a") as file:
    message = json.loads(pathlib.Path(words[words.index("--message") + 1]).read_text())
    file.write(json.dumps({{"words": words, "message": message}}) + "\\n")
sys.exit(int((folder / "exit").read_text()))
"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Says nothing."""


class TheEnvelope(unittest.TestCase):
    def faults(self, message):
        try:
            mensagem.check(message, mensagem.read_schema(SCHEMA))
        except mensagem.Invalid as invalid:
            return str(invalid)
        return None

    def test_takes_the_examples_of_the_source(self):
        self.assertIsNone(self.faults(MESSAGE))
        result = {"resultado": "ok", "arquivo": "relatorio.pdf"}
        self.assertIsNone(self.faults(MESSAGE | {"tipo_evento": "resultado_execucao", "payload": result}))

    def test_refuses_every_other_shape(self):
        for change in ({"correlation_id": "a b"}, {"correlation_id": ""}, {"correlation_id": "a" * 129},
                       {"correlation_id": 1}, {"tipo_evento": "outro"}, {"payload": []}, {"payload": "x"},
                       {"timestamp": "ontem"}, {"timestamp": "2025-10-14T12:00:00"}, {"mais": 1}):
            self.assertIsNotNone(self.faults(MESSAGE | change), change)
        for name in MESSAGE:
            self.assertIn(name, self.faults({key: value for key, value in MESSAGE.items() if key != name}))
        self.assertIsNotNone(self.faults([MESSAGE]))

    def test_refuses_a_schema_with_a_word_that_nobody_checks(self):
        with self.assertRaises(mensagem.Invalid):
            mensagem.check_words({"type": "object", "properties": {"x": {"maximum": 1}}})

    def test_is_made_as_it_is_checked(self):
        self.assertIsNone(self.faults(mensagem.message("abc123", "resultado_coleta", {})))


class Publish(Case):
    def publish(self, body=None, key="step-1", routing="coleta.youtube", spool=None):
        data = {"spool": spool or str(self.folder / "spool"), "routing_key": routing, "body": body or MESSAGE}
        files = {"mensagem.py": BLUEPRINTS / "oraculo/programs/mensagem.py", "mensagem_schema.json": SCHEMA}
        return self.step("oraculo/programs/publicar.py", data, files, key=key)

    def queue(self):
        return sorted(path.name for path in (self.folder / "spool/coleta.youtube").glob("*.json"))

    def test_puts_a_message_into_its_queue_once(self):
        first, second = self.publish(), self.publish()
        self.assertEqual((first.code, second.code), (0, 0), first.err + second.err)
        self.assertEqual((first.output["is_new"], second.output["is_new"]), (True, False))
        self.assertEqual(self.queue(), ["step-1.json"])
        self.publish(key="step-2")
        self.assertEqual(self.queue(), ["step-1.json", "step-2.json"])
        self.assertEqual(json.loads((self.folder / "spool/coleta.youtube/step-1.json").read_text()), MESSAGE)

    def test_does_not_put_back_what_was_taken(self):
        self.publish()
        queue = self.folder / "spool/coleta.youtube"
        os.rename(queue / "step-1.json", queue / "lidas/step-1.json")
        self.assertEqual((self.publish().output["is_new"], self.queue()), (False, []))

    def test_publishes_nothing_that_is_no_message(self):
        self.assertEqual(self.publish(MESSAGE | {"tipo_evento": "outro"}).code, 65)
        self.assertEqual(self.publish(routing="../fora").code, 65)
        self.assertEqual(self.publish(spool="spool").code, 78)
        self.assertFalse((self.folder / "spool").exists())


class Workers(Case):
    def setUp(self):
        super().setUp()
        self.spool, self.orders = self.folder / "spool", 0
        self.program = self.write("esteira", PROGRAM.format(python=sys.executable, folder=str(self.folder)))
        os.chmod(self.program, stat.S_IRWXU)
        self.write("exit", "0")

    def order(self, name=None, queue="coleta.youtube", **change):
        """Each with a name of its own where none is given: the same name would get the same answer."""
        self.orders += 1
        name = name or f"m{self.orders}"
        self.write(f"spool/{queue}/{name}.json", json.dumps(MESSAGE | change))

    def work(self, worker="escavador", *options):
        words = [sys.executable, "-B", str(BLUEPRINTS / f"oraculo/workers/{worker}.py"), "--spool", str(self.spool),
                 "--esteira", self.program, "--once", *options]
        return subprocess.run(words, capture_output=True, timeout=PATIENCE, check=False).returncode

    def asked(self):
        path = self.folder / "asked.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def sources(self):
        return self.serve("oraculo/site/site.py", "--seed", "7", "--month", "2025-10")

    def collected(self, source, wanted, *options):
        """The payload of the answer, which agrees with the schema that the job checks it by."""
        self.order(queue=f"coleta.{source}", payload={"fonte": source, "parametros": wanted})
        self.assertEqual(self.work("escavador", *options), 0)
        payload = self.asked()[-1]["message"]["payload"]
        mensagem.check(payload, mensagem.read_schema(RESULT))
        return payload

    def test_the_excavator_collects_a_channel_of_a_month(self):
        site = self.sources()
        with urllib.request.urlopen(f"{site}/__truth", timeout=PATIENCE) as answer:
            truth = json.load(answer)
        payload = self.collected("youtube", {"canal": "canal_exemplo", "periodo": "2025-10"}, "--youtube", site)
        self.assertEqual(payload, {"status": "ok", "dados": truth})
        self.assertEqual(len(truth), 12)

    def test_the_excavator_collects_a_feed_and_a_page(self):
        site = self.sources()
        feed = self.collected("rss", {"url": f"{site}/noticias/feed.xml", "periodo": "2025-09"})
        self.assertEqual((feed["status"], len(feed["dados"])), ("ok", 5))
        page = self.collected("web", {"url": f"{site}/noticias/"})
        self.assertEqual((page["status"], len(page["dados"])), ("ok", 17))
        self.assertTrue(all(one["url"].startswith(site) for one in page["dados"]))

    def test_the_excavator_says_why_it_collects_nothing(self):
        site = self.sources()
        reasons = {
            ("youtube", "canal"): ("outro", "404"), ("rss", "url"): (f"{site}/noticias/", "não é XML"),
            ("web", "url"): ("http://127.0.0.1:9/", "não respondeu"), ("rss", "link"): ("x", "não traz url"),
        }
        for (source, name), (value, reason) in reasons.items():
            payload = self.collected(source, {name: value}, "--youtube", site)
            self.assertEqual((payload["status"], payload["dados"]), ("erro", []))
            self.assertIn(reason, payload["erros"][0])
        self.assertEqual(self.collected("web", {"url": "file:///etc/hostname"})["status"], "erro")
        self.assertEqual(self.collected("youtube", {"canal": "x", "periodo": 7})["status"], "erro")

    def test_an_answer_is_handed_to_the_trigger_under_a_key_of_its_own(self):
        self.order(payload={"fonte": "nada"})
        self.assertEqual(self.work(), 0)
        (asked,) = self.asked()
        self.assertEqual(asked["words"][:4], ["trigger", "send", "oraculo/coleta", "resultados"])
        self.assertEqual((asked["message"]["correlation_id"], asked["message"]["tipo_evento"]),
                         ("abc123", "resultado_coleta"))
        self.assertEqual([path.name for path in self.spool.glob("coleta.youtube/lidas/*")], ["m1.json"])

    def test_an_order_stays_while_no_server_answers_and_gets_the_same_answer_later(self):
        self.order(payload={"fonte": "nada"})
        self.write("exit", "7")
        self.assertEqual(self.work(), 75)
        self.assertTrue((self.spool / "coleta.youtube/m1.json").exists())
        self.write("exit", "0")
        self.assertEqual(self.work(), 0)
        first, second = self.asked()
        self.assertEqual(first, second)
        self.assertFalse((self.spool / "coleta.youtube/m1.json").exists())

    def test_an_answer_that_the_server_refuses_is_dead_and_its_order_too(self):
        self.order(payload={"fonte": "nada"})
        self.write("exit", "3")
        self.assertEqual(self.work(), 0)
        self.assertEqual(len(list(self.spool.glob("oraculo.resultados/mortas/*.json"))), 1)
        self.assertEqual([path.name for path in self.spool.glob("coleta.youtube/mortas/*")], ["m1.json"])
        self.assertEqual(list(self.spool.glob("coleta.youtube/lidas/*")), [])

    def test_the_excavator_reads_a_title_whatever_is_in_the_link(self):
        self.write("site/index.html",
                   "<p><a href=x><b>Um</b> <i>título</i></a> fora <a name=y>sem</a><a href=z>Dois<img></a></p>")
        handler = functools.partial(Quiet, directory=str(self.folder / "site"))
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            payload = self.collected("web", {"url": f"http://127.0.0.1:{server.server_port}/"})
            server.shutdown()
        self.assertEqual([one["titulo"] for one in payload["dados"]], ["Um título", "Dois"])

    def test_what_is_no_message_is_dead_and_holds_nothing_up(self):
        self.write("spool/coleta.youtube/a.json", "{")
        self.order("b", tipo_evento="iniciar_execucao")
        self.order("c", timestamp="ontem")
        self.order("d", payload={"fonte": "nada"})
        self.assertEqual(self.work(), 0)
        dead = sorted(path.name for path in self.spool.glob("coleta.youtube/mortas/*"))
        self.assertEqual((dead, len(self.asked())), (["a.json", "b.json", "c.json"], 1))

    def execution(self, data, **change):
        self.order(queue="execucao", tipo_evento="iniciar_execucao", payload={"dados": data}, **change)
        self.assertEqual(self.work("executador"), 0)
        return self.asked()[-1]["message"]

    def test_the_executor_writes_a_report_and_says_its_hash(self):
        data = [{"id": "1", "titulo": "Câmbio (1)", "url": "u", "data": "2025-10-03T08:00:00Z"},
                {"id": "2", "titulo": "Safra", "url": "v", "data": ""}]
        message = self.execution(data)
        self.assertEqual(message["tipo_evento"], "resultado_execucao")
        payload, report = message["payload"], (self.spool / "arquivos/abc123/relatorio.pdf").read_bytes()
        self.assertEqual((payload["resultado"], payload["arquivo"], payload["itens"]), ("ok", "relatorio.pdf", 2))
        self.assertEqual(payload["por_mes"], {"2025-10": 1, "sem data": 1})
        self.assertTrue(report.startswith(b"%PDF-"))
        self.assertEqual(self.execution(data)["payload"], payload)

    def test_the_executor_answers_erro_to_what_it_cannot_use(self):
        self.assertEqual(self.execution("x")["payload"]["resultado"], "erro")
        self.assertEqual(self.execution([], correlation_id="..")["payload"]["resultado"], "erro")


if __name__ == "__main__":
    unittest.main()
