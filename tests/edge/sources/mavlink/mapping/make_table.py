"""Generator of `edge/sources/mavlink/mapping/ardupilotmega.txt` from pymavlink's ardupilotmega dialect.

`python -m tests.edge.sources.mavlink.mapping.make_table` writes the file; run it after an upgrade of pymavlink, or
where the gateway needs another enum. Messages that pymavlink's dialect lacks are below, as the XML has them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from fastcrc.crc16 import mcrf4xx
from pymavlink.dialects.v20 import ardupilotmega as dialect

from edge.sources.mavlink.mapping.dialect import TABLE_PATH

#: The enums that the gateway needs, for names of people and for values of its own messages.
ENUMS: Final = (
    "COPTER_MODE",
    "HL_FAILURE_FLAG",
    "MAV_AUTOPILOT",
    "MAV_CMD",
    "MAV_COMPONENT",
    "MAV_DATA_STREAM",
    "MAV_MODE_FLAG",
    "MAV_RESULT",
    "MAV_STATE",
    "MAV_TYPE",
    "PLANE_MODE",
    "ROVER_MODE",
    "SUB_MODE",
    "TRACKER_MODE",
)
#: Messages of MAVLink's common.xml and standard.xml that this pymavlink lacks (PX4 sends them); fields in the order of
#: the XML, which knows no extensions in them.
EXTRA_MESSAGES: Final = """
290 ESC_INFO: uint8_t index, uint64_t time_usec, uint16_t counter, uint8_t count, uint8_t connection_type,
    uint8_t info, uint16_t[4] failure_flags, uint32_t[4] error_count, int16_t[4] temperature
291 ESC_STATUS: uint8_t index, uint64_t time_usec, int32_t[4] rpm, float[4] voltage, float[4] current
410 EVENT: uint8_t destination_component, uint8_t destination_system, uint32_t id, uint32_t event_time_boot_ms,
    uint16_t sequence, uint8_t log_levels, uint8_t[40] arguments
411 CURRENT_EVENT_SEQUENCE: uint16_t sequence, uint8_t flags
412 REQUEST_EVENT: uint8_t target_system, uint8_t target_component, uint16_t first_sequence, uint16_t last_sequence
413 RESPONSE_EVENT_ERROR: uint8_t target_system, uint8_t target_component, uint16_t sequence,
    uint16_t sequence_oldest_available, uint8_t reason
435 AVAILABLE_MODES: uint8_t number_modes, uint8_t mode_index, uint8_t standard_mode, uint32_t custom_mode,
    uint32_t properties, char[35] mode_name
436 CURRENT_MODE: uint8_t standard_mode, uint32_t custom_mode, uint32_t intended_custom_mode
437 AVAILABLE_MODES_MONITOR: uint8_t seq
"""
#: struct code and size by type.
_CODES: Final = {
    "char": ("s", 1), "uint8_t": ("B", 1), "int8_t": ("b", 1), "uint16_t": ("H", 2), "int16_t": ("h", 2),
    "uint32_t": ("I", 4), "int32_t": ("i", 4), "uint64_t": ("Q", 8), "int64_t": ("q", 8), "float": ("f", 4),
    "double": ("d", 8),
}  # fmt: skip
_MESSAGE: Final = re.compile(r"^(\d+) (\w+): ((?:.|\n )+)$", re.MULTILINE)
_FIELD: Final = re.compile(r"(\w+?)(?:\[(\d+)\])? (\w+)")


def make_table() -> str:
    """Return the text of the table."""
    lines = [
        "# Made by tests/edge/sources/mavlink/mapping/make_table.py from pymavlink's ardupilotmega.",
        *(line for _, line in sorted(_messages().items())),
    ]
    for enum in ENUMS:
        lines.append(f"enum {enum}")
        lines += [f"{value} {name}" for value, name in _entries(enum)]
    return "\n".join(lines) + "\n"


def _messages() -> dict[int, str]:
    lines = {int(number): _extra_line(int(number), *told) for number, *told in _MESSAGE.findall(EXTRA_MESSAGES)}
    for message_id, definition in dialect.mavlink_map.items():
        codes = str(definition.unpacker.format).removeprefix("<")
        lines[message_id] = _line(
            message_id, definition.crc_extra, definition.msgname, codes, definition.ordered_fieldnames
        )
    return lines


def _entries(enum: str) -> Iterator[tuple[int, str]]:
    for value, entry in sorted(dialect.enums[enum].items()):
        if not entry.name.endswith("ENUM_END"):
            yield value, entry.name


def _line(message_id: int, crc_extra: int, name: str, codes: str, fields: Any) -> str:
    return f"message {message_id} {crc_extra} {name} {codes} {' '.join(fields)}"


def _extra_line(message_id: int, name: str, xml_fields: str) -> str:
    """Return the line of a message that is written here; crc_extra is computed as the MAVLink guide says.

    ("Serialization", section CRC_EXTRA calculation: over the name and each field's type, name and array length, in wire
    order, folded to one byte.)
    """
    found = [(kind, int(count or 0), field) for kind, count, field in _FIELD.findall(xml_fields)]
    ordered = sorted(found, key=lambda field: -_CODES[field[0]][1])  # stable: fields of one size keep their order
    seed = f"{name} ".encode()
    codes = ""
    for kind, count, field in ordered:
        seed += f"{kind} {field} ".encode() + (bytes((count,)) if count else b"")
        codes += f"{count or ''}{_CODES[kind][0]}"
    crc = mcrf4xx(seed)
    return _line(message_id, (crc & 0xFF) ^ (crc >> 8), name, codes, [field for *_, field in ordered])


if __name__ == "__main__":
    TABLE_PATH.write_text(make_table(), encoding="ascii")
