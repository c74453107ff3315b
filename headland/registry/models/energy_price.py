"""Price of the energy of a greenhouse, as a person enters it from a bill or a contract."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

#: What energy is used for: heat in the house, electricity of the lamps.
EnergyKind = Literal["heat", "lamps"]


class EnergyPrice(msgspec.Struct, frozen=True, kw_only=True):
    """Price of one kind of energy from a local day on, until the day of the next one of the kind.

    `kwh_per_unit` is the energy that reaches the house from a cubic metre of fuel; kWh and GJ have their own.
    """

    kind: Annotated[EnergyKind, "heat, or lamps: their electricity."]
    price: Annotated[float, Meta(ge=0, le=1_000_000), "Price of one unit, in the currency."]
    unit: Annotated[Literal["kWh", "GJ", "m3"], "Unit of the bill: kWh, GJ, or m3 of gas."]
    kwh_per_unit: Annotated[
        Annotated[float, Meta(ge=0.1, le=1000)] | None, "kWh of heat from a m3; null for kWh and GJ."
    ] = None
    currency: Annotated[
        str, Meta(pattern="^[A-Z]{3}$", extra_json_schema={"example": "CNY"}), "Currency by ISO 4217, such as CNY."
    ]
    from_day: Annotated[date, "Local day from which it holds."]
    source: Annotated[str, Meta(max_length=200), "Where it is from, such as a bill."] = ""
