"""`singer.sync`: a Singer tap, into a target or into artifacts."""

from __future__ import annotations

import json
import os
from typing import IO, ClassVar, Dict, List, Optional

from ..connector import JSON, BadData, Connector, ConnectorResult, LogCallback, Progress, Schema
from .programs import COMMAND, Bridge, Programs, Receiver, message

TRIAL_TAP = """import json, sys
words = sys.argv
first = json.load(open(words[words.index("--state") + 1]))["n"] if "--state" in words else 0
for n in range(first + 1, 4):
    print(json.dumps({"type": "RECORD", "stream": "s", "record": {"n": n}}))
    print(json.dumps({"type": "STATE", "value": {"n": n}}))
"""
TRIAL_TARGET = """import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "STATE":
        print(json.dumps(message["value"]), flush=True)
"""


class SingerSync(Bridge):
    """The state that the target echoes is the checkpoint: all before it is in the target for good. So are the
    counts up to there, and a job that was interrupted ends with the same output as one that was not."""

    name = "singer.sync"
    version = "1.0.0"
    title = "Singer tap and target"
    effect = "keyed"
    checkpoints = True
    heartbeat = "2m"
    timeout = "6h"
    test_with: ClassVar[Dict[str, JSON]] = {
        "tap": ["python3", "-c", TRIAL_TAP], "target": ["python3", "-c", TRIAL_TARGET]}
    test_bad: ClassVar[Optional[Dict[str, JSON]]] = {"tap": ["/nonexistent/tap"]}

    def __init__(self) -> None:
        super().__init__()
        self._counts: Dict[str, int] = {}

    def get_schema(self) -> Schema:
        return Schema(
            with_={
                "type": "object",
                "properties": {
                    "tap": {**COMMAND, "description": "The tap's program and first arguments."},
                    "target": {**COMMAND, "description": "The target's; without it each stream becomes an artifact."},
                    "tap_config": {"type": "object", "description": "Its --config; the values of the credential join it."},
                    "target_config": {"type": "object"},
                    "catalog": {"type": "object", "description": "Its --catalog."},
                    "properties": {"type": "object", "description": "Its --properties, for older taps."},
                    "state": {"type": "object", "description": "Where a job begins, such as the last one's output."},
                },
                "required": ["tap"],
                "additionalProperties": False,
            },
            output={
                "type": "object",
                "properties": {
                    "rows_processed": {"type": "integer"},
                    "streams": {"type": "object", "description": "Records by stream."},
                    "files": {"type": "object", "description": "Artifacts by stream, without a target."},
                    "state": {"description": "The last state: for the next job."},
                },
                "required": ["rows_processed", "streams", "state"],
            })

    def get_progress(self) -> Optional[Progress]:
        return Progress(done=sum(self._counts.values()))

    def execute(self, parameters: Dict[str, JSON], log_callback: LogCallback) -> ConnectorResult:
        programs = self.begin(log_callback)
        kept = self.context.checkpoint or {}
        self._counts = dict(kept.get("streams") or {})
        state = kept["state"] if kept else parameters.get("state")
        tap_config = dict(parameters.get("tap_config") or {})
        if self.context.credential is not None:
            tap_config.update(self.context.credential.values)
        words = list(parameters["tap"])
        for flag, value in (("--config", tap_config or None), ("--catalog", parameters.get("catalog")),
                            ("--properties", parameters.get("properties")), ("--state", state)):
            if value is not None:
                words += [flag, programs.document(value).path]
        sink: Sink
        if parameters.get("target"):
            sink = TargetSink(self, programs, parameters)
        else:
            sink = FileSink(self)
        try:
            tap = programs.start("tap", words)
            assert tap.stdout is not None
            state = self._copy(tap.stdout, sink, state)
            programs.demand_success("tap", tap)
            state = sink.finish(state)
        finally:
            programs.stop()
        files = sink.files()
        return ConnectorResult(
            rows_processed=sum(self._counts.values()),
            output={"streams": self._counts, "state": state, **({"files": files} if files else {})})

    def _copy(self, stream: IO[bytes], sink: "Sink", state: JSON) -> JSON:
        for line in stream:
            self.context.wait(0)
            body = message(line, "tap")
            if body is None:
                continue
            if body["type"] == "RECORD":
                name = str(body.get("stream"))
                self._counts[name] = self._counts.get(name, 0) + 1
            elif body["type"] == "STATE":
                state = body.get("value")
            sink.take(line, body, self._counts)
        return state


class Sink:
    """Where the messages of a tap go."""

    def take(self, line: bytes, body: Dict[str, JSON], counts: Dict[str, int]) -> None:
        """`counts`: the records up to here."""
        raise NotImplementedError

    def finish(self, state: JSON) -> JSON:
        """The state up to which all is kept."""
        return state

    def files(self) -> Dict[str, JSON]:
        return {}


class FileSink(Sink):
    """An artifact of JSON lines a stream. An attempt that is repeated begins anew, as its artifacts do."""

    def __init__(self, connector: Connector):
        self._connector = connector
        self._open: Dict[str, IO[str]] = {}

    def take(self, line: bytes, body: Dict[str, JSON], counts: Dict[str, int]) -> None:
        if body["type"] != "RECORD":
            return
        stream = str(body["stream"])
        if stream not in self._open:
            if os.sep in stream or stream in ("", ".", ".."):
                raise BadData(f"The tap has a stream {stream!r}, which can be no name of a file.")
            path = self._connector.context.artifact(stream + ".jsonl", "application/jsonl")
            self._open[stream] = open(path, "w", encoding="utf-8")
        self._open[stream].write(json.dumps(body["record"], ensure_ascii=False) + "\n")

    def finish(self, state: JSON) -> JSON:
        for file in self._open.values():
            file.close()
        return state

    def files(self) -> Dict[str, JSON]:
        return {stream: {"artifact": stream + ".jsonl"} for stream in self._open}


class TargetSink(Sink):
    """A target: what it echoes is kept as the checkpoint."""

    def __init__(self, connector: Connector, programs: Programs, parameters: Dict[str, JSON]):
        words: List[str] = list(parameters["target"])
        if parameters.get("target_config") is not None:
            words += ["--config", programs.document(parameters["target_config"]).path]
        self._target = Target(connector, programs, words)

    def take(self, line: bytes, body: Dict[str, JSON], counts: Dict[str, int]) -> None:
        if body["type"] == "STATE":
            self._target.send_state(line, body.get("value"), counts)
        else:
            self._target.send(line)

    def finish(self, state: JSON) -> JSON:
        self._target.finish()
        return self._target.state if self._target.state is not None else state


class Target(Receiver):
    def __init__(self, connector: Connector, programs: Programs, words: List[str]):
        self._connector = connector
        self.state: JSON = None
        super().__init__(programs, "target", words)

    def hear(self, line: bytes) -> None:
        try:
            state = json.loads(line)
        except ValueError:
            return
        self.state = state
        # A target may echo the last of several states alone.
        counts = self.counted(lambda sent: sent == state)
        self._connector.context.save({"state": state, "streams": counts})
