"""InfluxDB line protocol: `soil,device=bed-1 soil_temperature_degc=18.5 1764672000000000000`.

A tag `device` names the device and `unit` a SenML unit; another tag would make two series one, and is refused. A field
is a channel; the field `value` has the name of the measurement. Syntax: InfluxDB 2 reference, "Line protocol".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from headland.contract.posts.packs import PostedBody, PostedRecord
from headland.contract.records import is_name
from headland.contract.refusals import Reason, Refused
from headland.contract.senml.channel_names import MAX_NAME
from headland.contract.senml.records import ABSOLUTE_FROM_S
from headland.plain_numbers import read_decimal, read_whole

#: Timestamps of a precision, in one millisecond; InfluxDB's own default is nanoseconds.
PRECISIONS: Final[Mapping[str, float]] = {"ns": 1e6, "us": 1e3, "ms": 1.0, "s": 1e-3}

#: Measurement and tags, fields, timestamp: a blank separates them unless it is escaped or within quotes.
_LINE: Final = re.compile(
    r'(?P<series>(?:\\.|[^\\ ])+) +(?P<fields>(?:"(?:\\.|[^"\\])*"|\\.|[^"\\ ])+)(?: +(?P<time>[^ ]+))? *'
)
_PART: Final = re.compile(r'(?:"(?:\\.|[^"\\])*"|\\.|[^"\\,])+')
_SIDES: Final = re.compile(r"((?:\\.|[^\\=])+)=(.+)", re.DOTALL)
_ESCAPED: Final = re.compile(r"\\([,= ])")
_IN_QUOTES: Final = re.compile(r'\\(["\\])')
_TRUTHS: Final = {
    **dict.fromkeys(("t", "T", "true", "True", "TRUE"), True),
    **dict.fromkeys(("f", "F", "false", "False", "FALSE"), False),
}


class _LineError(ValueError):
    """Why a line cannot be read."""


def read_lines(body: bytes, device: str | None, precision: str = "ns") -> PostedBody:
    """Return the records of a body in line protocol; a line that cannot be read costs only itself. Never raises.

    `device` is the device of lines without a tag of this name; `precision` is one of `PRECISIONS`.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        return PostedBody((), (Refused(Reason.WRONG_SHAPE, f"byte {error.start} is not UTF-8"),))
    records: list[PostedRecord] = []
    refused: list[Refused] = []
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip("\r ")
        if not line or line.startswith("#"):
            continue
        try:
            records += _read_line(line, device, PRECISIONS[precision])
        except _LineError as error:
            refused.append(Refused(Reason.WRONG_SHAPE, f"line {number}: {error}"))
    if not records and not refused:
        refused.append(Refused(Reason.EMPTY, "the body has no lines"))
    return PostedBody(records, refused)


def _read_line(line: str, device: str | None, per_ms: float) -> list[PostedRecord]:
    parts = _LINE.fullmatch(line)
    series, fields = ([], []) if parts is None else (_PART.findall(parts["series"]), _PART.findall(parts["fields"]))
    if parts is None or not series or not fields:
        raise _LineError("not of the form 'measurement,device=NAME field=value timestamp'")
    measurement, *tags = series
    own, unit = device, ""
    for tag in tags:
        name, value = _sides_of(tag)
        if name == "device":
            own = _ESCAPED.sub(r"\1", value)
        elif name == "unit":
            unit = _ESCAPED.sub(r"\1", value)
        else:
            raise _LineError(f"the tag {name[:40]!r} is not known: leave it out, or make it part of the channel's name")
    if own is None or not is_name(own):
        raise _LineError(f"{own[:80]!r} is no name of a device" if own else "it names no device")
    time_s = 0.0 if parts["time"] is None else _read_time_s(parts["time"], per_ms)
    found = []
    for field in fields:
        key, text = _sides_of(field)
        name = _ESCAPED.sub(r"\1", measurement) if key == "value" else key
        if len(name) > MAX_NAME:
            raise _LineError(f"{name[-60:]!r} is longer than {MAX_NAME}")
        found.append(PostedRecord(own, name, unit[:MAX_NAME], time_s, _read_value(key, text)))
    return found


def _sides_of(pair: str) -> tuple[str, str]:
    sides = _SIDES.fullmatch(pair)
    if sides is None:
        raise _LineError(f"{pair[:40]!r} is not of the form 'name=value'")
    return _ESCAPED.sub(r"\1", sides[1]), sides[2]


def _read_value(key: str, text: str) -> float | str | bool:
    if len(text) > 1 and text[0] == text[-1] == '"':
        return _IN_QUOTES.sub(r"\1", text[1:-1])
    if text in _TRUTHS:
        return _TRUTHS[text]
    number = read_decimal(text[:-1] if text[-1] in "iu" else text)
    if number is None:
        raise _LineError(f"{key[:40]!r} is {text[:40]!r}, which is no number, truth or text in quotes")
    return number


def _read_time_s(text: str, per_ms: float) -> float:
    stamp = read_whole(text, 19)
    if stamp is None:
        raise _LineError(f"the timestamp {text[:40]!r} is no whole number")
    time_ms = stamp // int(per_ms) if per_ms >= 1 else stamp * round(1 / per_ms)
    if time_ms < ABSOLUTE_FROM_S * 1000:
        raise _LineError(f"the timestamp {stamp} is before July 1978: state its precision (ns, us, ms or s)")
    return time_ms / 1000
