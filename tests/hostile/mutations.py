"""Structured mutations: messages and bodies that are nearly right, and odd in one or a few places."""

from __future__ import annotations

import json
import os
import random
import zlib
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from headland.contract.topics import data_topic, meta_topic, senml_topic, status_topic
from tests.examples import examples

#: With this in the environment so many mutations are tried in all, 50,000 for the whole run.
_ALL: Final = os.environ.get("HEADLAND_MUTATIONS")
#: What a value may be instead.
ODD: Final[tuple[Any, ...]] = (
    None,
    True,
    -1,
    0,
    2**31,
    2**53 + 1,
    2**63,
    -(2**63),
    2**64,
    10**30,
    1e308,
    -1e308,
    5e-324,
    0.1,
    "",
    "²",
    "٣",
    "1_000",
    "9" * 5000,
    "nan",
    "1e999",
    "\x00",
    "\x7f",
    "\u202e\u2066",
    "\ufeff",
    "\ud800",
    "a" * 70,
    "../../etc/passwd",
    "<script>",
    "=1+1",
    "'; DROP TABLE samples; --",
    "%s%n",
    "gw-1",
    "house-1",
    [],
    {},
    [[]],
    [None],
    {"": None},
    list(range(50)),
    {"a": {"a": {"a": {"a": {}}}}},
)
#: Those that a broker passes on in a property: it ends the connection of whoever sends control characters.
_TEXTS: Final = [
    text for text in ODD if isinstance(text, str) and len(text) < 100 and text.strip("\x00\x7f\ud800") == text
]
T0_MS: Final = 1_790_000_000_000


def count(share: float, usual: int) -> int:
    """Return how many mutations one of the parts tries: its share of all, or some in a usual run."""
    return round(share * int(_ALL)) if _ALL is not None else examples(usual)


def mutate(value: Any, dice: random.Random) -> Any:
    """Return a copy of a JSON value with one place of it changed, taken out, doubled, renamed or moved."""
    if isinstance(value, dict) and value and dice.random() < 0.9:
        name = dice.choice(list(value))
        changed = dict(value)
        match dice.randrange(8):
            case 0:
                del changed[name]
            case 1:
                changed[name] = dice.choice(ODD)
            case 2:
                odd = dice.choice(ODD)
                changed[odd if isinstance(odd, str) else str(odd)] = changed.pop(name)
            case _:
                changed[name] = mutate(value[name], dice)
        return changed
    if isinstance(value, list) and value and dice.random() < 0.9:
        at, changed_list = dice.randrange(len(value)), list(value)
        match dice.randrange(6):
            case 0:
                del changed_list[at]
            case 1:
                changed_list[at:at] = changed_list[at : at + 1] * dice.choice((1, 2, 500))
            case 2:
                changed_list[at] = dice.choice(ODD)
            case _:
                changed_list[at] = mutate(value[at], dice)
        return changed_list
    return dice.choice(ODD)


def mutate_bytes(data: bytes, dice: random.Random) -> bytes:
    """Return a copy with some bytes changed, cut out, repeated or added."""
    hurt = bytearray(data)
    for _ in range(dice.randrange(1, 4)):
        at = dice.randrange(len(hurt) + 1)
        match dice.randrange(4):
            case 0:
                del hurt[at:]
            case 1:
                hurt[at : at + dice.randrange(9)] = dice.randbytes(dice.randrange(9))
            case 2:
                hurt[at:at] = hurt[at : at + 50] * dice.randrange(4)
            case 3:
                hurt[at:at] = dice.choice((b"\x00", b"\xff", b'"', b"[", b"{", b"9" * 5000, b"\xed\xa0\x80"))
    return bytes(hurt)


def as_json(value: Any, dice: random.Random) -> bytes:
    """Return a value as JSON: with NaN, Infinity and lone surrogates where it has them, now and then damaged."""
    text = json.dumps(value, ensure_ascii=dice.random() < 0.5, allow_nan=True).encode("utf-8", "surrogatepass")
    return mutate_bytes(text, dice) if dice.random() < 0.15 else text


class Message(NamedTuple):
    """An MQTT message of a gateway."""

    topic: str
    payload: bytes
    properties: Mapping[str, str]


class MqttMutations:
    """Messages of one gateway: batches, SenML, descriptors and statuses, each mutated in a few places."""

    def __init__(self, gateway: str, dice: random.Random) -> None:
        self._gateway, self._dice = gateway, dice
        self._seq = 0

    def next(self) -> Message:
        """Return the next message."""
        dice = self._dice
        kind = dice.choice(("data", "data", "data", "senml", "meta", "status"))
        if kind == "data":
            return self._batch()
        device = dice.choice(("mut-1", "mut-2", f"mut-{dice.randrange(500)}"))
        if kind == "senml":
            value: Any = [
                {"bn": device, "bt": T0_MS / 1000, "n": "air_temperature_degc", "v": 20.5, "u": "Cel"},
                {"n": "door_open", "vb": True, "t": 5},
            ]
            return Message(senml_topic(self._gateway, device), self._changed(value), {})
        if kind == "meta":
            channel = {"unit": "degC", "interval_s": 60.0, "sensor": "sht31"}
            value = {
                "device": device,
                "kind": dice.choice(("greenhouse", "drone", "weather")),
                "site": "home",
                "name": "House",
                "latitude_deg": 31.9,
                "longitude_deg": 119.1,
                "channels": {"air_temperature_degc": channel},
                "clock": "ntp",
            }
            return Message(meta_topic(self._gateway, device), self._changed(value), {})
        spool = {"records": 5, "bytes": 900, "oldest_ms": T0_MS, "dropped_records": 1, "trouble": "", "renewals": 1}
        value = {
            "gw": self._gateway,
            "online": dice.random() < 0.9,
            "t": T0_MS + self._seq,
            "software": "1",
            "epoch": "e1",
            "acked_seq": self._seq,
            "spool": spool,
            "instance": dice.choice("abc"),
            "sources": [{"name": "drones", "type": "mavlink", "restarts": 1, "trouble": "no link"}],
        }
        return Message(status_topic(self._gateway), self._changed(value), {})

    def _batch(self) -> Message:
        dice = self._dice
        self._seq += dice.choice((0, 1, 1, 1, 1, 2))
        epoch = dice.choice(("e1", "e1", "e1", "e2", f"e{dice.randrange(300)}"))
        block = {
            "device": dice.choice(("mut-1", "mut-2", f"mut-{dice.randrange(500)}")),
            "kind": "greenhouse",
            "site": "home",
            "clock": "ntp",
            "t0": T0_MS + self._seq * 1000,
            "dt": [0, 100, 200],
            "c": {"air_temperature_degc": [20.0, None, 20.5], "relative_humidity_pct": [60.0, 61.0, 62.0]},
            "q": {"air_temperature_degc": [1, 9, 3]},
        }
        event = {
            "t": T0_MS + self._seq,
            "device": self._gateway,
            "kind": dice.choice(
                ("spool_shortened", "spool_dropped", "spool_renewed", "alarm_raised", "data_gap", "flight_coverage")
            ),
            "device_kind": "gateway",
            "site": "home",
            "clock": "ntp",
            "data": {
                "epoch": "e7",
                "first_seq": 1,
                "last_seq": 9,
                "records": 9,
                "rule": "frost",
                "severity": "critical",
                "channels": "air_temperature_degc",
                "start_ms": T0_MS,
                "until_ms": T0_MS + 5,
                "remaining_s": 4.5,
            },
        }
        value: Any = {
            "gw": self._gateway,
            "epoch": epoch,
            "seq": max(1, self._seq),
            "v": 1,
            "blocks": [block] * dice.randrange(3),
            "events": [event] * dice.randrange(3),
        }
        for _ in range(dice.randrange(3)):
            value = mutate(value, dice)
        payload = zlib.compress(as_json(value, dice), 1)
        if dice.random() < 0.05:
            payload = mutate_bytes(payload, dice)
        if dice.random() < 0.02:
            blanks = b" " * dice.choice((10**6, 8 * 1024 * 1024 - 2, 9 * 1024 * 1024))
            payload = zlib.compress(blanks + as_json(value, dice), 9)
        properties = {"epoch": epoch, "seq": str(max(1, self._seq))}
        for _ in range(dice.randrange(3)):
            odd = dice.choice(_TEXTS)
            properties[dice.choice(("epoch", "seq", "first", "base", odd[:40] or "x"))] = odd
        return Message(data_topic(self._gateway), payload[: 120 * 1024], properties)

    def _changed(self, value: Any) -> bytes:
        for _ in range(self._dice.randrange(3)):
            value = mutate(value, self._dice)
        return as_json(value, self._dice)
