"""Stands in for `amqp.publish`: puts a message into the spool, a folder with a folder for each queue.

Reads `{spool, routing_key, body}` from ESTEIRA_DATA and `mensagem_schema.json` from ESTEIRA_FILES. The message's id is
the step's key, the same on every attempt, and the name of its file: published twice it is there once, also where it
was already taken. It is on the disk before the step ends, as a broker confirms only what it has stored.
"""

import json
import os
import re
import sys

sys.path.insert(0, os.environ["ESTEIRA_FILES"])
import mensagem  # noqa: E402  from the files of the step

QUEUE = re.compile(r"[a-z_]+(?:\.[a-z_]+)*")


def stop(code, text):
    print(text, file=sys.stderr)
    sys.exit(code)


def publish(folder, name, body):
    """False where it is there, or was, already."""
    done = os.path.join(folder, "lidas")
    os.makedirs(done, exist_ok=True)
    if os.path.exists(os.path.join(folder, name)) or os.path.exists(os.path.join(done, name)):
        return False
    draft = os.path.join(folder, f".{name}")
    with open(draft, "w", encoding="utf-8") as file:
        json.dump(body, file, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, os.path.join(folder, name))
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
    return True


with open(os.environ["ESTEIRA_DATA"], encoding="utf-8") as file:
    order = json.load(file)
if not os.path.isabs(order["spool"]):
    stop(78, f"the setting oraculo_spool is {order['spool']!r}, which is no absolute path")
if not QUEUE.fullmatch(order["routing_key"]):
    stop(65, f"{order['routing_key']!r} is no routing key")
schema = os.path.join(os.environ["ESTEIRA_FILES"], "mensagem_schema.json")
try:
    mensagem.check(order["body"], mensagem.read_schema(schema))
except mensagem.Invalid as invalid:
    stop(65, f"the message is not published: {invalid}")
key = os.environ["ESTEIRA_STEP_KEY"]
try:
    is_new = publish(os.path.join(order["spool"], order["routing_key"]), f"{key}.json", order["body"])
except OSError as error:
    stop(75, f"{order['spool']}: {error}")
print(f"{order['routing_key']}: {key} {'published' if is_new else 'was published before'}")
with open(os.environ["ESTEIRA_OUTPUT"], "w", encoding="utf-8") as file:
    json.dump({"message_id": key, "queue": order["routing_key"], "is_new": is_new}, file)
