"""Instants and time windows in query parameters: ISO 8601 with a zone, or epoch milliseconds; half-open."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, WithJsonSchema

from api.http.problems import ProblemError
from headland.analysis.inputs.window import HIGH_MS, LOW_MS, Window
from headland.units_of_time import DAY_MS, FOREIGN_INSTANTS, HOUR_MS, read_foreign_instant

DEFAULT_WINDOW_MS: Final = HOUR_MS
#: The instants of a query: local days, weeks and the year before or after them are still in the calendar.
FIRST_MS: Final = LOW_MS + 2 * 366 * DAY_MS
LAST_MS: Final = HIGH_MS - 2 * 366 * DAY_MS

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_INTEGER: Final = re.compile(r"-?[0-9]{1,19}")
#: A decimal number, such as seconds since 1970 with their fraction.
_DECIMAL: Final = re.compile(r"[0-9]{9,19}\.[0-9]{1,9}")
#: JSON schema of the numbers that are an instant in another unit.
_OTHER_UNITS: Final = {"anyOf": [{"minimum": first, "maximum": end - 1} for first, end in FOREIGN_INSTANTS.values()]}
#: A plus sign that was not encoded as %2B arrives as a space.
_LOST_PLUS: Final = re.compile(r" (?=[0-9]{2}:?[0-9]{2}$)")


def parse_instant(text: object) -> object:
    """Return epoch milliseconds of an ISO 8601 instant with a zone or of an integer; raises ValueError otherwise."""
    if isinstance(text, int | float) and not isinstance(text, bool):
        _refuse_foreign_instant(text)
    if not isinstance(text, str):
        return text
    if _DECIMAL.fullmatch(text):
        _refuse_foreign_instant(float(text))
    if _INTEGER.fullmatch(text):
        time_ms = int(text)
        _refuse_foreign_instant(time_ms)
    else:
        try:
            moment = datetime.fromisoformat(_LOST_PLUS.sub("+", text))
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise ValueError("write an instant as 2026-11-24T08:00:00Z (with a zone) or in epoch milliseconds")
        time_ms = (moment - _EPOCH) // _MILLISECOND
    if not LOW_MS <= time_ms <= HIGH_MS:
        raise ValueError("the instant is outside the years 1 to 9999")
    return time_ms


def _refuse_foreign_instant(number: float) -> None:
    """Raise ValueError where a number is an instant in seconds, micro- or nanoseconds."""
    if (found := read_foreign_instant(number)) is not None:
        unit, time_ms = found
        raise ValueError(
            f"{number} counts {unit} ({written_instant(time_ms)}): write it in milliseconds, {time_ms}, or as that text"
        )


def written_instant(time_ms: int) -> str:
    """Return an instant as 2026-11-24T08:00:00Z."""
    return (_EPOCH + time_ms * _MILLISECOND).isoformat().replace("+00:00", "Z")


def exclude_foreign_instants(schemas: dict[str, Any]) -> None:
    """Say of each instant with bounds which numbers it is not: those that are one in another unit."""
    for name, about in ((n, a) for schema in schemas.values() for n, a in schema.get("properties", {}).items()):
        if name.endswith("_ms"):
            for integer in (about, *about.get("anyOf", ())):
                if integer.get("type") == "integer" and "minimum" in integer:
                    integer["not"] = _OTHER_UNITS


def parse_query_instant(text: object) -> object:
    """Return epoch milliseconds as `parse_instant` does, of an instant around which days and years can be counted."""
    time_ms = parse_instant(text)
    if isinstance(time_ms, int) and not FIRST_MS <= time_ms <= LAST_MS:
        raise ValueError("the instant is outside the years 3 to 9997")
    return time_ms


def _json_schema(first_ms: int, last_ms: int) -> WithJsonSchema:
    return WithJsonSchema(_written_schema(first_ms, last_ms))


def _written_schema(first_ms: int, last_ms: int) -> dict[str, Any]:
    integer = {"type": "integer", "minimum": first_ms, "maximum": last_ms, "not": _OTHER_UNITS}
    return {"anyOf": [integer, {"type": "string", "format": "date-time"}]}


#: Any instant of the calendar.
Instant = Annotated[int, BeforeValidator(parse_instant), _json_schema(LOW_MS, HIGH_MS)]
#: An instant of a window that is cut into days, weeks or seasons.
QueryInstant = Annotated[int, BeforeValidator(parse_query_instant), _json_schema(FIRST_MS, LAST_MS)]


class WrittenInstant(int):
    """A `QueryInstant` in a body: ISO 8601 with a zone, or epoch milliseconds."""

    @classmethod
    def read(cls, value: object) -> WrittenInstant:
        """Return the instant of a JSON value; raises ValueError."""
        time_ms = parse_query_instant(value)
        if isinstance(time_ms, int) and not isinstance(time_ms, bool):
            return cls(time_ms)
        raise ValueError("write an instant as 2026-11-24T08:00:00Z (with a zone) or in epoch milliseconds")

    @staticmethod
    def json_schema() -> dict[str, Any]:
        """Return what JSON has for it."""
        return _written_schema(FIRST_MS, LAST_MS)


def settle_window(start_ms: int | None, end_ms: int | None, now_ms: int, longest_ms: int) -> Window:
    """Return the requested window; without an end it ends now, without a start it is an hour long.

    Raises ProblemError (400) for an empty window and for one longer than `longest_ms`.
    """
    end = now_ms if end_ms is None else end_ms
    start = end - DEFAULT_WINDOW_MS if start_ms is None else start_ms
    if start >= end:
        raise ProblemError(400, "bad-window", "Empty time window", "Set start before end.")
    if end - start > longest_ms:
        days = longest_ms / DAY_MS
        raise ProblemError(400, "bad-window", "Time window too long", f"Request at most {days:g} days at a time.")
    return Window(start, end)
