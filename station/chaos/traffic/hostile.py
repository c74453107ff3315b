"""Messages of a malicious gateway: valid ones that must be stored once, and invalid ones that must be refused. Pure."""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from headland.contract.topics import data_topic, senml_topic
from station.chaos.traffic.numbered_source import NUMBER_CHANNEL

_ROWS: Final = 20
_VALID_MESSAGES: Final = 20
_TOO_LARGE_BYTES: Final = 140_000
_BOMB_BYTES: Final = 9_000_000


@dataclass(frozen=True, slots=True)
class HostileMessage:
    """A message, the numbers in its valid part, and the expected reason for refusing the rest, if any."""

    topic: str
    payload: bytes
    properties: Mapping[str, str] = field(default_factory=dict)
    numbers: frozenset[int] = frozenset()
    reason: str | None = None


def make_messages(
    gateway: str, victim: str, epoch: str, first_number: int, start_ms: int, rng: random.Random
) -> list[HostileMessage]:
    """Return one message for each record 1..n of `epoch`, in order, and some without a record number.

    Numbers count from `first_number`, each at its own time from `start_ms` on. The reasons are those of
    docs/reference/protocol.md, repeated here: the test must not depend on ingest for them.
    """
    maker = _Maker(gateway, epoch, first_number, start_ms)
    for _ in range(_VALID_MESSAGES):
        maker.add(maker.body())
    _add_unreadable(maker, rng)
    _add_ill_formed(maker, victim, rng)
    _add_partly_valid(maker)
    return [*maker.messages, *_make_packs(gateway, rng)]


class _Maker:
    """Builds messages with consecutive record numbers and samples."""

    def __init__(self, gateway: str, epoch: str, first_number: int, start_ms: int) -> None:
        self.messages: list[HostileMessage] = []
        self._gateway = gateway
        self._epoch = epoch
        self._number = first_number
        self._start_ms = start_ms
        self._first_number = first_number

    def block(self) -> dict[str, Any]:
        """Return a valid block with the next numbers."""
        numbers = list(range(self._number, self._number + _ROWS))
        self._number += _ROWS
        return {
            "device": f"{self._gateway}-own",
            "kind": "counter",
            "site": "chaos",
            "clock": "rtc",
            "t0": self._start_ms + numbers[0] - self._first_number,
            "dt": list(range(_ROWS)),
            "c": {NUMBER_CHANNEL: numbers},
            "sim": True,
        }

    def body(self) -> dict[str, Any]:
        """Return the next record with one valid block."""
        seq = len(self.messages) + 1
        return {"gw": self._gateway, "epoch": self._epoch, "seq": seq, "v": 1, "blocks": [self.block()]}

    def add(self, body: dict[str, Any] | bytes, reason: str | None = None) -> None:
        """Add the next record: a body, or invalid bytes. A record that is refused completely has no valid part."""
        payload = body if isinstance(body, bytes) else _pack(json.dumps(body))
        numbers: set[int] = set()
        if not isinstance(body, bytes) and reason is None:
            numbers = {number for block in body["blocks"] for number in block["c"][NUMBER_CHANNEL]}
        self._append(payload, numbers, reason)

    def add_partly_valid(self, body: dict[str, Any], invalid: Any, reason: str) -> None:
        """Add a record with one valid and one invalid block."""
        valid = set(body["blocks"][0]["c"][NUMBER_CHANNEL])
        body["blocks"].append(invalid)
        self._append(_pack(json.dumps(body)), valid, reason)

    def _append(self, payload: bytes, numbers: set[int], reason: str | None) -> None:
        properties = {"epoch": self._epoch, "seq": str(len(self.messages) + 1)}
        topic = data_topic(self._gateway)
        self.messages.append(HostileMessage(topic, payload, properties, frozenset(numbers), reason))


def _add_unreadable(maker: _Maker, rng: random.Random) -> None:
    valid = _pack(json.dumps(maker.body()))
    maker.add(valid[: len(valid) // 2], "not_deflate")
    maker.add(valid + b"more", "not_deflate")
    maker.add(b"\x00" + rng.randbytes(500), "not_deflate")
    maker.add(rng.randbytes(_TOO_LARGE_BYTES), "too_large")
    maker.add(zlib.compress(rng.randbytes(16) + bytes(_BOMB_BYTES), 9), "too_large")
    maker.add(_pack(json.dumps(maker.body())[:-7]), "not_json")
    maker.add(_pack(json.dumps(maker.body()).replace('"dt"', '"x": NaN, "dt"')), "not_json")
    maker.add(_pack(_blanks(rng) + '{"blocks":' + "[" * 100_000), "not_json")


def _add_ill_formed(maker: _Maker, victim: str, rng: random.Random) -> None:
    maker.add({**maker.body(), "v": 2}, "wrong_version")
    maker.add({**maker.body(), "gw": victim}, "wrong_identity")
    maker.add({**maker.body(), "epoch": "../../etc"}, "bad_name")
    maker.add({**maker.body(), "blocks": "none"}, "wrong_shape")
    maker.add(_pack(_blanks(rng) + "[" * 10 + "]" * 10), "wrong_shape")


def _add_partly_valid(maker: _Maker) -> None:
    nested: Any = 1
    for _ in range(10):
        nested = [nested]
    for change, reason in (
        ({"c": {NUMBER_CHANNEL: [nested] * _ROWS}}, "wrong_shape"),
        ({"c": {NUMBER_CHANNEL: [1.0]}}, "uneven_columns"),
        ({"dt": [], "c": {}}, "empty"),
        ({"t0": -1}, "bad_time"),
        ({"device": "no name"}, "bad_name"),
        ({"q": {NUMBER_CHANNEL: [7] * _ROWS}}, "bad_quality"),
        ({"c": {"speed_of_light": [1.0] * _ROWS}}, "unknown_channel"),
    ):
        body = maker.body()
        maker.add_partly_valid(body, {**maker.block(), **change}, reason)


def _make_packs(gateway: str, rng: random.Random) -> list[HostileMessage]:
    """Return SenML packs, which have no record numbers."""
    topic = senml_topic(gateway, f"{gateway}-senml")
    relative = [{"n": "soil_temperature", "u": "Cel", "t": 5, "v": 1.0 + rng.random()}]
    return [
        HostileMessage(topic, json.dumps(relative).encode(), reason="relative_time"),
        HostileMessage(topic, f"[{_blanks(rng)}]".encode(), reason="empty"),
        HostileMessage(topic, rng.randbytes(64), reason="not_json"),
        HostileMessage(topic, f'[{{"bver": 99, "n": "x_degc", "v": {rng.random()}}}]'.encode(), reason="wrong_version"),
    ]


def _blanks(rng: random.Random) -> str:
    """Return random blanks: the quarantine stores equal messages only once."""
    return "".join(rng.choices(" \n\t", k=40))


def _pack(text: str) -> bytes:
    return zlib.compress(text.encode(), 1)
