"""Proposed `[[source]]` tables for what a broker carries. Pure.

A channel is proposed ready for use where its name states the unit, and as a comment where it does not: no unit is
guessed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from edge.sources.mqtt.settings import DeviceFormat
from edge.survey.survey import TopicSeen
from headland.contract.quantities import QUANTITIES, split_channel

_SHELLY: Final = re.compile(r"^[^/]+/status/[^/]+$")
_RTL_433: Final = re.compile(r"^rtl_433/[^/]+/events$")
#: What all messages of a firmware carry beside measurements.
_NO_MEASUREMENT: Final = re.compile(
    r"(?:^|/)(?:id|ts|time|timestamp|epoch|seq|uptime|ram\w*|fs\w*|rssi|snr|noise|mod|freq\w*|battery_ok|channel|mic|ssid|"
    r"restart_required|cfg_rev|kvs_rev|schedule_rev|webhook_rev|unixtime|counter|cnt|version)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Hint:
    """A channel for names that match; `unit` None: the name does not state it."""

    pattern: re.Pattern[str]
    channel: str
    unit: str | None


def _hint(pattern: str, channel: str, unit: str | None = None) -> _Hint:
    return _Hint(re.compile(rf"^(?:{pattern})$", re.IGNORECASE), channel, unit)


#: By the last part of a name. Shelly's tC and rh, and the endings of rtl_433, are documented with their units.
_HINTS: Final = (
    _hint(r"tc|(?:air_?)?temp(?:erature)?(?:_\d)?_?(?:c|degc|celsius)", "air_temperature_degc", "degC"),
    _hint(r"(?:air_?)?temp(?:erature)?(?:_\d)?_?(?:f|degf|fahrenheit)", "air_temperature_degc", "degF"),
    _hint(r"soil_?temp(?:erature)?_?(?:c|degc)", "soil_temperature_degc", "degC"),
    _hint(r"soil_?temp(?:erature)?", "soil_temperature_degc"),
    _hint(r"(?:air_?)?temp(?:erature)?", "air_temperature_degc"),
    _hint(r"rh|(?:relative_?)?humidity_?(?:pct|percent)", "relative_humidity_pct", "%"),
    _hint(r"hum|(?:relative_?)?humidity", "relative_humidity_pct"),
    _hint(r"co2_?ppm", "co2_ppm", "ppm"),
    _hint(r"e?co2|carbon_?dioxide", "co2_ppm"),
    _hint(r"(?:soil_?)?moisture_?(?:pct|percent)", "substrate_moisture_pct", "%"),
    _hint(r"(?:soil_?)?moisture|soil|vwc", "substrate_moisture_pct"),
    _hint(r"wind_(?:avg|speed)_km_h", "wind_speed_m_s", "km/h"),
    _hint(r"wind_(?:avg|speed)_m_s", "wind_speed_m_s", "m/s"),
    _hint(r"wind_(?:avg|speed)_mi_h", "wind_speed_m_s", "mph"),
    _hint(r"wind_?speed", "wind_speed_m_s"),
    _hint(r"wind_dir_deg", "wind_from_deg", "deg"),
    _hint(r"rain_mm", "rain_total_mm", "mm"),
    _hint(r"rain_in", "rain_total_mm", "in"),
    _hint(r"par|ppfd", "par_umol_m2_s"),
    _hint(r"battery_?(?:pct|percent)", "battery_remaining_pct", "%"),
    _hint(r"battery_?voltage|vbat", "battery_voltage_v"),
)


def propose(topics: Mapping[str, TopicSeen]) -> str:
    """Return `[[source]]` tables for the topics of a survey, as text for edge.toml; empty where nothing is known."""
    blocks = [*_known_formats(topics)]
    plain = {topic: seen for topic, seen in topics.items() if seen.format == "json" and seen.numbers}
    shelly = {topic: seen for topic, seen in plain.items() if _SHELLY.match(topic)}
    radio = {topic: seen for topic, seen in plain.items() if _RTL_433.match(topic)}
    others = {topic: seen for topic, seen in plain.items() if topic not in shelly and topic not in radio}
    if shelly:
        blocks.append(_json_block("shelly", "+/status/#", shelly, prefix_from=2, level=1))
    if radio:
        blocks.append(_json_block("rtl433", "rtl_433/+/events", radio, device_from=("model", "id")))
    for number, group in enumerate(_group(others), 1):
        blocks.append(_plain_block(f"json{number}", group))
    return "\n".join(blocks)


def _known_formats(topics: Mapping[str, TopicSeen]) -> list[str]:
    """Return the tables of formats that state names and units themselves."""
    filters: dict[tuple[DeviceFormat, str], int] = {}
    for topic, seen in topics.items():
        if seen.format is None or seen.format == "json":
            continue
        first = topic.split("/")[0]
        known = {
            "home_assistant": first,
            "zigbee2mqtt": first,
            "tasmota": "tele/+/SENSOR",
            "chirpstack": "application/+/device/+/event/up",
            "things_stack": "v3/+/devices/+/up",
        }
        key = (seen.format, known.get(seen.format, f"{first}/#"))
        filters[key] = filters.get(key, 0) + 1
    return [
        _table(f"{kind.replace('_', '-')}{'' if number == 0 else number + 1}", kind, topic, f"topics: {count}")
        for kind, group in groupby(sorted(filters.items()), key=lambda item: item[0][0])
        for number, ((_, topic), count) in enumerate(group)
    ]


def _group(topics: Mapping[str, TopicSeen]) -> list[dict[str, TopicSeen]]:
    """Return plain topics that have the same first level and number of levels, and all a single value or none."""

    def kind_of(item: tuple[str, TopicSeen]) -> tuple[str, int, bool]:
        topic, seen = item
        levels = topic.split("/")
        return levels[0] if len(levels) > 1 else "", len(levels), "" in seen.numbers

    return [dict(group) for _, group in groupby(sorted(topics.items(), key=kind_of), key=kind_of)]


def _plain_block(name: str, group: Mapping[str, TopicSeen]) -> str:
    """Return the table of topics of one shape: the first level that differs names the device."""
    rows = [topic.split("/") for topic in group]
    is_single = all("" in seen.numbers for seen in group.values())
    ends = len(rows[0]) - (1 if is_single and len(rows[0]) > 1 else 0)
    open_levels = [at for at in range(ends) if len({row[at] for row in rows}) > 1]
    # One device: the level before the last is most likely its name.
    device = open_levels[0] if open_levels else max(len(rows[0]) - 2, 0)
    opened = {*open_levels, device, *(range(ends, len(rows[0])) if is_single else ())}
    words = ["+" if at in opened and len(rows[0]) > 1 else word for at, word in enumerate(rows[0])]
    left = [at for at in sorted(opened) if at != device]
    numbers: dict[str, str] = {}
    for topic, seen in group.items():
        levels = topic.split("/")
        prefix = [levels[at] for at in left]
        for path, value in seen.numbers.items():
            named = [*prefix, path] if path else (prefix or [levels[-1]])
            numbers.setdefault("/".join(named), value)
    channels = _channels(numbers)
    if "[[source.channel]]" not in channels and not any(map(_is_channel, numbers)):
        return f"# {_count(group)}{channels}"
    return _table(name, "json", "/".join(words), _count(group), f"device_level = {device + 1}\n", channels)


def _json_block(
    name: str,
    topic_filter: str,
    group: Mapping[str, TopicSeen],
    *,
    prefix_from: int | None = None,
    level: int | None = None,
    device_from: Sequence[str] = (),
) -> str:
    numbers: dict[str, str] = {}
    for topic, seen in group.items():
        prefix = [] if prefix_from is None else topic.split("/")[prefix_from:]
        for path, value in seen.numbers.items():
            if path not in device_from:
                numbers.setdefault("/".join([*prefix, path]) if device_from == () else path, value)
    extra = f"device_level = {level}\n" if level is not None else f"device_from = {json.dumps(list(device_from))}\n"
    return _table(name, "json", topic_filter, _count(group), extra, _channels(numbers))


def _table(name: str, kind: str, topic: str, comment: str, extra: str = "", channels: str = "") -> str:
    head = f'# {comment}\n[[source]]\ntype = "mqtt"\nname = {_text(name)}\nformat = {_text(kind)}\n'
    return f"{head}topic = {_text(topic)}\n{extra}{channels}"


def _channels(numbers: Mapping[str, str]) -> str:
    """Return a `[[source.channel]]` table for each number whose name is known, as a comment where its unit is not."""
    blocks, unknown, taken = [], [], set[str]()
    for name, value in sorted(numbers.items()):
        last = name.rpartition("/")[2] or name
        if _NO_MEASUREMENT.search(name) or _is_channel(name):
            continue
        # A single value of a component, as temperature:0/value, has the component's name.
        words = [last, name.split("/")[-2].split(":")[0]] if last in ("value", "val") and "/" in name else [last]
        hint = next((hint for word in words for hint in _HINTS if hint.pattern.match(word)), None)
        if hint is None:
            unknown.append(f"{name} ({value})")
            continue
        lines = [f"from = {_text(name)}", f'channel = "{hint.channel}"']
        is_certain = hint.unit is not None and hint.channel not in taken
        if hint.unit is not None:
            lines.append(f'unit = "{hint.unit}"')
        else:
            lines.append('unit = "?"')
        why = "" if is_certain else _reason(hint)
        taken.add(hint.channel)
        text = [f"[[source.channel]]  # {value} was heard{why}", *lines]
        blocks.append("\n".join(text if is_certain else [f"# {line}" for line in text]))
    rest = [f"# No channel is known for: {', '.join(unknown)}"] if unknown else []
    return "".join(f"\n{block}\n" for block in [*blocks, *rest])


def _is_channel(name: str) -> bool:
    """Return whether a name is a channel itself and needs no table."""
    parts = split_channel(name)
    return parts is not None and parts[0] in QUANTITIES


def _reason(hint: _Hint) -> str:
    return "; the name states no unit: put it in" if hint.unit is None else "; another number is the channel already"


def _count(group: Mapping[str, TopicSeen]) -> str:
    messages = sum(seen.messages for seen in group.values())
    more = ", ..." if len(group) > 3 else ""
    return f"topics: {len(group)}, messages: {messages}; {', '.join(list(group)[:3])}{more}"


def _text(text: str) -> str:
    """Return a TOML string; JSON's escapes are TOML's."""
    return json.dumps(text, ensure_ascii=False)
