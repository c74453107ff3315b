"""The dialect's table against pymavlink's definitions, from which it is made."""

from __future__ import annotations

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from edge.sources.mavlink.mapping.dialect import (
    CRC_EXTRA,
    PAYLOAD_BYTES,
    TABLE_PATH,
    definition_of,
    id_of,
    names_of,
    number_of,
)
from tests.edge.sources.mavlink.mapping.make_table import ENUMS, make_table


def test_the_table_is_what_its_generator_makes_of_the_pymavlink_that_is_installed() -> None:
    assert TABLE_PATH.read_text(encoding="ascii") == make_table()


def test_every_message_of_pymavlink_is_in_it_with_the_same_checksum_layout_and_fields() -> None:
    for message_id, theirs in dialect.mavlink_map.items():
        ours = definition_of(message_id)
        assert (ours.name, ours.crc_extra, ours.codes, ours.fields) == (
            theirs.msgname,
            theirs.crc_extra,
            theirs.unpacker.format,
            tuple(theirs.ordered_fieldnames),
        )
        assert CRC_EXTRA[message_id] == bytes((theirs.crc_extra,))
        assert PAYLOAD_BYTES[message_id] == theirs.unpacker.size
        assert id_of(theirs.msgname) == message_id


@pytest.mark.parametrize("enum", ENUMS)
def test_every_entry_of_an_enum_has_pymavlinks_value(enum: str) -> None:
    theirs = {value: entry.name for value, entry in dialect.enums[enum].items() if "ENUM_END" not in entry.name}
    assert theirs
    assert {value: f"{enum}_{name}" if f"{enum}_{name}" in theirs.values() else name
            for value, name in names_of(enum).items()} == theirs  # fmt: skip
    for value, name in theirs.items():
        assert number_of(name) == value == getattr(dialect, name)


@pytest.mark.parametrize(
    ("message_id", "name", "crc_extra", "size"),
    [
        (290, "ESC_INFO", 251, 46),
        (291, "ESC_STATUS", 10, 57),
        (410, "EVENT", 160, 53),
        (411, "CURRENT_EVENT_SEQUENCE", 106, 3),
        (412, "REQUEST_EVENT", 33, 6),
        (413, "RESPONSE_EVENT_ERROR", 77, 7),
        (435, "AVAILABLE_MODES", 134, 46),
        (436, "CURRENT_MODE", 193, 9),
        (437, "AVAILABLE_MODES_MONITOR", 30, 1),
    ],
)
def test_messages_of_px4_that_pymavlink_lacks_have_the_checksums_of_mavlinks_c_headers(
    message_id: int, name: str, crc_extra: int, size: int
) -> None:
    """The `*_CRC` and `*_LEN` of the headers that MAVLink generates for C."""
    assert (definition_of(message_id).name, definition_of(message_id).crc_extra) == (name, crc_extra)
    assert PAYLOAD_BYTES[message_id] == size
