"""Plays the engine for a connector, so that its own tests need no server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from typing import Callable, Dict, List, Optional

from .connector import JSON

Message = Dict[str, JSON]


@dataclass
class Outcome:
    """What came of one run."""

    output: Optional[Dict[str, JSON]] = None
    error: Optional[Dict[str, JSON]] = None
    """`{class, code, message, retry_after}`."""
    problems: List[str] = field(default_factory=list)
    """What `validate` says; then nothing was executed."""
    messages: List[Message] = field(default_factory=list)
    """Logs, progress and the like, each `{method, params}`."""
    checkpoints: List[JSON] = field(default_factory=list)
    capabilities: List[str] = field(default_factory=list)
    schema: Dict[str, JSON] = field(default_factory=dict)
    exit_code: int = 0
    seconds_to_stop: float = 0.0
    """From the cancel to the end of the process."""

    def told(self, method: str) -> List[Dict[str, JSON]]:
        return [message["params"] for message in self.messages if message["method"] == method]


class Engine:
    """Starts the program of a folder for each run."""

    def __init__(self, folder: str, command: Optional[List[str]] = None, environment: Optional[Dict[str, str]] = None):
        self.folder = os.path.abspath(folder)
        self.command = command or [sys.executable, "-u", os.path.join(self.folder, "main.py")]
        self.environment = environment or {}

    def run(
        self, parameters: Dict[str, JSON], checkpoint: JSON = None, connection: Optional[Dict[str, JSON]] = None,
        cancel_when: Optional[Callable[[Message], bool]] = None,
        kill_when: Optional[Callable[[Message], bool]] = None,
    ) -> Outcome:
        """One attempt, as the engine does it. The two conditions look at each message of the program."""
        with tempfile.TemporaryDirectory() as scratch:
            play = _Play(self, scratch, parameters, checkpoint, connection)
            return play.perform(cancel_when or _never, kill_when or _never)


def _never(message: Message) -> bool:
    return False


class _Play:
    def __init__(self, engine: Engine, scratch: str, parameters: Dict[str, JSON], checkpoint: JSON,
                 connection: Optional[Dict[str, JSON]]):
        ours_read, theirs_write = os.pipe()
        theirs_read, ours_write = os.pipe()
        folders = {name: os.path.join(scratch, name) for name in ("work", "files", "artifacts")}
        for folder in folders.values():
            os.mkdir(folder)
        environment = {
            "PATH": os.environ.get("PATH", ""), "HOME": folders["work"], "LANG": "C.UTF-8",
            # This package alone: what a connector starts may be a Python with packages of its own.
            "PYTHONPATH": os.path.dirname(os.path.dirname(os.path.abspath(__file__))), **engine.environment,
            "ESTEIRA_PROTOCOL": "2", "ESTEIRA_IN_FD": str(theirs_read), "ESTEIRA_OUT_FD": str(theirs_write),
        }
        self.process = subprocess.Popen(
            engine.command, cwd=folders["work"], env=environment, pass_fds=(theirs_read, theirs_write),
            stdin=subprocess.DEVNULL)
        os.close(theirs_read)
        os.close(theirs_write)
        self.read, self.write = os.fdopen(ours_read, "rb"), os.fdopen(ours_write, "wb")
        self.start: Dict[str, JSON] = {
            "job": {"id": "job", "key": "job", "namespace": "test", "pipeline": "test"},
            "step": {"path": "step", "key": "step-key", "attempt": 1}, "token": 7, "effect": "once",
            "with": parameters, "folders": folders, "checkpoint": checkpoint,
        }
        if connection:
            self.start["connection"] = connection
        self.outcome = Outcome()

    def perform(self, cancel_when: Callable[[Message], bool], kill_when: Callable[[Message], bool]) -> Outcome:
        cancelled_at: Optional[float] = None
        self._ask("initialize", {"protocol": 2, "engine": "esteira"})
        for line in self.read:
            message = json.loads(line)
            if "method" in message:
                self._hear(message)
                if kill_when(message):
                    self.process.kill()
                    break
                if cancelled_at is None and cancel_when(message):
                    cancelled_at = time.monotonic()
                    self._ask("cancel", {"token": 7})
            else:
                self._answered(message)
        self.outcome.exit_code = self.process.wait(timeout=30)
        if cancelled_at is not None:
            self.outcome.seconds_to_stop = time.monotonic() - cancelled_at
        for end in (self.read, self.write):
            if not end.closed:
                end.close()
        return self.outcome

    def _hear(self, message: Message) -> None:
        self.outcome.messages.append(message)
        if message["method"] == "checkpoint":
            self.outcome.checkpoints.append(message["params"]["state"])
            self._send({"id": message["id"], "result": {}})

    def _answered(self, message: Message) -> None:
        method, result = message.get("id"), message.get("result") or {}
        if method == "initialize":
            self.outcome.capabilities = result["capabilities"]
            self._ask("schema", {})
        elif method == "schema":
            self.outcome.schema = result
            self._ask("validate", {"with": self.start["with"]})
        elif method == "validate":
            self.outcome.problems = [problem["message"] for problem in result["problems"]]
            if self.outcome.problems:
                self.write.close()
            else:
                self._ask("execute", self.start)
        elif method == "execute":
            self.outcome.error = (message.get("error") or {}).get("data")
            self.outcome.output = result.get("output")
            self._ask("cleanup", {"token": 7, "ok": self.outcome.error is None})
        elif method == "cleanup":
            self.write.close()

    def _ask(self, method: str, parameters: Dict[str, JSON]) -> None:
        self._send({"id": method, "method": method, "params": parameters})

    def _send(self, message: Dict[str, JSON]) -> None:
        if self.write.closed:
            return
        self.write.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self.write.flush()
