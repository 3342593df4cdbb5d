"""What a connector is, and what it may ask of the engine while it runs."""

from __future__ import annotations

import os
import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Callable, ClassVar, Dict, List, Optional, Protocol, Union

JSON = Any
"""Whatever `json` reads and writes."""


class ConnectorError(Exception):
    """Why a connector did not succeed. The class decides what the engine does next.

    `configuration`, `credential` and `data` are not retried unless the pipeline says so.
    """

    error_class: ClassVar[str] = "internal"

    def __init__(self, message: str, code: str = "connector-failed", retry_after: Optional[float] = None):
        super().__init__(message)
        self.code = code
        self.retry_after = retry_after
        """Seconds that the outside asked to wait."""


class Transient(ConnectorError):
    """Trying again may help."""

    error_class = "transient"


class RateLimited(ConnectorError):
    """The outside asks to slow down."""

    error_class = "rate_limited"


class BadConfiguration(ConnectorError):
    """What the operator or the pipeline says cannot work."""

    error_class = "configuration"


class BadCredential(ConnectorError):
    """The outside does not take the credential."""

    error_class = "credential"


class BadData(ConnectorError):
    """The data is wrong, and will be so next time."""

    error_class = "data"


class CheckFailed(BadData):
    """A check of the connector's own output failed."""


class Cancelled(ConnectorError):
    """The engine asked to stop; raised by `Context` where a connector would go on."""

    error_class = "cancelled"


@dataclass
class LogEntry:
    """One line of the step's log."""

    level: str
    """`debug`, `info`, `warn` or `error`."""
    message: str
    timestamp: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    metadata: Dict[str, JSON] = field(default_factory=dict)


class LogCallback(Protocol):
    """Takes a line, whole or as a text of level `info`."""

    def __call__(self, entry: Union[LogEntry, str]) -> None: ...


@dataclass
class Progress:
    """How far the work is: a share, a count, or both."""

    percent: Optional[float] = None
    done: Optional[int] = None
    total: Optional[int] = None
    text: str = ""


@dataclass
class ConnectorResult:
    """What came of the work. What is None is left out of the output."""

    success: bool = True
    rows_processed: Optional[int] = None
    bytes_transferred: Optional[int] = None
    output_path: Optional[str] = None
    metadata: Dict[str, JSON] = field(default_factory=dict)
    error: Optional[str] = None
    output: Dict[str, JSON] = field(default_factory=dict)
    """More members of the output, as the schema of the output names them."""

    def as_output(self) -> Dict[str, JSON]:
        members: Dict[str, JSON] = {}
        for name in ("rows_processed", "bytes_transferred", "output_path"):
            value = getattr(self, name)
            if value is not None:
                members[name] = value
        if self.metadata:
            members["metadata"] = self.metadata
        members.update(self.output)
        return members


@dataclass
class Schema:
    """JSON Schemas of what a connector takes and gives."""

    with_: Dict[str, JSON] = field(default_factory=lambda: {"type": "object"})
    output: Dict[str, JSON] = field(default_factory=lambda: {"type": "object"})


@dataclass
class Credential:
    """Secrets of the step's connection. They never stand in arguments, the environment or a file."""

    type: str
    values: Dict[str, str] = field(repr=False)

    def __getitem__(self, name: str) -> str:
        try:
            return self.values[name]
        except KeyError:
            raise BadCredential(f"The credential of type {self.type} has no value {name}.") from None


class Context:
    """What the engine does for a connector while it works. Any thread may call it."""

    def __init__(self, start: Dict[str, JSON], tell: Callable[[str, Dict[str, JSON]], None],
                 keep: Callable[[JSON], None]):
        self._tell = tell
        self._keep = keep
        self._cancelled = threading.Event()
        self.step_key: str = start.get("step", {}).get("key", "")
        """The same for every attempt: use it as message id, Idempotency-Key or outside name."""
        self.attempt: int = start.get("step", {}).get("attempt", 1)
        self.token: int = start.get("token", 0)
        """The fencing token: a later attempt has a higher one."""
        self.checkpoint: JSON = start.get("checkpoint")
        """What an earlier attempt kept; None at the beginning."""
        folders = start.get("folders", {})
        self.work: str = folders.get("work", os.getcwd())
        self.files: str = folders.get("files", os.getcwd())
        self._artifacts: str = folders.get("artifacts", os.getcwd())
        connection = start.get("connection") or {}
        self.address: Dict[str, JSON] = connection.get("address") or {}
        """Where the step's connection leads."""
        secret = connection.get("credential")
        self.credential: Optional[Credential] = Credential(secret["type"], dict(secret["values"])) if secret else None

    @property
    def cancelled(self) -> bool:
        """Whether the engine asked to stop."""
        return self._cancelled.is_set()

    def wait(self, seconds: float) -> None:
        """Sleeps, but no longer than until a cancel, which it raises."""
        if self._cancelled.wait(seconds):
            raise Cancelled("The connector was cancelled.")

    def save(self, state: JSON) -> None:
        """Keeps a mark of progress: it is durable when this returns. Raises `Cancelled` where it is time to stop."""
        self._keep(state)
        self.checkpoint = state
        if self.cancelled:
            raise Cancelled("The connector was cancelled.")

    def artifact(self, name: str, media_type: Optional[str] = None) -> str:
        """The path where a file has to be written to become the artifact of this name."""
        path = os.path.join(self._artifacts, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        body: Dict[str, JSON] = {"name": name}
        if media_type:
            body["media_type"] = media_type
        self._tell("artifact", body)
        return path

    def file(self, handle: Dict[str, JSON]) -> str:
        """The path of the bytes of an artifact that `parameters` names."""
        return os.path.join(self.files, handle["artifact"])

    def metric(self, name: str, value: float, unit: str = "") -> None:
        self._tell("metric", {"name": name, "value": value, **({"unit": unit} if unit else {})})

    def check(self, name: str, passed: bool, message: str = "", severity: str = "error") -> None:
        """Says whether something holds. One of severity `error` that fails makes the step fail."""
        body: Dict[str, JSON] = {"name": name, "passed": passed, "severity": severity}
        if message:
            body["message"] = message
        self._tell("check", body)

    def mask(self, value: str) -> None:
        """Hides a secret that the connector got by itself, such as a session token."""
        self._tell("mask", {"value": value})


class Connector(ABC):
    """Derive from it, name it, write `execute`; the other five methods have a usual behaviour."""

    name: ClassVar[str]
    """Such as `acme.orders`: what `uses:` says."""
    version: ClassVar[str] = "1.0.0"
    title: ClassVar[str] = ""
    effect: ClassVar[str] = "once"
    """`pure`: changes nothing outside. `keyed`: may repeat under the same step key. `once`: a person is asked
    where nobody knows whether it happened."""
    connection: ClassVar[Optional[str]] = None
    """The kind of connection that a step must name; None: none."""
    checkpoints: ClassVar[bool] = False
    """Whether `execute` calls `context.save` and goes on from `context.checkpoint`."""
    timeout: ClassVar[str] = "1h"
    heartbeat: ClassVar[str] = "30s"
    environment: ClassVar[Dict[str, str]] = {}
    test_with: ClassVar[Dict[str, JSON]] = {}
    """What the conformance kit runs it with."""
    test_bad: ClassVar[Optional[Dict[str, JSON]]] = None
    """Agrees with the schema and is refused."""
    test_slow: ClassVar[Optional[Dict[str, JSON]]] = None
    """Takes longer than five seconds."""

    context: Context
    """Set before the first call."""

    def get_schema(self) -> Schema:
        """What it takes and gives. The manifest shows the same."""
        return Schema()

    def validate(self, parameters: Dict[str, JSON]) -> List[str]:
        """What is wrong with parameters that agree with the schema; each is a sentence."""
        return []

    @abstractmethod
    def execute(self, parameters: Dict[str, JSON], log_callback: LogCallback) -> ConnectorResult:
        """Does the work. Raises a `ConnectorError` where it cannot."""

    def get_progress(self) -> Optional[Progress]:
        """Called about once a second while `execute` runs, from another thread."""
        return None

    def cancel(self) -> None:
        """Called from another thread; `execute` has to end within five seconds. `context.cancelled` is true by then."""

    def cleanup(self) -> None:
        """Called after `execute`, however it ended."""
