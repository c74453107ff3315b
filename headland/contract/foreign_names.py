"""Names that devices and tables give to numbers: the quantity that a name means, and the unit that it states.

What a name means is proposed to a person, or measured in a unit that is stated; it is never the unit itself. The names
are those of the catalogue. A name with a word that nobody knows (`boiler temperature`) means no quantity of the table:
with a stated unit it is a channel of its own, `boiler_temperature_degc`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from headland.contract.catalogue import CATALOGUE
from headland.contract.foreign_units import Conversion, convert_to_channel, convert_unit
from headland.contract.quantities import QUANTITIES
from headland.contract.units import UNITS

_LONGEST: Final = 200
_LONGEST_STEM: Final = 40

#: Words, whole numbers and runs of Chinese characters of a name: `TempC_SHT`, `soilT`, `co2`, `土壤温度1`.
_WORD: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+|[\u4e00-\u9fff]+")
_FIGURES: Final = re.compile(r"[0-9]+")
_CHINESE: Final = re.compile(r"[\u4e00-\u9fff]")
#: Names in which a figure belongs to the word.
_WITH_FIGURES: Final = (
    (re.compile(r"co[ _-]?[2₂](?![0-9])", re.IGNORECASE), "\0carbondioxide\0"),
    (re.compile(r"pm[ _-]?2[._]?5", re.IGNORECASE), "\0pmtwofive\0"),
    (re.compile(r"pm[ _-]?10", re.IGNORECASE), "\0pmten\0"),
    (re.compile(r"(?<![a-z])p[hH](?![a-z])"), "\0acidity\0"),
)
_WRITTEN: Final = {"carbondioxide": "co2", "pmtwofive": "pm2_5", "pmten": "pm10", "acidity": "ph"}
#: Words that climate computers write as one: `Tair`, `RHout`, `PARin`.
_GLUED: Final = re.compile(
    r"(?<![A-Za-z])(?:(T|RH|Rh|PAR|CO2)(air|out|in|leaf|pipe|soil)|(temp|temperature|dewpt)(c|f))(?![A-Za-z])"
)
#: What Chinese names measure, for a channel's name: the longest first.
_ENGLISH: Final = {
    "光照": "illuminance", "照度": "illuminance", "大气压": "pressure", "气压": "pressure", "电导率": "ec",
    "酸碱度": "ph", "电压": "voltage", "电流": "current", "功率": "power", "电量": "energy",
    "液位": "level", "水位": "level", "流量": "flow", "水压": "water_pressure", "压力": "pressure",
    "温度": "temperature", "湿度": "humidity",
    "土壤": "soil", "基质": "substrate", "水温": "water_temperature", "水": "water", "氮": "nitrogen",
    "磷": "phosphorus", "钾": "potassium", "露点": "dew_point", "设定": "setpoint", "蒸发": "evaporation",
    "室外": "outside",
}  # fmt: skip
#: Chips of sensors: which one measures says nothing about what.
_CHIP: Final = re.compile(
    r"(?<![a-z])(?:sht|dht|am|bm[ep]|ds|scd|htu|aht|si|mh-?z|bh|tsl|ltr|lm|mlx|max|tmp|hdc|sigrow|ridder)"
    r"[0-9]+[a-z]*(?![a-z])|(?<![a-z])(?:sht|dht|bme|sigrow|ridder)(?![a-z])",
    re.IGNORECASE,
)
_SAME: Final = {
    "temp": "temperature", "tmp": "temperature", "temperatur": "temperature", "humid": "humidity",
    "rh": "humidity", "moist": "moisture", "bat": "battery", "batt": "battery", "volt": "voltage", "volts": "voltage",
    "out": "outside", "outdoor": "outside", "outdoors": "outside", "exterior": "outside", "dir": "direction",
    "setpoints": "setpoint", "sp": "setpoint", "vip": "setpoint", "opening": "open", "position": "open",
    "conduct": "ec", "conductivity": "ec", "lux": "illuminance", "wdir": "direction", "spd": "speed",
    "precipitation": "rain", "hum": "humidity", "co": "co", "carbondioxide": "co2", "slab": "substrate",
}  # fmt: skip
#: Words beside a quantity that do not make it another one.
_NEUTRAL: Final = frozenset(
    [
        "air",
        "indoor",
        "indoors",
        "inside",
        "room",
        "ambient",
        "relative",
        "sensor",
        "measurement",
        "measured",
        "measure",
        "value",
        "val",
        "now",
        "actual",
        "reading",
        "probe",
        "local",
        "mean",
        "avg",
        "average",
        "state",
        "status",
        "data",
        "normalized",
        "greenhouse",
        "house",
        "object",
        "output",
        "in",
        "lee",
    ]
)
#: Chinese words by which a number is no measurement of the quantity beside them.
_OTHER_THING: Final = re.compile(
    "设定|目标|上限|下限|最高|最低|最大|最小|校准|修正|阈值|报警|告警|水温|露点|体感|芯片|主板|间隔|周期"
)
#: Endings of channels that are no unit of a foreign name.
_NOT_STATED: Final = frozenset(
    ("open_pct", *(ending for unit in CATALOGUE.units for ending in unit.endings if len(ending) < 3))
)
#: A unit behind a name: `Air temperature [°C]`, `Track(deg)`, and one that can be no word: `Flow kg/s`.
_UNIT_IN_NAME: Final = re.compile(
    r"[\[(\uff08]\s*([^\[\]()\uff08\uff09]{1,16})\s*[\])\uff09]\s*$|\s([^\s\[\]()]{0,8}[%/°℃℉][^\s\[\]()]{0,8})\s*$"
)


class Meaning(NamedTuple):
    """What a name means: the channel ("" where it is not known) and the unit that it states ("" for none)."""

    channel: str
    unit: str


@lru_cache(maxsize=4096)
def meaning_of(name: str, unit: str = "") -> Meaning:
    """Return what a number called `name` is, whose `unit` is stated beside it, else perhaps by its name.

    A channel that is no quantity of the table is returned only with a unit, in which it is stored.
    """
    text = name[:_LONGEST]
    if text in QUANTITIES and not unit:
        return Meaning(text, QUANTITIES[text].unit)
    bare, in_name = split_unit(text)
    words = words_of(bare)
    stated = unit or in_name
    if not stated:
        stated, words = _unit_of_words(words)
    elif not unit and not in_name:
        _, words = _unit_of_words(words)
    elif words:
        words = _unit_of_words(words)[1]
    channel = _quantity(words, stated)
    if not channel and stated:
        channel = _own_channel(words, stated)
    return Meaning(channel, stated)


def split_unit(name: str) -> tuple[str, str]:
    """Return a name without the unit behind it, and the unit: `Air temperature [°C]`; "" where it has none."""
    match = _UNIT_IN_NAME.search(name)
    if match is None:
        return name, ""
    return name[: match.start()], (match[1] or match[2]).strip()


@lru_cache(maxsize=1024)
def channel_unit(unit: str) -> str:
    """Return the ending of channels for numbers in a foreign unit: `degc` for °F; "" where there is none."""
    found = ""
    for known in UNITS.values():
        conversion = convert_unit(unit, known.symbol) if known.endings and known.symbol != "1" else None
        if isinstance(conversion, Conversion):
            if conversion.is_identity:
                return known.endings[0]
            found = found or known.endings[0]
    return found


def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a name, each as the names here write it."""
    text = name
    for pattern, word in _WITH_FIGURES:
        text = pattern.sub(word, text)
    text = _GLUED.sub(r"\1\3 \2\4", _CHIP.sub(" ", text))
    words = [word.lower() for word in _WORD.findall(text)]
    return tuple(_SAME.get(word, word) for word in words)


def _unit_of_words(words: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return the unit that words state, at their end or behind what they measure, and the words without it."""
    for before, stating, unit in _STATED_AFTER:
        size = len(before) + len(stating)
        for at in range(len(words) - size + 1):
            if words[at : at + size] == (*before, *stating):
                return unit, (*words[: at + len(before)], *words[at + size :])
    for ending, unit in _STATED_AT_END:
        if len(words) > len(ending) and words[-len(ending) :] == ending:
            return unit, words[: -len(ending)]
    return "", words


def _quantity(words: tuple[str, ...], unit: str) -> str:
    """Return the quantity of the table that words name and that can be in the unit; "" where none is certain."""
    chinese = "".join(word for word in words if _CHINESE.search(word))
    latin = [word for word in words if not _CHINESE.search(word) and not _FIGURES.fullmatch(word)]
    if _OTHER_THING.search(chinese):
        return next((name for name, phrase in _CHINESE_NAMES if "设定" in phrase and phrase in chinese), "")
    found: list[tuple[int, str]] = []
    for name, phrase in _CHINESE_NAMES:
        if phrase in chinese and _fits(name, unit):
            found.append((len(phrase) + 100, name))
    for name, phrase_words in _LATIN_NAMES:
        rest = [word for word in latin if word not in phrase_words and word not in _NEUTRAL]
        if not rest and phrase_words <= set(latin) and _fits(name, unit):
            found.append((len(phrase_words), name))
    return max(found, key=lambda item: item[0])[1] if found else ""


def _fits(channel: str, unit: str) -> bool:
    return not unit or isinstance(convert_to_channel(channel, unit), Conversion)


def _own_channel(words: tuple[str, ...], unit: str) -> str:
    """Return a channel for a number in a known unit that is no quantity of the table; "" where it has no name."""
    ending = channel_unit(unit)
    latin = [_WRITTEN.get(word, word) for word in words if not _CHINESE.search(word)]
    if not any(word[0].isalpha() for word in latin):
        latin = _translate("".join(word for word in words if _CHINESE.search(word)))
    while latin and not latin[0][0].isalpha():
        latin.pop(0)
    stem = "_".join(latin if latin != [ending] else ["value"])[:_LONGEST_STEM].rstrip("_")
    if not ending or not stem:
        return ""
    # A name of the table that this is not: `flow` is what a sprayer applies, a water meter's is another.
    channel = f"{stem}_{ending}"
    return f"sensor_{channel}" if channel in QUANTITIES else channel


def _translate(chinese: str) -> list[str]:
    """Return the words for what a Chinese name measures, in its order."""
    found: list[str] = []
    while chinese:
        word = next((word for word in _CHINESE_WORDS if chinese.startswith(word)), "")
        if word:
            found.append(_ENGLISH[word])
        chinese = chinese[len(word) or 1 :]
    return found


def _stated_at_end() -> list[tuple[tuple[str, ...], str]]:
    """Return the words at the end of a name that state a unit, the longest first."""
    endings: dict[tuple[str, ...], str] = {}
    for unit in CATALOGUE.units:
        of_channels = [ending for ending in unit.endings if ending not in _NOT_STATED and unit.symbol != "1"]
        for ending in (*unit.in_names, *of_channels):
            if "+" not in ending:
                endings.setdefault(tuple(word.lower() for word in _WORD.findall(ending)), unit.symbol)
    return sorted(endings.items(), key=lambda item: -len(item[0]))


def _stated_after() -> Iterable[tuple[tuple[str, ...], tuple[str, ...], str]]:
    """Yield the words before a unit, the words that state it, and the unit."""
    for unit in CATALOGUE.units:
        for text in unit.in_names:
            before, plus, stating = text.partition("+")
            if plus:
                yield tuple(before.split()), tuple(stating.split()), unit.symbol


def _names(*, chinese: bool) -> Iterable[tuple[str, str]]:
    for quantity in CATALOGUE.quantities:
        for name in quantity.names:
            if bool(_CHINESE.search(name)) is chinese:
                yield quantity.name, name


_CHINESE_WORDS: Final = sorted(_ENGLISH, key=len, reverse=True)
_STATED_AT_END: Final = _stated_at_end()
_STATED_AFTER: Final = tuple(_stated_after())
_CHINESE_NAMES: Final = tuple(_names(chinese=True))
_LATIN_NAMES: Final = tuple((channel, frozenset(words_of(name))) for channel, name in _names(chinese=False))
