"""Validation of a greenhouse's climate model."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Final

from headland.agronomy.house_model.compartment import Compartment
from headland.registry.models.errors import InvalidRecord
from headland.registry.models.house_model import HouseModel

_NAMES: Final = frozenset(field.name for field in fields(Compartment))
_MOST: Final = 1e8


def check_climate_model(model: HouseModel) -> None:
    """Validate that the parameters of a climate model are known, and numbers."""
    unknown = sorted(set(model.parameters) - _NAMES)
    if unknown:
        raise InvalidRecord(f"The climate model has no parameter {unknown[0]!r}: give {', '.join(sorted(_NAMES))}.")
    for name, value in model.parameters.items():
        if not math.isfinite(value) or abs(value) > _MOST:
            raise InvalidRecord(f"The parameter {name} of the climate model is {value:g}: give a number of its unit.")
    held_out = model.held_out
    if held_out is not None and held_out.end_ms <= held_out.start_ms:
        raise InvalidRecord("The held-out errors of the climate model end before they begin: give start and end in ms.")
