from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as dialect

from edge.sources.mavlink.protocol.frame import Frame
from edge.sources.mavlink.protocol.messages import MESSAGE_BY_ID, Message, decode_message
from tests.edge.sources.mavlink.stand_ins import Autopilot, frames_of
from tests.examples import examples

RANGES = {
    "uint8_t": (0, 255),
    "int8_t": (-128, 127),
    "uint16_t": (0, 65535),
    "int16_t": (-32768, 32767),
    "uint32_t": (0, 2**32 - 1),
    "int32_t": (-(2**31), 2**31 - 1),
    "uint64_t": (0, 2**64 - 1),
    "int64_t": (-(2**63), 2**63 - 1),
}


def field_values(kind: str, length: int) -> st.SearchStrategy[Any]:
    if kind == "char":
        return st.binary(max_size=length)
    if kind == "float":
        one: st.SearchStrategy[Any] = st.floats(width=32)
    else:
        low, high = RANGES[kind]
        # Zeros and the ends of the range often: there truncation and sentinels are.
        one = st.one_of(st.sampled_from((0, low, high)), st.integers(low, high))
    return st.lists(one, min_size=length, max_size=length) if length else one


def assert_same_fields(message: Message, theirs: Any) -> None:
    """Compare bit by bit (a NaN is equal to the same NaN)."""
    for name in theirs.ordered_fieldnames:
        mine, other = getattr(message, name), getattr(theirs, name)
        if isinstance(other, str):
            other = getattr(theirs, f"_{name}_raw").rstrip(b"\0")
        mine_list = list(mine) if isinstance(mine, tuple) else [mine]
        other_list = list(other) if isinstance(other, list | tuple) else [other]
        assert len(mine_list) == len(other_list), name
        for one, two in zip(mine_list, other_list, strict=True):
            if isinstance(two, float):
                assert struct.pack("<d", one) == struct.pack("<d", two), name
            else:
                assert one == two, name


#: MAVLink 1 has one byte for the id.
KINDS = [
    (message_id, version) for message_id in MESSAGE_BY_ID for version in (1, 2) if version == 2 or message_id < 256
]


@pytest.mark.parametrize(("message_id", "version"), KINDS)
@settings(max_examples=examples(8), deadline=None)
@given(data=st.data())
def test_every_field_equals_pymavlinks(message_id: int, version: int, data: st.DataObject) -> None:
    definition = dialect.mavlink_map[message_id]
    lengths = [definition.array_lengths[order] for order in definition.orders]
    values = [
        data.draw(field_values(kind, length)) for kind, length in zip(definition.fieldtypes, lengths, strict=True)
    ]
    raw = Autopilot(version=version).encode(definition(*values))
    (frame,) = frames_of(raw)
    message = decode_message(frame)
    assert isinstance(message, MESSAGE_BY_ID[message_id])
    assert_same_fields(message, dialect.MAVLink(None).decode(bytearray(raw)))


def test_a_longer_payload_than_is_known_is_a_newer_definition_and_is_read() -> None:
    message = decode_message(Frame(245, 1, 1, 0, b"\x01\x02\x03\x04", 2, None))
    assert message == (1, 2)


def test_an_id_that_is_not_read_gives_none() -> None:
    assert decode_message(Frame(27, 1, 1, 0, bytes(29), 2, None)) is None
