"""Definitions of the dialect's messages and enums, from `ardupilotmega.txt`, which pymavlink's dialect is made into.

    message 0 50 HEARTBEAT IBBBBB custom_mode type autopilot base_mode system_status mavlink_version
            |  | name      |      fields in wire order (largest first, extensions last)
            |  crc_extra   struct codes of the payload, little-endian, extensions included
            id
    enum MAV_STATE             the entries of an enum follow it: value, name
    4 MAV_STATE_ACTIVE

pymavlink makes a class of each of 300 messages and an object of each of 2,200 enum entries; where no bytecode is kept
they are compiled at each start, which takes 85 MB. Here a line becomes an object when its
message is asked for.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

TABLE_PATH: Final = Path(__file__).with_name("ardupilotmega.txt")


class Definition(NamedTuple):
    """One message: `codes` is the struct format of its payload, `fields` are in wire order."""

    name: str
    crc_extra: int
    codes: str
    fields: tuple[str, ...]


class _Table(NamedTuple):
    """The lines of the table, by what they define."""

    messages: dict[int, str]
    ids: dict[str, int]
    crc_extra: dict[int, bytes]
    enums: dict[str, dict[int, str]]
    numbers: dict[str, int]


def _read_table(text: str) -> _Table:
    table = _Table({}, {}, {}, {}, {})
    entries: dict[int, str] = {}
    for line in text.splitlines():
        word, rest = line.split(" ", 1)
        if word == "#":
            continue
        if word == "message":
            number, crc_extra, definition = rest.split(" ", 2)
            message_id = int(number)
            table.messages[message_id] = definition
            table.ids[definition.split(" ", 1)[0]] = message_id
            table.crc_extra[message_id] = bytes((int(crc_extra),))
        elif word == "enum":
            entries = table.enums[rest] = {}
        else:
            value = int(word)
            entries.setdefault(value, rest)
            table.numbers[rest] = value
    return table


_TABLE: Final = _read_table(TABLE_PATH.read_text(encoding="ascii"))

#: crc_extra as the byte to append, by message id.
CRC_EXTRA: Final[Mapping[int, bytes]] = _TABLE.crc_extra
#: Length of the whole payload, extensions included, by message id.
PAYLOAD_BYTES: Final[Mapping[int, int]] = {
    message_id: struct.calcsize(f"<{line.split(' ', 2)[1]}") for message_id, line in _TABLE.messages.items()
}


def definition_of(message_id: int) -> Definition:
    """Return the definition of a message of the dialect; raises KeyError for another id."""
    name, codes, *fields = _TABLE.messages[message_id].split(" ")
    return Definition(name, CRC_EXTRA[message_id][0], f"<{codes}", tuple(fields))


def id_of(name: str) -> int:
    """Return the id of a message by its name."""
    return _TABLE.ids[name]


def number_of(name: str) -> int:
    """Return the value of an enum's entry by its whole name, e.g. `MAV_TYPE_GCS`."""
    return _TABLE.numbers[name]


def names_of(enum: str) -> dict[int, str]:
    """Return the entries of an enum by their values, without the prefix `<enum>_`."""
    return {value: name.removeprefix(f"{enum}_") for value, name in _TABLE.enums[enum].items()}
