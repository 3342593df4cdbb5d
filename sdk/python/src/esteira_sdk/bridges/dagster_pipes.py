"""`dagster.pipes`: a program that speaks Dagster Pipes."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import zlib
from typing import ClassVar, Dict, List, Optional

from ..connector import JSON, ConnectorResult, LogCallback, LogEntry, Schema
from .programs import Bridge, ProgramFailed

POLL_SECONDS = 0.05
LEVELS = {"DEBUG": "debug", "INFO": "info", "WARNING": "warn", "ERROR": "error", "CRITICAL": "error"}


class DagsterPipes(Bridge):
    """Materialisations and custom messages become the output, checks are checks. A custom message
    `{"esteira_checkpoint": STATE}` is kept; the program finds it in its extras as `esteira_checkpoint`."""

    name = "dagster.pipes"
    version = "1.0.0"
    title = "Dagster Pipes"
    effect = "once"
    checkpoints = True
    heartbeat = "2m"
    timeout = "6h"
    test_with: ClassVar[Dict[str, JSON]] = {"command": ["sh", "-c", (
        'python3 -c "import base64, json, os, zlib\n'
        'path = json.loads(zlib.decompress(base64.b64decode(os.environ[\'DAGSTER_PIPES_MESSAGES\'])))[\'path\']\n'
        'for method, params in ((\'opened\', {}), (\'report_custom_message\', {\'payload\': {\'esteira_checkpoint\': 1}}), '
        '(\'closed\', {})):\n'
        '    open(path, \'a\').write(json.dumps({\'__dagster_pipes_version\': \'0.1\', \'method\': method, '
        '\'params\': params}) + chr(10))\n"')]}
    test_bad: ClassVar[Optional[Dict[str, JSON]]] = {"command": ["/nonexistent/program"]}
    test_slow: ClassVar[Optional[Dict[str, JSON]]] = {"command": ["sleep", "60"]}

    def __init__(self) -> None:
        super().__init__()
        self._opened = self._closed = False
        self._exception: Optional[Dict[str, JSON]] = None
        self._materializations: List[JSON] = []
        self._messages: List[JSON] = []
        self._rest = b""

    def get_schema(self) -> Schema:
        return Schema(
            with_={
                "type": "object",
                "properties": {
                    "command": {"type": "array", "items": {"type": "string"}, "minItems": 1},
                    "env": {"type": "object", "additionalProperties": {"type": "string"}},
                    "extras": {"type": "object", "description": "What `context.extras` holds."},
                    "asset_keys": {"type": "array", "items": {"type": "string"}},
                    "partition_key": {"type": "string"},
                    "job_name": {"type": "string"},
                },
                "required": ["command"],
                "additionalProperties": False,
            },
            output={
                "type": "object",
                "properties": {
                    "materializations": {"type": "array"}, "messages": {"type": "array"},
                },
                "required": ["materializations", "messages"],
            })

    def execute(self, parameters: Dict[str, JSON], log_callback: LogCallback) -> ConnectorResult:
        programs = self.begin(log_callback)
        path = os.path.join(self.context.work, "pipes-messages")
        open(path, "wb").close()
        environment = dict(parameters.get("env") or {})
        # In a descriptor and not in a file: extras may be personal.
        context = programs.document(self._context(parameters))
        environment["DAGSTER_PIPES_CONTEXT"] = _encode({"path": context.path})
        environment["DAGSTER_PIPES_MESSAGES"] = _encode({"path": path})
        process = programs.start("program", list(parameters["command"]), environment=environment)
        try:
            self._follow(path, process, log_callback)
        finally:
            programs.stop()
        if self._exception is not None:
            name, text = self._exception.get("name"), str(self._exception.get("message") or "").strip()
            raise ProgramFailed(f"The program raised {name}: {text}", "pipes-exception")
        programs.demand_success("program", process)
        if self._opened and not self._closed:
            raise ProgramFailed("The program ended without closing its pipes.", "pipes-not-closed")
        return ConnectorResult(output={"materializations": self._materializations, "messages": self._messages})

    def _context(self, parameters: Dict[str, JSON]) -> Dict[str, JSON]:
        extras = dict(parameters.get("extras") or {})
        extras["esteira_checkpoint"] = self.context.checkpoint
        keys = parameters.get("asset_keys")
        return {
            "asset_keys": keys, "code_version_by_asset_key": {key: None for key in keys} if keys else None,
            "provenance_by_asset_key": {key: None for key in keys} if keys else None,
            "partition_key": parameters.get("partition_key"), "partition_key_range": None,
            "partition_time_window": None, "run_id": self.context.step_key,
            "job_name": parameters.get("job_name"), "retry_number": self.context.attempt - 1, "extras": extras,
        }

    def _follow(self, path: str, process: "subprocess.Popen[bytes]", log: LogCallback) -> None:
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        with open(path, "rb") as file:
            while True:
                is_over = process.poll() is not None
                self._take(file.read(), log)
                text = (process.stdout.read() or b"").decode(errors="replace")
                for line in text.splitlines():
                    log(line)
                if is_over:
                    return
                self.context.wait(POLL_SECONDS)

    def _take(self, data: bytes, log: LogCallback) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.strip():
                body = json.loads(line)
                self._hear(body["method"], body.get("params") or {}, log)

    def _hear(self, method: str, params: Dict[str, JSON], log: LogCallback) -> None:
        if method == "opened":
            self._opened = True
        elif method == "closed":
            self._closed = True
            self._exception = params.get("exception")
        elif method == "log":
            log(LogEntry(LEVELS.get(str(params.get("level")).upper(), "info"), str(params.get("message"))))
        elif method == "report_asset_materialization":
            self._materializations.append(params)
        elif method == "report_asset_check":
            severity = "warn" if params.get("severity") == "WARN" else "error"
            self.context.check(f"{params.get('asset_key')}/{params.get('check_name')}", bool(params.get("passed")),
                               severity=severity)
        elif method == "report_custom_message":
            payload = params.get("payload")
            if isinstance(payload, dict) and set(payload) == {"esteira_checkpoint"}:
                self.context.save(payload["esteira_checkpoint"])
            else:
                self._messages.append(payload)
        elif method == "log_external_stream":
            log(LogEntry("info", str(params.get("text", "")).rstrip()))


def _encode(value: JSON) -> str:
    return base64.b64encode(zlib.compress(json.dumps(value).encode())).decode()
