"""Formats of a DataFlash log's messages, which the log describes itself: FMT, and FMTU, UNIT and MULT if written.

A message is 0xA3 0x95, its type, and a body that the FMT of that type describes: one format character a column.

    b B h H i I q Q   integers of 8, 16, 32 and 64 bits, signed and not      c C e E   16 and 32 bits, times 100
    f d g             floats of 32, 64 and 16 bits                           L         degrees, times 1e7
    n N Z             texts of 4, 16 and 64 characters                       M         flight mode
    a                 32 integers of 16 bits

A character's own scale has precedence over MULT's; MULT scales the others. Source: ArduPilot's LogStructure.h.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

HEAD: Final = b"\xa3\x95"
HEAD_BYTES: Final = 3
FMT_TYPE: Final = 0x80
FMT_BYTES: Final = 89

#: struct code and divisor by format character.
_CODES: Final[dict[str, tuple[str, float]]] = {
    "a": ("64s", 1), "b": ("b", 1), "B": ("B", 1), "h": ("h", 1), "H": ("H", 1), "i": ("i", 1), "I": ("I", 1),
    "q": ("q", 1), "Q": ("Q", 1), "f": ("f", 1), "d": ("d", 1), "g": ("e", 1), "n": ("4s", 1), "N": ("16s", 1),
    "Z": ("64s", 1), "c": ("h", 100), "C": ("H", 100), "e": ("i", 100), "E": ("I", 100), "L": ("i", 10_000_000),
    "M": ("b", 1),
}  # fmt: skip
_TEXTS: Final = "nNZ"
_NO_NUMBERS: Final = "nNZa"
_ARRAY: Final = struct.Struct("<32h")
#: Letters for no unit or multiplier, and for one that the firmware itself does not know (the multiplier is 1 then).
_NO_LETTERS: Final = "-?"
#: A multiplier that is smaller, or larger than the reciprocal, is damaged.
_LEAST_MULTIPLIER: Final = 1e-12

Raw = Sequence[Any]


class ColumnUnit(NamedTuple):
    """FMTU of a column: name of its unit, and factor for its raw value (None: not given).

    `others` are further names that the log declares for the unit's letter; `is_declared` is false where a letter is not
    declared, or the multiplier's with several values.
    """

    name: str
    multiplier: float | None
    others: tuple[str, ...] = ()
    is_declared: bool = True


class Format:
    """One kind of message. `units` is empty until an FMTU names it."""

    __slots__ = ("_own_struct", "characters", "columns", "length", "name", "places", "type", "units", "unpack")

    def __init__(self, number: int, length: int, name: str, characters: str, columns: Sequence[str]) -> None:
        self.type = number
        self.length = length
        self.name = name
        self.characters = characters
        self.columns = tuple(columns)
        self.places = {column: place for place, column in enumerate(self.columns)}
        self.units: dict[str, ColumnUnit] = {}
        self._own_struct = struct.Struct("<3x" + "".join(_CODES[character][0] for character in characters))
        #: Function from (buffer, offset of the header) to the raw values.
        self.unpack: Callable[[bytes, int], Raw] = self._own_struct.unpack_from

    @classmethod
    def read(cls, values: Raw) -> Format | None:
        """Return the format that an FMT describes, None where it is not valid (damage; a newer format character)."""
        number, length, name, characters, columns = values
        texts = [text for value in (name, characters, columns) if (text := _ascii(value)) is not None]
        if len(texts) < 3 or not texts[0]:
            return None
        names = texts[2].split(",") if texts[2] else []
        if len(names) != len(texts[1]) or any(character not in _CODES for character in texts[1]):
            return None
        fmt = cls(number, length, texts[0], texts[1], names)
        return fmt if fmt._own_struct.size == length else None

    def same(self, other: Format) -> bool:
        """Return whether two formats describe a message alike."""
        return (self.name, self.characters, self.columns) == (other.name, other.characters, other.columns)

    def divisor(self, column: str) -> float:
        """Return what the column's format character divides by."""
        return _CODES[self.characters[self.places[column]]][1]

    def is_float(self, column: str) -> bool:
        """Return whether the column has floats, which may not be finite."""
        return self.characters[self.places[column]] in "fdg"

    def is_number(self, column: str) -> bool:
        """Return whether there is a column of that name with numbers."""
        place = self.places.get(column)
        return place is not None and self.characters[place] not in _NO_NUMBERS

    def is_whole(self, column: str) -> bool:
        """Return whether there is a column of that name with integers without a scale of their own."""
        place = self.places.get(column)
        return place is not None and self.characters[place] in "bBhHiIqQM"

    def fields(self, values: Raw) -> dict[str, Any]:
        """Return all of a message's values by column, scaled by the format characters alone; texts as text."""
        return {
            column: _decode(character, value)
            for column, character, value in zip(self.columns, self.characters, values, strict=True)
        }


#: The format of FMT, which describes the others.
FMT: Final = Format(FMT_TYPE, FMT_BYTES, "FMT", "BBnNZ", ("Type", "Length", "Name", "Format", "Columns"))


def text_of(value: bytes) -> str:
    """Return a text without its padding; bytes that are not UTF-8 are decoded as Latin-1."""
    raw = value.split(b"\0", 1)[0]
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _decode(character: str, value: Any) -> Any:
    if character in _TEXTS:
        return text_of(value)
    if character == "a":
        return list(_ARRAY.unpack(value))
    divisor = _CODES[character][1]
    return value if divisor == 1 else value / divisor


def _ascii(value: bytes) -> str | None:
    """Return a printable text without its padding, None where it is not printable."""
    raw = value.split(b"\0", 1)[0]
    return raw.decode() if raw.isascii() and (not raw or raw.decode().isprintable()) else None


class Dictionary:
    """The formats of one log, with their units and multipliers."""

    def __init__(self) -> None:
        self.by_type: list[Format | None] = [None] * 256
        self.by_type[FMT_TYPE] = FMT
        #: All that is declared for a letter, the last one last: logs exist that declare one twice.
        self._unit_names: dict[int, dict[str, None]] = {}
        self._multipliers: dict[int, dict[float, None]] = {}
        self._declared: dict[int, tuple[str, str]] = {}

    def note_format(self, values: Raw) -> Format | None:
        """Note an FMT; return the format that is valid from now on, None where the message is damaged."""
        fmt = Format.read(values)
        if fmt is None:
            return None
        if fmt.type == FMT_TYPE:  # it describes itself, and is known
            return FMT
        known = self.by_type[fmt.type]
        if known is not None and known.same(fmt):
            return known
        self.by_type[fmt.type] = fmt
        self._apply(fmt.type)
        return fmt

    def note_units(self, message: Format, values: Raw) -> None:
        """Note a UNIT, MULT or FMTU; other messages are ignored."""
        fields = message.fields(values)
        letter, label, multiplier = fields.get("Id"), fields.get("Label"), fields.get("Mult")
        number, units, multipliers = fields.get("FmtType"), fields.get("UnitIds"), fields.get("MultIds")
        if message.name == "UNIT" and isinstance(letter, int) and isinstance(label, str):
            names = self._unit_names.setdefault(letter, {})
            names.pop(label, None)
            names[label] = None
            self._apply_all()
        elif message.name == "MULT" and isinstance(letter, int) and isinstance(multiplier, float):
            # It was a float of 32 bits: seven digits of it are meant.
            self._multipliers.setdefault(letter, {})[float(f"{multiplier:.7g}")] = None
            self._apply_all()
        elif isinstance(number, int) and isinstance(units, str) and isinstance(multipliers, str):
            self._declared[number] = units, multipliers
            self._apply(number)

    def _apply_all(self) -> None:
        """Add the units again where a letter is declared behind the formats that use it."""
        for number in self._declared:
            self._apply(number)

    def _apply(self, number: int) -> None:
        """Add the declared units to a format; they come after it, units and multipliers usually before."""
        fmt = self.by_type[number] if 0 <= number < 256 else None
        if fmt is None or number not in self._declared:
            return
        units, multipliers = self._declared[number]
        for column, unit, multiplier in zip(fmt.columns, units, multipliers, strict=False):
            *others, name = self._unit_names.get(ord(unit), {"": None})
            factor, is_declared = None, unit in _NO_LETTERS or ord(unit) in self._unit_names
            if multiplier not in _NO_LETTERS:
                factors = list(self._multipliers.get(ord(multiplier), ()))
                if len(factors) == 1 and _LEAST_MULTIPLIER <= factors[0] <= 1 / _LEAST_MULTIPLIER:
                    factor = factors[0]
                else:
                    is_declared = False
            fmt.units[column] = ColumnUnit(name, factor, tuple(others), is_declared)
