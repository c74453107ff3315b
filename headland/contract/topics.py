"""MQTT topics of wire contract version 1: building and parsing."""

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

#: Origin named in the station's messages for Home Assistant; gateways skip messages of this origin.
HOME_ORIGIN: Final = "Headland"

TopicKind = Literal["data", "senml", "ack", "status", "meta"]


@dataclass(frozen=True, slots=True)
class Topic:
    """A parsed topic; `device` is set only where the topic has one."""

    kind: TopicKind
    gateway: str
    device: str | None = None


def shard_of(gateway: str) -> int:
    """Return the static shard (0..15) of a gateway's data."""
    return zlib.crc32(gateway.encode()) % SHARDS


def data_topic(gateway: str) -> str:
    """Return the topic of a gateway's native batches."""
    return f"{ROOT}/data/{shard_of(gateway)}/{gateway}"


def senml_topic(gateway: str, device: str) -> str:
    """Return the topic of a device's SenML packs."""
    return f"{ROOT}/senml/{gateway}/{device}"


def ack_topic(gateway: str) -> str:
    """Return the topic of a gateway's commit acks."""
    return f"{ROOT}/ack/{gateway}"


def status_topic(gateway: str) -> str:
    """Return the topic of a gateway's retained status and last will."""
    return f"{ROOT}/status/{gateway}"


def meta_topic(gateway: str, device: str) -> str:
    """Return the topic of a device's retained descriptor."""
    return f"{ROOT}/meta/{gateway}/{device}"


def rules_topic(gateway: str) -> str:
    """Return the topic of the farm's retained alarm rules for a gateway."""
    return f"{ROOT}/rules/{gateway}"


def order_topic(gateway: str) -> str:
    """Return the topic of the farm's orders to a gateway."""
    return f"{ROOT}/order/{gateway}"


def answer_topic(gateway: str) -> str:
    """Return the topic of a gateway's answers to orders."""
    return f"{ROOT}/answer/{gateway}"


def alarm_topic(organisation: str) -> str:
    """Return the topic of an organisation's alarm notifications."""
    return f"{ROOT}/alarm/{organisation}"


def home_status_topic() -> str:
    """Return the topic of the station's retained availability for Home Assistant."""
    return f"{ROOT}/home/status"


def home_value_topic(device: str, channel: str) -> str:
    """Return the topic of a channel's values for Home Assistant."""
    return f"{ROOT}/home/{device}/{channel}"


def parse_topic(topic: str) -> Topic | None:
    """Return the parts of a version 1 topic, or None for any other text, a wrong shard included."""
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
