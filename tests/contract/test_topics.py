"""MQTT topics: building and parsing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.contract.topics import (
    MAX_TOPIC,
    SHARDS,
    Topic,
    ack_topic,
    data_topic,
    meta_topic,
    parse_topic,
    senml_topic,
    shard_of,
    status_topic,
)
from tests.contract.samples import NAMES
from tests.examples import examples


@settings(max_examples=examples(100), deadline=None)
@given(NAMES, NAMES)
def test_a_topic_comes_back_as_it_was_built(gateway: str, device: str) -> None:
    assert parse_topic(data_topic(gateway)) == Topic("data", gateway)
    assert parse_topic(ack_topic(gateway)) == Topic("ack", gateway)
    assert parse_topic(status_topic(gateway)) == Topic("status", gateway)
    assert parse_topic(senml_topic(gateway, device)) == Topic("senml", gateway, device)
    assert parse_topic(meta_topic(gateway, device)) == Topic("meta", gateway, device)
    assert 0 <= shard_of(gateway) < SHARDS
    assert len(senml_topic(gateway, device)) <= MAX_TOPIC


@settings(max_examples=examples(100), deadline=None)
@given(st.text(max_size=60))
def test_any_text_gives_a_value(text: str) -> None:
    parse_topic(text)
    assert parse_topic(f"headland/v1/data/{text}/gw-1") in (None, Topic("data", "gw-1"))


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "headland",
        "headland/v1",
        "headland/v1/",
        "headland/v2/ack/gw-1",
        "Headland/v1/ack/gw-1",
        "/headland/v1/ack/gw-1",
        "headland/v1/ack",
        "headland/v1/ack/",
        "headland/v1/ack/gw-1/",
        "headland/v1/ack/gw-1/x",
        "headland/v1/ack/gw 1",
        "headland/v1/ack/+",
        "headland/v1/ack/#",
        "headland/v1/ack/gw-1\n",
        "headland/v1/ack/" + "a" * 65,
        "headland/v1/cmd/gw-1",
        "headland/v1/senml/gw-1",
        "headland/v1/senml/gw-1/..",
        "headland/v1/data/gw-1",
        "headland/v1/data/+/gw-1",
        "headland/v1/data/016/gw-1",
        "$SYS/broker",
        "x" * 100_000,
    ],
)
def test_a_foreign_topic_is_none(topic: str) -> None:
    assert parse_topic(topic) is None


def test_a_wrong_shard_is_none() -> None:
    right = shard_of("gw-1")
    shards = [shard for shard in range(SHARDS) if parse_topic(f"headland/v1/data/{shard}/gw-1")]
    assert shards == [right]


def test_the_shard_is_the_crc_of_the_name() -> None:
    # CRC-32 of ASCII "123456789" is the published check value 0xCBF43926.
    assert shard_of("123456789") == 0xCBF43926 % 16
