"""Condensation: surfaces against the dew point by grid step, margins and hours by period, and events.

Water condenses where a surface is no warmer than the air's dew point. A surface that is not measured is estimated by a
named rule. A surface is near condensation below the limit of the farm's alarm rule, measured or estimated: an estimate
is a kelvin or so off, which the hours that cannot be told say.

Leaves that are wet are often hardly colder than the dew point, by less than sensors can tell. Beside the hours at or
below a margin of 0 K are those at which the margin is surely below, and those within its uncertainty, which cannot be
told.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray

from headland.agronomy.climate.air import AIR_CHANNELS
from headland.agronomy.climate.sensor_uncertainty import (
    ASSUMED_OF_SURFACES,
    COVERAGE_FACTOR,
    ESTIMATED_K,
    SURFACE_K,
)
from headland.agronomy.series.answer import Method
from headland.agronomy.series.arrays import Mask, Times, Values
from headland.agronomy.series.indicator import Index, mean_index, need_interval, precomputed_index
from headland.agronomy.series.time_grid import STEP_MS, Periods, count_true, hours_of
from headland.units_of_time import HOUR_MS

#: The slowest interval of samples from which hours and events of condensation are told [min].
SLOWEST_MIN: Final = 30


@dataclass(frozen=True, slots=True)
class Surface:
    """A surface's temperatures by step; `estimated` names the rule where no sensor measured it.

    `measured` are the steps at which a sensor did, where it did not at all of them.
    """

    name: str
    temperature_degc: Values
    estimated: str | None = None
    measured: Mask | None = None

    @property
    def uncertain_by_step_k(self) -> Values:
        """The standard deviation of its temperature by step."""
        measured = (
            np.full(len(self.temperature_degc), self.estimated is None) if self.measured is None else self.measured
        )
        return np.where(measured, SURFACE_K, ESTIMATED_K)

    def is_estimated_in(self, periods: Periods) -> tuple[bool, ...]:
        """Return for each period whether it is estimated at any of its steps."""
        if self.measured is None:
            return (self.estimated is not None,) * len(periods)
        return tuple((count_true(periods, self.measured) < periods.lengths).tolist())

    def cut(self, part: slice) -> Surface:
        """Return some steps of it; measured where a sensor measured all of these."""
        measured = None if self.measured is None else self.measured[part]
        if measured is None or not measured.any():
            return Surface(self.name, self.temperature_degc[part], self.estimated)
        if measured.all():
            return Surface(self.name, self.temperature_degc[part])
        return Surface(self.name, self.temperature_degc[part], self.estimated, measured)

    @property
    def origin(self) -> str:
        """Whether it is measured, or by which rule it is estimated."""
        if self.estimated is None:
            return f"{self.name} measured"
        days = "" if self.measured is None else "measured, without its sensor "
        return f"{self.name} {days}estimated: {self.estimated}"


@dataclass(frozen=True, slots=True)
class WetEvent:
    """A period in which a surface was at or below the dew point."""

    start_ms: Annotated[int, "Start, epoch milliseconds UTC."]
    end_ms: Annotated[int, "End, not included, epoch milliseconds UTC."]
    hours: Annotated[float, "Number of hours."]
    surface: Annotated[str, "Surface: leaf, fruit or cover."]
    least_margin_k: Annotated[float, "Smallest margin of the surface above the dew point [K]."]


def margin_k(surfaces: list[Surface], dew_degc: Values) -> tuple[Values, NDArray[np.int64]]:
    """Return the margin of the most critical surface at each sample, and which it is (-1 where none is known)."""
    least, coldest = np.full(len(dew_degc), np.inf), np.full(len(dew_degc), -1, np.int64)
    for index, surface in enumerate(surfaces):
        margin = surface.temperature_degc - dew_degc
        colder = margin < least
        np.copyto(least, margin, where=colder)
        coldest[colder] = index
    least[coldest < 0] = np.nan
    return least, coldest


def find_wet_events(
    time_ms: Times,
    margin: Values,
    coldest: NDArray[np.int64],
    names: list[str],
    *,
    max_gap_s: float,
    below_k: float = 0.0,
) -> list[WetEvent]:
    """Return the runs of two or more samples with a margin of at most `below_k`, in time order.

    A sample is valid until the next, at most `max_gap_s`; a longer gap or an unknown margin ends an event.
    """
    wet = np.isfinite(margin) & (margin <= below_k)
    # A run continues where this sample and the next are wet and near enough to each other.
    continues = wet[:-1] & wet[1:] & (np.diff(time_ms) <= max_gap_s * 1000.0)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], continues, [False])).astype(np.int8)))
    first, last = edges[::2], edges[1::2]
    if not len(first):
        return []
    end_ms = time_ms[last]
    following = np.append(time_ms[1:], time_ms[-1:])[last]
    end_ms = np.where(last + 1 < len(time_ms), np.minimum(following, end_ms + round(max_gap_s * 1000)), end_ms)
    # The steps of all events in sequence, and where in them each event begins.
    lengths = last - first + 1
    starts = np.concatenate(([0], np.cumsum(lengths)[:-1]))
    steps = np.repeat(first - starts, lengths) + np.arange(lengths.sum())
    least = np.minimum.reduceat(margin[steps], starts)
    at_least = np.flatnonzero(margin[steps] == np.repeat(least, lengths))
    worst = steps[at_least[np.searchsorted(at_least, starts)]]
    rows = zip(time_ms[first].tolist(), end_ms.tolist(), coldest[worst].tolist(), least.tolist(), strict=True)
    return [
        WetEvent(start, end, (end - start) / HOUR_MS, names[surface], margin) for start, end, surface, margin in rows
    ]


_RULE: Final = "surface less dew point (FAO-56 eq 11 inverted), the most critical surface wins"


@dataclass(frozen=True, slots=True)
class CondensationMargin:
    """The margin of the most critical surface by step [K], which one that is, and the surfaces themselves.

    `assumed` are further inputs of estimates: channels, and declared figures. `dew_uncertainty_k` is the standard
    deviation of the dew point. `asked` are surfaces of which something must be declared first, with the reason: they
    are not among the surfaces, because a default would say wet or dry of them without knowing.
    """

    surfaces: list[Surface]
    dew_degc: Values
    margin_k: Values
    coldest: NDArray[np.int64]
    assumed: tuple[str, ...] = ()
    dew_uncertainty_k: Values | float = 0.0
    asked: Mapping[str, str] = field(default_factory=dict)

    def uncertainty_of(self, surface: Surface) -> Values:
        """Return the standard deviation of a surface's margin by step [K]."""
        return np.hypot(surface.uncertain_by_step_k, self.dew_uncertainty_k)

    def cut(self, part: slice) -> CondensationMargin:
        """Return some steps of it."""
        surfaces = [surface.cut(part) for surface in self.surfaces]
        dew_k = np.broadcast_to(self.dew_uncertainty_k, self.dew_degc.shape)[part]
        return CondensationMargin(
            surfaces, self.dew_degc[part], self.margin_k[part], self.coldest[part], self.assumed, dew_k, self.asked
        )

    @property
    def names(self) -> list[str]:
        """The surfaces' names."""
        return [surface.name for surface in self.surfaces]


def weigh_surfaces(
    surfaces: list[Surface],
    dew_degc: Values,
    assumed: tuple[str, ...] = (),
    dew_uncertainty_k: Values | float = 0.0,
    asked: Mapping[str, str] | None = None,
) -> CondensationMargin:
    """Return the margin of the most critical of the surfaces by step."""
    margins = margin_k(surfaces, dew_degc)
    return CondensationMargin(surfaces, dew_degc, *margins, assumed, dew_uncertainty_k, asked or {})


def is_wet(margin: Values, below_k: float = 0.0) -> Mask:
    """Return where a margin is at most `below_k` for two consecutive steps or more; an unknown one is not wet."""
    low = np.isfinite(margin) & (margin <= below_k)
    after, before = np.append(low[1:], False), np.insert(low[:-1], 0, False)
    return np.asarray(low & (after | before))


def is_near(margin: Values, below_k: float) -> Mask:
    """Return where a margin is below the limit of an alarm rule for two consecutive steps or more."""
    return is_wet(margin, math.nextafter(below_k, -math.inf))


def condensation_indices(periods: Periods, margin: CondensationMargin, near_k: float) -> list[Index]:
    """Return the mean margin, the hours of condensation and near it (below `near_k`), and those of each surface.

    Of each surface also the hours that are sure, and those that cannot be told; of leaves their mean margin.
    """
    origin = {s.name: s.origin for s in margin.surfaces}
    inputs = (*AIR_CHANNELS, *(f"{s.name}_temperature_degc" for s in margin.surfaces if not s.estimated))
    rule = Method(
        "condensation_margin", 1, f"{_RULE}: {'; '.join(origin.values()) or 'no surface'}; coverage from 50 % on"
    )
    known = count_true(periods, np.isfinite(margin.margin_k))
    coverage = known / periods.lengths
    indices = [mean_index("condensation_margin_k", "K", rule, inputs, periods, margin.margin_k)]
    for name, method, flags in (
        ("condensation_h", "condensation_hours", is_wet(margin.margin_k)),
        ("condensation_warning_h", "condensation_warning_hours", is_near(margin.margin_k, near_k)),
    ):
        version, bar = (1, "margin <= 0 K") if name == "condensation_h" else (2, _near_bar(near_k))
        rule = Method(
            method, version, f"hours of two steps on end or more with a {bar}; {_RULE}; coverage from 90 % on"
        )
        indices.append(
            precomputed_index(name, "h", rule, inputs, hours_of(count_true(periods, flags)), coverage, known)
        )
    means = indices[:1]
    for surface in margin.surfaces:
        if surface.name == "leaf":
            means.append(_mean_of_leaf(periods, margin, surface))
        indices += _hours_of_surface(periods, margin, surface, inputs, near_k)
    for surface_name, reason in margin.asked.items():
        indices.append(_asked_hours(periods, surface_name, reason))
    # The mean margin follows from hourly samples, the length of a condensation does not.
    indices = [*means, *need_interval(indices[1:], SLOWEST_MIN)]
    return [replace(index, assumed=(*margin.assumed, *index.assumed)) for index in indices]


def _near_bar(near_k: float) -> str:
    return f"margin < {near_k:g} K, as the rule condensation"


def _mean_of_leaf(periods: Periods, margin: CondensationMargin, leaf: Surface) -> Index:
    """Return the mean margin of leaves, which alarm rules call the condensation margin."""
    rule = Method("leaf_condensation_margin", 1, f"leaf less dew point (FAO-56 eq 11 inverted); {leaf.origin}")
    inputs = (*AIR_CHANNELS, *(() if leaf.estimated else ("leaf_temperature_degc",)))
    alone = leaf.temperature_degc - margin.dew_degc
    index = mean_index("leaf_condensation_margin_k", "K", rule, inputs, periods, alone)
    return replace(index, estimated=leaf.is_estimated_in(periods))


def _hours_of_surface(
    periods: Periods, margin: CondensationMargin, surface: Surface, inputs: tuple[str, ...], near_k: float
) -> list[Index]:
    """Return the hours of condensation on one surface: by its margin, near, surely, and those that cannot be told."""
    alone = surface.temperature_degc - margin.dew_degc
    seen = count_true(periods, np.isfinite(alone))
    within_k = COVERAGE_FACTOR * margin.uncertainty_of(surface)
    sure = is_wet(alone + within_k)
    doubtful = is_wet(alone - within_k) & ~sure
    of_one = f"of one surface: {surface.origin}"
    uncertain = f"the margin's uncertainty (GUM eq 10), {of_one}"
    rows = (
        ("", "condensation_hours", f"as condensation_h, {of_one}", is_wet(alone)),
        ("_warning", "condensation_warning_hours", f"{_near_bar(near_k)}, {of_one}", is_near(alone, near_k)),
        ("_sure", "condensation_sure_hours", f"as condensation_h, below 0 K by two times {uncertain}", sure),
        ("_doubtful", "condensation_doubtful_hours", f"as condensation_h, within two times {uncertain}", doubtful),
    )
    return [
        replace(
            precomputed_index(
                f"{surface.name}_condensation{name}_h", "h",
                Method(method, 2 if name == "_warning" else 1, rule), inputs,
                hours_of(count_true(periods, flags)), seen / periods.lengths, seen,
                assumed=ASSUMED_OF_SURFACES if name in ("_sure", "_doubtful") else (),
            ),
            estimated=surface.is_estimated_in(periods),
        )
        for name, method, rule, flags in rows
    ]  # fmt: skip


def _asked_hours(periods: Periods, surface: str, reason: str) -> Index:
    """Return the hours of condensation on a surface as not known until something is declared."""
    nothing = np.zeros(len(periods))
    method = Method("condensation_hours", 1, f"as condensation_h, of one surface: {surface}")
    index = precomputed_index(
        f"{surface}_condensation_h", "h", method, (), np.full(len(periods), np.nan), nothing,
        nothing.astype(np.int64),
    )  # fmt: skip
    return replace(index, reasons=(reason,) * len(periods))


def wet_events(periods: Periods, margin: CondensationMargin) -> list[WetEvent]:
    """Return the periods in which a surface was wet, in time order."""
    if not margin.surfaces:
        return []
    return find_wet_events(periods.time_ms, margin.margin_k, margin.coldest, margin.names, max_gap_s=STEP_MS / 1000.0)
