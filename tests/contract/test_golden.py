"""Golden vectors: bytes of version 1 decode to the same for ever, and encoding gives the same bytes."""

from __future__ import annotations

import json
import zlib
from typing import Any

import msgspec
import pytest

from headland.contract.codec import Decoded, decode_batch, decode_record, encode_batch, encode_record
from headland.contract.gateway_rules import GatewayRules, decode_rules, encode_rules, revision_of
from headland.contract.records import Ack, Batch, Descriptor, GatewayStatus
from headland.contract.senml.decoder import Pack, decode_senml
from tests.golden.make import (
    ACK,
    DESCRIPTOR,
    DROPPED_RANGE,
    FOLDER,
    LAST_WILL,
    NATIVE,
    RULES,
    RULES_KEY,
    STATUS,
    UNFOLLOWED_ACK,
)


def golden(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def expected(name: str) -> Any:
    return json.loads(golden(f"{name}.expected.json"))


@pytest.mark.parametrize(("name", "batch"), [("native_batch", NATIVE), ("dropped_range", DROPPED_RANGE)])
def test_a_batch_means_what_it_always_meant(name: str, batch: Batch) -> None:
    payload = golden(f"{name}.bin")
    assert decode_batch(payload) == Decoded(batch)
    assert json.loads(zlib.decompress(payload)) == expected(name)


@pytest.mark.parametrize(("name", "batch"), [("native_batch", NATIVE), ("dropped_range", DROPPED_RANGE)])
def test_a_batch_is_still_written_the_same(name: str, batch: Batch) -> None:
    # The deflated bytes may differ from one zlib to another; what they inflate to may not.
    assert zlib.decompress(encode_batch(batch)) == zlib.decompress(golden(f"{name}.bin"))


@pytest.mark.parametrize(("name", "ack"), [("ack", ACK), ("unfollowed_ack", UNFOLLOWED_ACK)])
def test_an_ack_means_what_it_always_meant(name: str, ack: Ack) -> None:
    assert decode_record(golden(f"{name}.json"), Ack) == ack
    assert (encode_record(ack), json.loads(encode_record(ack))) == (golden(f"{name}.json"), expected(name))


@pytest.mark.parametrize(("name", "status"), [("status", STATUS), ("last_will", LAST_WILL)])
def test_a_status_means_what_it_always_meant(name: str, status: GatewayStatus) -> None:
    assert decode_record(golden(f"{name}.json"), GatewayStatus) == status
    assert encode_record(status) == golden(f"{name}.json")
    assert json.loads(encode_record(status)) == expected(name)


def test_a_descriptor_means_what_it_always_meant() -> None:
    assert decode_record(golden("descriptor.json"), Descriptor) == DESCRIPTOR
    assert encode_record(DESCRIPTOR) == golden("descriptor.json")
    assert json.loads(encode_record(DESCRIPTOR)) == expected("descriptor")


def test_a_message_of_alarm_rules_means_what_it_always_meant() -> None:
    payload = golden("gateway_rules.json")
    message = decode_rules(payload, "gw-1", RULES_KEY)
    assert isinstance(message, GatewayRules)
    assert (message.number, message.revision, bytes(message.content)) == (7, revision_of(RULES), RULES)
    assert encode_rules("gw-1", 7, RULES, RULES_KEY) == payload
    assert json.loads(payload) == expected("gateway_rules")


def test_a_senml_pack_means_what_it_always_meant() -> None:
    pack = decode_senml(golden("senml_pack.json"), "bed-7", "soil_probe", "north")
    assert isinstance(pack, Pack)
    assert pack.refused == ()
    told = msgspec.json.encode({"blocks": pack.blocks, "events": pack.events})
    assert json.loads(told) == expected("senml_pack")


def test_a_golden_vector_is_small() -> None:
    assert all(path.stat().st_size < 4096 for path in FOLDER.iterdir() if path.suffix in {".bin", ".json"})
