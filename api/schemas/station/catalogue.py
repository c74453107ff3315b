"""Response models of the catalogue of units, channels and indices."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.schemas.model import Model
from headland.contract.catalogue import Section


class Labels(Model):
    """A text for people in each language."""

    en: str = Field(json_schema_extra={"example": "Air temperature"})
    zh: str = Field(json_schema_extra={"example": "空气温度"})


class CatalogueUnit(Model):
    """A unit in which a value is answered or imported."""

    symbol: str = Field(description="Symbol in answers.", json_schema_extra={"example": "degC"})
    labels: Labels = Field(description="Written form; empty for a bare number.")
    decimals: int = Field(description="Decimals of a value for people.", json_schema_extra={"example": 1})
    endings: list[str] = Field(description="Endings of the names of channels in this unit.")


class CatalogueChannel(Model):
    """A quantity of which a channel can be; `quantity:1` is a further instance of it."""

    name: str = Field(json_schema_extra={"example": "air_temperature_degc"})
    unit: str = Field(description="Symbol of the unit.", json_schema_extra={"example": "degC"})
    labels: Labels
    decimals: int = Field(description="Decimals of a value for people.", json_schema_extra={"example": 1})
    kind: Literal["gauge", "total", "state"] = Field(description="`total` only grows; `state` holds until it changes.")
    low: float = Field(description="Lowest possible value.")
    high: float = Field(description="Highest possible value.")
    watched: bool = Field(description="Whether a grower watches it on a vehicle.")
    diagnostic: bool = Field(description="Whether it is about the device, not about what it measures.")


class CatalogueIndex(Model):
    """An index: a value that is computed. The mean of a quantity has the quantity's name."""

    name: str = Field(json_schema_extra={"example": "vpd_kpa"})
    unit: str = Field(description="Symbol of the unit.", json_schema_extra={"example": "kPa"})
    labels: Labels
    decimals: int = Field(description="Decimals of a value for people.", json_schema_extra={"example": 2})
    section: Section = Field(description="Part of a page or report; `rule` and `gateway`: for alarm rules only.")
    chart: str | None = Field(description="Chart with its line; null: none.", json_schema_extra={"example": "deficit"})
    method: str | None = Field(description="Id of the method of its answers; null: no fixed one.")
    method_labels: Labels | None = Field(description="Description of that method; null: the station has none.")
    inputs: list[str] = Field(description="Channels that it needs.")
    alarmable: bool = Field(description="Whether an alarm rule can test it.")
    bandable: bool = Field(description="Whether a crop can have a target band of it.")
    summable: bool = Field(description="Whether the values of days add up.")
    mapped: bool = Field(description="Whether the map of a greenhouse's places has it.")


class CatalogueAnswer(Model):
    """All units, channels and indices, in the order in which people see them."""

    units: list[CatalogueUnit]
    channels: list[CatalogueChannel]
    indices: list[CatalogueIndex]
