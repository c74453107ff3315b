"""Decoder of Home Assistant's MQTT statestream: `<base>/sensor/<entity>/state`, with the unit on a topic beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from edge.sources.mapping.field_map import UNKNOWN_UNIT, Measurement
from edge.sources.mapping.json_tree import parse_json
from edge.sources.mqtt.message import DecodedMessage, MessageRefusal

_MOST_ENTITIES: Final = 5000
#: Classes of sensors at the end of an entity's id, as Home Assistant makes it: `<device>_<class>`.
_CLASSES: Final = (
    "temperature", "humidity", "soil_moisture", "moisture", "soil_temperature", "illuminance", "pressure",
    "atmospheric_pressure", "carbon_dioxide", "co2", "battery", "battery_level", "voltage", "current", "power",
    "energy", "conductivity", "dew_point", "wind_speed", "precipitation", "irradiance", "ph", "water", "volume",
)  # fmt: skip
_ENTITY: Final = re.compile(rf"(?:(?P<device>[a-z0-9_]+?)_)?(?P<number>{'|'.join(sorted(_CLASSES, key=len)[::-1])})")


class StatestreamDecoder:
    """Decoder with units from `unit_of_measurement`, which Home Assistant retains where it publishes attributes.

    The stream names no devices. An entity whose id ends in the class of its sensor (`bed_1_temperature`) is the number
    of that class of the device before it; any other entity is a device of its own. A state whose unit has not come yet
    has none.
    """

    def __init__(self, base: str) -> None:
        self._base = base.removesuffix("/#").removesuffix("/")
        self._units: dict[str, str] = {}
        self.topics: Sequence[str] = tuple(f"{self._base}/sensor/+/{leaf}" for leaf in ("unit_of_measurement", "state"))

    def describes(self, topic: str) -> bool:
        """Return whether a topic states a unit."""
        return topic.startswith(f"{self._base}/sensor/") and topic.endswith("/unit_of_measurement")

    def read_description(self, topic: str, payload: bytes) -> Sequence[str] | MessageRefusal:
        """Read the unit of an entity."""
        try:
            unit = parse_json(payload)
        except ValueError:
            unit = payload.decode(errors="replace")
        if not isinstance(unit, str):
            return MessageRefusal.SHAPE
        entity = topic.split("/")[-2]
        if entity not in self._units and len(self._units) >= _MOST_ENTITIES:
            return MessageRefusal.TOO_MANY
        self._units[entity] = unit
        return ()

    def decode(self, topic: str, payload: bytes, now_ms: int) -> Sequence[DecodedMessage] | MessageRefusal:
        """Return the number of a state; a text that is none is the field map's to refuse."""
        del now_ms
        levels = topic.split("/")
        if len(levels) < 2:
            return MessageRefusal.TOPIC
        entity = levels[-2]
        unit = self._units.get(entity)
        if unit is None:
            return ()  # a state without a unit may be a text
        known = _ENTITY.fullmatch(entity)
        device = known["device"] if known is not None and known["device"] else entity
        number = known["number"] if known is not None and known["device"] else entity
        value = payload.decode(errors="replace")
        return [DecodedMessage(device, [Measurement(number, value, unit or UNKNOWN_UNIT)], None, (entity,))]
