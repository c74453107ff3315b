"""Decoder of InfluxDB line protocol: `measurement,tag=x field=1.5,count=2i 1465839830100400200`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from edge.sources.mapping.field_map import Measurement
from edge.sources.mqtt.message import DecodedMessage, MessageRefusal, PlainDecoder

Precision = Literal["ns", "us", "ms", "s"]

_PER_MS: Final[dict[str, float]] = {"ns": 1e6, "us": 1e3, "ms": 1.0, "s": 1e-3}
_MOST_LINES: Final = 1000
_INTEGER: Final = re.compile(r"[+-]?[0-9]+[iu]")
_WORDS: Final = {
    **dict.fromkeys(("t", "T", "true", "True", "TRUE"), True),
    **dict.fromkeys(("f", "F", "false", "False", "FALSE"), False),
}
#: Characters that a backslash escapes; before any other it is itself.
_ESCAPED: Final = re.compile(r'\\([, ="\\])')


class LineProtocolPoint(NamedTuple):
    """One line of the protocol; texts remain texts."""

    measurement: str
    tags: dict[str, str]
    fields: dict[str, object]
    time: int | None


class LineProtocolDecoder(PlainDecoder):
    """Decoder that names the device by the tag `sender`, else by the last level of the topic.

    A number has the name of its field, or that of its measurement where the field is just `value`.
    """

    def __init__(self, topics: Sequence[str], precision: Precision, sender: str | None) -> None:
        super().__init__(topics)
        self._per_ms = _PER_MS[precision]
        self._sender = sender

    def decode(
        self, topic: str, payload: bytes, now_ms: int
    ) -> Sequence[DecodedMessage | MessageRefusal] | MessageRefusal:
        """Return the measurements of each line, or its refusal."""
        del now_ms
        try:
            texts = [text for text in payload.decode().splitlines() if text.strip() and not text.startswith("#")]
        except UnicodeDecodeError:
            return MessageRefusal.SHAPE
        if len(texts) > _MOST_LINES:
            return MessageRefusal.TOO_MANY
        messages: list[DecodedMessage | MessageRefusal] = []
        for line in map(parse_line, texts):
            if line is None:
                messages.append(MessageRefusal.SHAPE)
                continue
            device = line.tags.get(self._sender or "", "") or topic.rpartition("/")[2]
            time_ms = None if line.time is None else round(line.time / self._per_ms)
            numbers = [
                Measurement(line.measurement if key == "value" else key, value) for key, value in line.fields.items()
            ]
            messages.append(DecodedMessage(device, numbers, time_ms))
        return messages


def parse_line(text: str) -> LineProtocolPoint | None:
    """Return a parsed line, or None where its syntax is wrong."""
    parts = _split(text.strip(), " ")
    head = _split(parts[0], ",")
    if not 2 <= len(parts) <= 3 or not head[0]:
        return None
    time = None
    if len(parts) == 3:
        if re.fullmatch(r"-?[0-9]{1,20}", parts[2]) is None:
            return None
        time = int(parts[2])
    tags: dict[str, str] = {}
    for pair in head[1:]:
        key, value = _pair(pair)
        if not key or not value:
            return None
        tags[key] = _plain(value)
    fields: dict[str, object] = {}
    for pair in _split(parts[1], ","):
        key, value = _pair(pair)
        field = _read_value(value)
        if not key or field is None:
            return None
        fields[key] = field
    return LineProtocolPoint(_plain(head[0]), tags, fields, time)


def _split(text: str, separator: str) -> list[str]:
    """Split at separators that are neither escaped nor within double quotes."""
    parts, start, at, quoted = [], 0, 0, False
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == '"' and (quoted or text[at - 1 : at] == "="):
            quoted = not quoted
        elif text[at] == separator and not quoted:
            parts.append(text[start:at])
            start = at + 1
        at += 1
    return [*parts, text[start:]]


def _pair(text: str) -> tuple[str, str]:
    """Return (key, value), the key without its escapes."""
    key, *rest = _split(text, "=")
    return _plain(key), "=".join(rest)


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def _read_value(text: str) -> object | None:
    """Return a field's value, or None where its syntax is wrong."""
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return _plain(text[1:-1])
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text[:-1])
    try:
        return float(text) if re.fullmatch(r"[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?", text) else None
    except ValueError:
        return None
