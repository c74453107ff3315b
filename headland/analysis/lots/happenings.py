"""Happenings of a harvest's growth: passes, treatments, alarms, climate and irrigation weeks, with their evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal

import numpy as np

from headland.agronomy.climate.air import AIR_TEMPERATURE
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.passes.detection import list_passes
from headland.analysis.plant_protection.growing_place import GrowingPlace, devices_of, find_place, grown_from_ms
from headland.registry.models.lots import Harvest
from headland.registry.models.models import Device
from headland.registry.models.plant_protection import EvidenceClass
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.store.port import Buckets, SeriesFilter
from headland.units_of_time import DAY_MS

HappeningKind = Literal["pass", "treatment", "alarm", "climate_week", "irrigation_week"]
_WEEK_MS: Final = 7 * DAY_MS
_HUMIDITY: Final = "relative_humidity_pct"
_WATER: Final = "irrigation_volume_total_l"
#: Alarms of one subject that are looked through.
_MOST_ALARMS: Final = 1000
_ALARM_PAGE: Final = 250


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened to a crop in [start_ms, end_ms): `kind` and `id` name it, `figures` are its numbers.

    `what` is a name for people: a vehicle, the products, a rule, a week; `device` is what measured it.
    """

    kind: HappeningKind
    id: str
    harvest: Annotated[str, "Id of the harvest to whose crop it happened."]
    start_ms: int
    end_ms: int
    evidence: EvidenceClass
    what: Annotated[str, "Name for people: of a vehicle, the products, a rule or a week."]
    device: Annotated[str | None, "Id of the device that measured it; null where none did."] = None
    figures: Mapping[str, float | None] = field(default_factory=dict)


def happenings_of(scope: OrgScope, harvest: Harvest) -> list[Happening]:
    """Return everything that happened to a harvest's crop from the beginning of its growth, in time order."""
    repositories = scope.repositories
    place = find_place(repositories, harvest.field, harvest.zone)
    window = Window(grown_from_ms(repositories, harvest), harvest.time_ms + 1)
    found = [
        *_passes(scope, place, window, harvest.id),
        *_treatments(repositories, place, window, harvest.id),
        *_of_devices(scope, repositories, place, window, harvest.id),
    ]
    return sorted(found, key=lambda each: (each.start_ms, each.kind, each.id))


def rests_on_simulation(
    scope: OrgScope, repositories: OrganisationRepositories, place: GrowingPlace, from_ms: int, until_ms: int
) -> bool:
    """Tell whether anything that a harvest of a place rests on is simulated."""
    if any(device.simulated for device in devices_of(repositories, place)):
        return True
    window = Window(from_ms, until_ms + 1)
    found = [*_passes(scope, place, window, ""), *_treatments(repositories, place, window, "")]
    return any(each.evidence is EvidenceClass.SIMULATED for each in found)


def _passes(scope: OrgScope, place: GrowingPlace, window: Window, harvest: str) -> Iterator[Happening]:
    if place.field is None:
        return
    for each in list_passes(scope, place.field.id, window):
        if each.simulated:
            evidence = EvidenceClass.SIMULATED
        else:
            evidence = EvidenceClass.DECLARED if each.telemetry is None else EvidenceClass.MEASURED
        yield Happening("pass", each.id, harvest, each.start_ms, each.end_ms, evidence, each.device, each.device)


def _treatments(
    repositories: OrganisationRepositories, place: GrowingPlace, window: Window, harvest: str
) -> Iterator[Happening]:
    treatments = repositories.treatments.list(
        field=None if place.field is None else place.field.id,
        zone=None if place.zone is None else place.zone.id,
        from_ms=window.start_ms,
    )
    for each in treatments:
        if each.start_ms >= window.end_ms:
            continue
        products = [repositories.plant_protection.get(part.product, also_deleted=True) for part in each.mix]
        what = " + ".join(product.name for product in products)
        yield Happening("treatment", each.id, harvest, each.start_ms, each.end_ms, each.evidence, what)


def _of_devices(
    scope: OrgScope, repositories: OrganisationRepositories, place: GrowingPlace, window: Window, harvest: str
) -> Iterator[Happening]:
    devices = devices_of(repositories, place)
    subjects = [*(device.name for device in devices), place.id]
    for subject in subjects:
        yield from _alarms(repositories, subject, window, harvest)
    if place.zone is not None:
        for device in devices:
            yield from _weeks(scope, place, device, window, harvest)


def _alarms(repositories: OrganisationRepositories, subject: str, window: Window, harvest: str) -> Iterator[Happening]:
    before: tuple[int, str] | None = (window.end_ms, "")
    for _ in range(_MOST_ALARMS // _ALARM_PAGE):
        page = repositories.alarms.newest(before=before, limit=_ALARM_PAGE, subject=subject)
        for alarm in page:
            ended_ms = window.end_ms if alarm.ended_ms is None else alarm.ended_ms
            if ended_ms <= window.start_ms:
                continue
            evidence = EvidenceClass.SIMULATED if alarm.simulated else EvidenceClass.MEASURED
            figures = {"value": alarm.value, "threshold": alarm.threshold}
            yield Happening(
                "alarm", alarm.id, harvest, alarm.raised_ms, ended_ms, evidence, alarm.rule, subject, figures
            )
        if len(page) < _ALARM_PAGE:
            return
        before = page[-1].raised_ms, page[-1].id


def _weeks(scope: OrgScope, place: GrowingPlace, device: Device, window: Window, harvest: str) -> Iterator[Happening]:
    """Yield the climate and the irrigation of each local week, seven days from a Monday on."""
    monday = place.day_of(window.start_ms) - timedelta(days=place.day_of(window.start_ms).weekday())
    first_ms = round(datetime(monday.year, monday.month, monday.day, tzinfo=place.time_zone).timestamp() * 1000)
    which = SeriesFilter(scope.organisation, device.name, frozenset((AIR_TEMPERATURE, _HUMIDITY, _WATER)))
    by_channel: dict[tuple[str, bool], Buckets] = {}
    for buckets in scope.store.buckets(which, first_ms, window.end_ms, _WEEK_MS):
        by_channel[buckets.key.channel, buckets.key.simulated] = buckets
    for simulated in (False, True):
        evidence = EvidenceClass.SIMULATED if simulated else EvidenceClass.MEASURED
        air, humid = by_channel.get((AIR_TEMPERATURE, simulated)), by_channel.get((_HUMIDITY, simulated))
        if air is not None:
            yield from _climate_weeks(device, harvest, window, evidence, air, humid)
        if (water := by_channel.get((_WATER, simulated))) is not None:
            yield from _irrigation_weeks(device, harvest, window, evidence, water)


def _climate_weeks(
    device: Device, harvest: str, window: Window, evidence: EvidenceClass, air: Buckets, humid: Buckets | None
) -> Iterator[Happening]:
    humidity = {} if humid is None else dict(zip(humid.start_ms.tolist(), humid.mean.tolist(), strict=True))
    for index, start_ms in enumerate(air.start_ms.tolist()):
        figures = {
            "air_temperature_mean_degc": _known(air.mean[index]),
            "air_temperature_low_degc": _known(air.low[index]),
            "air_temperature_high_degc": _known(air.high[index]),
            "relative_humidity_mean_pct": humidity.get(start_ms),
            "samples": float(air.count[index]),
        }
        end_ms = min(start_ms + _WEEK_MS, window.end_ms)
        id_ = f"{device.name}~{start_ms}"
        yield Happening(
            "climate_week", id_, harvest, start_ms, end_ms, evidence, _week_name(start_ms), device.name, figures
        )


def _irrigation_weeks(
    device: Device, harvest: str, window: Window, evidence: EvidenceClass, water: Buckets
) -> Iterator[Happening]:
    """Yield the water of each week: the rise of its total, unknown for the first week and where the total fell."""
    previous: float | None = None
    for index, start_ms in enumerate(water.start_ms.tolist()):
        last = float(water.last[index])
        given = None if previous is None or last < previous else last - previous
        previous = last
        end_ms = min(start_ms + _WEEK_MS, window.end_ms)
        id_ = f"{device.name}~water~{start_ms}"
        yield Happening(
            "irrigation_week", id_, harvest, start_ms, end_ms, evidence, _week_name(start_ms), device.name,
            {"water_l": given},
        )  # fmt: skip


def _week_name(start_ms: int) -> str:
    # Three days on it is the same week in every time zone.
    year, week, _ = datetime.fromtimestamp((start_ms + 3 * DAY_MS) / 1000.0, UTC).isocalendar()
    return f"{year}-W{week:02d}"


def _known(value: np.float64) -> float | None:
    return float(value) if np.isfinite(value) else None
