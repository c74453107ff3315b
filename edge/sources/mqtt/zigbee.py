"""Decoder of Zigbee2MQTT: one JSON object for each device; its units are in the bridge's device list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from edge.sources.devices.device_clock import read_time_ms
from edge.sources.mapping.field_map import UNKNOWN_UNIT, Measurement
from edge.sources.mapping.json_tree import parse_json
from edge.sources.mqtt.message import DecodedMessage, MessageRefusal, measurements_of, read_object, text_of

_MOST_DEVICES: Final = 1000
#: Last levels below a device's own topic: commands to it, and its availability.
_BESIDE: Final = frozenset({"availability", "set", "get"})
_DEEPEST: Final = 8


@dataclass(frozen=True, slots=True)
class _ListedDevice:
    """Entry of a device in the bridge's list."""

    ieee: str
    model: str
    units: Mapping[str, str] = field(default_factory=dict)


class ZigbeeDecoder:
    """Decoder with units from `<base>/bridge/devices`. `last_seen` is the time, where the bridge publishes it."""

    def __init__(self, base: str) -> None:
        self._base = base.removesuffix("/#").removesuffix("/")
        self.topics: Sequence[str] = (f"{self._base}/#",)
        self._listed: dict[str, _ListedDevice] = {}

    def describes(self, topic: str) -> bool:
        """Return whether a topic is the bridge's device list."""
        return topic == f"{self._base}/bridge/devices"

    def read_description(self, topic: str, payload: bytes) -> Sequence[str] | MessageRefusal:
        """Read the bridge's device list, which replaces the one before."""
        del topic
        try:
            entries = parse_json(payload)
        except ValueError:
            return MessageRefusal.JSON
        if not isinstance(entries, list):
            return MessageRefusal.SHAPE
        if len(entries) > _MOST_DEVICES:
            return MessageRefusal.TOO_MANY
        listed: dict[str, _ListedDevice] = {}
        for entry in entries:
            name = text_of(entry, "friendly_name")
            if not name:
                continue
            definition = entry.get("definition") or {}
            units: dict[str, str] = {}
            _find_units(definition.get("exposes") if isinstance(definition, dict) else None, units, _DEEPEST)
            model = " ".join(part for key in ("vendor", "model") if (part := text_of(definition, key)))
            listed[name] = _ListedDevice(text_of(entry, "ieee_address"), model, units)
        self._listed = listed
        return ()

    def decode(self, topic: str, payload: bytes, now_ms: int) -> Sequence[DecodedMessage] | MessageRefusal:
        """Return the measurements of a device."""
        del now_ms
        name = topic.removeprefix(f"{self._base}/")
        if name.startswith("bridge/") or name.rpartition("/")[2] in _BESIDE:
            return ()
        tree = read_object(payload)
        if isinstance(tree, MessageRefusal):
            return tree
        leaves = measurements_of({key: value for key, value in tree.items() if key not in ("last_seen", "device")})
        if isinstance(leaves, MessageRefusal):
            return leaves
        listed = self._listed.get(name, _ListedDevice("", ""))
        measurements = [
            Measurement(leaf.name, leaf.value, listed.units.get(str(leaf.name), UNKNOWN_UNIT)) for leaf in leaves
        ]
        seen = tree.get("last_seen")
        time_ms = read_time_ms(seen) if isinstance(seen, str) else read_time_ms(seen, "unix_ms")
        return [DecodedMessage(name, measurements, time_ms, (listed.ieee,), listed.model)]


def _find_units(exposes: object, units: dict[str, str], depth: int) -> None:
    """Collect the unit of every property; composite properties have theirs in `features`."""
    for entry in exposes if isinstance(exposes, list) and depth else []:
        name, unit = text_of(entry, "property"), text_of(entry, "unit")
        if name and unit:
            units[name] = unit
        features: Any = entry.get("features") if isinstance(entry, dict) else None
        _find_units(features, units, depth - 1)
