"""Lines of a DataFlash log that was written as text (`.log`) to messages, as `LogReader` returns those of a .BIN.

A ground station that downloads or converts a log writes a line for each message, its values scaled: `GPS, 5200000, 3,
194400000, 2316, 14, 0.90, 49.4000000, -123.0000000, ...`. The log describes itself as a .BIN does, by its FMT lines.
Values are scaled back, so that a text and the .BIN it was made of give the same rows. Never raises, whatever the text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from typing import Any, Final

from edge.imports.dataflash.format import FMT, Dictionary, Format
from edge.imports.dataflash.reader import Message
from headland.plain_numbers import is_digits, read_decimal, read_whole

#: A longer line is no message.
_MOST_LINE_BYTES: Final = 4096
_TEXTS: Final = "nNZ"
_FLOATS: Final = "fdg"
_DEFINITIONS: Final = ("FMTU", "UNIT", "MULT")
_NO_ARRAY: Final = bytes(64)
_FMT_FIELDS: Final = 5
#: Of the largest number of 64 bits.
_WHOLE_DIGITS: Final = 20


class TextLogReader:
    """Decodes a text, cut anywhere, into messages; of all names where `wanted` is None."""

    def __init__(self, wanted: Container[str] | None = None) -> None:
        self.dictionary = Dictionary()
        self._wanted = wanted
        self._rest = b""
        self._counts: Counter[str] = Counter()
        self._kinds: Counter[str] = Counter()
        self._formats: dict[str, Format] = {FMT.name: FMT}
        #: Bytes of a last line that is no whole message.
        self.cut_bytes = 0

    def read(self, data: bytes) -> list[Message]:
        """Return the messages that `data` completes."""
        self._counts["bytes"] += len(data)
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest if len(rest) <= _MOST_LINE_BYTES else b""
        self._counts["junk_bytes"] += len(rest) - len(self._rest)
        return [message for line in lines if (message := self._message(line)) is not None]

    def finish(self) -> list[Message]:
        """Return the message of a last line without an end."""
        line, self._rest = self._rest, b""
        before = self._kinds.total()
        message = self._message(line)
        self.cut_bytes = len(line) if line.strip() and self._kinds.total() == before else 0
        return [] if message is None else [message]

    def kinds(self) -> Counter[str]:
        """Return how many messages of each name there were, returned or not."""
        return self._kinds.copy()

    def counters(self) -> dict[str, int]:
        """Return bytes, messages and what was left out, by name."""
        return {**self._counts, "messages": self._kinds.total()}

    def _message(self, line: bytes) -> Message | None:
        name, _, rest = line.decode("utf-8", "replace").strip().partition(",")
        if not name:
            return None
        fmt = self._formats.get(name)
        if fmt is None:
            self._counts["unknown_type"] += 1
            return None
        values = _definition(rest) if fmt is FMT else _raw_values(fmt, rest)
        if values is None or (fmt is FMT and not self._learn(values)):
            self._counts["torn"] += 1
            return None
        self._kinds[name] += 1
        if name in _DEFINITIONS:
            self.dictionary.note_units(fmt, values)
        return (fmt, values) if self._wanted is None or name in self._wanted else None

    def _learn(self, values: tuple[Any, ...]) -> bool:
        """Note a format; return False where it is damaged."""
        fmt = self.dictionary.note_format(values)
        if fmt is None:
            return False
        self._formats[fmt.name] = fmt
        return True


def _definition(rest: str) -> tuple[Any, ...] | None:
    """Return the raw values of an FMT, whose last value, the columns, has commas of its own."""
    words = [word.strip() for word in rest.split(",", _FMT_FIELDS - 1)]
    if len(words) < _FMT_FIELDS or not (is_digits(words[0], 3) and is_digits(words[1], 3)):
        return None
    number, length = int(words[0]), int(words[1])
    columns = ",".join(column.strip() for column in words[4].split(","))
    return (number, length, words[2].encode(), words[3].encode(), columns.encode()) if number < 256 else None


def _raw_values(fmt: Format, rest: str) -> tuple[Any, ...] | None:
    """Return the values of a line as a .BIN has them, None where they are not those of the format."""
    words = rest.split(",", len(fmt.columns) - 1) if fmt.columns else []
    if len(words) != len(fmt.columns):
        return None
    values: list[Any] = []
    try:
        for column, character, word in zip(fmt.columns, fmt.characters, words, strict=True):
            values.append(_raw_value(character, word.strip(), fmt.divisor(column)))
    except (ValueError, OverflowError):
        return None
    return tuple(values)


def _raw_value(character: str, word: str, divisor: float) -> Any:
    """Return one value; raises ValueError or OverflowError where it is none."""
    if character in _TEXTS:
        return word.encode()
    if character == "a":
        return _NO_ARRAY
    if character in _FLOATS:
        return float(word)
    if character == "M" and read_whole(word) is None:
        return word  # the name of the mode
    if character == "b" and len(word) == 1 and not is_digits(word):
        return ord(word)  # the letter of a unit
    whole = read_whole(word, _WHOLE_DIGITS)
    if divisor == 1 and whole is not None:
        return whole
    number = read_decimal(word)
    if number is None:
        raise ValueError(word)
    return round(number * divisor)
