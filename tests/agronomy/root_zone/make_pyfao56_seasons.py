"""Maker of `pyfao56_seasons.json`: random seasons through pyfao56, which is installed beside the project for it alone.

    pip install pyfao56==1.4.3
    python -m tests.agronomy.root_zone.make_pyfao56_seasons

Weather, irrigation, crops and soils are drawn here; the figures of each day are those of pyfao56's own model.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any, Final

import numpy as np

#: The columns of pyfao56 that are kept.
COLUMNS: Final = (
    "Kcb", "h", "Kcmax", "fc", "fw", "few", "De", "Kr", "Ke", "E", "DPe", "ETc", "TAW", "Zr", "p", "RAW", "Ks", "T",
    "ETa", "DP", "Dr", "Runoff", "Dinc", "Drmax",
)  # fmt: skip
#: Every so many days the figures are kept; the sums are of all days.
EVERY: Final = 8
DAYS: Final = 150


def make_season(seed: int, *, layered: bool, runs_off: bool, tall: bool, constant: bool) -> dict[str, Any]:
    """Return the inputs of a random season and what pyfao56 makes of them."""
    fao, pandas = importlib.import_module("pyfao56"), importlib.import_module("pandas")
    draw = np.random.default_rng(seed)
    et0 = np.round(draw.gamma(9.0, 0.55, DAYS), 2)
    rain = np.round(np.where(draw.random(DAYS) < (0.06 if layered else 0.2), draw.gamma(0.8, 14.0, DAYS), 0.0), 1)
    given = np.round(np.where(draw.random(DAYS) < 0.07, draw.uniform(8.0, 45.0, DAYS), 0.0), 1)
    wind = np.round(draw.uniform(0.3, 7.5, DAYS), 2)
    humidity = np.round(draw.uniform(12.0, 90.0, DAYS), 1)
    wetted, efficiency = float(draw.choice([0.35, 0.6, 1.0])), float(draw.choice([80.0, 90.0, 100.0]))
    crop = {
        "Lini": int(draw.integers(15, 35)), "Ldev": int(draw.integers(25, 45)), "Lmid": int(draw.integers(30, 50)),
        "Lend": int(draw.integers(15, 30)), "Kcbini": 0.15, "Kcbmid": round(float(draw.uniform(0.9, 1.2)), 3),
        "Kcbend": round(float(draw.uniform(0.2, 0.8)), 3), "hini": 0.05,
        "hmax": round(float(draw.uniform(0.4, 2.2)), 2), "Zrini": 0.2,
        "Zrmax": round(float(draw.uniform(0.6, 1.6)), 2), "pbase": round(float(draw.uniform(0.3, 0.65)), 2),
    }  # fmt: skip
    bottoms = [20, 60, 200] if layered else [200]
    capacity = [round(float(each), 3) for each in draw.uniform(0.2, 0.36, len(bottoms))]
    wilting = [round(each * float(draw.uniform(0.4, 0.6)), 3) for each in capacity]
    first = [round(w + float(draw.uniform(0.3, 0.9)) * (c - w), 3) for c, w in zip(capacity, wilting, strict=True)]
    soil = {"Ze": 0.1, "REW": round(float(draw.uniform(6.0, 11.0)), 1), "CN2": int(draw.integers(60, 86))}
    parameters = fao.Parameters(**crop, **soil, thetaFC=capacity[0], thetaWP=wilting[0], theta0=first[0])
    days = [f"2021-{day:03d}" for day in range(100, 100 + DAYS)]
    weather = fao.Weather()
    weather.rfcrp, weather.z, weather.lat, weather.wndht = "T" if tall else "S", 30.0, 32.0, 2.0
    columns = ["Srad", "Tmax", "Tmin", "Vapr", "Tdew", "RHmax", "RHmin", "Wndsp", "Rain", "ETref", "MorP"]
    weather.wdata = pandas.DataFrame(np.nan, index=days, columns=columns).astype({"MorP": object})
    for name, values in (("RHmin", humidity), ("Wndsp", wind), ("Rain", rain), ("ETref", et0)):
        weather.wdata[name] = values
    irrigation = fao.Irrigation()
    for at in np.flatnonzero(given).tolist():
        irrigation.addevent(2021, 100 + at, float(given[at]), wetted, efficiency)
    profile = None
    if layered:
        profile = fao.SoilProfile()
        profile.sdata = pandas.DataFrame({"thetaFC": capacity, "thetaWP": wilting, "theta0": first}, index=bottoms)
    model = fao.Model(
        days[0], days[-1], parameters, weather, irr=irrigation, sol=profile, roff=runs_off, cons_p=constant
    )
    model.run()
    table = model.odata[list(COLUMNS)].astype(float)
    return {
        "et0_mm": et0.tolist(), "rain_mm": rain.tolist(), "given_mm": given.tolist(), "wind_m_s": wind.tolist(),
        "humidity_pct": humidity.tolist(), "wetted": wetted, "efficiency": efficiency / 100.0, "crop": crop,
        "soil": soil, "layered": layered, "runs_off": runs_off, "tall": tall, "constant": constant,
        "bottom_m": [each / 100.0 for each in bottoms], "field_capacity": capacity, "wilting_point": wilting,
        "first": first,
        # pyfao56 sums a layered soil by the millimetre of depth, up to the last whole one.
        "depth_mm": np.floor(table["Zr"] * 1000.0).astype(int).tolist() if layered else None,
        "days": {name: [round(each, 6) for each in table[name].tolist()[::EVERY]] for name in COLUMNS},
        "sums": {name: round(float(table[name].sum()), 6) for name in COLUMNS},
    }  # fmt: skip


def main() -> None:
    """Write the seasons beside this file."""
    kinds = [
        make_season(seed, layered=seed % 2 == 1, runs_off=seed in (2, 3), tall=seed == 4, constant=seed in (4, 5))
        for seed in range(6)
    ]
    text = json.dumps({"made_with": "pyfao56 1.4.3", "seasons": kinds}, separators=(",", ":")).replace("],", "],\n")
    (Path(__file__).parent / "pyfao56_seasons.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
