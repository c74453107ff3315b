"""Forecast files in a folder of the station: nothing is asked, and no place leaves the station."""

from __future__ import annotations

from typing import Final

from headland.formats.weather.grib_forecast import NAME, OTHERS
from headland.formats.weather.provider import ForecastSource

FILES: Final = ForecastSource(
    name=NAME,
    title="Files in the station's folder",
    title_zh="本站文件夹中的预报文件",
    attribution=OTHERS,
    # Models run every six or twelve hours, and their files arrive some hours later.
    old_after_s=18 * 3600.0,
)
