"""Logs as one JSON object a line, or for a person; what a LogContext holds stands in every line inside it."""

import contextvars
import datetime
import json
import logging
import sys

_context = contextvars.ContextVar("atlasreg_log", default={})
# What every record has; anything else was given as `extra`.
_USUAL = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class LogContext:
    """`with LogContext(run_id=…):`; an inner one adds to the outer."""

    def __init__(self, **fields):
        self.fields, self.token = fields, None

    def __enter__(self):
        self.token = _context.set({**_context.get(), **self.fields})
        return self

    def __exit__(self, *_):
        _context.reset(self.token)


class Lines(logging.Formatter):
    def __init__(self, kind):
        super().__init__()
        self.kind = kind

    def format(self, record):
        time = datetime.datetime.fromtimestamp(record.created, datetime.timezone.utc)
        fields = {**_context.get(), **{key: value for key, value in vars(record).items() if key not in _USUAL}}
        if record.exc_info:
            fields["exc_info"] = self.formatException(record.exc_info)
        if self.kind == "console":
            words = " ".join(f"{key}={value}" for key, value in fields.items())
            return f"[{time:%Y-%m-%d %H:%M:%S}] [{record.levelname}] {record.getMessage()} {words}".rstrip()
        stamp = time.isoformat(timespec="microseconds").replace("+00:00", "Z")
        return json.dumps({"event": record.getMessage(), "level": record.levelname.lower(), "timestamp": stamp,
                           "logger": record.name, **fields}, ensure_ascii=False, default=str)


def setup_logging(level="INFO", kind="json", stream=None):
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Lines(kind))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)


def get_logger(name):
    return logging.getLogger(name)
