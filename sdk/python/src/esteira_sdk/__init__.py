"""Connectors for Esteira: a class with six methods, run by the engine or as a plain script."""

from __future__ import annotations

from .connector import (
    JSON,
    CheckFailed,
    Connector,
    ConnectorError,
    ConnectorResult,
    Context,
    Credential,
    BadConfiguration,
    BadCredential,
    BadData,
    Cancelled,
    LogCallback,
    LogEntry,
    Progress,
    RateLimited,
    Schema,
    Transient,
)
from .runtime import run

__all__ = [
    "JSON", "BadConfiguration", "BadCredential", "BadData", "Cancelled", "CheckFailed", "Connector",
    "ConnectorError", "ConnectorResult", "Context", "Credential", "LogCallback", "LogEntry", "Progress",
    "RateLimited", "Schema", "Transient", "run",
]
__version__ = "0.1.0"
