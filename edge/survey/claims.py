"""Division of a survey's topics among proposed sources: each topic belongs to one. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

from edge.sources.mapping.json_tree import parse_json
from edge.sources.mqtt.home_assistant import HomeAssistantDecoder
from edge.survey.documented_units import SHELLY_GEN1, SHELLY_GEN2, THINGS_STACK, Documented
from edge.survey.survey import TopicSeen
from headland.contract.foreign_names import meaning_of

Topics = Mapping[str, TopicSeen]

_GEN2_STATUS: Final = re.compile(r"^(.+)/status/[a-z_0-9]+(?::\d+)?$")
_GEN2_EVENTS: Final = re.compile(r"^(.+)/events/rpc$")
_RTL_433: Final = re.compile(r"^rtl_433/[^/]+/events$")
_TASMOTA: Final = re.compile(r"^(?:(.+)/)?(?:tele/(.+)|(.+)/tele)/SENSOR$")
#: Last levels that name no number: ESPHome's `<node>/sensor/<object>/state`.
_NO_NAME: Final = frozenset(("state", "value", "val", "status", "data", "reading", "current"))
#: Levels of topics that name no device.
_ROLES: Final = frozenset((
    "sensor", "sensors", "state", "status", "event", "events", "data", "up", "uplink", "telemetry", "attributes",
    "tele", "stat", "cmnd", "value", "values", "rpc", "measurement", "measurements", "report", "properties",
    "property", "post", "thing", "sys", "v1", "v2", "api", "info", "json", "mqtt", "device", "devices",
    "binary_sensor", "node", "nodes", "message",
))  # fmt: skip
#: Keys of payloads that name the device.
_DEVICE_KEYS: Final = (
    "deviceId", "device_id", "deviceID", "devEui", "dev_eui", "devEUI", "deviceName", "device_name", "device", "imei",
    "IMEI", "sn", "SN", "mac", "MAC", "clientId", "client_id", "gatewayId", "nodeId", "node_id", "node", "dtu", "id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SourceTopics:
    """Topics that one proposed source reads: its settings without channels, and the units that its format documents."""

    settings: Mapping[str, Any]
    topics: Topics
    documented: Documented = field(default_factory=Documented)

    @property
    def name(self) -> str:
        """The source's name."""
        return str(self.settings["name"])


def claim_topics(topics: Topics) -> list[SourceTopics]:
    """Return the sources that read a survey's topics; those of firmwares first, then what Home Assistant describes."""
    left = dict(topics)
    claims: list[SourceTopics] = []
    for take in (_zigbee, _tasmota, _lorawan, _shelly_gen1, _shelly_gen2, _sparkplug, _ruuvi, _statestream):
        for claim in take(left):
            claims.append(claim)
            left = {topic: seen for topic, seen in left.items() if topic not in claim.topics}
    discovered = _home_assistant(left, topics)
    for claim in discovered:
        left = {topic: seen for topic, seen in left.items() if topic not in claim.topics}
    return [*claims, *discovered, *_packs(left), *_plain(left)]


def _zigbee(topics: Topics) -> Iterable[SourceTopics]:
    bases = {topic.partition("/bridge/")[0] for topic, seen in topics.items() if seen.format == "zigbee2mqtt"}
    for number, base in enumerate(sorted(bases)):
        yield SourceTopics(
            {"name": _numbered("zigbee2mqtt", number), "format": "zigbee2mqtt", "topic": base},
            {topic: seen for topic, seen in topics.items() if topic.startswith(f"{base}/")},
        )


def _tasmota(topics: Topics) -> Iterable[SourceTopics]:
    """Yield the sources of Tasmota; other messages of its devices repeat what SENSOR has."""
    forms: dict[str, set[str]] = {}
    for topic, seen in topics.items():
        match = _TASMOTA.match(topic) if seen.format == "tasmota" else None
        if match is not None:
            before, behind, turned = match.groups()
            depth = (behind or turned).count("/")
            levels = "/".join("+" for _ in range(depth + 1))
            form = f"{before}/" if before else ""
            form += f"tele/{levels}/SENSOR" if behind else f"{levels}/tele/SENSOR"
            forms.setdefault(form, set()).add(behind or turned)
    for number, (form, devices) in enumerate(sorted(forms.items())):
        own = re.compile(
            rf"^(?:.+/)?(?:(?:tele|stat|cmnd)/(?:{_any(devices)})/|(?:{_any(devices)})/(?:tele|stat|cmnd)/)|tasmota/discovery/"
        )
        yield SourceTopics(
            {"name": _numbered("tasmota", number), "format": "tasmota", "topic": form},
            {topic: seen for topic, seen in topics.items() if own.match(topic)},
        )


def _lorawan(topics: Topics) -> Iterable[SourceTopics]:
    servers = (
        ("chirpstack", "application/+/device/+/event/up", re.compile(r"^application/[^/]+/device/"), Documented()),
        ("things_stack", "v3/+/devices/+/up", re.compile(r"^v3/[^/]+/devices/"), THINGS_STACK),
    )
    for kind, pattern, own, documented in servers:
        if any(seen.format == kind for seen in topics.values()):
            yield SourceTopics(
                {"name": kind.replace("_", "-"), "format": kind, "topic": pattern},
                {topic: seen for topic, seen in topics.items() if own.match(topic)},
                documented,
            )


def _shelly_gen1(topics: Topics) -> Iterable[SourceTopics]:
    own = {topic: seen for topic, seen in topics.items() if re.match(r"^shellies/[^/]+/.", topic)}
    if any(seen.numbers for seen in own.values()):
        settings = {"name": "shelly-gen1", "format": "json", "topic": "shellies/+/#", "device_level": 2}
        yield SourceTopics(settings, own, SHELLY_GEN1)


def _shelly_gen2(topics: Topics) -> Iterable[SourceTopics]:
    """Yield the sources of Shelly's newer devices: the status of each part, else their notifications, never both."""
    status = _by_device(topics, _GEN2_STATUS, lambda seen: "id" in seen.numbers or "id" in seen.texts)
    events = _by_device(topics, _GEN2_EVENTS, lambda seen: "method" in seen.texts and "src" in seen.texts)
    only_events = {device: own for device, own in events.items() if device not in status}
    depths = sorted({device.count("/") for device in {**status, **events}})
    for number, depth in enumerate(depths):
        levels = "/".join("+" for _ in range(depth + 1))
        parts = [own for device, own in status.items() if device.count("/") == depth]
        both = [own for device, own in events.items() if device.count("/") == depth and device in status]
        if parts:
            settings = {"format": "json", "topic": f"{levels}/status/#", "device_level": depth + 1}
            owned = _merge([*parts, *both])
            yield SourceTopics({"name": _numbered("shelly", number), **settings}, owned, SHELLY_GEN2)
        told = [own for device, own in only_events.items() if device.count("/") == depth]
        if told:
            settings = {"format": "json", "topic": f"{levels}/events/rpc", "device_level": depth + 1}
            yield SourceTopics({"name": _numbered("shelly-events", number), **settings}, _merge(told), SHELLY_GEN2)


def _sparkplug(topics: Topics) -> Iterable[SourceTopics]:
    """Yield a source for each group of nodes of Sparkplug B."""
    own = {topic: seen for topic, seen in topics.items() if topic.startswith("spBv1.0/")}
    groups = sorted({topic.split("/")[1] for topic, seen in own.items() if seen.format == "sparkplug"})
    for number, group in enumerate(groups):
        yield SourceTopics(
            {"name": _numbered("sparkplug", number), "format": "sparkplug", "topic": f"spBv1.0/{group}/#"},
            {topic: seen for topic, seen in own.items() if topic.startswith(f"spBv1.0/{group}/")},
        )


def _ruuvi(topics: Topics) -> Iterable[SourceTopics]:
    """Yield the sources of Ruuvi Gateways, which relay the advertisements of tags as they are."""
    own = {topic: seen for topic, seen in topics.items() if {"gw_mac", "data"} <= seen.texts.keys()}
    for number, first in enumerate(sorted({topic.rsplit("/", 2)[0] for topic in own if topic.count("/") > 1})):
        yield SourceTopics(
            {"name": _numbered("ruuvi", number), "format": "ruuvi", "topic": f"{first}/+/+"},
            {topic: seen for topic, seen in topics.items() if topic.rsplit("/", 2)[0] == first},
        )


def _statestream(topics: Topics) -> Iterable[SourceTopics]:
    """Yield the sources of Home Assistant's statestream, with all that it says of its entities."""
    bases = sorted({topic.rsplit("/", 3)[0] for topic, seen in topics.items() if seen.format == "statestream"})
    for number, base in enumerate(bases):
        own = re.compile(rf"^{re.escape(base)}/[a-z_]+/[a-z0-9_]+/[a-z_0-9]+$")
        yield SourceTopics(
            {"name": _numbered("statestream", number), "format": "statestream", "topic": base},
            {topic: seen for topic, seen in topics.items() if own.match(topic) and seen.format != "home_assistant"},
        )


def _by_device(
    topics: Topics, pattern: re.Pattern[str], is_own: Callable[[TopicSeen], bool]
) -> dict[str, dict[str, TopicSeen]]:
    found: dict[str, dict[str, TopicSeen]] = {}
    for topic, seen in topics.items():
        match = pattern.match(topic)
        if match is not None and seen.format == "json" and is_own(seen):
            found.setdefault(match[1], {})[topic] = seen
    return found


def _home_assistant(topics: Topics, heard: Topics) -> list[SourceTopics]:
    """Return the sources of discovery: every topic that it describes, and that no firmware's own source reads."""
    claims: list[SourceTopics] = []
    prefixes = sorted({topic.split("/")[0] for topic, seen in topics.items() if seen.format == "home_assistant"})
    for number, prefix in enumerate(prefixes):
        decoder = HomeAssistantDecoder(prefix)
        own = {topic: seen for topic, seen in topics.items() if decoder.describes(topic)}
        states: set[str] = set()
        for topic, seen in own.items():
            described = decoder.read_description(topic, seen.heard[-1].payload) if seen.heard else ()
            states.update(described if isinstance(described, list) else ())
        read = {topic: topics[topic] for topic in states if topic in topics}
        if read or not states & heard.keys():
            settings = {"name": _numbered("home-assistant", number), "format": "home_assistant", "topic": prefix}
            claims.append(SourceTopics(settings, {**own, **read}))
    return claims


def _packs(topics: Topics) -> Iterable[SourceTopics]:
    """Yield the sources of formats that name numbers and units themselves."""
    for kind in ("senml", "line_protocol"):
        firsts = sorted({topic.split("/")[0] for topic, seen in topics.items() if seen.format == kind})
        for number, first in enumerate(firsts):
            own = {
                topic: seen for topic, seen in topics.items() if seen.format == kind and topic.split("/")[0] == first
            }
            pattern = f"{first}/#" if any("/" in topic for topic in own) else first
            yield SourceTopics(
                {"name": _numbered(kind.replace("_", "-"), number), "format": kind, "topic": pattern}, own
            )


def _plain(topics: Topics) -> Iterable[SourceTopics]:
    """Yield a source for each shape of other topics: the level that differs names the device, or the payload does."""
    plain = {topic: seen for topic, seen in topics.items() if seen.format == "json" and seen.numbers}
    radio = {topic: seen for topic, seen in plain.items() if _RTL_433.match(topic)}
    if radio:
        settings = {"format": "json", "topic": "rtl_433/+/events", "device_from": ["model", "id"]}
        yield SourceTopics({"name": "rtl433", **settings}, radio)
    others = {topic: seen for topic, seen in plain.items() if topic not in radio}
    for number, group in enumerate(_group(others), 1):
        yield SourceTopics({"name": f"json{number}", "format": "json", **_shape(group)}, group)


def _group(topics: Topics) -> list[dict[str, TopicSeen]]:
    """Return plain topics that have the same first level and number of levels, and all a single value or none."""

    def kind_of(item: tuple[str, TopicSeen]) -> tuple[str, int, bool]:
        topic, seen = item
        levels = topic.split("/")
        return levels[0] if len(levels) > 1 else "", len(levels), "" in seen.numbers

    return [dict(group) for _, group in groupby(sorted(topics.items(), key=kind_of), key=kind_of)]


def _shape(group: Topics) -> dict[str, Any]:
    """Return topic filter, and the level or the key that names the device, of topics of one shape."""
    rows = [topic.split("/") for topic in group]
    is_single = all("" in seen.numbers for seen in group.values())
    size = len(rows[0])
    ends = size
    if is_single and size > 1:
        ends -= 2 if size > 2 and {row[-1] for row in rows} <= _NO_NAME else 1
    open_levels = [at for at in range(ends) if len({row[at] for row in rows}) > 1]
    scores = {at: _score([row[at] for row in rows], at, size) for at in range(ends)}
    key = "" if is_single else _device_key(group, best_level=max(scores.values(), default=0))
    if key:
        words = ["+" if at in open_levels and size > 1 else word for at, word in enumerate(rows[0])]
        return {"topic": "/".join(words), "device_from": [key]}
    candidates = open_levels or list(range(ends))
    device = max(candidates, key=lambda at: (scores[at], -at if open_levels else at)) if candidates else 0
    named = set(range(ends, ends + 1)) if is_single and ends < size else set()
    opened = {*open_levels, device, *named}
    words = ["+" if at in opened and size > 1 else word for at, word in enumerate(rows[0])]
    return {"topic": "/".join(words), "device_level": device + 1}


def _score(words: Sequence[str], at: int, size: int) -> int:
    """Return how likely a level names a device: by figures in it, by words that name none, by its place."""
    score = -1 if at == 0 and size > 1 else 0
    if all(word.lower() in _ROLES for word in words):
        score -= 3
    elif any(meaning_of(word).channel for word in words):
        score -= 4
    elif any(re.search(r"\d", word) for word in words):
        score += 3 if any(re.search(r"[0-9A-Fa-f]{6}|\d{4}", word) for word in words) else 2
    return score


def _device_key(group: Topics, best_level: int) -> str:
    """Return the key of the payload that names the device, where no level does or one topic is several devices'."""
    for key in _DEVICE_KEYS:
        values = {topic: seen.texts.get(key) or seen.numbers.get(key) for topic, seen in group.items()}
        if not all(values.values()):
            continue
        if any(value in topic.split("/") for topic, value in values.items()):
            return ""
        varies = any(len({_value(message.payload, key) for message in seen.heard}) > 1 for seen in group.values())
        if varies or (best_level < 2 and key != "id"):
            return key
    return ""


def _value(payload: bytes, key: str) -> str:
    try:
        tree = parse_json(payload)
    except ValueError:
        return ""
    return str(tree.get(key)) if isinstance(tree, dict) else ""


def _numbered(name: str, number: int) -> str:
    return name if number == 0 else f"{name}{number + 1}"


def _any(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words))


def _merge(parts: Iterable[Mapping[str, TopicSeen]]) -> dict[str, TopicSeen]:
    return {topic: seen for part in parts for topic, seen in part.items()}
