"""Damaged and impossible messages, from bytes to rows."""

from __future__ import annotations

import math
import random
from typing import Any

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as dialect

from edge.sources.mavlink.protocol.decoder import FrameDecoder
from edge.sources.mavlink.protocol.messages import MESSAGE_BY_ID, decode_message
from edge.sources.mavlink.settings import SprayerSettings
from edge.sources.mavlink.timing.clock_choice import HoldPolicy
from edge.sources.mavlink.vehicle.device_naming import SourceContext
from edge.sources.mavlink.vehicle.device_output import Output
from edge.sources.mavlink.vehicle.fleet import Fleet
from edge.sources.source import Reading, Readings
from headland.contract.codec import MAX_TIME_MS
from headland.contract.quantities import quantity_of
from headland.contract.records import Descriptor, Event, is_name
from tests.edge.sources.mavlink.protocol.test_messages import assert_same_fields, field_values
from tests.edge.sources.mavlink.stand_ins import NOON_MS, UID_A, Autopilot, rows_of
from tests.examples import examples


def drive(pieces: list[bytes]) -> list[Reading | Event | Descriptor]:
    decoder = FrameDecoder()
    policy = HoldPolicy(wait_ms=10_000, rows=500)
    sprayer = SprayerSettings(pump_servo=9, flow_battery_id=1)
    fleet = Fleet(SourceContext("gw-1", "home"), sprayer, lambda _system, _component: policy)
    out: list[Output] = []
    now_ms = NOON_MS
    for piece in pieces:
        now_ms += 300
        frames = decoder.feed(piece)
        out += fleet.read("a", frames, [now_ms] * len(frames))
        out += fleet.tick(now_ms)
    frames = decoder.finish()
    out += fleet.read("a", frames, [now_ms] * len(frames))
    out += fleet.finish(now_ms)
    return [*rows_of(out), *(output for output in out if not isinstance(output, Readings))]


def check(outputs: list[Reading | Event | Descriptor]) -> None:
    """Every output can be sent: known channels, finite values, names and times that the contract allows."""
    for output in outputs:
        match output:
            case Reading():
                assert is_name(output.source.device)
                assert 0 <= output.time_ms <= MAX_TIME_MS
                for channel, value in output.values.items():
                    assert quantity_of(channel) is not None
                    assert value is None or math.isfinite(value)
            case Event():
                assert is_name(output.device)
                assert is_name(output.kind)
                assert 0 <= output.t <= MAX_TIME_MS
            case Descriptor():
                assert is_name(output.device)


def normal_flight() -> list[bytes]:
    pilot = Autopilot()
    pieces = [pilot.heartbeat(), pilot.identity(UID_A)]
    for n in range(60):
        boot_ms = 1000 + 300 * n
        pieces.append(pilot.position(boot_ms) + pilot.attitude(boot_ms + 20) + pilot.gps(boot_ms + 40) + pilot.hud())
        pieces.append(pilot.system_time(boot_ms + 60) + pilot.heartbeat(armed=n % 7 == 0))
    return pieces


@st.composite
def random_message(draw: st.DrawFn) -> Any:
    definition = dialect.mavlink_map[draw(st.sampled_from(list(MESSAGE_BY_ID)))]
    lengths = [definition.array_lengths[order] for order in definition.orders]
    kinds = zip(definition.fieldtypes, lengths, strict=True)
    return definition(*(draw(field_values(kind, length)) for kind, length in kinds))


@settings(max_examples=examples(60), deadline=None)
@given(messages=st.lists(random_message(), min_size=5, max_size=40))
def test_any_values_in_valid_frames_give_only_outputs_the_contract_allows(messages: list[Any]) -> None:
    pilot = Autopilot()
    check(drive([pilot.heartbeat(), *(pilot.encode(message) for message in messages), *normal_flight()]))


@settings(max_examples=examples(40), deadline=None)
@given(seed=st.integers(0, 2**32))
@example(seed=2362394463)  # such a one
def test_flipped_lost_and_cut_bytes_give_no_wrong_row(seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray(b"".join(normal_flight()))
    for _ in range(40):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    del data[(cut := chance.randrange(len(data))) : cut + chance.randrange(200)]
    # Of 65,536 damaged frames one has a checksum that fits: nothing distinguishes it from a valid one.
    sent = b"".join(normal_flight())
    assume(all(bytes(message.get_msgbuf()) in sent for message in read_by_pymavlink(bytes(data))))
    pieces = [bytes(data[at : at + 97]) for at in range(0, len(data), 97)]
    outputs = drive(pieces)
    check(outputs)
    sound = {
        tuple(sorted(row.values.items(), key=str)): row for row in drive(normal_flight()) if isinstance(row, Reading)
    }
    rows = [row for row in outputs if isinstance(row, Reading)]
    assert len(rows) > 100
    for row in rows:
        assert tuple(sorted(row.values.items(), key=str)) in sound


def read_by_pymavlink(data: bytes) -> list[Any]:
    """Return the sound messages that pymavlink's own parser finds."""
    parser = dialect.MAVLink(None)
    parser.robust_parsing = True
    messages = parser.parse_buffer(data) or []
    return [
        message
        for message in messages
        if message.get_type() != "BAD_DATA" and not message.get_type().startswith("UNKNOWN")
    ]


@settings(max_examples=examples(40), deadline=None)
@given(messages=st.lists(random_message(), min_size=5, max_size=25), seed=st.integers(0, 2**32), version=st.booleans())
def test_every_field_of_a_damaged_stream_equals_pymavlinks(messages: list[Any], seed: int, version: bool) -> None:
    chance, pilot = random.Random(seed), Autopilot()
    frames = []
    for message in messages:
        pilot.version = 1 if version and message.get_msgId() < 256 else 2
        frames.append(pilot.encode(message))
    data = bytearray(b"".join(frames))
    for _ in range(chance.randrange(8)):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    del data[(cut := chance.randrange(len(data))) : cut + chance.randrange(60)]
    decoder = FrameDecoder()
    ours = decoder.feed(bytes(data)) + decoder.finish()
    by_id = {(frame.sequence, frame.message_id): frame for frame in ours}
    for theirs in read_by_pymavlink(bytes(data)):
        header = theirs.get_header()
        decoded = decode_message(by_id[header.seq, header.msgId])
        if decoded is not None:
            assert_same_fields(decoded, theirs)
    sent = {(frame[2] if frame[0] == 0xFE else frame[4], frame) for frame in frames}
    for frame in ours:  # and none that was not sent
        assert any(number == frame.sequence and frame.payload in raw for number, raw in sent)
