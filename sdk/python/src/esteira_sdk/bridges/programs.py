"""Programs that a bridge runs: their streams, their secrets, their ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from typing import IO, Callable, Dict, List, Optional, Tuple

from ..connector import JSON, BadConfiguration, Cancelled, Connector, ConnectorError, LogCallback, LogEntry

GRACE_SECONDS = 3.0
"""Between SIGTERM and SIGKILL: the engine gives the bridge five."""
LINE_LIMIT = 64 << 20
COMMAND = {"type": "array", "items": {"type": "string"}, "minItems": 1}


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


class Receiver:
    """A program that takes messages and gives back the states up to which it has kept them. What `hear` raises
    is raised where the connector sends or finishes."""

    def __init__(self, programs: Programs, name: str, command: List[str]):
        self._programs, self._name = programs, name
        self._process = programs.start(name, command, takes_input=True)
        self._error: Optional[BaseException] = None
        self._sending = threading.Lock()
        self._sent: List[Tuple[JSON, Dict[str, int]]] = []
        """States that have not come back yet, in their order, with the counts that belong to them."""
        self._counts: Dict[str, int] = {}
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def hear(self, line: bytes) -> None:
        """A line that it wrote."""
        raise NotImplementedError

    def _read(self) -> None:
        assert self._process.stdout is not None
        try:
            for line in self._process.stdout:
                self.hear(line)
        except BaseException as error:  # Raised where the connector waits.
            self._error = error

    def send(self, line: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line if line.endswith(b"\n") else line + b"\n")
        except BrokenPipeError:
            self._end(took_all=False)

    def send_state(self, line: bytes, state: JSON, counts: Dict[str, int]) -> None:
        """`counts`: the records up to there."""
        with self._sending:
            self._sent.append((state, dict(counts)))
        self.send(line)

    def counted(self, came_back: Callable[[JSON], bool]) -> Dict[str, int]:
        """The counts of the first state that was sent and came back. Those before it come no more."""
        with self._sending:
            for place, (sent, counts) in enumerate(self._sent):
                if came_back(sent):
                    del self._sent[:place + 1]
                    self._counts = counts
                    break
        return self._counts

    def finish(self) -> None:
        """Returns once it has ended well and all that it told is heard."""
        assert self._process.stdin is not None
        took_all = True
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            took_all = False
        self._end(took_all)

    def _end(self, took_all: bool) -> None:
        try:
            self._programs.demand_success(self._name, self._process)
            if not took_all:
                raise ProgramFailed(f"The {self._name} ended before it had taken all.", f"{self._name}-failed")
        except ProgramFailed:
            self._reader.join()
            if self._error is not None:
                raise self._error from None
            raise
        self._reader.join()
        if self._error is not None:
            raise self._error


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
