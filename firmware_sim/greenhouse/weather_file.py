"""Weather from a CSV file, measured or synthetic, instead of the generator's."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

import numpy as np

from headland.agronomy.house_model.moist_air import saturation_pa, vapour_kg_m3
from headland.agronomy.house_model.outside import Outside
from headland.errors import SettingsError

COLUMNS: Final = (
    "time_ms",
    "outside_temperature_degc",
    "outside_humidity_pct",
    "global_radiation_w_m2",
    "wind_speed_m_s",
)
_RAIN: Final = "rain_mm_h"
_SKY_LOSS_W_M2 = 30.0


class WeatherFile:
    """A CSV file with `COLUMNS` and optionally rain_mm_h, ordered by time; values are interpolated between rows.

    Before the first row and after the last their values apply. Raises SettingsError for an invalid file.
    """

    def __init__(self, path: Path) -> None:
        try:
            with path.open(newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise SettingsError(f"The weather file {path} cannot be read: {error}.") from error
        try:
            table = np.array([[float(row[name]) for name in COLUMNS] for row in rows], float)
            self._rain = np.array([float(row.get(_RAIN) or 0.0) for row in rows], float)
        except (KeyError, TypeError, ValueError) as error:
            raise SettingsError(
                f"The weather file {path} needs numbers in the columns {', '.join(COLUMNS)}; {error} is not valid."
            ) from error
        if len(table) == 0 or not np.isfinite(table).all() or not np.isfinite(self._rain).all():
            raise SettingsError(f"The weather file {path} needs at least one row, and numbers in all of them.")
        if (np.diff(table[:, 0]) <= 0).any():
            raise SettingsError(f"The weather file {path} is not ordered by time_ms.")
        self._times = table[:, 0]
        self._columns = table[:, 1:].T

    def at(self, time_ms: int) -> Outside:
        """Return the weather at `time_ms`; assumes a half clouded sky and a soil at the air's mean temperature."""
        degc, pct, sun, wind = (float(np.interp(time_ms, self._times, column)) for column in self._columns)
        pct = min(100.0, max(1.0, pct))
        vapour = vapour_kg_m3(saturation_pa(degc) * pct / 100, degc)
        return Outside(
            degc,
            pct,
            vapour,
            max(0.0, sun),
            max(0.0, wind),
            rain_mm_h=float(np.interp(time_ms, self._times, self._rain)),
            sky_loss_w_m2=_SKY_LOSS_W_M2,
            soil_degc=float(self._columns[0].mean()),
        )
