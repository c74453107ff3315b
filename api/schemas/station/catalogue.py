"""Response models of the catalogue of units, channels and indices."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from headland.contract.catalogue import Section


class Labels(msgspec.Struct, frozen=True, kw_only=True):
    """A text for people in each language."""

    en: Annotated[str, Meta(extra_json_schema={"example": "Air temperature"}), "Text in English."]
    zh: Annotated[str, Meta(extra_json_schema={"example": "空气温度"}), "Text in Chinese."]


class CatalogueUnit(msgspec.Struct, frozen=True, kw_only=True):
    """A unit in which a value is answered or imported."""

    symbol: Annotated[str, Meta(extra_json_schema={"example": "degC"}), "Symbol in answers."]
    labels: Annotated[Labels, "Written form; empty for a bare number."]
    decimals: Annotated[int, Meta(extra_json_schema={"example": 1}), "Decimals of a value for people."]
    endings: Annotated[list[str], "Endings of the names of channels in this unit."]


class CatalogueChannel(msgspec.Struct, frozen=True, kw_only=True):
    """A quantity of which a channel can be; `quantity:1` is a further instance of it."""

    name: Annotated[str, Meta(extra_json_schema={"example": "air_temperature_degc"})]
    unit: Annotated[str, Meta(extra_json_schema={"example": "degC"}), "Symbol of the unit."]
    labels: Annotated[Labels, "Name for people."]
    decimals: Annotated[int, Meta(extra_json_schema={"example": 1}), "Decimals of a value for people."]
    kind: Annotated[Literal["gauge", "total", "state"], "`total` only grows; `state` holds until it changes."]
    low: Annotated[float, "Lowest possible value."]
    high: Annotated[float, "Highest possible value."]
    watched: Annotated[bool, "Whether a grower watches it on a vehicle."]
    forecast: Annotated[str | None, "Its name in an hour of a weather forecast; null where none has it."]
    diagnostic: Annotated[bool, "Whether it is about the device, not about what it measures."]


class CatalogueIndex(msgspec.Struct, frozen=True, kw_only=True):
    """An index: a value that is computed. The mean of a quantity has the quantity's name."""

    name: Annotated[str, Meta(extra_json_schema={"example": "vpd_kpa"})]
    unit: Annotated[str, Meta(extra_json_schema={"example": "kPa"}), "Symbol of the unit."]
    labels: Annotated[Labels, "Name for people."]
    decimals: Annotated[int, Meta(extra_json_schema={"example": 2}), "Decimals of a value for people."]
    section: Annotated[Section, "Part of a page or report; `rule` and `gateway`: for alarm rules only."]
    chart: Annotated[str | None, Meta(extra_json_schema={"example": "deficit"}), "Chart with its line; null: none."]
    method: Annotated[str | None, "Id of the method of its answers; null: no fixed one."]
    method_labels: Annotated[Labels | None, "Description of that method; null: the station has none."]
    inputs: Annotated[list[str], "Channels that it needs."]
    alarmable: Annotated[bool, "Whether an alarm rule can test it."]
    bandable: Annotated[bool, "Whether a crop can have a target band of it."]
    summable: Annotated[bool, "Whether the values of days add up."]
    mapped: Annotated[bool, "Whether the map of a greenhouse's places has it."]


class CatalogueAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """All units, channels and indices, in the order in which people see them."""

    units: Annotated[list[CatalogueUnit], "Units."]
    channels: Annotated[list[CatalogueChannel], "Quantities of which a channel can be."]
    indices: Annotated[list[CatalogueIndex], "Indices: values that are computed."]
