"""Parameters of a house that a fit may move: physical range, prior and what they rest on. Plain data.

The priors are common values of the literature of greenhouse models (van Henten 1994; De Zwart 1996; Vanthoor 2011;
Katzin 2020), not re-read; the spread says how far houses differ, which is a judgement.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Parameter:
    """A field of `Compartment`: its range, and the value that holds where no data show another.

    On the `log` scale ratios count. `spread` is the prior's standard deviation on the scale: of the logarithm, else in
    the field's unit.
    """

    name: str
    low: float
    high: float
    prior: float
    spread: float
    scale: Literal["linear", "log"] = "log"
    #: What of the house must be measured for data to show it.
    needs: str = ""

    def scaled(self, value: float) -> float:
        """Return a value on the scale."""
        return math.log(value) if self.scale == "log" else value

    def value(self, scaled: float) -> float:
        """Return the value of a number on the scale."""
        return math.exp(scaled) if self.scale == "log" else scaled


PARAMETERS: Final = (
    Parameter("transmission", 0.2, 0.85, 0.62, 0.1, "linear"),
    Parameter("cover_u_w_m2k", 2.0, 10.0, 5.5, 0.35),
    Parameter("air_j_m2k", 6_000.0, 120_000.0, 16_000.0, 0.6),
    Parameter("sun_to_air", 0.0, 0.5, 0.1, 0.1, "linear"),
    Parameter("leakage", 1e-5, 2e-3, 1e-4, 0.7),
    Parameter("vent_area_ratio", 0.01, 0.5, 0.2, 0.7),
    Parameter("windward_ratio", 0.3, 4.0, 1.0, 0.5, needs="windward"),
    Parameter("pipe_w_m2k", 0.05, 2.0, 0.6, 0.5, needs="pipe"),
    Parameter("screen_saving", 0.0, 0.85, 0.45, 0.2, "linear", needs="screen"),
    Parameter("screen_transmission", 0.1, 1.0, 0.75, 0.15, "linear", needs="screen"),
    Parameter("blackout_saving", 0.0, 0.85, 0.45, 0.2, "linear", needs="blackout"),
    Parameter("blackout_transmission", 0.0, 0.5, 0.02, 0.02, "linear", needs="blackout"),
    Parameter("screen_air_m_s", 5e-6, 5e-3, 1e-4, 1.0),
    Parameter("floor_w_m2k", 1.0, 20.0, 7.0, 0.4),
    Parameter("soil_w_m2k", 0.3, 8.0, 2.0, 0.5),
    Parameter("wall_w_m2k", 0.02, 10.0, 1.0, 1.2),
    Parameter("wall_degc", 5.0, 28.0, 20.0, 3.0, "linear"),
    Parameter("lamp_w_m2", 5.0, 250.0, 60.0, 0.6, needs="lamps"),
    Parameter("lamp_umol_j", 0.8, 4.0, 2.3, 0.3, needs="light"),
    Parameter("leaf_area_index", 0.05, 6.0, 1.5, 1.0),
    Parameter("growth_ratio", 0.0, 2.0, 0.5, 0.5, "linear"),
    Parameter("stomata_ratio", 0.2, 5.0, 1.0, 0.5),
    Parameter("bare_soil", 0.0, 0.5, 0.05, 0.05, "linear"),
)
BY_NAME: Final[Mapping[str, Parameter]] = {each.name: each for each in PARAMETERS}
