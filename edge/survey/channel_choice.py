"""Channels for the numbers of a proposed source, with the unit that was heard. Pure.

A number is mapped where its unit is stated: beside it, by its name, or by its firmware's documentation. Where none is,
the line is a comment for a person: no unit is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from edge.sources.mapping.field_map import NotANumber, read_number
from edge.sources.mapping.json_tree import find_named, parse_json
from edge.survey.claims import SourceTopics
from edge.survey.places import OpenPlace, open_place
from edge.survey.trial import SourceTrial, known_unit
from headland.contract.foreign_names import Meaning, channel_unit, meaning_of
from headland.contract.foreign_units import Conversion, convert_to_channel
from headland.contract.quantities import QUANTITIES, split_channel
from headland.plain_numbers import is_digits

#: What messages of all firmwares carry beside measurements.
_NO_MEASUREMENT: Final = re.compile(
    r"(?:^|/)(?:id|ts|time|timestamp|epoch|seq|uptime|ram\w*|fs\w*|noise|mod|freq|battery_ok|channel|mic|ssid|state|"
    r"restart_required|cfg_rev|kvs_rev|schedule_rev|webhook_rev|unixtime|counter|cnt|version|minute_ts|by_minute/\d+|"
    r"linkquality|output|online|errors/?\d*|battery_low|fPort|fCnt|f_port|f_cnt|spreading\w*|is_valid|tag)$",
    re.IGNORECASE,
)
#: Last words that say nothing at all.
_NAMELESS: Final = ("value", "val", "v", "data", "reading", "current_value", "state")
#: Last words that name no number by themselves: its parent does.
_OF_PARENT: Final = frozenset(
    ("total", "today", "yesterday", "percent", "level", "lux", "min", "max", "mean", "average", *_NAMELESS)
)
#: Two readings of one number differ by rounding alone.
_SAME: Final = 0.1


class ChosenChannel(NamedTuple):
    """A number's channel: `unit` "" where the message states it; `doubt` says why a person must look, "" for none.

    Where its place is open, `about` says what else its device measures, and `choices` are the channels to choose from.
    """

    key: str
    channel: str
    unit: str
    value: str
    doubt: str = ""
    about: Literal["", "soil", "water", "outside"] = ""
    choices: tuple[str, ...] = ()


@dataclass(slots=True)
class _Number:
    """A number of a source, as heard: its values by message and device."""

    name: str
    value: str
    unit: str
    meaning: Meaning
    label: str
    values: dict[tuple[int, str], float]


def choose_channels(claim: SourceTopics, trial: SourceTrial) -> tuple[list[ChosenChannel], list[str]]:
    """Return the channels of a source's numbers, and the names of those that have none, each with a value."""
    numbers = _collect(claim, trial)
    chosen: list[ChosenChannel] = []
    unknown: list[str] = []
    taken: list[tuple[str, _Number]] = []
    # What is in the unit of its channel already goes first: of one number in two units this one is taken.
    for number in sorted(numbers.values(), key=_rank):
        if _NO_MEASUREMENT.search(number.name) and not number.unit and not claim.documented.find(number.name)[0]:
            continue
        base, stated = number.meaning
        if not base:
            unknown.append(f"{number.name} ({number.value}{f' {number.unit}' if number.unit else ''})")
            continue
        if not stated and base not in QUANTITIES:
            continue
        rivals = [(channel, other) for channel, other in taken if _meets(number, other)]
        if any(channel.partition(":")[0] == base and _is_same(number, other, base) for channel, other in rivals):
            unknown.append(f"{number.name} ({number.value}, the same number again)")
            continue
        device, place = _open_place(number, numbers.values())
        doubts = [] if stated else ["nothing states its unit: put it in"]
        if place is not None:
            here, there = place.channels
            doubts.append(f"{device} is about {place.about}, and nothing says which it is: {here} or {there}")
        if not stated or place is not None:
            unit = "?" if not stated else "" if number.unit == stated else stated
            found = ChosenChannel(number.name, base, unit, number.value, "; ".join(doubts))
            chosen.append(found if place is None else found._replace(about=place.about, choices=place.channels))
            if stated:
                taken.append((base, number))
            continue
        channel = _free(base, {channel for channel, _ in rivals})
        taken.append((channel, number))
        if not _is_own_name(number.name, number.unit):
            unit = "" if number.unit == stated else stated
            chosen.append(ChosenChannel(number.name, channel, unit, number.value))
    return sorted(chosen, key=lambda channel: channel.key), sorted(unknown)


def _collect(claim: SourceTopics, trial: SourceTrial) -> dict[str, _Number]:
    numbers: dict[str, _Number] = {}
    for at, (heard, message) in enumerate(trial.decoded):
        labels = _labels(heard.payload)
        for measurement in message.measurements:
            value = read_number(measurement.value)
            if value is None or isinstance(value, NotANumber) or isinstance(measurement.value, bool):
                continue
            name = str(measurement.name)
            unit = known_unit(measurement)
            number = numbers.get(name)
            if number is None:
                label = labels.get(name.rpartition("/")[2], "")
                meaning = _meaning(claim, name, unit, message.name, label)
                number = numbers[name] = _Number(name, str(measurement.value)[:40], unit, meaning, label, {})
            number.values[at, message.name] = value
    return numbers


def _open_place(number: _Number, numbers: Iterable[_Number]) -> tuple[str, OpenPlace | None]:
    """Return the first device of which it is open where it measures a number, and the question; ("", None) for none."""
    if _is_own_name(number.name, number.unit):
        return "", None
    of_devices = [(other, {device for _, device in other.values}) for other in numbers if other is not number]
    for device in sorted({device for _, device in number.values}):
        others = [
            (f"{other.name} {other.label}", other.meaning.channel) for other, names in of_devices if device in names
        ]
        place = open_place(number.meaning.channel, f"{number.name} {number.label}", device, others)
        if place is not None:
            return device, place
    return "", None


def _labels(payload: bytes) -> dict[str, str]:
    """Return the names for people of a message's named values, by the last step of their names."""
    try:
        elements = find_named(parse_json(payload))
    except ValueError:
        return {}
    return {element.name.rpartition("/")[2]: element.label for element in elements if element.label}


def _meaning(claim: SourceTopics, name: str, unit: str, device: str, label: str) -> Meaning:
    """Return what a number is: by its firmware's documentation, by its own name, by the name of what it is part of."""
    documented_unit, means = claim.documented.find(name)
    stated = unit or documented_unit
    words = [step for step in map(_readable, name.split("/")) if step and not is_digits(step)]
    own = words[-1] if words else name
    of_parent = ""
    if _is_own_name(name, unit):
        return Meaning(name, unit or "-")
    if means:
        candidates = [means]
    elif claim.settings["format"] == "sparkplug":
        # A metric's name is its whole path: `Boiler/Temperature` is none of the air.
        candidates = [" ".join(words)]
    elif len(words) > 1 and own.lower() in _OF_PARENT:
        candidates = [words[-2] if own.lower() in _NAMELESS else f"{words[-2]} {own}"]
    else:
        # What a number is part of says more than its own name: `soil/temperature` is none of the air.
        of_parent = f"{words[-2]} {own}" if len(words) > 1 else ""
        candidates = [label, _without(own, device), own]
    found = [meaning_of(text, stated) for text in candidates if text]
    whole = meaning_of(of_parent, stated)
    if whole.channel in QUANTITIES and not (label and found[0].channel in QUANTITIES):
        return whole
    in_table = [meaning for meaning in found if meaning.channel in QUANTITIES]
    others = [meaning for meaning in found if meaning.channel and channel_unit(meaning.unit)]
    return next(iter(in_table or others), Meaning("", stated or (found[0].unit if found else "")))


def _readable(step: str) -> str:
    """Return a step of a path for reading: an element of a list by its name, a component without its number."""
    selected = re.search(r"\[[^\[\]=]+=([^\[\]]*)\]$", step)
    text = selected[1] if selected is not None else step
    return re.sub(r":\d+$", "", text.replace("~1", "/").replace("~0", "~"))


def _without(name: str, device: str) -> str:
    """Return a name without the name of its device before it: `esp_greenhouse_temperature`."""
    prefix = re.sub(r"[^a-z0-9]+", "_", device.lower()).strip("_")
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower())
    return plain.removeprefix(f"{prefix}_") if prefix and plain.startswith(f"{prefix}_") else ""


def _is_own_name(name: str, unit: str) -> bool:
    """Return whether a name is a channel itself and needs no table."""
    parts = split_channel(name)
    return parts is not None and parts[0] in QUANTITIES and (not unit or _converts(name, unit))


def _converts(channel: str, unit: str) -> bool:
    return isinstance(convert_to_channel(channel, unit), Conversion)


def _rank(number: _Number) -> tuple[bool, bool, bool, str]:
    conversion = convert_to_channel(number.meaning.channel, number.meaning.unit) if number.meaning.unit else None
    is_own = isinstance(conversion, Conversion) and conversion.is_identity
    return (not number.meaning.unit, not number.name.startswith("normalized/"), not is_own, number.name)


def _meets(number: _Number, other: _Number) -> bool:
    """Return whether a device has both numbers."""
    return bool({device for _, device in number.values} & {device for _, device in other.values})


def _is_same(number: _Number, other: _Number, channel: str) -> bool:
    """Return whether two numbers are one: a pair in two units (`tC`, `tF`), or what a server made of the device's."""
    parents = {each.name.rpartition("/")[0] for each in (number, other)}
    is_made = other.name.startswith("normalized/") != number.name.startswith("normalized/")
    if not is_made and (len(parents) > 1 or number.meaning.unit == other.meaning.unit or not number.meaning.unit):
        return False
    first = convert_to_channel(channel, number.meaning.unit) if number.meaning.unit else None
    second = convert_to_channel(channel, other.meaning.unit)
    if not isinstance(second, Conversion):
        return False
    shared = number.values.keys() & other.values.keys()
    return bool(shared) and all(
        abs(
            (first.apply(number.values[at]) if isinstance(first, Conversion) else number.values[at])
            - second.apply(other.values[at])
        )
        <= _SAME
        for at in shared
    )


def _free(base: str, taken: set[str]) -> str:
    """Return a channel, or its first instance that no other number of the device has."""
    if base not in taken:
        return base
    return next(channel for at in range(1, 1000) if (channel := f"{base}:{at}") not in taken)
