"""Runs a connector: inside of Esteira over JSON-RPC on two descriptors, elsewhere as a plain script."""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import traceback
from typing import IO, Any, Dict, List, Optional, Tuple, Type, Union

from .connector import (
    JSON,
    Cancelled,
    Connector,
    ConnectorError,
    ConnectorResult,
    Context,
    LogCallback,
    LogEntry,
    Progress,
    Transient,
)

PROTOCOL = 2
ANSWER_SECONDS = 60.0
"""For the acknowledgement of a checkpoint."""


def run(connector: Type[Connector], arguments: Optional[List[str]] = None) -> None:
    """The whole program of a connector. Ends the process with an exit code."""
    if os.environ.get("ESTEIRA_PROTOCOL") == str(PROTOCOL):
        code = Session(connector()).serve()
    else:
        code = run_plain(connector(), sys.argv[1:] if arguments is None else arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    # A thread that ignores its cancel must not keep the process.
    os._exit(code)


def failure(error: BaseException) -> Dict[str, JSON]:
    """`{class, code, message, retry_after}` of what a connector raised."""
    if isinstance(error, ConnectorError):
        data: Dict[str, JSON] = {"class": error.error_class, "code": error.code, "message": str(error) or "No reason."}
        if error.retry_after is not None:
            data["retry_after"] = error.retry_after
        return data
    name = type(error).__name__
    message = f"{name}: {error}" if str(error) else name
    if isinstance(error, (ConnectionError, TimeoutError)):
        return {"class": Transient.error_class, "code": "connection", "message": message}
    return {"class": "internal", "code": "python-exception", "message": message}


class Session:
    """Level 2 of the protocol, from the connector's side. `serve` reads; `execute` has a thread of its own."""

    def __init__(self, connector: Connector, incoming: Optional[IO[bytes]] = None, outgoing: Optional[IO[bytes]] = None):
        self.connector = connector
        self._in = incoming or os.fdopen(int(os.environ["ESTEIRA_IN_FD"]), "rb")
        self._out = outgoing or os.fdopen(int(os.environ["ESTEIRA_OUT_FD"]), "wb")
        self._writing = threading.Lock()
        self._answers: Dict[str, Dict[str, JSON]] = {}
        self._answered = threading.Condition()
        self._calls = 0
        self._worker: Optional[threading.Thread] = None
        self._context: Optional[Context] = None

    def serve(self) -> int:
        """Until the engine closes its end, which it also does when it dies."""
        for line in self._in:
            self._take(json.loads(line))
        with self._answered:
            self._answered.notify_all()
        if self._context is not None:
            self._context._cancelled.set()
        return 0

    # What comes in.

    def _take(self, message: Dict[str, JSON]) -> None:
        if "method" not in message:
            with self._answered:
                self._answers[str(message.get("id"))] = message
                self._answered.notify_all()
            return
        method, parameters, call = message["method"], message.get("params") or {}, message.get("id")
        if method == "execute":
            self._worker = threading.Thread(target=self._execute, args=(parameters, call), daemon=True)
            self._worker.start()
            return
        handler = {
            "initialize": self._initialize, "schema": self._schema, "validate": self._validate,
            "cancel": self._cancel, "cleanup": self._cleanup,
        }.get(method)
        if handler is None:
            self._send({"id": call, "error": {"code": -32601, "message": f"There is no method {method}."}})
            return
        try:
            self._send({"id": call, "result": handler(parameters)})
        except Exception as error:  # Whatever a connector raises is the answer to the call.
            self._fail(call, error)

    def _initialize(self, parameters: Dict[str, JSON]) -> JSON:
        return {
            "protocol": PROTOCOL, "name": self.connector.name, "version": self.connector.version,
            "capabilities": ["schema", "validate", "cancel", "cleanup"]
            + (["checkpoints"] if self.connector.checkpoints else []),
        }

    def _schema(self, parameters: Dict[str, JSON]) -> JSON:
        schema = self.connector.get_schema()
        return {"with": schema.with_, "output": schema.output}

    def _validate(self, parameters: Dict[str, JSON]) -> JSON:
        problems = self.connector.validate(parameters.get("with") or {})
        return {"problems": [{"message": text} for text in problems]}

    def _cancel(self, parameters: Dict[str, JSON]) -> JSON:
        if self._context is not None:
            self._context._cancelled.set()
        self.connector.cancel()
        return {}

    def _cleanup(self, parameters: Dict[str, JSON]) -> JSON:
        self.connector.cleanup()
        return {}

    def _execute(self, parameters: Dict[str, JSON], call: JSON) -> None:
        context = Context(parameters, self._notify, lambda state: self._save(state, parameters.get("token")))
        self._context = self.connector.context = context
        over = threading.Event()
        reporter = threading.Thread(target=self._report, args=(over,), daemon=True)
        reporter.start()
        try:
            result = self.connector.execute(parameters.get("with") or {}, self._log)
            _check(result)
            over.set()
            reporter.join()
            self._send({"id": call, "result": {"output": result.as_output()}})
        except BaseException as error:
            over.set()
            reporter.join()
            if context.cancelled and not isinstance(error, ConnectorError):
                error = Cancelled(f"The connector stopped: {error}")
            self._fail(call, error)

    # What goes out.

    def _report(self, over: threading.Event) -> None:
        last: Optional[Progress] = None
        while True:
            progress = self._progress()
            if progress is not None and progress != last:
                last = progress
                self._notify("progress", _progress(progress))
            else:
                self._notify("heartbeat", {})
            if over.wait(1.0):
                break
        progress = self._progress()
        if progress is not None and progress != last:
            self._notify("progress", _progress(progress))

    def _progress(self) -> Optional[Progress]:
        """A mistake there must not end the heartbeats."""
        try:
            return self.connector.get_progress()
        except Exception as error:
            print(f"get_progress raised {type(error).__name__}: {error}", file=sys.stderr)
            return None

    def _log(self, entry: Union[LogEntry, str]) -> None:
        if isinstance(entry, str):
            entry = LogEntry("info", entry)
        body: Dict[str, JSON] = {
            "level": entry.level, "message": entry.message, "timestamp": entry.timestamp.isoformat()}
        if entry.metadata:
            body["metadata"] = entry.metadata
        self._notify("log", body)

    def _save(self, state: JSON, token: JSON) -> None:
        with self._answered:
            self._calls += 1
            call = f"checkpoint-{self._calls}"
        self._send({"id": call, "method": "checkpoint", "params": {"token": token, "state": state}})
        with self._answered:
            if not self._answered.wait_for(lambda: call in self._answers, ANSWER_SECONDS):
                raise Transient("The engine did not acknowledge a checkpoint.", "checkpoint-unacknowledged")
            answer = self._answers.pop(call)
        if "error" in answer:
            raise Cancelled(f"The checkpoint was refused: {answer['error'].get('message', '')}")

    def _fail(self, call: JSON, error: BaseException) -> None:
        data = failure(error)
        if data["class"] == "internal":
            traceback.print_exception(type(error), error, error.__traceback__)
        self._send({"id": call, "error": {"code": -32000, "message": data["message"], "data": data}})

    def _notify(self, method: str, parameters: Dict[str, JSON]) -> None:
        self._send({"method": method, "params": parameters})

    def _send(self, message: Dict[str, JSON]) -> None:
        line = json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False, allow_nan=False).encode() + b"\n"
        with self._writing:
            self._out.write(line)
            self._out.flush()


def _progress(progress: Progress) -> Dict[str, JSON]:
    body: Dict[str, JSON] = {}
    for name in ("percent", "done", "total"):
        value = getattr(progress, name)
        if value is not None:
            body[name] = value
    if progress.text:
        body["text"] = progress.text
    return body


def _check(result: ConnectorResult) -> None:
    if not result.success:
        raise ConnectorError(result.error or "The connector did not succeed and gave no reason.")


# Outside of Esteira.


def run_plain(connector: Connector, arguments: List[str]) -> int:
    """As a script: parameters from a file or a text, the log to standard error, the output to standard output."""
    parser = argparse.ArgumentParser(description=connector.title or connector.name)
    parser.add_argument("--with", dest="with_", default="{}", help="JSON, or @FILE")
    parser.add_argument("--connection", help="JSON file of {address, credential: {type, values}}")
    parser.add_argument("--checkpoint", help="file that keeps the mark of progress")
    parser.add_argument("--artifacts", default=".", help="folder for artifacts")
    choice = parser.parse_args(arguments)
    try:
        parameters = _read(choice.with_)
    except (OSError, ValueError) as error:
        parser.error(f"--with cannot be read as JSON: {error}")
    start: Dict[str, JSON] = {"folders": {"work": os.getcwd(), "files": os.getcwd(), "artifacts": choice.artifacts}}
    if choice.connection:
        start["connection"] = _read("@" + choice.connection)
    if choice.checkpoint and os.path.exists(choice.checkpoint):
        start["checkpoint"] = _read("@" + choice.checkpoint)
    context = Context(start, _tell, lambda state: _keep(choice.checkpoint, state))
    connector.context = context
    try:
        # The engine has compared them with the schema before a connector hears of them.
        problems = misfits(parameters, connector.get_schema().with_) or connector.validate(parameters)
        if problems:
            print("\n".join(problems), file=sys.stderr)
            return 65
        result = connector.execute(parameters, _print_entry)
        _check(result)
        print(json.dumps(result.as_output(), ensure_ascii=False, indent=2))
        return 0
    except ConnectorError as error:
        print(f"{error.error_class}: {error}", file=sys.stderr)
        return {"transient": 75, "rate_limited": 75, "configuration": 78, "data": 65, "credential": 77}.get(
            error.error_class, 1)
    finally:
        connector.cleanup()


def misfits(parameters: Any, schema: Dict[str, JSON]) -> List[str]:
    """What is missing, unknown or of another type among the members; the engine looks at the whole schema."""
    if not isinstance(parameters, dict):
        return ["The parameters are not an object, such as --with '{\"name\": \"value\"}'."]
    required, known = schema.get("required"), schema.get("properties")
    members = known if isinstance(known, dict) else {}
    problems = [f"{name} is missing." for name in (required if isinstance(required, list) else [])
                if name not in parameters]
    for name, value in parameters.items():
        member = members.get(name)
        if isinstance(member, dict):
            kinds = member.get("type", [])
            words = kinds if isinstance(kinds, list) else [kinds]
            if words and not any(_is(value, kind) for kind in words):
                problems.append(f"{name} is not of the type {' or '.join(str(kind) for kind in words)}.")
        elif schema.get("additionalProperties") is False:
            problems.append(f"{name} is not known here; there are: {', '.join(members)}.")
    return problems


def _is(value: Any, kind: Any) -> bool:
    if isinstance(value, bool):
        return bool(kind == "boolean")
    if kind == "integer":
        return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    types: Dict[Any, Tuple[type, ...]] = {
        "string": (str,), "number": (int, float), "object": (dict,), "array": (list,), "null": (type(None),)}
    return kind != "boolean" and isinstance(value, types.get(kind, (object,)))


def _read(text: str) -> Any:
    if not text.startswith("@"):
        return json.loads(text)
    with open(text[1:], encoding="utf-8") as file:
        return json.load(file)


def _keep(path: Optional[str], state: JSON) -> None:
    if path is None:
        return
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(state, file)
    os.replace(path + ".new", path)


def _print_entry(entry: Union[LogEntry, str]) -> None:
    if isinstance(entry, str):
        entry = LogEntry("info", entry)
    print(f"{entry.level.upper():5} {entry.message}", file=sys.stderr)


def _tell(kind: str, body: Dict[str, JSON]) -> None:
    if kind != "mask":
        print(f"{kind.upper()} {json.dumps(body, ensure_ascii=False)}", file=sys.stderr)


_: LogCallback = _print_entry
