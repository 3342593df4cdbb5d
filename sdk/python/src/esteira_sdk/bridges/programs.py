"""Programs that a bridge runs: their streams, their secrets, their ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from typing import IO, Dict, List, Optional

from ..connector import JSON, BadConfiguration, Cancelled, Connector, ConnectorError, LogCallback, LogEntry

GRACE_SECONDS = 3.0
"""Between SIGTERM and SIGKILL: the engine gives the bridge five."""
LINE_LIMIT = 64 << 20


class ProgramFailed(ConnectorError):
    """A program of another ecosystem ended with an error."""

    error_class = "exit"


class Document:
    """JSON that a program reads by path and that is on no disk: it may hold secrets."""

    def __init__(self, value: JSON):
        self.descriptor = os.memfd_create("esteira", 0)
        os.write(self.descriptor, json.dumps(value).encode())
        os.lseek(self.descriptor, 0, os.SEEK_SET)
        # A new open of the path begins at the start, however often it is read.
        self.path = f"/proc/self/fd/{self.descriptor}"

    def close(self) -> None:
        os.close(self.descriptor)


class Programs:
    """All programs of one attempt, ended together."""

    def __init__(self, log: LogCallback):
        self._log = log
        self._processes: List["subprocess.Popen[bytes]"] = []
        self._readers: List[threading.Thread] = []
        self._last: Dict[int, str] = {}
        self._documents: List[Document] = []
        self._starting = threading.Lock()
        self._is_stopped = False

    def document(self, value: JSON) -> Document:
        document = Document(value)
        self._documents.append(document)
        return document

    def start(self, name: str, command: List[str], takes_input: bool = False,
              environment: Optional[Dict[str, str]] = None) -> "subprocess.Popen[bytes]":
        with self._starting:
            if self._is_stopped:
                raise Cancelled("The connector was cancelled.")
            process = self._open(name, command, takes_input, environment)
            self._processes.append(process)
        assert process.stderr is not None
        reader = threading.Thread(target=self._drain, args=(process.pid, name, process.stderr), daemon=True)
        reader.start()
        self._readers.append(reader)
        return process

    def _open(self, name: str, command: List[str], takes_input: bool,
              environment: Optional[Dict[str, str]]) -> "subprocess.Popen[bytes]":
        try:
            return subprocess.Popen(
                command, stdin=subprocess.PIPE if takes_input else subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, start_new_session=True,
                env={**os.environ, **(environment or {})},
                pass_fds=tuple(document.descriptor for document in self._documents))
        except OSError as error:
            raise BadConfiguration(f"{name} {command[0]} cannot be started: {error.strerror}.", "program-not-found") from None
    def _drain(self, pid: int, name: str, stream: IO[bytes]) -> None:
        for line in stream:
            text = line.decode(errors="replace").rstrip()
            if text:
                self._last[pid] = text
                self._log(LogEntry("info", f"{name}: {text}"))

    def demand_success(self, name: str, process: "subprocess.Popen[bytes]") -> None:
        code = process.wait()
        for reader in self._readers:
            reader.join(GRACE_SECONDS)
        if code != 0:
            reason = self._last.get(process.pid, "")
            raise ProgramFailed(f"The {name} ended with code {code}{': ' + reason if reason else ''}.", f"{name}-failed")

    def stop(self) -> None:
        """Ends what still runs, and starts nothing more. May be called more than once, from any thread."""
        with self._starting:
            self._is_stopped = True
        running = [process for process in self._processes if process.poll() is None]
        for process in running:
            _signal(process, signal.SIGTERM)
        for process in running:
            try:
                process.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                _signal(process, signal.SIGKILL)

    def close(self) -> None:
        self.stop()
        for document in self._documents:
            document.close()
        self._documents = []


def _signal(process: "subprocess.Popen[bytes]", number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        pass


def message(line: bytes, program: str) -> Optional[Dict[str, JSON]]:
    """The JSON object of a line; None where it is something else, such as a stray print."""
    if len(line) > LINE_LIMIT:
        raise ProgramFailed(f"The {program} wrote a line of more than {LINE_LIMIT} bytes.", f"{program}-failed")
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) and "type" in value else None


class Bridge(Connector):
    """A connector whose work is done by programs."""

    def __init__(self) -> None:
        self._programs: Optional[Programs] = None

    def begin(self, log: LogCallback) -> Programs:
        self._programs = programs = Programs(log)
        # A cancel that came before there was anything to stop.
        if self.context.cancelled:
            programs.stop()
        return programs

    def cancel(self) -> None:
        if self._programs is not None:
            self._programs.stop()

    def cleanup(self) -> None:
        if self._programs is not None:
            self._programs.close()
