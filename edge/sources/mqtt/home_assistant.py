"""Decoder of Home Assistant's MQTT discovery, as ESPHome and many others publish it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from edge.sources.mapping.field_map import UNKNOWN_UNIT, Measurement
from edge.sources.mapping.json_tree import at_pointer, parse_json
from edge.sources.mqtt.message import DecodedMessage, MessageRefusal, read_object, text_of
from headland.contract.topics import HOME_ORIGIN

_MOST_ENTITIES: Final = 5000
_LONGEST_TOPIC: Final = 256
#: Long names of the keys that are used here, by their abbreviation.
_LONG: Final = {
    "stat_t": "state_topic", "unit_of_meas": "unit_of_measurement", "val_tpl": "value_template", "dev": "device",
    "cmps": "components", "p": "platform", "pl_on": "payload_on", "pl_off": "payload_off",
    "o": "origin", "ids": "identifiers", "mf": "manufacturer", "mdl": "model",
}  # fmt: skip
_NUMERIC: Final = ("sensor", "binary_sensor")

#: Templates that only select a value in a JSON document: `{{ value_json.a['b'].c | round(1) }}`. These filters do not
#: change the number; any other template would compute it by rules that are not known here.
_TEMPLATE: Final = re.compile(
    r"\{\{\s*(value_json(?:\.\w+|\[\s*(?:'[^']+'|\"[^\"]+\"|[0-9]+)\s*\])+|value)"
    r"(?:\s*\|\s*(?:float|int|is_defined|round)(?:\(\s*[0-9]*\s*\))?)*\s*\}\}"
)
_STEP: Final = re.compile(r"\.(\w+)|\[\s*(?:'([^']+)'|\"([^\"]+)\"|([0-9]+))\s*\]")


class _Device(NamedTuple):
    name: str
    aliases: tuple[str, ...]
    model: str


@dataclass(frozen=True, slots=True)
class _Entity:
    """One number of a device: its pointer in the payload (None: the whole payload), and its unit."""

    device: _Device
    name: str
    unit: str
    pointer: str | None
    words: Mapping[str, float]


class HomeAssistantDecoder:
    """Decoder of state topics, which it learns from discovery messages.

    These are `<prefix>/<component>/[<node>/]<object>/config` and `<prefix>/device/<object>/config`.
    A device has the names of its node, its identifiers and its name; a number has its object id.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix.removesuffix("/#").removesuffix("/")
        self.topics: Sequence[str] = tuple(f"{self._prefix}/{levels}/config" for levels in ("+/+", "+/+/+"))
        #: State topics and their entities, by discovery topic.
        self._discovered: dict[str, list[tuple[str, _Entity]]] = {}
        self._by_state: dict[str, list[_Entity]] = {}

    def describes(self, topic: str) -> bool:
        """Return whether a topic is a discovery topic."""
        return topic.startswith(f"{self._prefix}/") and topic.endswith("/config")

    def read_description(self, topic: str, payload: bytes) -> Sequence[str] | MessageRefusal:
        """Read a discovery message, which replaces the topic's last one; an empty one removes it."""
        config = read_object(payload) if payload else {}
        if isinstance(config, MessageRefusal):
            return config
        if _is_own(config):
            return []  # published by the station about devices of gateways: they would return as other devices
        entities = (
            list(_find_entities(topic.removeprefix(f"{self._prefix}/").split("/")[:-1], config)) if config else []
        )
        known = self._discovered.get(topic, [])
        if sum(map(len, self._discovered.values())) - len(known) + len(entities) > _MOST_ENTITIES:
            return MessageRefusal.TOO_MANY
        before = {state for state, _ in known}
        self._discovered[topic] = [entity for entity in entities if entity is not None]
        self._by_state = {}
        for discovered in self._discovered.values():
            for state, entity in discovered:
                self._by_state.setdefault(state, []).append(entity)
        new = dict.fromkeys(state for state, _ in self._discovered[topic] if state not in before)
        return MessageRefusal.TEMPLATE if None in entities and not new else list(new)

    def decode(self, topic: str, payload: bytes, now_ms: int) -> Sequence[DecodedMessage] | MessageRefusal:
        """Return the measurements of a state topic's entities."""
        del now_ms
        text = payload.decode(errors="replace")
        tree: object = None
        measurements: dict[_Device, list[Measurement]] = {}
        for entity in self._by_state.get(topic, ()):
            value: object = text
            if entity.pointer is not None:
                try:
                    tree = parse_json(payload) if tree is None else tree
                    value = at_pointer(tree, entity.pointer)
                except KeyError:
                    continue  # a device may send its numbers in several messages
                except ValueError:
                    return MessageRefusal.JSON
            if isinstance(value, str) and value in entity.words:
                value = entity.words[value]
            measurements.setdefault(entity.device, []).append(Measurement(entity.name, value, entity.unit))
        return [
            DecodedMessage(device.name, numbers, None, device.aliases, device.model)
            for device, numbers in measurements.items()
        ]


def _is_own(config: Mapping[str, Any]) -> bool:
    origin = _spell_out(config).get("origin")
    return isinstance(origin, dict) and origin.get("name") == HOME_ORIGIN


def _find_entities(levels: Sequence[str], config: Mapping[str, Any]) -> Iterator[tuple[str, _Entity] | None]:
    """Yield (state topic, entity) of every number in a discovery message; None for one that is not supported."""
    config = _spell_out(config)
    component, node, object_id = levels[0], levels[1] if len(levels) == 3 else "", levels[-1]
    device = _read_device(config, node or object_id if component == "device" else node)
    if component != "device":
        if component in _NUMERIC:
            yield _read_entity(component, object_id, config, device)
        return
    components = config.get("components")
    for name, inner in components.items() if isinstance(components, dict) else ():
        if isinstance(inner, dict):
            own = {"state_topic": config.get("state_topic"), "~": config.get("~"), **_spell_out(inner)}
            if own.get("platform") in _NUMERIC:
                yield _read_entity(str(own["platform"]), name, own, device)


def _read_entity(component: str, name: str, config: Mapping[str, Any], device: _Device) -> tuple[str, _Entity] | None:
    topic = text_of(config, "state_topic")
    base = text_of(config, "~")
    if base:
        topic = base + topic[1:] if topic.startswith("~") else topic[:-1] + base if topic.endswith("~") else topic
    pointer = _read_template(text_of(config, "value_template"))
    if not 0 < len(topic) <= _LONGEST_TOPIC or not topic.isprintable() or "+" in topic or "#" in topic or pointer == "":
        return None
    words = {}
    if component == "binary_sensor":
        words = {str(config.get("payload_on", "ON")): 1.0, str(config.get("payload_off", "OFF")): 0.0}
    unit = text_of(config, "unit_of_measurement") or UNKNOWN_UNIT
    return topic, _Entity(device, name, unit, pointer, words)


def _read_template(template: str) -> str | None:
    """Return the JSON pointer of a template, None for the whole payload, an empty text for any other template."""
    if not template.strip():
        return None
    match = _TEMPLATE.fullmatch(template.strip())
    if match is None:
        return ""
    steps = (
        ["".join(step) for step in _STEP.findall(match[1].removeprefix("value_json"))] if match[1] != "value" else []
    )
    return "/" + "/".join(step.replace("~", "~0").replace("/", "~1") for step in steps) if steps else None


def _read_device(config: Mapping[str, Any], node: str) -> _Device:
    device = config.get("device")
    about = _spell_out(device) if isinstance(device, dict) else {}
    ids = about.get("identifiers")
    aliases = [
        alias
        for alias in ([ids] if isinstance(ids, str) else ids if isinstance(ids, list) else ())
        if isinstance(alias, str)
    ]
    name = text_of(about, "name")
    model = " ".join(part for key in ("manufacturer", "model") if (part := text_of(about, key)))
    return _Device(node or next(iter(aliases), name), (*aliases, name), model)


def _spell_out(config: Mapping[str, Any]) -> dict[str, Any]:
    return {_LONG.get(key, key): value for key, value in config.items()}
