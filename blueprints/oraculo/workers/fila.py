"""What excavator and executor share: they take messages from the spool and answer through the program's socket, or,
with --broker, from RabbitMQ (`rabbit.py`).

At least once: an order is put away (`lidas/`) only after its answer was accepted. Whoever is killed in between takes it
again; the answer was written down before it was sent, so it is the same answer under the same key, and counts once.
A message that is none is put into `mortas/`, and so is an order whose answer the server refuses, with that answer.
"""

import json
import os
import signal
import subprocess
import sys
import time
import uuid

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "programs"))
import mensagem  # noqa: E402  one place for messages

PIPELINE, TRIGGER = "oraculo/coleta", "resultados"
SECONDS_BETWEEN_LOOKS = 0.2
SECONDS_BETWEEN_TRIES = 0.5
LONGEST_MESSAGE = 4 * 1024 * 1024
ACCEPTED = 0
UNREACHABLE = 7
TRY_AGAIN = 75
NAMESPACE = uuid.UUID("7d0e6c0c-5a6d-4c7e-9a53-0c4b8d3f2a11")


class Worker:
    """`work(order)` gives the payload of the answer."""

    def __init__(self, options, takes, answers, work):
        self.options, self.takes, self.answers, self.work = options, takes, answers, work
        self.schema = mensagem.read_schema(os.path.join(here, "..", "schemas", "mensagem_schema.json"))
        self.is_asked_to_end = False
        signal.signal(signal.SIGTERM, self.end)
        signal.signal(signal.SIGINT, self.end)

    def end(self, *_):
        self.is_asked_to_end = True

    def run(self, queues):
        """Until it is ended; with --once until every message that is there is answered, or exit 75."""
        for queue in queues:
            os.makedirs(os.path.join(self.options.spool, queue), exist_ok=True)
        print(f"{self.takes}: {', '.join(queues)}", flush=True)
        while not self.is_asked_to_end:
            waiting = [(queue, name) for queue in queues for name in self.names(queue)]
            for queue, name in waiting:
                if self.is_asked_to_end:
                    return
                if not self.take(queue, name) and self.options.once:
                    sys.exit(TRY_AGAIN)
            if self.options.once:
                return
            if not waiting:
                time.sleep(SECONDS_BETWEEN_LOOKS)

    def names(self, queue):
        """Oldest first."""
        with os.scandir(os.path.join(self.options.spool, queue)) as entries:
            found = [(entry.stat().st_mtime_ns, entry.name) for entry in entries
                     if entry.name.endswith(".json") and not entry.name.startswith(".")]
        return [name for _, name in sorted(found)]

    def take(self, queue, name):
        """False where the server could not be reached: the message stays."""
        path = os.path.join(self.options.spool, queue, name)
        try:
            with open(path, encoding="utf-8") as file:
                order = json.loads(file.read(LONGEST_MESSAGE))
            mensagem.check(order, self.schema)
            if order["tipo_evento"] != self.takes:
                raise mensagem.Invalid(f"it is {order['tipo_evento']}, not {self.takes}")
        except (mensagem.Invalid, ValueError) as fault:
            self.log(name, f"dead: {fault}")
            self.put_away(path, "mortas")
            return True
        key = str(uuid.uuid5(NAMESPACE, f"{name}/{self.answers}"))
        answer = self.answer(order, key)
        ended = self.send(answer, key)
        if ended is None:
            return False
        if ended == ACCEPTED:
            self.put_away(path, "lidas")
            self.log(name, f"{order['correlation_id']} answered with {key}")
        else:
            # The order last: while it is there, whoever finds it again makes the same of it.
            self.put_away(answer, "mortas")
            self.put_away(path, "mortas")
            self.log(name, f"dead: the answer {key} was refused")
        return True

    def answer(self, order, key):
        """The path of the answer, which is made once and then kept."""
        folder = os.path.join(self.options.spool, "oraculo.resultados")
        path = os.path.join(folder, f"{key}.json")
        if not os.path.exists(path):
            os.makedirs(folder, exist_ok=True)
            made = mensagem.message(order["correlation_id"], self.answers, self.work(order))
            mensagem.check(made, self.schema)
            with open(f"{path}.new", "w", encoding="utf-8") as file:
                json.dump(made, file, ensure_ascii=False)
                file.flush()
                os.fsync(file.fileno())
            os.replace(f"{path}.new", path)
        return path

    def send(self, path, key):
        """Hands it over as the queue would, and gives the program's exit; waits for the server as long as nobody
        ends us, and gives None where it could not be reached."""
        while not self.is_asked_to_end:
            command = [self.options.esteira, "trigger", "send", PIPELINE, TRIGGER, "--message", path,
                       "--idempotency-key", key]
            ended = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
            if ended.returncode == ACCEPTED:
                return ended.returncode
            self.log(os.path.basename(path), f"exit {ended.returncode}: {ended.stderr.strip()}")
            if ended.returncode != UNREACHABLE:
                return ended.returncode
            if self.options.once:
                return None
            time.sleep(SECONDS_BETWEEN_TRIES)
        return None

    def put_away(self, path, folder):
        target = os.path.join(os.path.dirname(path), folder)
        os.makedirs(target, exist_ok=True)
        os.replace(path, os.path.join(target, os.path.basename(path)))

    def log(self, name, text):
        print(json.dumps({"message": name, "event": text}, ensure_ascii=False), file=sys.stderr, flush=True)


def log(name, event, **more):
    """One line of JSON, with the correlation id wherever a message has one."""
    line = {"timestamp": mensagem.now(), "nivel": "info", "mensagem": name, "evento": event} | more
    # In one piece: several workers may share a file.
    os.write(2, (json.dumps(line, ensure_ascii=False) + "\n").encode())


def worker(options, takes, answers, work):
    """A worker at the spool, or at RabbitMQ."""
    if not options.broker:
        return Worker(options, takes, answers, work)
    import rabbit  # noqa: PLC0415  the spool needs no library
    schema = mensagem.read_schema(os.path.join(here, "..", "schemas", "mensagem_schema.json"))
    made = rabbit.Worker(options, takes, answers, schema, NAMESPACE, work, log)
    signal.signal(signal.SIGTERM, made.end)
    signal.signal(signal.SIGINT, made.end)
    return made


def add_options(parser):
    parser.add_argument("--broker", metavar="HOST:PORT[/VHOST]", help="RabbitMQ in place of the spool")
    parser.add_argument("--spool", help="the folder of the queues")
    parser.add_argument("--esteira", help="the program; the server is that of ESTEIRA_DATA")
    parser.add_argument("--once", action="store_true", help="what is there now; exit 75 where no server answers")


def options_of(parser):
    options = parser.parse_args()
    if not options.broker and not (options.spool and options.esteira):
        parser.error("it needs --broker, or --spool and --esteira")
    if options.broker and options.once:
        parser.error("--once is for the spool")
    return options
