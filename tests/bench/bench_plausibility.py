"""Misuses planted in real series of greenhouses and of a weather station: how many are named with the right cause.

    python -m tests.bench.bench_plausibility --data FOLDER --station FOLDER

`--data` is a copy of the public data of the Autonomous Greenhouse Challenges (github.com/CEAOD/Data), `--station` has
`FALN_Agrimet_hourly_raw_2015.csv` (github.com/WSWUP/RefET, tests/data). Each misuse is planted in two windows of every
house and of the station: `windows_d` says how long they are. Counted are the windows in which the cause is right, those
in which another one is told (`other`), and the real windows and samples that are named at all: all samples of all
houses, in windows of two and of ten days. The layer was developed on the lettuce's `Reference` and its weather: that
house is not here, and of its weather only what the other lettuce houses are judged with.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from headland.agronomy.climate.psychrometrics import saturation_vapour_pressure_kpa
from headland.agronomy.plausibility.judgement import judge_samples
from headland.agronomy.plausibility.sun_course import SunPlace
from tests.bench.bench_forecast import CUCUMBER, LETTUCE, excel_hour, meteo_hours, read_rows, stamp_hour

Floats = NDArray[np.float64]
Samples = dict[str, tuple[NDArray[np.int64], Floats]]

DAY_MS, HOUR_MS = 86_400_000, 3_600_000
TWO_DAYS, TEN_DAYS = 2, 10
AIR, HUMIDITY, CO2, PAR = "air_temperature_degc", "relative_humidity_pct", "co2_ppm", "par_umol_m2_s"
SUN, SKY_PAR = "global_radiation_w_m2", "outside_par_umol_m2_s"
OUTSIDE, OUTSIDE_RH, WIND = "outside_temperature_degc", "outside_humidity_pct", "wind_speed_m_s"
#: The stamps of compartments and station are local time with summer time: the layer named them as standard time.
DUTCH, ARIZONA, NEVADA = ZoneInfo("Europe/Amsterdam"), ZoneInfo("Etc/GMT+7"), ZoneInfo("America/Los_Angeles")
BLEISWIJK: Final = SunPlace(52.03, 4.53, 0.0, 1.0)
LETTUCE_AUTUMN: Final = Path("GH_Lettuce/Koidra.AGC2022.2")
WEATHER: Final = {SUN: "Iglob", SKY_PAR: "PARout", OUTSIDE: "Tout", OUTSIDE_RH: "Rhout", WIND: "Windsp"}


@dataclass(frozen=True)
class Series:
    """A house or a station: its samples, its true place, and whether it is behind a cover."""

    name: str
    samples: Samples
    place: SunPlace
    indoors: bool

    def window(self, start_ms: int, days: float) -> Samples:
        """Return the samples of some days."""
        end_ms = start_ms + int(days * DAY_MS)
        parts = {name: (t, v, (t >= start_ms) & (t < end_ms)) for name, (t, v) in self.samples.items()}
        return {name: (t[inside], v[inside]) for name, (t, v, inside) in parts.items() if inside.any()}

    def starts(self, days: float) -> list[int]:
        """Return the starts of the windows of some days."""
        first = min(int(t[0]) for t, _ in self.samples.values())
        last = max(int(t[-1]) for t, _ in self.samples.values())
        return list(range(first, last - int(days * DAY_MS) + 1, int(days * DAY_MS)))


@dataclass(frozen=True)
class Misuse:
    """A misuse: the channels it needs, what it does to samples and place, and the causes that are right."""

    name: str
    needs: tuple[str, ...]
    plant: Callable[[Samples, SunPlace], tuple[Samples, SunPlace]]
    causes: frozenset[str]
    days: float = TEN_DAYS


def scaled(*changes: tuple[str, float, float]) -> Callable[[Samples, SunPlace], tuple[Samples, SunPlace]]:
    """Return a misuse that reports channels times a factor plus an offset."""

    def plant(samples: Samples, place: SunPlace) -> tuple[Samples, SunPlace]:
        changed = {name: (samples[name][0], samples[name][1] * gain + offset) for name, gain, offset in changes}
        return {**samples, **changed}, place

    return plant


def exchanged(first: str, second: str) -> Callable[[Samples, SunPlace], tuple[Samples, SunPlace]]:
    """Return a misuse that exchanges two channels."""
    return lambda samples, place: ({**samples, first: samples[second], second: samples[first]}, place)


def placed(change: Callable[[SunPlace], SunPlace]) -> Callable[[Samples, SunPlace], tuple[Samples, SunPlace]]:
    """Return a misuse of the site's place."""
    return lambda samples, place: (samples, change(place))


def stamped(hours: Callable[[SunPlace], float]) -> Callable[[Samples, SunPlace], tuple[Samples, SunPlace]]:
    """Return a misuse of the stamps, which are some hours fast."""
    return lambda samples, place: (
        {name: (t + round(hours(place) * HOUR_MS), v) for name, (t, v) in samples.items()},
        place,
    )


def per_interval(channel: str, unit_s: float) -> Callable[[Samples, SunPlace], tuple[Samples, SunPlace]]:
    """Return a misuse that reports an amount of the interval between samples."""

    def plant(samples: Samples, place: SunPlace) -> tuple[Samples, SunPlace]:
        t, v = samples[channel]
        return {**samples, channel: (t, v * unit_s * float(np.median(np.diff(t))) / 1000.0)}, place

    return plant


def one(*causes: str) -> frozenset[str]:
    return frozenset(causes)


_CLOCK: Final = one("stamps_zone", "stamps_clock")
HOUSE_MISUSES: Final = (
    Misuse(
        "longitude sign", (SUN,), placed(lambda p: replace(p, longitude_deg=-p.longitude_deg)), one("longitude_sign")
    ),
    Misuse("latitude sign", (SUN,), placed(lambda p: replace(p, latitude_deg=-p.latitude_deg)), one("latitude_sign")),
    Misuse(
        "place exchanged",
        (SUN,),
        placed(lambda p: replace(p, latitude_deg=p.longitude_deg, longitude_deg=p.latitude_deg)),
        one("place_swapped"),
    ),
    Misuse("stamps in local time", (SUN,), stamped(lambda p: p.utc_offset_h or 0.0), _CLOCK),
    Misuse("stamps 5 h slow", (SUN,), stamped(lambda _: -5.0), _CLOCK),
    Misuse("zone of China", (SUN,), stamped(lambda _: 8.0), _CLOCK),
    Misuse("Fahrenheit", (AIR, HUMIDITY), scaled((AIR, 1.8, 32.0)), one("unit_fahrenheit"), TWO_DAYS),
    Misuse(
        "Fahrenheit, 12 K cooler", (AIR, HUMIDITY), scaled((AIR, 1.8, 32.0 - 21.6)), one("unit_fahrenheit"), TWO_DAYS
    ),
    Misuse("kelvin", (AIR,), scaled((AIR, 1.0, 273.15)), one("unit_kelvin"), TWO_DAYS),
    Misuse("tenths of a degree", (AIR,), scaled((AIR, 10.0, 0.0)), one("unit_tenths"), TWO_DAYS),
    Misuse("humidity as a share", (HUMIDITY,), scaled((HUMIDITY, 0.01, 0.0)), one("unit_fraction"), TWO_DAYS),
    Misuse("air and humidity exchanged", (AIR, HUMIDITY), exchanged(AIR, HUMIDITY), one("channels_swapped"), TWO_DAYS),
    Misuse("Fahrenheit outside", (OUTSIDE, OUTSIDE_RH), scaled((OUTSIDE, 1.8, 32.0)), one("unit_fahrenheit")),
    Misuse("CO2 in per cent", (CO2,), scaled((CO2, 1e-4, 0.0)), one("unit_percent"), TWO_DAYS),
    Misuse("radiation in umol", (SUN,), scaled((SUN, 2.02, 0.0)), one("unit_umol")),
    Misuse("radiation in lux", (SUN,), scaled((SUN, 110.0, 0.0)), one("unit_lux"), TWO_DAYS),
    Misuse("radiation in J/cm2", (SUN,), per_interval(SUN, 1e-4), one("unit_j_cm2")),
    Misuse("photons outside in W", (SKY_PAR, SUN), scaled((SKY_PAR, 1.0 / 2.02, 0.0)), one("unit_w_m2")),
    Misuse("photons inside in lux", (PAR, SUN), scaled((PAR, 54.0, 0.0)), one("unit_lux", "unit_tenths")),
    Misuse("photons inside in klx", (PAR, SUN), scaled((PAR, 0.054, 0.0)), one("unit_klx")),
    Misuse("photons and radiation exchanged", (SKY_PAR, SUN), exchanged(SKY_PAR, SUN), one("channels_swapped")),
    Misuse("light inside and outside exchanged", (PAR, SKY_PAR), exchanged(PAR, SKY_PAR), one("channels_swapped")),
)
STATION_MISUSES: Final = (
    *(each for each in HOUSE_MISUSES if each.needs == (SUN,) or AIR in each.needs or HUMIDITY in each.needs),
    Misuse("radiation in ly", (SUN,), per_interval(SUN, 1.0 / 41_840.0), one("unit_langley")),
    Misuse("radiation ten times", (SUN,), scaled((SUN, 10.0, 0.0)), one("unit_tenths")),
)


def numbers(rows: list[dict[str, str]], name: str) -> Floats:
    """Return a column as numbers, NaN where it has none."""
    return np.array([_number(row.get(name, "")) for row in rows])


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return float("nan")


def series_of(columns: Mapping[str, Floats], hours: Floats, zone: tzinfo, kept: Samples | None = None) -> Samples:
    """Return columns with stamps in UTC, from hours of local time since 1970, in order and each once."""
    local = [datetime.fromtimestamp(hour * 3600.0, UTC).replace(tzinfo=zone) for hour in hours.tolist()]
    time_ms = np.array([round(each.timestamp() * 1000.0) for each in local], np.int64)
    order = np.unique(time_ms, return_index=True)[1]
    return {**(kept or {}), **{name: (time_ms[order], value[order]) for name, value in columns.items()}}


def lettuce_houses(data: Path) -> Iterator[Series]:
    """Yield the winter's compartments of lettuce, but for the one that the layer was developed on."""
    sky = read_rows(data / LETTUCE / "weather.csv")
    hours = np.array([stamp_hour(row["Date"]) for row in sky])
    weather = series_of({name: numbers(sky, column) for name, column in WEATHER.items()}, hours, DUTCH)
    for name in ("CVA", "DigitalCucumbers", "Koala", "MondayLettuce", "VeggieMight"):
        rows = read_rows(data / LETTUCE / name / "GreenhouseClimate.csv")
        hours = np.array([stamp_hour(row["Date"]) for row in rows])
        inside = {AIR: "Tair", HUMIDITY: "Rhair", CO2: "CO2air", PAR: "PARin"}
        own = {channel: numbers(rows, column) for channel, column in inside.items()}
        yield Series(f"lettuce {name}", series_of(own, hours, DUTCH, weather), BLEISWIJK, indoors=True)


def cucumber_houses(data: Path) -> Iterator[Series]:
    """Yield the autumn's compartments of cucumber."""
    sky = read_rows(data / CUCUMBER / "meteo.csv")
    weather = series_of(
        {name: numbers(sky, column) for name, column in WEATHER.items()}, np.array(list(meteo_hours(sky))), DUTCH
    )
    for name in ("AiCU", "Croperators", "Reference(Growers)", "Sonoma", "deep_greens", "iGrow"):
        rows = read_rows(data / CUCUMBER / name / "Greenhouse_climate.csv")
        hours = np.array([excel_hour(row["GHtime"]) for row in rows])
        own = {AIR: numbers(rows, "Tair"), HUMIDITY: numbers(rows, "RHair"), CO2: numbers(rows, "CO2air")}
        yield Series(f"cucumber {name}", series_of(own, hours, DUTCH, weather), BLEISWIJK, indoors=True)


def summer_houses(data: Path) -> Iterator[Series]:
    """Yield the compartments of lettuce of the summer, every quarter of an hour."""
    sky = read_rows(data / LETTUCE_AUTUMN / "weather.csv")
    names = {SUN: "rad_Out", SKY_PAR: "par_Out", OUTSIDE: "T_Out", OUTSIDE_RH: "rh_Out"}
    weather = series_of({name: numbers(sky, column) for name, column in names.items()}, moments(sky), DUTCH)
    for name in ("CVA", "DigitalCucumbers", "MondayLettuce", "Reference", "VeggieMight"):
        rows = read_rows(data / LETTUCE_AUTUMN / name / "climate_data.csv")
        inside = {AIR: "T_Air", HUMIDITY: "rh_Air", CO2: "co2_Air", PAR: "par"}
        own = {channel: numbers(rows, column) for channel, column in inside.items()}
        yield Series(f"summer lettuce {name}", series_of(own, moments(rows), DUTCH, weather), BLEISWIJK, indoors=True)


def moments(rows: list[dict[str, str]]) -> Floats:
    """Return the hours since 1970 of stamps such as 2022-05-02 13:15:00."""
    return np.array([datetime.fromisoformat(row["timestamp"]).replace(tzinfo=UTC).timestamp() / 3600.0 for row in rows])


def arizona_house(data: Path) -> Iterator[Series]:
    """Yield a cooled house of tomato in Tucson, with the air outside."""
    folder = data / "GH_Tomato/UAzAbenDataKubota"
    rows = [row for row in read_rows(folder / "Air.csv") if ":" in row["TIMESTAMP"]]
    hours = np.array(
        [datetime.strptime(row["TIMESTAMP"], "%m/%d/%y %H:%M").replace(tzinfo=UTC).timestamp() / 3600.0 for row in rows]
    )
    inside = {
        AIR: "GH A Air Temp",
        HUMIDITY: "GH A RH",
        OUTSIDE: "Weatherstation Temp",
        OUTSIDE_RH: "Weatherstation RH",
    }
    own = {channel: numbers(rows, column) for channel, column in inside.items()}
    yield Series("tomato Arizona", series_of(own, hours, ARIZONA), SunPlace(32.28, -110.94, 713.0, -7.0), indoors=True)


def fallon(folder: Path) -> Iterator[Series]:
    """Yield a year of an hourly weather station in Nevada."""
    with (folder / "FALN_Agrimet_hourly_raw_2015.csv").open() as file:
        rows = list(csv.DictReader(file))
    hours = np.array(
        [
            datetime(int(row["YEAR"]), int(row["MONTH"]), int(row["DAY"]), int(row["HOUR"]), tzinfo=UTC).timestamp()
            / 3600.0
            for row in rows
        ]
    )
    air, dew = ((numbers(rows, name) - 32.0) / 1.8 for name in ("OB", "TP"))
    humidity = np.minimum(100.0 * saturation_vapour_pressure_kpa(dew) / saturation_vapour_pressure_kpa(air), 100.0)
    columns = {
        AIR: air, HUMIDITY: humidity, WIND: numbers(rows, "WS") * 0.44704, SUN: numbers(rows, "SI") * 41_840.0 / 3600.0,
    }  # fmt: skip
    place = SunPlace(39.4575, -118.77388, 1208.5, -8.0)
    yield Series("station Fallon", series_of(columns, hours, NEVADA), place, indoors=False)


def judge(series: Series, misuses: tuple[Misuse, ...], told: Counter[str], missed: list[str]) -> None:
    """Plant misuses in two windows of a series each, and count what is told."""
    for misuse in misuses:
        starts = series.starts(misuse.days)
        for start_ms in {starts[len(starts) // 4], starts[3 * len(starts) // 4]}:
            window = series.window(start_ms, misuse.days)
            if any(name not in window or np.isfinite(window[name][1]).mean() < 0.8 for name in misuse.needs):
                continue
            samples, place = misuse.plant(window, series.place)
            causes = {each.cause for each in judge_samples(samples, place, indoors=series.indoors).values()}
            told["planted"] += 1
            is_right = bool(causes & misuse.causes)
            told["right"] += is_right
            told["other"] += bool(causes - misuse.causes)
            if not is_right or causes - misuse.causes:
                missed.append(f"{series.name}, {misuse.name}: {', '.join(sorted(map(str, causes))) or 'nothing'}")


def count_real(series: Series, told: Counter[str], named: list[str]) -> None:
    """Count the real samples of a series, and those that are named in windows of two and ten days."""
    told["samples"] += sum(int(np.isfinite(v).sum()) for _, v in series.samples.values())
    told["rows"] += max(len(t) for t, _ in series.samples.values())
    for days in (TWO_DAYS, TEN_DAYS):
        for start_ms in series.starts(days):
            told["real_windows"] += 1
            for finding in judge_samples(series.window(start_ms, days), series.place, indoors=series.indoors).values():
                told["named"] += finding.n
                named.append(f"{series.name}, {days} d: {finding.channel} {finding.cause} {dict(finding.facts)}")


def measure(data: Path, station: Path | None) -> tuple[Counter[str], list[str], list[str]]:
    """Return the counts, what was not named rightly, and the real samples that were named."""
    told, missed, named = Counter[str](), list[str](), list[str]()
    houses = [*lettuce_houses(data), *cucumber_houses(data), *summer_houses(data), *arizona_house(data)]
    for series in houses:
        judge(series, HOUSE_MISUSES, told, missed)
        count_real(series, told, named)
        print(series.name, dict(told), file=sys.stderr, flush=True)
    for series in [] if station is None else fallon(station):
        judge(series, STATION_MISUSES, told, missed)
        count_real(series, told, named)
    return told, missed, named


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--station", type=Path)
    options = parser.parse_args()
    told, missed, named = measure(options.data, options.station)
    figures = {
        **told,
        "right_share": round(told["right"] / max(told["planted"], 1), 3),
        "windows_d": [TWO_DAYS, TEN_DAYS],
    }
    if not options.json:
        print("\n".join(["not named rightly:", *missed, "real, but named:", *named]))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
