"""Whole frames of a stream of bytes, by pymavlink's own frames."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymavlink.dialects.v10 import ardupilotmega as dialect_v1
from pymavlink.dialects.v20 import ardupilotmega as dialect

from edge.sources.mavlink.link.whole_frames import FrameSplitter, head_of


def station(version: int = 2) -> Any:
    return (dialect if version == 2 else dialect_v1).MAVLink(None, srcSystem=255, srcComponent=190)


def packed(message: Any, version: int = 2) -> bytes:
    return bytes(message.pack(station(version), force_mavlink1=version == 1))


ARM = dialect.MAVLink_command_long_message(7, 1, 400, 0, 1, 0, 0, 0, 0, 0, 0)
HEARTBEAT = dialect.MAVLink_heartbeat_message(6, 8, 0, 0, 4, 3)
SET_RATE = dialect.MAVLink_command_int_message(3, 1, 0, 511, 0, 0, 33, 1e5, 0, 0, 0, 0, 0)
#: EXTENDED_SYS_STATE's successor of another dialect: an id that the table does not have, whose CRC cannot be checked.
UNKNOWN = bytes((0xFD, 3, 0, 0, 9, 1, 1, 0x99, 0xEE, 0x01, 1, 2, 3, 0xAA, 0xBB))


@given(
    st.lists(
        st.sampled_from([packed(ARM), packed(HEARTBEAT), packed(SET_RATE), packed(HEARTBEAT, 1), UNKNOWN]), max_size=12
    ),
    st.lists(st.integers(1, 40), min_size=1, max_size=20),
)
def test_frames_come_out_whole_and_in_order_however_the_stream_is_cut(frames: list[bytes], sizes: list[int]) -> None:
    splitter, stream, taken, at = FrameSplitter(), b"".join(frames), list[bytes](), 0
    while at < len(stream):
        size = sizes[at % len(sizes)]
        taken += splitter.split(stream[at : at + size])
        at += size
    assert (taken, splitter.junk_bytes) == (frames, 0)


@given(st.binary(max_size=400), st.binary(max_size=400))
def test_noise_never_raises_and_every_byte_is_in_a_frame_counted_or_kept_for_later(noise: bytes, more: bytes) -> None:
    splitter = FrameSplitter()
    frames = splitter.split(noise) + splitter.split(more)
    waiting = len(noise) + len(more) - sum(map(len, frames)) - splitter.junk_bytes
    assert 0 <= waiting <= 280


def test_noise_between_frames_costs_no_frame_of_a_known_id() -> None:
    splitter = FrameSplitter()
    frames = splitter.split(b"\xfd\xfe noise \xfd" + packed(ARM) + b"\xfe\x00" + packed(HEARTBEAT) * 20)
    assert frames == [packed(ARM), *[packed(HEARTBEAT)] * 20]
    assert splitter.junk_bytes == 12


@pytest.mark.parametrize("version", [1, 2])
def test_a_head_says_whom_a_frame_is_for_and_what_it_commands(version: int) -> None:
    head = head_of(packed(ARM, version))
    assert (head.message_id, head.system, head.component, head.target, head.command) == (76, 255, 190, 7, 400)
    rate = head_of(packed(SET_RATE, 2))
    assert (rate.target, rate.command) == (3, 511)
    beat = head_of(packed(HEARTBEAT, version))
    assert (beat.target, beat.command, beat.version) == (0, None, version)


def test_a_field_whose_zeros_were_left_off_is_zero() -> None:
    request = dialect.MAVLink_param_request_list_message(0, 0)
    head = head_of(packed(request))
    assert len(head.payload) == 1
    assert head.target == 0
    assert head_of(UNKNOWN).target == 0
