"""Texts and numbers from outside are bounded at the door: no control characters, nothing a database cannot hold."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from headland.contract.codec import Decoded, decode_batch, decode_record, encode_batch, encode_record
from headland.contract.records import Batch, ChannelInfo, Clock, Descriptor, Event, GatewayStatus, SpoolStatus
from headland.contract.refusals import Reason, Refused
from headland.contract.senml.decoder import Pack, decode_senml
from headland.contract.texts import displayable

HOUSE = Descriptor(device="gh-1", kind="greenhouse", site="home", name="番茄　一号棚 – Ñandú")
STATUS = GatewayStatus(gw="gw-1", online=True, t=1_790_000_000_000, epoch="e1")
EVENT = Event(t=1, device="gh-1", kind="text", device_kind="drone", site="home", clock=Clock.NTP)
CONTROLS = ("\x00", "\x07", "\n", "\r", "\x1b", "\x7f", "\x85", "\u2028")


@pytest.mark.parametrize("text", [f"a{control}b" for control in CONTROLS] + ["x" * 501])
@pytest.mark.parametrize("member", ["name", "model", "software", "unit", "sensor", "calibration", "channel"])
def test_a_descriptor_with_a_text_that_cannot_be_displayed_is_refused(member: str, text: str) -> None:
    changed: dict[str, Any] = {member: text}
    if member in ("unit", "sensor", "calibration"):
        info = msgspec.structs.replace(ChannelInfo(unit="degC"), **{member: text})
        changed = {"channels": {"air_temperature_degc": info}}
    elif member == "channel":
        changed = {"channels": {text: ChannelInfo(unit="degC")}}
    answer = decode_record(encode_record(msgspec.structs.replace(HOUSE, **changed)), Descriptor)
    assert isinstance(answer, Refused)
    assert answer.reason is Reason.WRONG_SHAPE


def test_sound_texts_of_every_language_are_taken() -> None:
    longest = msgspec.structs.replace(HOUSE, model="型" * 500, latitude_deg=-90.0, longitude_deg=180.0)
    assert decode_record(encode_record(longest), Descriptor) == longest
    assert decode_record(encode_record(STATUS), GatewayStatus) == STATUS
    trouble = msgspec.structs.replace(STATUS, spool=SpoolStatus(trouble="disk full:\n\t[Errno 28]"))
    assert decode_record(encode_record(trouble), GatewayStatus) == trouble


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"latitude_deg": 91.0}, Reason.WRONG_SHAPE),
        ({"longitude_deg": -1e300}, Reason.WRONG_SHAPE),
        ({"channels": {f"c{number}_degc": ChannelInfo(unit="degC") for number in range(2001)}}, Reason.TOO_LARGE),
    ],
)
def test_a_descriptor_out_of_bounds_is_refused(changed: dict[str, Any], reason: Reason) -> None:
    answer = decode_record(encode_record(msgspec.structs.replace(HOUSE, **changed)), Descriptor)
    assert isinstance(answer, Refused)
    assert answer.reason is reason


@pytest.mark.parametrize(
    "changed",
    [
        '"software":"a\\u0000b"',
        '"instance":"\\u001b[2J"',
        '"epoch":"a/b"',
        '"t":1e300',
        '"t":-1',
        '"t":253402300800000',
        '"acked_seq":-1',
        f'"acked_seq":{10**30}',
        f'"overdue_ms":{10**18}',
        f'"spool":{{"records":{2**63}}}',
        '"spool":{"dropped_points":-5}',
        f'"spool":{{"oldest_ms":{10**16}}}',
        '"spool":{"trouble":"a\\u0000"}',
        '"spool":{"epoch_reason":"a\\nb"}',
    ],
)
def test_a_status_that_no_answer_could_hold_is_refused(changed: str) -> None:
    text = '{"gw":"gw-1","online":true,"t":1790000000000,' + changed + "}"
    assert isinstance(decode_record(text.encode(), GatewayStatus), Refused)


@pytest.mark.parametrize(
    "data", [{"a\x00": 1}, {"a\nb": 1}, {"x" * 101: 1}, {"text": "a\x00b"}, {"n": 2**63}, {"n": -(10**40)}]
)
def test_the_data_of_an_event_can_be_stored(data: dict[str, Any]) -> None:
    sound = msgspec.structs.replace(EVENT, data={"text": "two\nlines", "n": 2**63 - 1, "f": 1e300})
    batch = Batch(gw="gw-1", epoch="e1", seq=1, v=1, events=[msgspec.structs.replace(EVENT, data=data), sound])
    decoded = decode_batch(encode_batch(batch))
    assert isinstance(decoded, Decoded)
    assert (decoded.batch.events, len(decoded.refused)) == ([sound], 1)


def test_a_text_of_senml_can_be_stored() -> None:
    pack = decode_senml(b'[{"n":"state","t":1790000000,"vs":"a\\u0000b"}]', "gh-1", "k", "s")
    assert isinstance(pack, Pack)
    assert (pack.events, [refused.reason for refused in pack.refused]) == ((), [Reason.WRONG_SHAPE])


def test_a_gateway_makes_what_a_device_says_displayable() -> None:
    assert displayable("Pixhawk\x00\x00 4\r\n\x1b[0m") == "Pixhawk   4   [0m"
    assert displayable("x" * 900) == "x" * 500
