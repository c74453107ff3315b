"""Settings of traces: where they go, which share of them, and the bounds of their export."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from headland.errors import SettingsError

#: Environment variable of the collector's URL.
TRACES: Final = "HEADLAND_TRACES"
LEAST_QUEUE: Final = 64
MOST_QUEUE: Final = 100_000
LEAST_TIMEOUT_S: Final = 0.1
MOST_TIMEOUT_S: Final = 60.0
_MOST_URL: Final = 2048


@dataclass(frozen=True, slots=True)
class TraceSettings:
    """Settings of the export, checked when made: a wrong value raises SettingsError.

    `endpoint` is the URL of an OTLP/HTTP receiver of traces, usually http://HOST:4318/v1/traces. `share` of the traces
    is recorded. `queue` spans wait at most; those beyond are dropped and counted. `timeout_s` limits one request.
    """

    endpoint: str
    share: float = 1.0
    queue: int = 2048
    timeout_s: float = 5.0

    def __post_init__(self) -> None:
        check_endpoint(self.endpoint)
        _check("share", self.share, 0.0, 1.0)
        _check("queue", self.queue, LEAST_QUEUE, MOST_QUEUE)
        _check("timeout_s", self.timeout_s, LEAST_TIMEOUT_S, MOST_TIMEOUT_S)


def check_endpoint(text: str) -> None:
    """Raise SettingsError where a text is not the http or https URL of a collector."""
    try:
        url = urlsplit(text)
        is_usable = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        is_usable = False
    if not is_usable or len(text) > _MOST_URL or not text.isprintable() or " " in text:
        raise SettingsError(f"{text[:80]!r} is not the URL of a collector of traces: write http://HOST:4318/v1/traces.")
    if url.username is not None or url.query or url.fragment:
        raise SettingsError(
            "the URL of a collector of traces has no login and no query: put a token into OTEL_EXPORTER_OTLP_HEADERS."
        )


def _check(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise SettingsError(f"{name} of traces must be between {low:g} and {high:g}, not {value:g}")
