"""Log output of every Headland process: one record format, as text or as JSON.

A text record is one line, followed by the traceback where there is one:

    2026-11-24T06:30:00.250Z WARNING edge.uplink.mqtt: message

A JSON record is one object on one line with the keys `time` (ISO 8601, UTC, milliseconds), `level`, `logger`, `part`
(the command that writes it), `message` and, where there is a traceback, `exception`. Records go to standard error.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from collections.abc import Mapping
from enum import StrEnum
from types import TracebackType
from typing import Final

from headland.errors import SettingsError

#: Environment variables of the lowest level that is logged, and of the record format.
LOG_LEVEL: Final = "HEADLAND_LOG"
LOG_FORMAT: Final = "HEADLAND_LOG_FORMAT"

_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_LOGGER: Final = logging.getLogger(__name__)


class LogRecordFormat(StrEnum):
    """Format of log records."""

    TEXT = "text"
    JSON = "json"


class TextFormatter(logging.Formatter):
    """Formats a record as a line of text, with time in UTC."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - logging's name
        """Return the record's time as ISO 8601 with milliseconds, UTC."""
        del datefmt
        return iso_time(record.created)


class JsonFormatter(logging.Formatter):
    """Formats a record as a JSON object on one line; `part` names the process."""

    def __init__(self, part: str) -> None:
        super().__init__()
        self._part = part

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON."""
        fields = {
            "time": iso_time(record.created),
            "level": record.levelname,
            "logger": record.name,
            "part": self._part,
            "message": record.getMessage(),
        }
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False)


def iso_time(epoch_s: float) -> str:
    """Return an instant as ISO 8601 with milliseconds, UTC."""
    whole_s, ms = divmod(int(epoch_s * 1000), 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole_s))}.{ms:03d}Z"


def configure_logging(part: str, log_format: LogRecordFormat) -> None:
    """Send the log records of this process to standard error; replaces what an earlier call configured."""
    root = logging.getLogger()
    for earlier in list(root.handlers):
        if isinstance(earlier.formatter, TextFormatter | JsonFormatter):
            root.removeHandler(earlier)
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter(part) if log_format is LogRecordFormat.JSON else TextFormatter())
    root.addHandler(handler)


def configure_from_environment(part: str, environ: Mapping[str, str]) -> None:
    """Configure level and format as HEADLAND_LOG and HEADLAND_LOG_FORMAT say; raises SettingsError."""
    log_format = environ.get(LOG_FORMAT) or LogRecordFormat.TEXT.value
    if log_format not in list(LogRecordFormat):
        raise SettingsError(f"{LOG_FORMAT} is {log_format!r}; it must be {' or '.join(LogRecordFormat)}.")
    configure_logging(part, LogRecordFormat(log_format))
    level = environ.get(LOG_LEVEL, "").upper() or "WARNING"
    if level not in _LEVELS:
        raise SettingsError(f"{LOG_LEVEL} is {level!r}; it must be one of {', '.join(_LEVELS)}.")
    logging.getLogger().setLevel(level)


def is_json() -> bool:
    """Return whether this process writes its log records as JSON."""
    return any(isinstance(handler.formatter, JsonFormatter) for handler in logging.getLogger().handlers)


def report_error(message: str) -> None:
    """Write the error that ends a command to standard error: as a sentence, or as a log record in JSON."""
    if is_json():
        _LOGGER.critical(message)
    else:
        sys.stderr.write(f"headland: {message}\n")


def log_uncaught_exceptions() -> None:
    """Log Python warnings and the exceptions that nothing catches, in any thread, like all other records."""

    def log_exception(
        kind: type[BaseException], error: BaseException, traceback: TracebackType | None, thread: str = "main"
    ) -> None:
        if issubclass(kind, KeyboardInterrupt | SystemExit):
            return
        _LOGGER.critical("Uncaught exception in thread %s", thread, exc_info=(kind, error, traceback))

    def log_thread_exception(uncaught: threading.ExceptHookArgs) -> None:
        if uncaught.exc_value is not None:
            thread = "?" if uncaught.thread is None else uncaught.thread.name
            log_exception(uncaught.exc_type, uncaught.exc_value, uncaught.exc_traceback, thread)

    logging.captureWarnings(capture=True)
    sys.excepthook = log_exception
    threading.excepthook = log_thread_exception


def pass_to_children(log_format: LogRecordFormat) -> None:
    """Have the processes that this one starts write their records in the same format."""
    os.environ[LOG_FORMAT] = log_format.value
