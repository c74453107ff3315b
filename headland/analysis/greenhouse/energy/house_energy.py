"""Energy of a greenhouse by local week and its cost, from what is recorded and the prices that a person entered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Final

import msgspec
import numpy as np

from headland.agronomy.climate.energy_use import KWH_A_GJ, EnergyUse, energy_by_period
from headland.agronomy.series.arrays import Values
from headland.agronomy.series.time_grid import make_periods
from headland.analysis.greenhouse.house import House, day_starts, settle_origins
from headland.analysis.greenhouse.samples import read_grid
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.i18n import CatalogText
from headland.registry.models.energy_price import EnergyKind, EnergyPrice
from headland.units_of_time import DAY_MS

_HEAT, _LAMPS, _PIPE = "heating_power_w_m2", "lamp_power_pct", "pipe_temperature_degc"
_CHANNEL: Final[dict[EnergyKind, str]] = {"heat": _HEAT, "lamps": _LAMPS}
_GROUP: Final = "energy_reasons"
_DAYS_A_WEEK: Final = 7


class EnergyReason(msgspec.Struct, frozen=True, kw_only=True):
    """What is not known, and what would make it known."""

    kind: Annotated[str, "What is not known: heat, lamps, fans, or the reason of a cost."]
    text: Annotated[str, "Sentence in English."]
    text_zh: Annotated[str, "Sentence in Chinese."]


class EnergyOfKind(msgspec.Struct, frozen=True, kw_only=True):
    """Energy of one kind in a week: of the recorded hours alone."""

    kind: Annotated[EnergyKind, "heat, or lamps: their electricity."]
    channel: Annotated[str, "Channel that it is from."]
    kwh_m2: Annotated[float, "Energy of the recorded hours per floor area."]
    kwh: Annotated[float | None, "The same of the house; null where its floor area is not told."]
    known_h: Annotated[float, "Hours in which the power is recorded."]
    coverage: Annotated[float, "Their share of the week so far, 0 to 1."]
    cost: Annotated[float | None, "Cost of that energy for the house; null with a reason."]
    currency: Annotated[str | None, "Currency of the cost."]
    reason: Annotated[EnergyReason | None, "Why there is no cost."]


class EnergyWeek(msgspec.Struct, frozen=True, kw_only=True):
    """An ISO 8601 week of local days."""

    week: Annotated[str, "Such as 2026-W48."]
    start_ms: Annotated[int, "Its start."]
    end_ms: Annotated[int, "Its end, or now."]
    items: Annotated[list[EnergyOfKind], "What is recorded; empty where nothing is."]


class EnergyOfHouse(msgspec.Struct, frozen=True, kw_only=True):
    """Energy of a greenhouse by week, the newest first, and what of it is not known."""

    greenhouse: Annotated[str, "Id that was asked for."]
    floor_area_m2: Annotated[float | None, "Floor area; null where it is not told."]
    time_zone: Annotated[str, "Time zone of the days."]
    simulated: Annotated[bool, "Whether it rests on simulated samples."]
    prices: Annotated[list[EnergyPrice], "Prices as entered, the newest first."]
    weeks: Annotated[list[EnergyWeek], "Weeks, the newest first."]
    missing: Annotated[list[EnergyReason], "What is recorded nowhere, or not enough to know its energy."]


@dataclass(frozen=True, slots=True)
class _Days:
    """Local days of a window with the energy of each kind."""

    starts_ms: list[int]
    days: list[date]
    end_ms: int
    use: dict[EnergyKind, EnergyUse]


def answer_energy(
    scope: OrgScope, house: House, prices: Sequence[EnergyPrice], lamp_power_w_m2: float | None, weeks: int
) -> EnergyOfHouse:
    """Return the energy of the last `weeks` local weeks and its cost, this one included until now."""
    days, seen, simulated = _read_days(scope, house, lamp_power_w_m2, weeks)
    ordered = sorted(prices, key=lambda price: (price.from_day, price.kind), reverse=True)
    by_week: dict[tuple[int, int], list[int]] = {}
    for index, day in enumerate(days.days):
        by_week.setdefault(day.isocalendar()[:2], []).append(index)
    answers = [
        _week(f"{year}-W{number:02d}", days, indices, ordered, house.floor_area_m2)
        for (year, number), indices in sorted(by_week.items(), reverse=True)
    ]
    return EnergyOfHouse(
        greenhouse=house.greenhouse or house.id,
        floor_area_m2=house.floor_area_m2,
        time_zone=str(house.place.time_zone),
        simulated=simulated,
        prices=ordered,
        weeks=answers,
        missing=_missing(seen, days.use),
    )


def _read_days(
    scope: OrgScope, house: House, lamp_power_w_m2: float | None, weeks: int
) -> tuple[_Days, set[str], bool]:
    now = datetime.fromtimestamp(scope.now_ms / 1000.0, house.place.time_zone)
    monday = now.date() - timedelta(days=now.weekday() + _DAYS_A_WEEK * (weeks - 1))
    first = datetime(monday.year, monday.month, monday.day, tzinfo=house.place.time_zone)
    window = Window(round(first.timestamp() * 1000), scope.now_ms)
    starts = day_starts(house.place, window)
    periods = make_periods(starts, scope.now_ms)
    settled = settle_origins(scope, house, window)
    grid = read_grid(scope, settled, (_HEAT, _LAMPS, _PIPE), periods, window)
    seen = {name.split(":")[0] for device in grid.devices for name in device.values}
    use: dict[EnergyKind, EnergyUse] = {}
    heat, lamps = grid.mean(_HEAT), grid.mean(_LAMPS)
    if heat is not None:
        use["heat"] = energy_by_period(periods, heat)
    if lamps is not None and lamp_power_w_m2 is not None:
        use["lamps"] = energy_by_period(periods, lamps / 100.0 * lamp_power_w_m2)
    zone = house.place.time_zone
    days = [datetime.fromtimestamp((start + DAY_MS // 2) / 1000.0, zone).date() for start in starts]
    return _Days(starts, days, scope.now_ms, use), seen, settled.simulated


def _week(
    name: str, days: _Days, indices: list[int], prices: Sequence[EnergyPrice], area_m2: float | None
) -> EnergyWeek:
    last = indices[-1] + 1
    items = [
        item for kind, use in days.use.items() if (item := _item(kind, use, days, indices, prices, area_m2)) is not None
    ]
    end_ms = days.starts_ms[last] if last < len(days.starts_ms) else days.end_ms
    return EnergyWeek(week=name, start_ms=days.starts_ms[indices[0]], end_ms=end_ms, items=items)


def _item(
    kind: EnergyKind,
    use: EnergyUse,
    days: _Days,
    indices: list[int],
    prices: Sequence[EnergyPrice],
    area_m2: float | None,
) -> EnergyOfKind | None:
    """Return the energy of a week and its cost; None where nothing is recorded."""
    by_day: Values = use.kwh_m2[indices]
    if not np.isfinite(by_day).any():
        return None
    known_h = use.known_h[indices]
    hours = known_h / np.where(use.coverage[indices] > 0, use.coverage[indices], np.nan)
    whole_h = float(np.nansum(np.where(np.isfinite(hours), hours, 24.0)))
    used = [(days.days[at], float(use.kwh_m2[at])) for at in indices if np.isfinite(use.kwh_m2[at])]
    cost, currency, reason = cost_of(kind, used, prices, area_m2)
    energy = float(np.nansum(by_day))
    return EnergyOfKind(
        kind=kind,
        channel=_CHANNEL[kind],
        kwh_m2=energy,
        kwh=None if area_m2 is None else energy * area_m2,
        known_h=float(known_h.sum()),
        coverage=min(1.0, float(known_h.sum()) / whole_h),
        cost=cost,
        currency=currency,
        reason=reason,
    )


def cost_of(
    kind: EnergyKind, used_kwh_m2: Sequence[tuple[date, float]], prices: Sequence[EnergyPrice], area_m2: float | None
) -> tuple[float | None, str | None, EnergyReason | None]:
    """Return what energy by day cost with its currency, or None with the reason.

    A day has the price that was entered for it or for the last day before it; no day has a later one.
    """
    own = sorted((price for price in prices if price.kind == kind), key=lambda price: price.from_day)
    if not own:
        return None, None, _reason("cost", f"no_price_{kind}")
    found = [(energy, [each for each in own if each.from_day <= day]) for day, energy in used_kwh_m2]
    without = sum(not standing for _, standing in found)
    if without:
        return None, None, _reason("cost", "no_price_yet", days=str(without), first=own[0].from_day.isoformat())
    currencies = sorted({standing[-1].currency for _, standing in found})
    if len(currencies) != 1:
        return None, None, _reason("cost", "two_currencies", names=", ".join(currencies))
    if area_m2 is None:
        return None, None, _reason("cost", "no_area")
    return sum(energy * area_m2 * kwh_price(standing[-1]) for energy, standing in found), currencies[0], None


def kwh_price(price: EnergyPrice) -> float:
    """Return the price of a kWh."""
    if price.unit == "GJ":
        return price.price / KWH_A_GJ
    return price.price if price.kwh_per_unit is None else price.price / price.kwh_per_unit


def _missing(seen: set[str], use: dict[EnergyKind, EnergyUse]) -> list[EnergyReason]:
    """Return what is not known of the house's energy. No channel of fans or pumps exists: theirs never is."""
    found = []
    if "heat" not in use:
        found.append(_reason("heat", "pipe_alone" if _PIPE in seen else "no_heating_power"))
    if "lamps" not in use:
        found.append(_reason("lamps", "lamps_without_power" if _LAMPS in seen else "no_lamp_output"))
    return [*found, _reason("fans", "no_fans")]


def _reason(kind: str, identifier: str, **values: str) -> EnergyReason:
    text = CatalogText(_GROUP, identifier, values)
    return EnergyReason(kind=kind, text=text.text("en"), text_zh=text.text("zh"))
