"""Fit of the house model to the tables of a real house, and the report of the days after it."""

from __future__ import annotations

import csv
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from edge.imports.table.map import open_map
from edge.imports.table.rows import match_header
from firmware_sim.greenhouse.house_file import FoundParameter, write_house
from headland.agronomy.house_model.compartment import Compartment, structure_of
from headland.agronomy.house_model.moist_air import Numbers
from headland.agronomy.house_model.structures import STRUCTURES
from headland.agronomy.house_twin.base import glasshouse
from headland.agronomy.house_twin.drive import HUMIDITY, STEP_MS, TEMPERATURE, drive_of, run, sampled
from headland.agronomy.house_twin.fit import Fitted, fit, hourly, with_parameters
from headland.agronomy.house_twin.held_out import LaterErrors, held_out
from headland.errors import SettingsError
from headland.registry.models.errors import InvalidRecord
from headland.registry.models.house_model import HeldOut, HouseModel, HouseStructure
from headland.registry.validation.records import check_climate_model
from headland.units_of_time import DAY_MS

Columns = dict[str, tuple[Numbers, Numbers]]
_UNITS: Final = {TEMPERATURE: "K", HUMIDITY: "%"}
#: Equipment that the fit's base has: a model whose data have nothing of it must not run it.
_EQUIPMENT: Final = {"pipe": "heating_max_w_m2", "screen": "screen_saving"}
_NAMES: Final = {TEMPERATURE: "temperature", HUMIDITY: "humidity"}


@dataclass(frozen=True, slots=True)
class FitTables:
    """The tables of a house with the name or path of the column map of each."""

    tables: Sequence[tuple[Path, str]]


@dataclass(frozen=True, slots=True)
class HouseFit:
    """Days and sizes of a fit; `start_day` counts whole days from the first common sample."""

    start_day: int
    fit_days: int
    later_days: int
    height_m: float | None
    cover_ratio: float | None


@dataclass(frozen=True, slots=True)
class FitOutcome:
    """Errors on the later days by channel, the parameters, the house's climate model, and the report."""

    figures: Mapping[str, LaterErrors | None]
    fitted: Sequence[Fitted]
    model: HouseModel
    report: str


def fit_house(tables: FitTables, asked: HouseFit, out: Path, model_out: Path | None = None) -> FitOutcome:
    """Fit and write the house file and the climate model, by default beside it; raises SettingsError."""
    model_out = out.with_suffix(".json") if model_out is None else model_out
    if model_out == out:
        raise SettingsError(f"House file and climate model are both {out}: give --model another name.")
    columns: Columns = {}
    for path, name in tables.tables:
        columns |= read_table(path, name)
    start_ms = _start_ms(columns) + asked.start_day * DAY_MS
    middle_ms = start_ms + asked.fit_days * DAY_MS
    end_ms = middle_ms + asked.later_days * DAY_MS
    last_ms = min(float(times[-1]) for times, _ in columns.values())
    if end_ms > last_ms + STEP_MS:
        days = (last_ms - start_ms) / DAY_MS
        raise SettingsError(
            f"The tables have {max(0.0, days):.1f} days from there on, and {asked.fit_days} to fit and "
            f"{asked.later_days} to judge were asked: give fewer, or more data."
        )
    base = glasshouse(asked.height_m, asked.cover_ratio)
    drive = drive_of(sampled(columns, start_ms, middle_ms))
    fitted = fit(base, [drive])
    house = with_parameters(base, fitted)
    # The model runs on from the fitted days, with the crop that grew in them.
    whole = drive_of(sampled(columns, start_ms, end_ms))
    course = run(structure_of([house]), whole)
    since_h = 24 * asked.fit_days
    figures = {
        TEMPERATURE: held_out(hourly(course.air_degc)[:, 0], hourly(whole.air_degc), since_h),
        HUMIDITY: held_out(hourly(course.humidity_pct)[:, 0], hourly(whole.humidity_pct), since_h),
    }
    said = [line for channel, each in figures.items() for line in _held_out_lines(channel, each)]
    found = [FoundParameter(each.parameter.name, each.value, each.low, each.high, each.shown) for each in fitted]
    write_house(out, {"height_m": base.height_m, "cover_ratio": base.cover_ratio}, found, said)
    head = f"Fitted {asked.fit_days} days; judged on the {asked.later_days} days after them, which the fit never saw:"
    model = model_of(house, drive.lacks, figures, (middle_ms, end_ms))
    _write_model(model_out, model)
    written = [
        f"Written to {out} for the simulator, and to {model_out} for the panel What if? of the greenhouse's page.",
        "Its set points are usual ones, which no fit finds: give the house's own in its parameters.",
    ]
    report = "\n".join([head, *said, "", *_parameter_lines(fitted), "", *written])
    return FitOutcome(figures, fitted, model, report)


def model_of(
    house: Compartment[float],
    lacks: Collection[str],
    figures: Mapping[str, LaterErrors | None],
    judged_ms: tuple[int, int],
) -> HouseModel:
    """Return the climate model of a fitted house, as the registry takes it; raises SettingsError where it does not.

    `lacks` is what the data have nothing of (`Drive`): the model has no such equipment. Without errors of both
    channels it is declared.
    """
    base = STRUCTURES[HouseStructure.MULTISPAN.value]
    parameters = {}
    for name in (field.name for field in fields(Compartment)):
        usual, found = getattr(base, name), getattr(house, name)
        if found != usual and not (math.isnan(found) and math.isnan(usual)):
            parameters[name] = float(found)
    parameters |= {_EQUIPMENT[name]: 0.0 for name in _EQUIPMENT if name in lacks}
    temperature, humidity = figures[TEMPERATURE], figures[HUMIDITY]
    errors = None
    if temperature is not None and humidity is not None:
        errors = HeldOut(
            start_ms=judged_ms[0],
            end_ms=judged_ms[1],
            hours=min(temperature.hours, humidity.hours),
            temperature_rmse_k=temperature.rmse,
            humidity_rmse_pct=humidity.rmse,
            temperature_yesterday_rmse_k=temperature.yesterday_rmse,
            humidity_yesterday_rmse_pct=humidity.yesterday_rmse,
        )
    model = HouseModel(structure=HouseStructure.MULTISPAN, parameters=parameters, held_out=errors)
    try:
        check_climate_model(model)
        return msgspec.json.decode(msgspec.json.encode(model), type=HouseModel)
    except (InvalidRecord, msgspec.ValidationError) as error:
        raise SettingsError(f"The fit makes no climate model: {error}.") from error


def _write_model(path: Path, model: HouseModel) -> None:
    try:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(model), indent=2) + b"\n")
    except OSError as error:
        raise SettingsError(f"The climate model {path} cannot be written: {error}.") from error


def read_table(path: Path, map_name: str) -> Columns:
    """Return the columns of a table by channel, with their times [epoch ms]; raises SettingsError with a sentence."""
    loaded = open_map(map_name, path.parent)
    times: list[int] = []
    values: dict[str, list[float]] = {column.channel: [] for column in loaded.map.column}
    try:
        with path.open(newline="", encoding=loaded.map.encoding) as file:
            lines = csv.reader(file, delimiter=loaded.map.delimiter)
            reader = match_header(loaded, [cell.removeprefix("\ufeff") for cell in next(lines, [])])
            if isinstance(reader, str):
                raise SettingsError(f"{path}: {reader}.")
            for cells in lines:
                row = reader.read(lines.line_num, cells)
                if row is None:
                    continue
                times.append(row.time_ms)
                for channel, value in row.values.items():
                    values[channel].append(math.nan if value is None else value)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(f"The table {path} cannot be read: {error}.") from error
    if not times:
        raise SettingsError(f"The table {path} has no row that the map {map_name} can read.")
    order = np.argsort(np.array(times), kind="stable")
    at = np.array(times, np.float64)[order]
    return {channel: (at, np.array(column, np.float64)[order]) for channel, column in values.items()}


def _start_ms(columns: Columns) -> int:
    """Return the first whole hour at which every table has begun."""
    first = max(float(times[0]) for times, _ in columns.values())
    return math.ceil(first / 3_600_000) * 3_600_000


def _held_out_lines(channel: str, each: LaterErrors | None) -> Iterable[str]:
    name, unit = _NAMES[channel], _UNITS[channel]
    if each is None:
        yield f"{name}: too few hours were measured to judge it"
        return
    verdict = "better than" if each.rmse < each.yesterday_rmse else "NOT better than"
    yield (
        f"{name}: error {each.rmse:.2f} {unit} (RMSE of {each.hours} hours), bias {each.bias:+.2f} {unit}, "
        f"r {each.correlation:.2f}; {verdict} yesterday at this hour ({each.yesterday_rmse:.2f} {unit})"
    )
    if not math.isnan(each.late_h):
        when = "at the same hours" if each.late_h == 0 else f"{abs(each.late_h):.0f} h {_side(each.late_h)}"
        yield f"{name}: the model's mean day runs {when}"
    if each.correlation <= 0:
        yield f"{name}: the model runs AGAINST the house; do not use it for this house"


def _side(late_h: float) -> str:
    return "late" if late_h > 0 else "early"


def _parameter_lines(fitted: Sequence[Fitted]) -> Iterable[str]:
    yield f"{'parameter':<24}{'value':>10}   range of two standard deviations"
    for each in fitted:
        shown = f"{each.low:.4g} to {each.high:.4g}" if each.shown else "the data do not show it: it stays at its prior"
        yield f"{each.parameter.name:<24}{each.value:>10.4g}   {shown}"
