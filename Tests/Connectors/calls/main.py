"""A connector of level 2 without the SDK. FAULT names one rule that it breaks (see `broken`)."""

import json
import os
import sys
import threading

FAULT = os.environ.get("FAULT", "")
LOCK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lock")
SCHEMA = {
    "with": {
        "type": "object",
        "properties": {
            "numbers": {"type": "array", "items": {"type": "integer"}},
            "pause": {"type": "integer", "minimum": 0},
        },
        "required": ["numbers"],
        "additionalProperties": False,
    },
    "output": {"type": "object", "properties": {"total": {"type": "integer"}}, "required": ["total"]},
}
incoming, outgoing = os.fdopen(3, "rb"), os.fdopen(4, "wb")
writing, cancelled = threading.Lock(), threading.Event()
acknowledged = threading.Semaphore(0)


def send(**message):
    with writing:
        outgoing.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        outgoing.flush()


def execute(call, start):
    numbers, pause = start["with"]["numbers"], start["with"].get("pause", 0)
    if FAULT == "execute":
        return send(id=call, error={"code": -32000, "message": "Out of luck.", "data": {"class": "internal"}})
    if FAULT == "input-exit" and not numbers:
        os._exit(1)
    if WAS_LOCKED and start["checkpoint"] is None:
        return send(id=call, error={"code": -32000, "message": "Another runs.", "data": {"class": "internal"}})
    state = start["checkpoint"] or {"place": 0, "total": 0}
    if FAULT == "checkpoint":
        state = {"place": 0, "total": 0}
    if FAULT == "checkpoint-output":
        state["total"] = 0
    if FAULT == "secrets":
        send(method="log", params={"message": "using " + start["connection"]["credential"]["values"]["token"]})
    for place in range(state["place"], len(numbers)):
        share = 100 * place // len(numbers)
        if FAULT != "progress-none":
            send(method="progress", params={"percent": 100 - share if FAULT == "progress" else share})
        if cancelled.wait(pause) and FAULT != "cancel":
            return send(
                id=call, error={"code": -32000, "message": "Cancelled.", "data": {"class": "cancelled"}})
        if FAULT == "cancel":
            threading.Event().wait(pause)
        state = {"place": place + 1, "total": state["total"] + numbers[place]}
        send(id=f"c{place}", method="checkpoint", params={"token": start["token"], "state": state})
        acknowledged.acquire()
    total = str(state["total"]) if FAULT == "output" else state["total"]
    send(id=call, result={"output": {"total": total}})


def answer(method, parameters):
    if method == "initialize":
        return {"protocol": 2, "name": "sample.calls", "version": "2.1.0", "capabilities": ["validate", "cleanup"]}
    if method == "schema":
        return {**SCHEMA, "output": {"type": "object"}} if FAULT == "schema" else SCHEMA
    if method == "validate":
        is_bad = not parameters["with"]["numbers"] and not FAULT.startswith("input")
        return {"problems": [{"path": "/numbers", "message": "There are no numbers to add."}] if is_bad else []}
    if method == "cancel":
        cancelled.set()
    return {}


WAS_LOCKED = FAULT == "crash" and os.path.exists(LOCK)
if FAULT == "crash":
    open(LOCK, "w").close()
if FAULT == "protocol":
    outgoing.write(b"hello\n")
    outgoing.flush()
for line in incoming:
    message = json.loads(line)
    if "method" not in message:
        acknowledged.release()
    elif message["method"] == "execute":
        threading.Thread(target=execute, args=(message["id"], message["params"]), daemon=True).start()
    else:
        send(id=message["id"], result=answer(message["method"], message.get("params", {})))
if FAULT == "crash":
    os.remove(LOCK)
sys.stdout.flush()
os._exit(0)
