"""Units that light is reported in by mistake, as factors on what a channel's unit would show.

Sources
-------
.. [1] Thimijan and Heins (1983), HortScience 18, 818-822: sunlight has 2.02 umol of PAR and about 110 lm in a joule of
   global radiation, 0.0185 umol/s in a lux. Not re-read: the factors are those of `headland.agronomy.climate.light`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from headland.agronomy.climate.light import SUN_UMOL_J, UMOL_PER_LUX

RADIATION, OUTSIDE_PAR, PAR = "global_radiation_w_m2", "outside_par_umol_m2_s", "par_umol_m2_s"
#: Photons of PAR in a joule of PAR of sunlight [umol/J].
_PAR_UMOL_J: Final = 4.57
_LM_W: Final = SUN_UMOL_J / UMOL_PER_LUX["sun"]


@dataclass(frozen=True, slots=True)
class LightUnit:
    """A unit that samples may be in: its symbol, and its number for 1 of the channel's unit.

    `rarity` is how much rarer the mistake is than none, as a logarithm; `by_interval`: an amount in the
    interval between samples, given for one second of it.
    """

    cause: str
    symbol: str
    factor: float
    rarity: float
    by_interval: bool = False

    def factor_at(self, interval_s: float) -> float:
        """Return its number for 1 of the channel's unit, of samples at an interval."""
        return self.factor * (interval_s if self.by_interval else 1.0)


#: Without a cause of their own, tenths and thousandths are told as a factor.
_OF_RADIATION: Final = (
    LightUnit("unit_umol", "µmol/m²/s", SUN_UMOL_J, 4.0),
    LightUnit("unit_lux", "lx", _LM_W, 4.0),
    LightUnit("unit_klx", "klx", _LM_W / 1000.0, 4.0),
    LightUnit("unit_kw", "kW/m²", 0.001, 5.0),
    LightUnit("unit_j_cm2", "J/cm²", 1e-4, 5.0, by_interval=True),
    LightUnit("unit_mj_m2", "MJ/m²", 1e-6, 6.0, by_interval=True),
    LightUnit("unit_langley", "ly", 1.0 / 41_840.0, 6.0, by_interval=True),
    LightUnit("unit_tenths", "0.1 W/m²", 10.0, 5.0),
)
_OF_PHOTONS: Final = (
    LightUnit("unit_w_m2", "W/m²", 1.0 / SUN_UMOL_J, 4.0),
    LightUnit("unit_w_m2", "W/m²", 1.0 / _PAR_UMOL_J, 5.0),
    LightUnit("unit_lux", "lx", 1.0 / UMOL_PER_LUX["sun"], 4.0),
    LightUnit("unit_klx", "klx", 1e-3 / UMOL_PER_LUX["sun"], 4.0),
    LightUnit("unit_mmol", "mmol/m²/s", 0.001, 5.0),
    LightUnit("unit_mol_m2", "mol/m²", 1e-6, 6.0, by_interval=True),
    LightUnit("unit_tenths", "0.1 µmol/m²/s", 10.0, 5.0),
)
#: The units of a channel, and what of it a clear sky brings for 1 W/m2.
UNITS: Final[dict[str, tuple[LightUnit, ...]]] = {RADIATION: _OF_RADIATION, OUTSIDE_PAR: _OF_PHOTONS, PAR: _OF_PHOTONS}
FROM_W: Final[dict[str, float]] = {RADIATION: 1.0, OUTSIDE_PAR: SUN_UMOL_J, PAR: SUN_UMOL_J}
