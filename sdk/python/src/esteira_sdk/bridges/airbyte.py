"""`airbyte.sync`: an Airbyte source, into a destination or into artifacts."""

from __future__ import annotations

import json
from typing import IO, ClassVar, Dict, List, Optional

from ..connector import JSON, ConnectorError, ConnectorResult, LogCallback, LogEntry, Progress, Schema
from .programs import COMMAND, Bridge, Programs, Receiver, message
from .singer import FileSink

LEVELS = {"FATAL": "error", "ERROR": "error", "WARN": "warn", "INFO": "info", "DEBUG": "debug", "TRACE": "debug"}
CLASSES = {"config_error": "configuration", "transient_error": "transient", "system_error": "internal"}

TRIAL = """import json, sys
words = sys.argv
if words[1] == "read":
    first = json.load(open(words[words.index("--state") + 1]))[0]["data"]["n"] if "--state" in words else 0
    for n in range(first + 1, 4):
        print(json.dumps({"type": "RECORD", "record": {"stream": "s", "data": {"n": n}}}))
        print(json.dumps({"type": "STATE", "state": {"type": "LEGACY", "data": {"n": n}}}))
else:
    for line in sys.stdin:
        if json.loads(line)["type"] == "STATE":
            print(line, end="", flush=True)
"""


class AirbyteFailed(ConnectorError):
    """What a TRACE of type ERROR says; its `failure_type` is the class."""

    def __init__(self, message: str, failure_type: str):
        super().__init__(message, "airbyte-error")
        self.error_class = CLASSES.get(failure_type, "internal")  # type: ignore[misc]


class AirbyteSync(Bridge):
    """The states that the destination gives back are the checkpoint."""

    name = "airbyte.sync"
    version = "1.0.0"
    title = "Airbyte source and destination"
    effect = "keyed"
    checkpoints = True
    heartbeat = "5m"
    timeout = "12h"
    test_with: ClassVar[Dict[str, JSON]] = {
        "source": ["python3", "-c", TRIAL], "destination": ["python3", "-c", TRIAL], "catalog": {"streams": []}}
    test_bad: ClassVar[Optional[Dict[str, JSON]]] = {"source": ["/nonexistent/source"], "catalog": {"streams": []}}

    def __init__(self) -> None:
        super().__init__()
        self._counts: Dict[str, int] = {}
        self._states: Dict[str, JSON] = {}
        self._error: Optional[BaseException] = None

    def get_schema(self) -> Schema:
        return Schema(
            with_={
                "type": "object",
                "properties": {
                    "source": {**COMMAND, "description": "The source's program; `read` follows."},
                    "destination": {**COMMAND, "description": "Without it each stream becomes an artifact."},
                    "config": {"type": "object", "description": "The values of the credential join it."},
                    "destination_config": {"type": "object"},
                    "catalog": {"type": "object", "description": "The configured catalog."},
                    "state": {"type": "array", "description": "Where a job begins."},
                },
                "required": ["source", "catalog"],
                "additionalProperties": False,
            },
            output={
                "type": "object",
                "properties": {
                    "rows_processed": {"type": "integer"}, "streams": {"type": "object"},
                    "files": {"type": "object"}, "state": {"type": "array"},
                },
                "required": ["rows_processed", "streams", "state"],
            })

    def get_progress(self) -> Optional[Progress]:
        return Progress(done=sum(self._counts.values()))

    def execute(self, parameters: Dict[str, JSON], log_callback: LogCallback) -> ConnectorResult:
        programs = self.begin(log_callback)
        kept = self.context.checkpoint or {}
        self._counts = dict(kept.get("streams") or {})
        for state in kept["states"] if kept else parameters.get("state") or []:
            self._states[_key(state)] = state
        config = dict(parameters.get("config") or {})
        if self.context.credential is not None:
            config.update(self.context.credential.values)
        catalog = programs.document(parameters["catalog"])
        words = list(parameters["source"]) + [
            "read", "--config", programs.document(config).path, "--catalog", catalog.path]
        if self._states:
            words += ["--state", programs.document(list(self._states.values())).path]
        files = FileSink(self)
        destination = self._destination(parameters, catalog.path, programs, log_callback)
        try:
            source = programs.start("source", words)
            assert source.stdout is not None
            self._copy(source.stdout, destination, files, log_callback)
            programs.demand_success("source", source)
            if destination is not None:
                destination.finish()
        finally:
            programs.stop()
        files.finish(None)
        left = files.files()
        return ConnectorResult(
            rows_processed=sum(self._counts.values()),
            output={
                "streams": self._counts, "state": list(self._states.values()), **({"files": left} if left else {})})

    def _copy(self, stream: IO[bytes], destination: "Optional[_Destination]", files: FileSink,
              log: LogCallback) -> None:
        for line in stream:
            self.context.wait(0)
            body = message(line, "source")
            if body is None or self.tells(body, log):
                continue
            if body["type"] == "RECORD":
                record = body["record"]
                self._counts[record["stream"]] = self._counts.get(record["stream"], 0) + 1
                if destination is None:
                    files.take(line, {"type": "RECORD", "stream": record["stream"], "record": record["data"]}, self._counts)
            elif body["type"] == "STATE" and destination is None:
                self._states[_key(body["state"])] = body["state"]
            if destination is not None and body["type"] == "STATE":
                destination.send_state(line, body["state"], self._counts)
            elif destination is not None:
                destination.send(line)

    def tells(self, body: Dict[str, JSON], log: LogCallback) -> bool:
        """Whether it is neither a record nor a state; what there is to tell of it is told."""
        if body["type"] == "LOG":
            log(LogEntry(LEVELS.get(body["log"]["level"], "info"), str(body["log"]["message"])))
            return True
        if body["type"] == "TRACE" and body["trace"].get("type") == "ERROR":
            error = body["trace"]["error"]
            raise AirbyteFailed(str(error.get("message")), str(error.get("failure_type")))
        return body["type"] not in ("RECORD", "STATE")

    def _destination(self, parameters: Dict[str, JSON], catalog: str, programs: Programs,
                     log: LogCallback) -> "Optional[_Destination]":
        if not parameters.get("destination"):
            return None
        config = programs.document(parameters.get("destination_config") or {}).path
        words = list(parameters["destination"]) + ["write", "--config", config, "--catalog", catalog]
        return _Destination(programs, words, self, log)

    def keep(self, body: Dict[str, JSON], counts: Dict[str, int]) -> None:
        """A state that a destination gives back, with the records up to there."""
        self._states[_key(body["state"])] = body["state"]
        self.context.save({"states": list(self._states.values()), "streams": counts})


class _Destination(Receiver):
    def __init__(self, programs: Programs, words: List[str], connector: AirbyteSync, log: LogCallback):
        self._connector, self._log = connector, log
        super().__init__(programs, "destination", words)

    def hear(self, line: bytes) -> None:
        body = message(line, "destination")
        if body is not None and not self._connector.tells(body, self._log) and body["type"] == "STATE":
            # They come back in their order, and a destination may add to them.
            self._connector.keep(body, self.counted(lambda sent: True))


def _key(state: Dict[str, JSON]) -> str:
    """One state a stream, one for all that is global."""
    descriptor = (state.get("stream") or {}).get("stream_descriptor")
    return json.dumps(descriptor, sort_keys=True) if descriptor else str(state.get("type", "LEGACY"))
