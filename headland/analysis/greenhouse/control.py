"""Control of a greenhouse: irrigation by radiation, compliance with set points, vent movement, uniformity."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from headland.agronomy.climate.air import AIR_CHANNELS, AIR_TEMPERATURE
from headland.agronomy.climate.irrigation import (
    drain_share,
    drain_target,
    trigger_j_cm2,
    uptake_ec_ms_cm,
    water_for_radiation,
)
from headland.agronomy.climate.setpoint_compliance import (
    actuator_travel,
    find_place_bias,
    find_recoveries,
    find_rises,
    measure_compliance,
    measure_uniformity,
)
from headland.agronomy.series.answer import Method
from headland.agronomy.series.arrays import Values
from headland.agronomy.series.indicator import SUM_BAR, Index, mean_index, need_interval, precomputed_index
from headland.agronomy.series.time_grid import STEP_MS, Periods, average, count_true, hours_of, sum_up
from headland.analysis.greenhouse.climate import ClimateQuery, HouseAnswers, build_answers, divide_window
from headland.analysis.greenhouse.house_grid import HouseGrid
from headland.analysis.greenhouse.run_in import run_in
from headland.analysis.greenhouse.samples import read_grid, read_with_run_in
from headland.contract.quantities import QUANTITIES
from headland.i18n import CatalogText

_SUN, _SUN_SUM = "global_radiation_w_m2", "radiation_sum_mj_m2"
_GIVEN, _DRAINED = "irrigation_volume_total_l", "drain_volume_total_l"
_GIVEN_EC, _DRAINED_EC = "irrigation_ec_ms_cm", "drain_ec_ms_cm"
_VENT, _HEAT, _PIPE = "vent_open_pct", "heating_power_w_m2", "pipe_temperature_degc"
_STEP_S: Final = STEP_MS / 1000.0
#: J/cm2 in a MJ/m2.
_J_CM2_A_MJ_M2: Final = 100.0
#: Channel, set point, the side on which it fails (-1 below, 1 above, 0 both) and the width of the band.
_PAIRS: Final = (
    ("air_temperature_degc", "heating_setpoint_degc", -1, 1.0),
    ("air_temperature_degc", "ventilation_setpoint_degc", 1, 1.0),
    ("co2_ppm", "co2_setpoint_ppm", 0, 100.0),
    ("humidity_deficit_g_m3", "humidity_deficit_setpoint_g_m3", 0, 1.0),
    ("pipe_temperature_degc", "pipe_setpoint_degc", 0, 5.0),
    ("screen_closed_pct", "screen_setpoint_pct", 0, 5.0),
    ("vent_open_pct", "vent_setpoint_pct", 0, 5.0),
)
#: Simultaneous heating and ventilation: a vent more open than this, and heat or a pipe warmer than the air by this.
_VENTING_PCT, _HEATING_W_M2, _PIPE_ABOVE_K = 5.0, 5.0, 10.0
#: The slowest interval of samples from which movements and response times are told [min].
_SLOWEST_RESPONSE_MIN: Final = 15
#: Climate computers report a set point when it changes: it is valid for an hour.
_VALID_STEPS: Final = 12


def answer_irrigation(query: ClimateQuery, dose_l_m2: float | None, uptake_ml_j_cm2: float) -> HouseAnswers:
    """Return by local day the radiation sum, the water uptake, and the target and measured drain."""
    periods, stages = divide_window(query)
    # A meter's rise at a day's first step is from the last one before.
    run = run_in(query.house.place, periods)
    channels = (_SUN, _SUN_SUM, _GIVEN, _DRAINED, _GIVEN_EC, _DRAINED_EC)
    grid, periods = read_with_run_in(query.scope, query.house, channels, run), run.periods
    indices: list[Index] = []
    notes: dict[str, str | CatalogText] = {}
    sun = grid.mean(_SUN)
    if sun is None:
        notes["radiation"] = CatalogText("answer_notes", "radiation_missing", {"channel": _SUN})
    else:
        indices += _by_sun(periods, sun, dose_l_m2, uptake_ml_j_cm2)
    given, drained = grid.mean(_GIVEN), grid.mean(_DRAINED)
    if given is None or drained is None:
        notes["drain"] = CatalogText("answer_notes", "drain_missing", {"given": _GIVEN, "drained": _DRAINED})
    else:
        indices += _by_meters(periods, grid, given, drained)
    return replace(build_answers(query, run.cut(grid), run.part(indices), stages), notes=notes)


def answer_compliance(query: ClimateQuery) -> HouseAnswers:
    """Return the compliance with set points, vent movement, and hours of heating with open vents."""
    periods, stages = divide_window(query)
    channels = {name for pair in _PAIRS for name in pair[:2]} | {_VENT, _HEAT, _PIPE}
    # A set point holds from before a day, and a step at its end is answered after it.
    run = run_in(query.house.place, periods)
    grid, periods = read_with_run_in(query.scope, query.house, sorted(channels), run), run.periods
    indices: list[Index] = []
    notes: dict[str, str | CatalogText] = {}
    for channel, setpoint, side, band in _PAIRS:
        value, wanted = grid.mean(channel), grid.mean(setpoint)
        if value is not None and wanted is not None:
            indices += _compliance(periods, channel, value, setpoint, _hold(wanted), side, band)
    if not indices:
        notes["setpoints"] = "No set point is reported: compliance is not known."
    vent = grid.mean(_VENT)
    if vent is not None:
        indices += _actuators(periods, vent, grid)
    return replace(build_answers(query, run.cut(grid), run.part(indices), stages), notes=notes)


def answer_uniformity(query: ClimateQuery) -> HouseAnswers:
    """Return the span and variation between the places of a house, and the bias of each place."""
    periods, stages = divide_window(query)
    quantities = (*AIR_CHANNELS, "co2_ppm", "par_umol_m2_s", "substrate_moisture_pct")
    grid = read_grid(query.scope, query.house, quantities, periods)
    indices: list[Index] = []
    notes: dict[str, str | CatalogText] = {}
    for quantity in quantities:
        places = {
            f"{device.device}/{channel}": value
            for device in grid.devices
            for channel, value in device.values.items()
            if channel.partition(":")[0] == quantity and np.isfinite(value).any()
        }
        if len(places) >= 2:
            indices += _uniformity(periods, quantity, places)
    if not indices:
        notes["places"] = "Uniformity needs a second sensor or device in the greenhouse."
    return replace(build_answers(query, grid, indices, stages), notes=notes)


def _by_sun(periods: Periods, sun: Values, dose_l_m2: float | None, uptake: float) -> list[Index]:
    known = count_true(periods, np.isfinite(sun))
    coverage = known / periods.lengths
    j_cm2 = sum_up(periods, np.maximum(sun, 0.0)) * _STEP_S / 1e6 * _J_CM2_A_MJ_M2
    targets = [drain_target(radiation) for radiation in j_cm2.tolist()]
    middle = np.array([(low + high) / 2.0 for low, high in targets])
    water = [water_for_radiation(j, share, uptake_ml_j_cm2=uptake) for j, share in zip(j_cm2, middle, strict=True)]
    rule = f"{uptake:g} ml per J/cm2 and m2 (growers' practice); coverage from 90 % on"
    aim = "share aimed at by the day's radiation (growers' practice)"
    need = f"uptake and the middle of the drain aimed at: {rule}"
    columns = [
        ("radiation_sum_j_cm2", "J/cm2", "integral of the sun outside; coverage from 90 % on", j_cm2),
        ("drain_target_low", "1", aim, np.array([t[0] for t in targets])),
        ("drain_target_high", "1", aim, np.array([t[1] for t in targets])),
        ("uptake_l_m2", "L/m2", rule, np.array([w.uptake_l_m2 for w in water])),
        ("irrigation_need_l_m2", "L/m2", need, np.array([w.irrigation_l_m2 for w in water])),
    ]
    if dose_l_m2 is not None:
        trigger = np.array([trigger_j_cm2(dose_l_m2, share, uptake_ml_j_cm2=uptake) for share in middle])
        columns.append(("trigger_j_cm2", "J/cm2", f"radiation after which {dose_l_m2:g} L/m2 are due: {rule}", trigger))
    return [
        precomputed_index(name, unit, Method(name, 1, source), (_SUN,), value, coverage, known)
        for name, unit, source, value in columns
    ]


def _by_meters(periods: Periods, grid: HouseGrid, given: Values, drained: Values) -> list[Index]:
    litres = [_rises(periods, total) for total in (given, drained)]
    known = count_true(periods, np.isfinite(given + drained))
    coverage = known / periods.lengths
    both = (_GIVEN, _DRAINED)
    meter = Method("meter_rise", 1, "rise of the meter; coverage from 90 % on")
    share = [drain_share(g, d) for g, d in zip(*litres, strict=True)]
    indices = [
        precomputed_index("irrigation_l", "L", meter, (_GIVEN,), litres[0], coverage, known),
        precomputed_index("drain_l", "L", meter, (_DRAINED,), litres[1], coverage, known),
        precomputed_index(
            "drain_share",
            "1",
            Method("drain_share", 1, "drain over irrigation, of two meters"),
            both,
            np.array([np.nan if value is None else value for value in share]),
            coverage,
            known,
        ),
    ]
    ec = [grid.mean(_GIVEN_EC), grid.mean(_DRAINED_EC)]
    for name, column in zip((_GIVEN_EC, _DRAINED_EC), ec, strict=True):
        if column is not None:
            rule = Method("average_ec", 1, "mean as measured")
            indices.append(mean_index(name, "mS/cm", rule, (name,), periods, column))
    if ec[0] is not None and ec[1] is not None:
        means = [average(periods, column) for column in ec if column is not None]
        uptake = [
            uptake_ec_ms_cm(g, i, d, o) for g, i, d, o in zip(litres[0], means[0], litres[1], means[1], strict=True)
        ]
        value = np.array([np.nan if ec is None else ec for ec in uptake])
        rule = Method("uptake_ec", 1, "what is missing in the drain, over the water that is missing")
        indices.append(
            precomputed_index("uptake_ec_ms_cm", "mS/cm", rule, (*both, _GIVEN_EC, _DRAINED_EC), value, coverage, known)
        )
    return indices


def _rises(periods: Periods, total: Values) -> Values:
    """Return by how much a total rose in each period; a meter that restarted counts from 0."""
    known = np.flatnonzero(np.isfinite(total))
    rise = np.zeros(len(total))
    steps = np.diff(total[known])
    rise[known[1:]] = np.where(steps >= 0.0, steps, total[known[1:]])
    return sum_up(periods, rise)


def _compliance(
    periods: Periods, channel: str, value: Values, setpoint: str, wanted: Values, side: int, band: float
) -> list[Index]:
    """Return the compliance of a value with a set point; one that binds on one side has no error on the other."""
    bound = value if side == 0 else np.minimum(value, wanted) if side < 0 else np.maximum(value, wanted)
    both = np.isfinite(bound + wanted)
    known = count_true(periods, both)
    rows = []
    for first, end in zip(periods.edges[:-1].tolist(), periods.edges[1:].tolist(), strict=True):
        part = measure_compliance(bound[first:end], wanted[first:end], np.full(end - first, _STEP_S), band)
        rows.append((part.in_band, part.mean_error, part.p95_error, part.error_hours, part.overshoot))
    responses = _response_times(periods, bound, wanted, band)
    unit = QUANTITIES[channel].unit
    binds = {0: "on both sides", -1: "from below", 1: "from above"}[side]
    name = setpoint.replace("_setpoint", "").rpartition("_")[0].removesuffix("_g")
    rule = f"{channel} against {setpoint}, which binds {binds}; band {band:g} {unit}; coverage from 50 % on"
    columns = np.array(rows, dtype=np.float64).T
    units = ("1", unit, unit, f"{unit} h", unit)
    names = zip(("in_band", "mean_error", "p95_error", "error_hours", "overshoot"), units, strict=True)
    share = known / periods.lengths
    times = [
        precomputed_index(
            f"{name}_{what}", of, Method(f"setpoint_{what}", 1, f"{how}; {rule}"), (channel, setpoint), column, share,
            known, 0.5,
        )
        for what, of, how, column in responses
    ]  # fmt: skip
    return need_interval(times, _SLOWEST_RESPONSE_MIN) + [
        precomputed_index(
            f"{name}_{what}",
            of,
            Method(f"setpoint_{what}", 1, rule),
            (channel, setpoint),
            column,
            share,
            known,
            0.5,
        )
        for (what, of), column in zip(names, columns, strict=True)
    ]


def _response_times(
    periods: Periods, value: Values, wanted: Values, band: float
) -> list[tuple[str, str, str, Values]]:  # fmt: skip
    """Return how soon a value reached a new set point and returned after leaving it, in the period where that began.

    NaN for a period without a step, or in which the band was never left.
    """
    rises = find_rises(value, wanted, band)
    reached = [(at, steps) for at, steps in rises if steps is not None]
    back = find_recoveries(value, wanted, band)
    unreached = np.zeros(len(periods))
    np.add.at(unreached, _period_of(periods, [at for at, steps in rises if steps is None]), 1.0)
    rise = _fold_hours(periods, reached, np.add) / np.maximum(_fold_hours(periods, reached, None), 1.0)
    return [
        ("rise_h", "h", "mean time from a step of the set point to within the band", _or_nan(periods, reached, rise)),
        (
            "unreached",
            "1",
            "steps of the set point after which the band was not reached, or is not known to be",
            unreached,
        ),
        (
            "recovery_h",
            "h",
            "longest time outside the band until back in it, of a constant set point",
            _or_nan(periods, back, _fold_hours(periods, back, np.maximum)),
        ),
    ]


def _fold_hours(periods: Periods, spans: list[tuple[int, int]], how: np.ufunc | None) -> Values:
    """Return the hours of some spans by period: their sum, or the longest; without `how` their number."""
    folded = np.zeros(len(periods))
    steps = np.array([steps for _, steps in spans], np.float64)
    hours = np.ones(len(steps)) if how is None else hours_of(steps)
    (np.add if how is None else how).at(folded, _period_of(periods, [at for at, _ in spans]), hours)
    return folded


def _or_nan(periods: Periods, spans: list[tuple[int, int]], value: Values) -> Values:
    return np.where(_fold_hours(periods, spans, None) > 0.0, value, np.nan)


def _period_of(periods: Periods, at: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.asarray(np.searchsorted(periods.edges, np.array(at, np.int64), "right") - 1, np.int64)


def _actuators(periods: Periods, vent: Values, grid: HouseGrid) -> list[Index]:
    known = count_true(periods, np.isfinite(vent))
    coverage = known / periods.lengths
    pairs = [actuator_travel(vent[a:b]) for a, b in zip(periods.edges[:-1], periods.edges[1:], strict=True)]
    indices = [
        precomputed_index(
            name, unit, Method(name, 1, f"{rule}, of five-minute means"), (_VENT,), value, coverage, known, 0.5
        )
        for name, unit, rule, value in (
            ("vent_travel_pct", "%", "summed movement", np.array([travel for travel, _ in pairs])),
            ("vent_turns", "1", "changes of direction", np.array([float(turns) for _, turns in pairs])),
        )
    ]
    indices = need_interval(indices, _SLOWEST_RESPONSE_MIN)
    heat, pipe, air = grid.mean(_HEAT), grid.mean(_PIPE), grid.mean(AIR_TEMPERATURE)
    warm = heat > _HEATING_W_M2 if heat is not None else None
    if warm is None and pipe is not None and air is not None:
        warm = pipe - air > _PIPE_ABOVE_K
    if warm is not None:
        value = hours_of(count_true(periods, warm & (vent > _VENTING_PCT)))
        rule = f"vents beyond {_VENTING_PCT:g} % while it is heated"
        channel = _HEAT if heat is not None else _PIPE
        method = Method("heat_and_vent_hours", 1, rule)
        indices.append(
            precomputed_index("heat_and_vent_h", "h", method, (_VENT, channel), value, coverage, known, SUM_BAR)
        )
    return indices


def _uniformity(periods: Periods, quantity: str, places: dict[str, Values]) -> list[Index]:
    grid = np.array(list(places.values()))
    together = np.isfinite(grid).sum(axis=0) >= 2
    known = count_true(periods, together)
    inputs = tuple(sorted({name.rpartition("/")[2] for name in places}))
    unit = QUANTITIES[quantity].unit
    masked = np.where(together, grid, np.nan)
    span = np.fmax.reduce(masked) - np.fmin.reduce(masked)
    rule = Method("span_of_places", 1, "highest less lowest place at the same time, mean of the period; from 50 % on")
    indices = [mean_index(f"{quantity}_span", unit, rule, inputs, periods, span)]
    if len(places) >= 3:
        rule = Method("place_bias", 1, "median difference of a place from the median of all places; from 50 % on")
        spans = list(zip(periods.edges[:-1].tolist(), periods.edges[1:].tolist(), strict=True))
        off = np.array([find_place_bias(periods.time_ms[a:b], grid[:, a:b]) for a, b in spans])
        share = known / periods.lengths
        indices += [
            precomputed_index(f"{quantity}_bias {name}", unit, rule, inputs, off[:, index], share, known, 0.5)
            for index, name in enumerate(places)
        ]
    if unit != "degC":
        # A relative variation needs a true zero.
        cv = []
        means = np.array([average(periods, place) for place in grid])
        for column in means.T:
            uniformity = measure_uniformity(column)
            cv.append(np.nan if uniformity is None else uniformity.cv_pct)
        rule = Method("coefficient_of_variation", 1, "of the places' means, n - 1")
        indices.append(
            precomputed_index(
                f"{quantity}_cv_pct", "%", rule, inputs, np.array(cv), known / periods.lengths, known, 0.5
            )
        )
    return indices


def _hold(setpoint: Values) -> Values:
    """Return set points, each valid for up to an hour after it was reported."""
    at = np.maximum.accumulate(np.where(np.isfinite(setpoint), np.arange(len(setpoint)), -1))
    fresh = (at >= 0) & (np.arange(len(setpoint)) - at <= _VALID_STEPS)
    return np.where(fresh, setpoint[np.maximum(at, 0)], np.nan)
