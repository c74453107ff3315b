"""Query parameters of thermal time and temperature thresholds, for greenhouses and sites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, Query

from headland.agronomy.climate.air import Thresholds
from headland.agronomy.climate.thermal_time import METHODS, Cutoff

DegreeDays = Literal["average", "average_clamped", "single_sine", "double_sine"]
Limit = Annotated[float, Query(ge=-60, le=60, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class ThermalParameters:
    """Parameters of a request; None and empty where not given."""

    base_degc: float | None
    upper_degc: float | None
    cutoff: Cutoff
    methods: tuple[str, ...]
    heat_degc: tuple[float, ...]
    cold_degc: tuple[float, ...]

    def over(self, usual: Thresholds) -> Thresholds:
        """Return the given thresholds, with `usual` for the others."""
        return Thresholds(
            usual.base_degc if self.base_degc is None else self.base_degc,
            usual.upper_degc if self.upper_degc is None else self.upper_degc,
            self.cutoff,
            self.methods or tuple(METHODS),
            self.heat_degc or usual.heat_degc,
            self.cold_degc or usual.cold_degc,
        )


def read_thermal_parameters(
    base_degc: Annotated[
        float | None, Query(description="Base temperature of development.", ge=-20, le=40, allow_inf_nan=False)
    ] = None,
    upper_degc: Annotated[
        float | None, Query(description="Upper temperature of development.", ge=-20, le=60, allow_inf_nan=False)
    ] = None,
    cutoff: Annotated[
        Cutoff, Query(description="Method above the upper temperature, for the sine methods.")
    ] = "horizontal",
    degree_days: Annotated[
        list[DegreeDays], Query(description="Degree-day methods; all by default.", max_length=4)
    ] = [],  # noqa: B006 - FastAPI copies it
    heat_degc: Annotated[
        list[Limit], Query(description="Report hours and degree-hours at or above these temperatures.", max_length=4)
    ] = [],  # noqa: B006
    cold_degc: Annotated[
        list[Limit], Query(description="Report hours and degree-hours at or below these temperatures.", max_length=4)
    ] = [],  # noqa: B006
) -> ThermalParameters:
    """Return the thermal parameters of a request."""
    heat, cold = (tuple(dict.fromkeys(limits)) for limits in (heat_degc, cold_degc))
    return ThermalParameters(base_degc, upper_degc, cutoff, tuple(dict.fromkeys(degree_days)), heat, cold)


ThermalOf = Annotated[ThermalParameters, Depends(read_thermal_parameters)]
