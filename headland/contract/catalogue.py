"""Catalogue of units, quantities and indices: one row each in `catalogue.json`, from which every table derives.

`units.py`, `quantities.py` and `indices.py` have its tables by name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

Kind = Literal["gauge", "total", "state"]
Section = Literal[
    "air",
    "light",
    "condensation",
    "disease",
    "water",
    "exchange",
    "control",
    "weather",
    "application",
    "rule",
    "gateway",
]


class Unit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A unit: its symbol in data, and how it is written, rounded, recognised and converted.

    en, zh
        Its form for people: without `en` the symbol, without `zh` the English form.
    decimals
        Decimals of a value for people, on paper, on the page and in Home Assistant.
    endings
        Endings of the names of channels in it, the usual one first; none: no channel is in it.
    senml, spellings, words
        Its names in SenML (RFC 8428, RFC 8798), further spellings, and whole words in any case.
    bacnet
        Its names among the engineering units of BACnet (ASHRAE 135, clause 21).
    in_names
        Words at the end of a name that state it; of those with `+` the words before it must precede: `battery +v`.
    into
        Units of channels, and of yields, that it converts to: the factor, or factor and offset. The first is what a
        SenML record without a unit in its name is in, the unit itself where it is not listed.
    offered
        Whether it is proposed where people say in which unit a table is.
    dead_band
        The smallest change that is worth a row in somebody else's record; without it a share of the value.
    home, home_class
        Its spelling in Home Assistant, where that is not the English form ("" is none), and the device class that it
        determines.
    """

    symbol: str
    en: str | None = None
    zh: str = ""
    decimals: int = 2
    endings: tuple[str, ...] = ()
    senml: tuple[str, ...] = ()
    spellings: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    bacnet: tuple[str, ...] = ()
    in_names: tuple[str, ...] = ()
    into: dict[str, float | tuple[float, float]] = {}
    offered: bool = False
    dead_band: float | None = None
    home: str | None = None
    home_class: str | None = None


class Quantity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A measurable quantity: `name` ends in its unit; values outside [`low`, `high`] are physically impossible.

    decimals
        Those of its values, where they are not those of its unit.
    home_class
        Its device class in Home Assistant, where its unit does not determine it.
    watched
        Whether a grower watches it on a vehicle, of which most channels are the autopilot's own.
    diagnostic
        Whether it is about the device, not about what it measures.
    role
        What it tells of the product on the ground below a vehicle, where it does.
    forecast, home_forecast
        Its name in an hour of a weather forecast, where providers forecast it, and in one of Home Assistant.
    names
        What devices and tables call it, in words of English or a part of a Chinese name (`foreign_names`).
    """

    name: str
    unit: str
    low: float
    high: float
    kind: Kind
    en: str
    zh: str
    meaning: str
    decimals: int | None = None
    home_class: str | None = None
    watched: bool = False
    diagnostic: bool = False
    role: Literal["position", "command", "amount", "condition", ""] = ""
    forecast: str | None = None
    home_forecast: str | None = None
    names: tuple[str, ...] = ()


class IndexSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An index, which is computed; one that is the mean of a quantity has its name, unit and texts.

    section
        The part of a report or page in which it is.
    method, inputs
        The id of the method by which an answer has it, and the channels that it needs.
    method_en, method_zh
        The method for people; of a method of several indices on the first of them.
    report, summable
        Whether a week's report has a column of it, and whether days add up.
    chart, peaks, mapped
        The chart that has its line, whether a narrow chart shows all its peaks, and whether the map of places has it.
    alarmable, bandable
        Whether the test of an alarm rule and a target band can be of it.
    decimals
        Those of its values, where they are not those of its unit.
    """

    name: str
    section: Section
    unit: str = ""
    en: str = ""
    zh: str = ""
    method: str = ""
    method_en: str = ""
    method_zh: str = ""
    inputs: tuple[str, ...] = ()
    chart: str = ""
    report: bool = False
    summable: bool = False
    alarmable: bool = False
    bandable: bool = False
    mapped: bool = False
    peaks: bool = False
    decimals: int | None = None


class Catalogue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All rows, in the order in which people see them."""

    units: tuple[Unit, ...]
    quantities: tuple[Quantity, ...]
    indices: tuple[IndexSpec, ...]


def read_catalogue(path: Path) -> Catalogue:
    """Return the rows of a file."""
    return msgspec.json.decode(path.read_bytes(), type=Catalogue)


CATALOGUE = read_catalogue(Path(__file__).with_name("catalogue.json"))
