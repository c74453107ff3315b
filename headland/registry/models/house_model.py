"""Climate model of a greenhouse as a farm declares it, or as a fit on its own measurements found it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta


class HouseStructure(StrEnum):
    """Structure that a model begins with."""

    MULTISPAN = "multispan"
    TUNNEL = "tunnel"
    SOLAR_EARTH_WALL = "solar-earth-wall"
    SOLAR_BRICK_WALL = "solar-brick-wall"


class HeldOut(msgspec.Struct, frozen=True, kw_only=True):
    """Errors of a fitted model on measurements that the fit never saw."""

    start_ms: Annotated[int, "Start of these measurements."]
    end_ms: Annotated[int, "Their end."]
    hours: Annotated[int, Meta(ge=24), "Hours that were compared."]
    temperature_rmse_k: Annotated[float, Meta(gt=0, le=20), "Root mean square error of the air temperature."]
    humidity_rmse_pct: Annotated[float, Meta(gt=0, le=60), "The same of the relative humidity."]
    temperature_yesterday_rmse_k: Annotated[
        Annotated[float, Meta(ge=0, le=40)] | None,
        'What "yesterday at this hour" errs by in the same hours, 0 where days repeat; null where no fit said it.',
    ] = None
    humidity_yesterday_rmse_pct: Annotated[
        Annotated[float, Meta(ge=0, le=100)] | None, "The same of the relative humidity."
    ] = None


class HouseModel(msgspec.Struct, frozen=True, kw_only=True):
    """Climate model of a greenhouse: a structure, what differs from it, and how wrong it was where it was fitted."""

    structure: Annotated[HouseStructure, "Structure whose values hold where no other is given."]
    parameters: Annotated[
        dict[str, float],
        Meta(max_length=80),
        "Values in place of the structure's, by the names of the reference; empty for all of it.",
    ] = {}
    held_out: Annotated[
        HeldOut | None, "Errors on measurements that the fit never saw; null for a model that is declared."
    ] = None
