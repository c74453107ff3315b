"""Decoder of plain JSON: numbers by path in payloads of any shape, as of Shelly, rtl_433 and home-made devices."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from edge.sources.devices.device_clock import TimeSettings, read_time_ms
from edge.sources.mapping.field_map import Measurement, NotANumber, read_number
from edge.sources.mapping.json_tree import NamedElement, at_pointer, find_named, find_unit, flatten, parse_json
from edge.sources.mqtt.message import DecodedMessage, MessageRefusal, PlainDecoder
from headland.contract.foreign_names import channel_unit

#: A payload that is no JSON may be one word: `online`, `nan`.
_LONGEST_WORD: Final = 64


class JsonDecoder(PlainDecoder):
    """Decoder of one topic filter.

    A device is named by a level of the topic (`device_level`, from 1; by default the first `+` of the filter) or by
    values of the payload (`device_from`, joined by `-`); without either all messages are one device's, with the name of
    the first level. A number's name is the topic's further levels that the filter leaves open (with `device_from` those
    of `#` only), and its path in the payload: `temperature:0/tC`. A payload that is a single value has the name of
    these levels, or else of the last one. An element of a list of named values has its name in place of its number in
    the list, as `data[id=soil_t]`, unless settings map the number (`data/0/value`). A known unit beside a value is its
    unit. `mapped` are the names that settings know: any other text is not a measurement.
    """

    def __init__(
        self,
        topic_filter: str,
        device_level: int | None,
        device_from: Sequence[str],
        own_time: TimeSettings | None,
        mapped: Collection[str | int],
    ) -> None:
        super().__init__([topic_filter])
        self._filter = topic_filter.split("/")
        wild = [level for level, word in enumerate(self._filter, 1) if word == "+"]
        self._device_level = device_level or (wild[0] if wild else 1)
        self._device_from = tuple(path.removeprefix("/") for path in device_from)
        self._time = own_time
        self._mapped = frozenset(str(name) for name in mapped)

    def decode(
        self, topic: str, payload: bytes, now_ms: int
    ) -> Sequence[DecodedMessage | MessageRefusal] | MessageRefusal:
        """Return the numbers of a message, with the payload's own time where the settings name it."""
        del now_ms  # a payload without a time has that of its arrival, which the source knows
        tree = _parse(payload)
        if isinstance(tree, MessageRefusal):
            return tree
        name = self._name(topic, tree)
        if not name:
            return MessageRefusal.TOPIC if not self._device_from else MessageRefusal.SHAPE
        try:
            leaves = flatten(tree)
        except ValueError:
            return MessageRefusal.TOO_MANY
        prefix = self._prefix(topic)
        named = {element.place: element for element in find_named(tree)}
        measurements = []
        for path, leaf in leaves.items():
            if path and (path in self._device_from or (self._time is not None and path == self._time_path)):
                continue
            words = [*prefix, path] if path else (prefix or [topic.rpartition("/")[2]])
            full, unit = "/".join(words), _known(find_unit(tree, path))
            element = named.get(path.rpartition("/")[0])
            if element is not None and full not in self._mapped:
                full, unit = self._name_element(element, path.rpartition("/")[2], prefix)
            if full in self._mapped or not isinstance(read_number(leaf), NotANumber):
                measurements.append(Measurement(full, leaf, unit))
        return [DecodedMessage(name, measurements, self._time_ms(tree))]

    def _name_element(self, element: NamedElement, key: str, prefix: Sequence[str]) -> tuple[str, str | None]:
        """Return the name of a number in an element of a list, and its unit: its value has the element's own name."""
        full = "/".join([*prefix, element.name])
        if key != element.value_key:
            return f"{full}/{key}", None
        unit = _known(element.unit)
        return (f"{full}/{key}", unit) if f"{full}/{key}" in self._mapped else (full, unit)

    @property
    def _time_path(self) -> str:
        return "" if self._time is None else str(self._time.key).removeprefix("/")

    def _time_ms(self, tree: object) -> int | None:
        if self._time is None:
            return None
        try:
            return read_time_ms(at_pointer(tree, self._time_path), self._time.format)
        except KeyError:
            return None

    def _name(self, topic: str, tree: object) -> str:
        if not self._device_from:
            levels = topic.split("/")
            return levels[self._device_level - 1] if len(levels) >= self._device_level else ""
        words = []
        for path in self._device_from:
            try:
                value = at_pointer(tree, path)
            except KeyError:
                continue
            if isinstance(value, str | int | float):
                words.append(str(value))
        return "-".join(words)

    def _prefix(self, topic: str) -> list[str]:
        """Return the levels of a topic that its filter leaves open, without the one that names the device."""
        levels = topic.split("/")
        # Where the payload names the device, a `+` is a receiver of it, not a part of its numbers' names.
        is_open = ("#",) if self._device_from else ("+", "#")
        fixed = {number for number, word in enumerate(self._filter, 1) if word not in is_open}
        if not self._device_from:
            fixed.add(self._device_level)
        return [word for number, word in enumerate(levels, 1) if number not in fixed]


def _known(unit: str) -> str | None:
    """Return a unit that is stated beside a value, where it is one."""
    return unit if unit and channel_unit(unit) else None


def _parse(payload: bytes) -> object:
    """Return the value of a payload: JSON, or one word that is none."""
    try:
        return parse_json(payload)
    except ValueError:
        pass
    try:
        word = payload.decode("ascii").strip()
    except UnicodeDecodeError:
        return MessageRefusal.JSON
    is_word = 0 < len(word) <= _LONGEST_WORD and word.isprintable() and word[0] not in "{["
    return word if is_word else MessageRefusal.JSON
