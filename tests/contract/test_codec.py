"""The codec of native batches: round trips, and refusals of damaged input."""

from __future__ import annotations

import json
import zlib
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.contract.codec import (
    MAX_INFLATED_BYTES,
    MAX_PAYLOAD_BYTES,
    MAX_SEQ,
    MAX_TIME_MS,
    Decoded,
    decode_batch,
    decode_record,
    encode_batch,
    encode_record,
)
from headland.contract.records import Ack, Batch, Block, Clock, Descriptor, GatewayStatus, SourceReport
from headland.contract.refusals import Reason, Refused
from tests.contract.samples import batches
from tests.examples import examples

SOUND = Block(
    device="gh-1",
    kind="greenhouse",
    site="home",
    clock=Clock.NTP,
    t0=1_790_000_000_000,
    dt=[0, 100],
    c={"co2_ppm": [1, None]},
)
BATCH = Batch(gw="gw-1", epoch="e1", seq=7, v=1, blocks=[SOUND])


def wire(**changes: Any) -> dict[str, Any]:
    """Return a sound batch as plain JSON values, with `changes`."""
    return {**json.loads(msgspec.json.encode(BATCH)), **changes}


def block_wire(**changes: Any) -> dict[str, Any]:
    return {**json.loads(msgspec.json.encode(SOUND)), **changes}


def decode_json(text: str | bytes | dict[str, Any]) -> Decoded | Refused:
    if isinstance(text, dict):
        text = json.dumps(text)
    return decode_batch(zlib.compress(text.encode() if isinstance(text, str) else text, 9))


def reason(answer: object) -> Reason:
    assert isinstance(answer, Refused), answer
    assert 0 < len(answer.detail) < 400
    return answer.reason


def parts(text: str | dict[str, Any]) -> tuple[list[str], list[Reason]]:
    """Return the devices of the blocks that were kept and why parts were refused."""
    decoded = decode_json(text)
    assert isinstance(decoded, Decoded), decoded
    return [block.device for block in decoded.batch.blocks], [refused.reason for refused in decoded.refused]


@settings(max_examples=examples(100), deadline=None)
@given(batches())
def test_a_batch_comes_back_as_it_went(batch: Batch) -> None:
    assert decode_batch(encode_batch(batch)) == Decoded(batch)


@settings(max_examples=examples(100), deadline=None)
@given(st.binary(max_size=500))
def test_any_bytes_give_a_value(payload: bytes) -> None:
    reason(decode_batch(payload))
    assert isinstance(decode_batch(zlib.compress(payload)), Decoded | Refused)


@settings(max_examples=examples(100), deadline=None)
@given(batches(), st.data())
def test_damage_gives_a_value(batch: Batch, data: st.DataObject) -> None:
    payload = bytearray(encode_batch(batch))
    payload[data.draw(st.integers(0, len(payload) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert isinstance(decode_batch(bytes(payload)), Decoded | Refused)
    text = bytearray(msgspec.json.encode(batch))
    text[data.draw(st.integers(0, len(text) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert isinstance(decode_json(bytes(text)), Decoded | Refused)


@settings(max_examples=examples(50), deadline=None)
@given(batches(), st.data())
def test_a_payload_cut_anywhere_is_refused(batch: Batch, data: st.DataObject) -> None:
    payload = encode_batch(batch)
    assert reason(decode_batch(payload[: data.draw(st.integers(0, len(payload) - 1))])) == Reason.NOT_DEFLATE
    assert reason(decode_batch(payload + b"x")) == Reason.NOT_DEFLATE


@pytest.mark.parametrize("size", [MAX_INFLATED_BYTES, MAX_INFLATED_BYTES + 1, 20 * MAX_INFLATED_BYTES])
def test_a_zip_bomb_is_refused_by_its_size(size: int) -> None:
    bomb = zlib.compress(b" " * size, 9)
    expected = Reason.NOT_JSON if size <= MAX_INFLATED_BYTES else Reason.TOO_LARGE
    if len(bomb) <= MAX_PAYLOAD_BYTES:
        assert reason(decode_batch(bomb)) == expected
    else:
        assert reason(decode_batch(bomb)) == Reason.TOO_LARGE


def test_a_payload_above_the_cap_is_refused_unread() -> None:
    assert reason(decode_batch(b"x" * (MAX_PAYLOAD_BYTES + 1))) == Reason.TOO_LARGE
    assert reason(decode_batch(b"x" * MAX_PAYLOAD_BYTES)) == Reason.NOT_DEFLATE
    assert reason(decode_record(b" " * (MAX_PAYLOAD_BYTES + 1), Ack)) == Reason.TOO_LARGE


@pytest.mark.parametrize("where", ["%s", '{"v":1,"x":%s}', '{"v":1,"gw":"g","epoch":"e","seq":1,"blocks":[%s]}'])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_nesting_ten_thousand_deep_gives_a_value(where: str, opening: str) -> None:
    text = where % (opening * 10_000)
    assert reason(decode_json(text)) in {Reason.NOT_JSON, Reason.WRONG_SHAPE}
    closed = where % (opening * 10_000 + "1" + {"[": "]", '{"a":': "}"}[opening] * 10_000)
    assert isinstance(decode_json(closed), Decoded | Refused)
    assert isinstance(decode_record(text.encode(), Ack), Refused)


@pytest.mark.parametrize(
    "text", ["NaN", "Infinity", "-Infinity", "nan", "1e400", "-1e400", "9" * 400, '"1"', "true", "[]"]
)
def test_a_non_number_costs_its_block_or_the_message_and_never_becomes_a_number(text: str) -> None:
    whole = json.dumps(wire(blocks=[block_wire(device="good"), block_wire(device="bad")]))
    decoded = decode_json(whole[: whole.rindex("[1,")] + f"[{text}," + whole[whole.rindex("[1,") + 3 :])
    if isinstance(decoded, Decoded):
        assert [block.device for block in decoded.batch.blocks] == ["good"]
        assert [refused.reason for refused in decoded.refused] == [Reason.WRONG_SHAPE]
    else:
        assert decoded.reason == Reason.NOT_JSON


def test_nan_and_infinity_are_null_on_the_wire() -> None:
    block = msgspec.structs.replace(SOUND, dt=[0, 1, 2], c={"co2_ppm": [float("nan"), float("inf"), float("-inf")]})
    decoded = decode_batch(encode_batch(msgspec.structs.replace(BATCH, blocks=[block])))
    assert isinstance(decoded, Decoded)
    assert decoded.batch.blocks[0].c == {"co2_ppm": [None, None, None]}


@pytest.mark.parametrize("version", [0, 2, -1, 10**30])
def test_another_version_is_refused_whole(version: int) -> None:
    assert reason(decode_json(wire(v=version))) == Reason.WRONG_VERSION


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"gw": "a/b"}, Reason.BAD_NAME),
        ({"gw": ""}, Reason.BAD_NAME),
        ({"gw": "a" * 65}, Reason.BAD_NAME),
        ({"gw": "gw-1\n"}, Reason.BAD_NAME),
        ({"epoch": "+"}, Reason.BAD_NAME),
        ({"epoch": 5}, Reason.WRONG_SHAPE),
        ({"seq": 0}, Reason.WRONG_SHAPE),
        ({"seq": -1}, Reason.WRONG_SHAPE),
        ({"seq": MAX_SEQ + 1}, Reason.WRONG_SHAPE),
        ({"seq": 10**300}, Reason.WRONG_SHAPE),
        ({"seq": 1.5}, Reason.WRONG_SHAPE),
        ({"seq": True}, Reason.WRONG_SHAPE),
        ({"first": 8}, Reason.WRONG_SHAPE),
        ({"first": 0}, Reason.WRONG_SHAPE),
        ({"blocks": {}}, Reason.WRONG_SHAPE),
        ({"events": 3}, Reason.WRONG_SHAPE),
    ],
)
def test_an_invalid_envelope_is_refused_whole(changes: dict[str, Any], expected: Reason) -> None:
    assert reason(decode_json(wire(**changes))) == expected


@pytest.mark.parametrize("missing", ["v", "gw", "epoch", "seq"])
def test_an_envelope_without_a_required_field_is_refused_whole(missing: str) -> None:
    without = wire()
    del without[missing]
    assert reason(decode_json(without)) == Reason.WRONG_SHAPE


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"device": "a b"}, Reason.BAD_NAME),
        ({"kind": ""}, Reason.BAD_NAME),
        ({"site": "../x"}, Reason.BAD_NAME),
        ({"dt": [], "c": {}}, Reason.EMPTY),
        ({"dt": [0]}, Reason.UNEVEN_COLUMNS),
        ({"dt": [0, -1]}, Reason.BAD_TIME),
        ({"dt": [0, 2**41]}, Reason.BAD_TIME),
        ({"dt": [0, 10**100]}, Reason.BAD_TIME),
        ({"t0": -1}, Reason.BAD_TIME),
        ({"t0": MAX_TIME_MS}, Reason.BAD_TIME),
        ({"t0": 10**200}, Reason.BAD_TIME),
        ({"t0": "now"}, Reason.WRONG_SHAPE),
        ({"t0": 1.5}, Reason.WRONG_SHAPE),
        ({"clock": "sundial"}, Reason.WRONG_SHAPE),
        ({"q": {"co2_ppm": [1]}}, Reason.BAD_QUALITY),
        ({"q": {"co2_ppm": [1, 5]}}, Reason.BAD_QUALITY),
        ({"q": {"other_ppm": [1, 1]}}, Reason.BAD_QUALITY),
        ({"q": {"co2_ppm": [1, 10**90]}}, Reason.BAD_QUALITY),
        ({"c": {"co2_ppm": "12"}}, Reason.WRONG_SHAPE),
        ({"c": []}, Reason.WRONG_SHAPE),
        ({"sim": 1}, Reason.WRONG_SHAPE),
    ],
)
def test_one_bad_block_does_not_cost_its_neighbours(changes: dict[str, Any], expected: Reason) -> None:
    blocks = [block_wire(device="before"), block_wire(**{"device": "bad", **changes}), block_wire(device="after")]
    assert parts(wire(blocks=blocks)) == (["before", "after"], [expected])


def test_one_bad_event_does_not_cost_its_neighbours() -> None:
    good = {"t": 5, "device": "d", "kind": "armed", "device_kind": "drone", "site": "s", "clock": "gps"}
    bad = [{**good, "t": -1}, {**good, "kind": "?"}, {**good, "data": {"a": [1]}}, {**good, "t": 10**99}, 7, None]
    decoded = decode_json(wire(events=[good, *bad, {**good, "data": {"armed": True}}]))
    assert isinstance(decoded, Decoded)
    assert [event.data for event in decoded.batch.events] == [{}, {"armed": True}]
    assert sorted(refused.reason for refused in decoded.refused) == [
        Reason.BAD_NAME,
        Reason.BAD_TIME,
        Reason.BAD_TIME,
        Reason.WRONG_SHAPE,
        Reason.WRONG_SHAPE,
        Reason.WRONG_SHAPE,
    ]
    assert [block.device for block in decoded.batch.blocks] == ["gh-1"]


def test_a_repeated_key_gives_one_value() -> None:
    text = json.dumps(wire())
    decoded = decode_json(text.replace('"seq": 7', '"seq": 7, "seq": 9').replace('"c": {', '"c": {"co2_ppm": [3, 3], '))
    assert isinstance(decoded, Decoded)
    assert (decoded.batch.seq, decoded.batch.blocks[0].c) == (9, {"co2_ppm": [1, None]})


def test_a_newer_gateways_unknown_fields_are_ignored() -> None:
    assert decode_json(wire(new={"a": [1]}, blocks=[block_wire(new=1)])) == Decoded(BATCH)


@pytest.mark.parametrize("text", ["", "null", "[]", "7", '"x"', "{}", '{"v":1', "{'v':1}", "\ufeff{}", '{"v":1}x'])
def test_a_text_that_is_not_a_batch_is_refused(text: str) -> None:
    assert reason(decode_json(text)) in {Reason.NOT_JSON, Reason.WRONG_SHAPE}


def test_text_that_is_not_utf_8_is_refused() -> None:
    assert isinstance(decode_json(b'{"v":1,"gw":"\xff\xfe","epoch":"e","seq":1}'), Refused)


@settings(max_examples=examples(50), deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_as_a_record_give_a_value(payload: bytes) -> None:
    reason(decode_record(payload, Ack))
    reason(decode_record(payload, Descriptor))
    reason(decode_record(payload, GatewayStatus))


def test_records_come_back_as_they_went() -> None:
    ack = Ack(epoch="e1", seq=7)
    assert decode_record(encode_record(ack), Ack) == ack
    descriptor = Descriptor(device="d", kind="k", site="s", name="Näme 温室", latitude_deg=1.5, simulated=True)
    assert decode_record(encode_record(descriptor), Descriptor) == descriptor
    status = GatewayStatus(gw="g", online=True, t=5, sources=(SourceReport(name="drones", trouble="no such device"),))
    assert decode_record(encode_record(status), GatewayStatus) == status
    status = GatewayStatus(gw="g", online=False, t=5)
    assert decode_record(encode_record(status), GatewayStatus) == status


@pytest.mark.parametrize(
    "sources",
    [
        (SourceReport(name="a\x1b[2J"),),
        (SourceReport(name="a", trouble="x" * 501),),
        (SourceReport(name="a", trouble="one\ntwo"),),
        (SourceReport(name="a", restarts=-1),),
        (SourceReport(name="a"),) * 201,
    ],
)
def test_a_status_with_an_impossible_source_is_refused(sources: tuple[SourceReport, ...]) -> None:
    status = GatewayStatus(gw="g", online=True, t=5, sources=sources)
    assert reason(decode_record(msgspec.json.encode(status), GatewayStatus)) is Reason.WRONG_SHAPE
