"""MQTT topics of wire contract version 1: build them and take them apart."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from headland.contract.records import is_name

ROOT: Final = "headland/v1"
SHARDS: Final = 16
#: No topic of this contract is longer.
MAX_TOPIC: Final = 160

#: What the station's messages for Home Assistant name as their origin: by it gateways pass over them.
HOME_ORIGIN: Final = "Headland"

TopicKind = Literal["data", "senml", "ack", "status", "meta"]


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic taken apart; `device` only where the topic has one."""

    kind: TopicKind
    gateway: str
    device: str | None = None


def shard_of(gateway: str) -> int:
    """Return the static shard (0..15) that a gateway's data goes through."""
    return zlib.crc32(gateway.encode()) % SHARDS


def data_topic(gateway: str) -> str:
    """Return where a gateway publishes native batches."""
    return f"{ROOT}/data/{shard_of(gateway)}/{gateway}"


def senml_topic(gateway: str, device: str) -> str:
    """Return where a device's SenML packs are published."""
    return f"{ROOT}/senml/{gateway}/{device}"


def ack_topic(gateway: str) -> str:
    """Return where a gateway hears its commit acks."""
    return f"{ROOT}/ack/{gateway}"


def status_topic(gateway: str) -> str:
    """Return where a gateway's status and last will are retained."""
    return f"{ROOT}/status/{gateway}"


def meta_topic(gateway: str, device: str) -> str:
    """Return where a device's descriptor is retained."""
    return f"{ROOT}/meta/{gateway}/{device}"


def alarm_topic(organisation: str) -> str:
    """Return where the station says what is new about an organisation's alarms."""
    return f"{ROOT}/alarm/{organisation}"


def home_status_topic() -> str:
    """Return where it is retained for Home Assistant whether the station is there."""
    return f"{ROOT}/home/status"


def home_value_topic(device: str, channel: str) -> str:
    """Return where a channel's values are said to Home Assistant."""
    return f"{ROOT}/home/{device}/{channel}"


def parse_topic(topic: str) -> Topic | None:
    """Return the parts of a version 1 topic, or None for any other (a wrong shard is another)."""
    return None if len(topic) > MAX_TOPIC else _parse_topic(topic)


@lru_cache(maxsize=4096)
def _parse_topic(topic: str) -> Topic | None:
    words = topic.split("/")
    if words[:2] != ["headland", "v1"]:
        return None
    match words[2:]:
        case ["data", shard, gateway] if is_name(gateway) and shard == str(shard_of(gateway)):
            return Topic("data", gateway)
        case ["ack", gateway] if is_name(gateway):
            return Topic("ack", gateway)
        case ["status", gateway] if is_name(gateway):
            return Topic("status", gateway)
        case ["senml", gateway, device] if is_name(gateway) and is_name(device):
            return Topic("senml", gateway, device)
        case ["meta", gateway, device] if is_name(gateway) and is_name(device):
            return Topic("meta", gateway, device)
    return None
