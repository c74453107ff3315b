"""Light for crops: photon flux from several sensors, daily light integral, photoperiod, photothermal ratio.

Sources
-------
.. [1] McCree (1972), Agric. Meteorol. 9, 191-216; Thimijan and Heins (1983), HortScience 18, 818-822.
.. [2] Apogee Instruments: conversion from illuminance to PPFD by lamp.
.. [3] Liu and Heins (1997): photothermal ratio.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from headland.agronomy.climate.air import AIR_TEMPERATURE
from headland.agronomy.series.answer import Method
from headland.agronomy.series.arrays import Counts, Mask, Values, require
from headland.agronomy.series.indicator import Index, precomputed_index
from headland.agronomy.series.time_grid import STEP_MS, Periods, average, count_true, hours_of, sum_up
from headland.units_of_time import DAY_MS

#: Photons of PAR in a joule of global radiation from the sun [umol/J]; [1] give 2.02 to 2.10.
SUN_UMOL_J: Final = 2.02

#: Photons for a lux by source [umol/m2/s per lx]; [2], white LED after [1].
UMOL_PER_LUX: Final[dict[str, float]] = {
    "sun": 0.0185,
    "cool_white_fluorescent": 0.0135,
    "hps": 0.0122,
    "hps_double_ended": 0.0130,
    "metal_halide": 0.0141,
    "cmh_942": 0.0154,
    "cmh_930": 0.0170,
    "white_led": 0.0150,
}


def ppfd_from_global(radiation_w_m2: ArrayLike, transmission: float = 1.0) -> Values:
    """Return the photon flux [umol/m2/s] of sunlight of `radiation_w_m2` behind a cover; `transmission` [0..1]."""
    require("transmission", transmission, 0.0, 1.0)
    return np.asarray(np.asarray(radiation_w_m2, np.float64) * SUN_UMOL_J * transmission)


def ppfd_from_lux(illuminance_lx: ArrayLike, source: str) -> Values:
    """Return the photon flux [umol/m2/s] of light of one known `source`, a key of `UMOL_PER_LUX`.

    Raises ValueError for another: the photons of a lux depend on the lamp, and under mixed light they are not known.
    """
    if source not in UMOL_PER_LUX:
        raise ValueError(f"lux of {source!r} cannot be converted to photons: declare one of {', '.join(UMOL_PER_LUX)}")
    return np.asarray(np.asarray(illuminance_lx, np.float64) * UMOL_PER_LUX[source])


def photothermal_ratio(dli_mol_m2: ArrayLike, mean_degc: ArrayLike, base_degc: float) -> Values:
    """Return DLI / (ADT - Tb) of days [mol/m2 per degC d]; [3]. NaN where the day is not above the base."""
    above_k = np.asarray(mean_degc, np.float64) - base_degc
    light = np.asarray(dli_mol_m2, np.float64)
    return np.where(above_k > 0.0, light / np.where(above_k > 0.0, above_k, 1.0), np.nan)


#: The flux from which a plant perceives day [umol/m2/s]: dim light prevents a short-day plant from flowering.
PHOTOPERIOD_UMOL_M2_S: Final = 5.0
#: Below this after sunset a quantum sensor reports its own offset [umol/m2/s]; a lamp gives more.
NIGHT_OFFSET_UMOL_M2_S: Final = 5.0
_STEP_S: Final = STEP_MS / 1000.0
_DAY_STEPS: Final = DAY_MS // STEP_MS


@dataclass(frozen=True)
class Light:
    """The photon flux of each step [umol/m2/s], NaN where unknown, with its origin.

    `channel` is the measured channel, `factor` the photons of one of its units, `source` the origin of the factor.
    `by_day` is true where the sun is up; None where the place is not known: then the whole day must be covered.
    `in_dark` is true where the sun is so low that light is a lamp's; `has_lamps` where lamps are declared.
    """

    ppfd_umol_m2_s: Values
    channel: str
    factor: float
    source: str
    by_day: Mask | None = None
    in_dark: Mask | None = None
    has_lamps: bool = False

    @cached_property
    def flux(self) -> Values:
        """The photon flux without a sensor's offset in the dark."""
        flux = np.maximum(self.ppfd_umol_m2_s, 0.0)
        if self.by_day is None:
            return flux
        return np.where(~self.by_day & (flux < NIGHT_OFFSET_UMOL_M2_S), 0.0, flux)

    def needed(self, periods: Periods) -> Mask:
        """Return which steps a period's sum needs: daylight, and the night where lamps may burn.

        Lamps may burn where they are declared, in a period with light in the dark, and in one without daylight.
        """
        every = np.ones(len(self.flux), np.bool_)
        if self.by_day is None or self.has_lamps:
            return every
        dark = ~self.by_day if self.in_dark is None else self.in_dark
        is_lit = count_true(periods, dark & (self.flux >= NIGHT_OFFSET_UMOL_M2_S)) > 0
        has_no_day = count_true(periods, self.by_day) == 0
        return np.asarray(self.by_day | np.repeat(is_lit | has_no_day, periods.lengths))


def light_indices(periods: Periods, light: Light, base_degc: float, temperature_degc: Values | None) -> list[Index]:
    """Return the light sum, photoperiod, mean flux and photothermal ratio of each period, which is a day.

    A day needs 90 % of its daylight: a gap at noon counts more than one at midnight. Where lamps may burn it needs 90 %
    of its day and night (`Light.needed`). A flux below 0 counts as dark.
    """
    flux = light.flux
    known = np.isfinite(flux)
    wanted = light.needed(periods)
    coverage = count_true(periods, known & wanted) / np.maximum(count_true(periods, wanted), 1)
    count = count_true(periods, known)
    inputs = (light.channel,)
    by_sun = (
        "daylight, and of the night where lamps are declared or light is measured or the sun does not rise,"
        if light.by_day is not None
        else "the period, because the place is not known,"
    )
    made = (
        f"{light.channel} times {light.factor:g}: {light.source}; coverage is the known share of {by_sun} from 90 % on"
    )
    dli = np.where(count > 0, sum_up(periods, flux) * _STEP_S / 1e6, np.nan)
    indices = [
        precomputed_index(
            "dli_mol_m2", "mol/m2", Method("daily_light_integral", 2, made), inputs, dli, coverage, count
        ),
        precomputed_index(
            "photoperiod_h", "h",
            Method("photoperiod", 2, f"hours of {PHOTOPERIOD_UMOL_M2_S:g} umol/m2/s or more; {made}"),
            inputs, hours_of(count_true(periods, flux >= PHOTOPERIOD_UMOL_M2_S)), coverage, count,
        ),
        precomputed_index(
            "ppfd_umol_m2_s", "umol/m2/s", Method("mean_ppfd", 1, f"mean of the known steps; {made}"), inputs,
            average(periods, flux), count / periods.lengths, count,
        ),
    ]  # fmt: skip
    if temperature_degc is not None:
        indices.append(_photothermal_index(periods, dli, coverage, count, temperature_degc, base_degc, light.channel))
    return indices


def rolling_light(light: Light) -> tuple[Values, Values]:
    """Return by step the light of the 24 hours up to its end [mol/m2], and their known share.

    NaN where less than 90 % is, or before there are 24 hours.
    """
    flux = light.flux
    known = np.isfinite(flux)
    total = _rolling(np.where(known, flux, 0.0)) * _STEP_S / 1e6
    share = _rolling(known.astype(np.float64)) / _DAY_STEPS
    return np.where(share >= 0.9, total, np.nan), share


def _photothermal_index(
    periods: Periods, dli: Values, coverage: Values, count: Counts,
    temperature: Values, base_degc: float, channel: str,
) -> Index:  # fmt: skip
    warm_share = count_true(periods, np.isfinite(temperature)) / periods.lengths
    ratio = photothermal_ratio(dli, average(periods, temperature), base_degc)
    method = Method(
        "photothermal_ratio", 2, f"DLI / (ADT - {base_degc:g} degC), Liu and Heins (1997); not defined at or below it"
    )
    both = (channel, AIR_TEMPERATURE)
    return precomputed_index(
        "ptr_mol_m2_degc_d", "mol/m2/(degC d)", method, both, ratio, np.minimum(coverage, warm_share), count
    )


def _rolling(value: Values) -> Values:
    total = np.cumsum(value)
    rolling = np.full(len(value), np.nan)
    rolling[_DAY_STEPS - 1 :] = total[_DAY_STEPS - 1 :]
    rolling[_DAY_STEPS:] -= total[:-_DAY_STEPS]
    return rolling
