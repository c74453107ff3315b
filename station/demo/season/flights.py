"""Flights of a played season: each block is spread by one operator and again, later or too soon, by the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.series.arrays import Times, Values
from headland.registry.models.models import Pass
from headland.store.port import Points, SeriesKey, Store, WriteBatch
from headland.units_of_time import DAY_MS, HOUR_MS
from station.demo.season.village import (
    FIRST_MS,
    GATEWAY,
    OPERATORS,
    PLANE,
    PLOT_M,
    SWATH_M,
    PlotBlock,
    Village,
    descriptor_of,
)

_SPEED_M_S: Final = 6.0
_TURN_S: Final = 5
_RATE_KG_HA: Final = 98.0
_HEIGHT_M: Final = 3.0
_FLOW_NOISE: Final = 0.03
_TRACK_NOISE_M: Final = 0.03
#: Days after the first dressing: too soon, so that ground is charged once, or as the second dressing.
_TOO_SOON_DAYS, _SECOND_DAYS = 3, 24
#: The share of a block's width that a flight too soon repeats.
_REPEATED: Final = 0.6
#: The hours after six in the morning at which a day's blocks are flown; the last is in the dark.
_HOURS: Final = (0, 2, 4, 14)


@dataclass(frozen=True, slots=True)
class SeasonFlight:
    """A flight over a block by one operator, from an instant on, over a share of the block's width."""

    block: PlotBlock
    device: str
    start_ms: int
    share: float

    @property
    def columns(self) -> int:
        """The columns of plots that it treats."""
        return max(1, round(self.block.columns * self.share))


def plan_flights(village: Village, passes: int) -> list[SeasonFlight]:
    """Return the flights: the first operator over every block, the second over as many as passes are left."""
    first, second = OPERATORS
    flights = [SeasonFlight(block, first, _start_ms(block, 0), 1.0) for block in village.blocks]
    for block in village.blocks[: passes - len(flights)]:
        too_soon = block.number % 2 == 0
        days = _TOO_SOON_DAYS if too_soon else _SECOND_DAYS
        flights.append(SeasonFlight(block, second, _start_ms(block, days), _REPEATED if too_soon else 1.0))
    return flights


def fly(store: Store, organisation: str, flight: SeasonFlight, rng: np.random.Generator) -> int:
    """Write the telemetry of a flight; return the end of it."""
    time_ms, east_m, north_m, is_on = _track(flight)
    noise = rng.normal(0.0, _TRACK_NOISE_M, (2, len(time_ms)))
    latitude, longitude = PLANE.to_degrees(east_m + noise[0], north_m + noise[1])
    flow = _RATE_KG_HA * SWATH_M * _SPEED_M_S * 60.0 / 10_000.0
    columns = {
        "latitude_deg": latitude,
        "longitude_deg": longitude,
        "relative_altitude_m": np.full(len(time_ms), _HEIGHT_M),
        "pump_on": is_on.astype(np.float64),
        "mass_flow_kg_min": np.where(is_on, flow * (1.0 + rng.normal(0.0, _FLOW_NOISE, len(time_ms))), 0.0),
    }
    keys = [SeriesKey(organisation, "home", "drone", flight.device, channel, True) for channel in columns]
    count = len(time_ms)
    store.write(
        WriteBatch(
            Points(
                keys,
                np.repeat(np.arange(len(keys), dtype=np.int32), count),
                np.tile(time_ms, len(keys)),
                np.concatenate(list(columns.values())),
                np.ones(count * len(keys), np.uint8),
            )
        )
    )
    store.describe(organisation, GATEWAY, descriptor_of(flight.device))
    return int(time_ms[-1])


def declare(village: Village, flight: SeasonFlight, end_ms: int) -> list[Pass]:
    """Return what the operator declares: the flight on each plot that it treated, with the product."""
    return [
        Pass(field=plot.id, device=flight.device, start_ms=flight.start_ms, end_ms=end_ms,
             implement=village.implements[flight.device].id, product=village.product.id, planned_rate_ha=_RATE_KG_HA)
        for number, plot in enumerate(flight.block.plots)
        if number % flight.block.columns < flight.columns
    ]  # fmt: skip


def _start_ms(block: PlotBlock, days: int) -> int:
    return FIRST_MS + (days + block.number // len(_HOURS)) * DAY_MS + _HOURS[block.number % len(_HOURS)] * HOUR_MS


def _track(flight: SeasonFlight) -> tuple[Times, Values, Values, np.ndarray]:
    """Return time [ms], east and north [m] and whether product leaves, each second."""
    block = flight.block
    length_m = block.rows * PLOT_M[1]
    lanes = round(flight.columns * PLOT_M[0] / SWATH_M)
    along_s = int(np.ceil(length_m / _SPEED_M_S))
    second = np.arange(lanes * (along_s + _TURN_S) - _TURN_S + 1)
    lane, into = second // (along_s + _TURN_S), second % (along_s + _TURN_S)
    north = np.minimum(into * _SPEED_M_S, length_m)
    east = (lane + 0.5 + np.clip(into - along_s, 0, _TURN_S) / _TURN_S) * SWATH_M
    north = np.where(lane % 2 == 0, north, length_m - north)
    is_on = (into < along_s) & (second < second[-1])
    return flight.start_ms + 1000 * second, block.west_m + east, block.south_m + north, is_on
