"""A greenhouse with its devices, crop and place: a single device, or a greenhouse of the registry with several."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from headland.agronomy.climate.air import AIR_TEMPERATURE
from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.origin import for_window
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.telemetry import find_device, read_first
from headland.analysis.inputs.window import Window
from headland.registry.models.errors import NotFound
from headland.registry.models.house_model import HouseModel
from headland.registry.models.models import Device, Greenhouse, GreenhouseZone, Site
from headland.registry.repositories.local_time import NOT_KNOWN, LocalTime, find_local_time
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.store.port import DeviceRecord
from headland.units_of_time import DAY_MS, HOUR_MS

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: The form of a registry id.
_ID: Final = re.compile("[0-9a-z]{26}")
_QUARTER_S: Final = 900
#: The most periods that a window is divided into.
MOST_PERIODS: Final = 10_000


@dataclass(frozen=True, slots=True)
class HouseLocation:
    """The place of a greenhouse; where its time zone is not known its days are those of UTC."""

    time_zone: ZoneInfo = NOT_KNOWN.zone
    time_zone_known: bool = False
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    altitude_m: float | None = None


@dataclass(frozen=True, slots=True)
class House:
    """A greenhouse: its devices with their zones, its crop and stage, and what the registry has declared about it.

    `greenhouse` is its id in the registry, None for a device that is in no greenhouse of the registry. `is_settled`:
    its records say of which origin the samples of an answer are (`settle_origins`).
    """

    id: str
    records: list[DeviceRecord]
    place: HouseLocation
    zones: dict[str, GreenhouseZone]
    crop: str = ""
    stage: str = ""
    lamp: str = ""
    cover: str = ""
    floor_area_m2: float | None = None
    volume_m3: float | None = None
    greenhouse: str | None = None
    climate_model: HouseModel | None = None
    is_settled: bool = False

    @property
    def simulated(self) -> bool:
        """Whether any of it is simulated."""
        return any(record.descriptor.simulated for record in self.records)


def find_house(scope: OrgScope, greenhouse: str, zone: str | None = None) -> House:
    """Return a greenhouse by the id of a device or of the registry; `zone` selects one zone of it by name.

    A device in no zone belongs to the registry's greenhouse of the same name, if there is one. Raises AnalysisError for
    an unknown greenhouse or a zone without devices.
    """
    repositories = None if scope.registry is None else _repositories(scope)
    house = None if repositories is None else _from_registry(scope, repositories, greenhouse)
    if house is None:
        record = find_greenhouse(scope, greenhouse)
        house = _from_device(repositories, record)
    if zone is None:
        return house
    records = [r for r in house.records if (z := house.zones.get(r.descriptor.device)) is not None and z.name == zone]
    if not records:
        names = sorted({declared.name for declared in house.zones.values()})
        sentence = f"{greenhouse} has no zone {zone} with a device; it has {', '.join(names) or 'none'}."
        raise AnalysisError("unknown-zone", "No such zone", sentence)
    selected = house.zones[records[0].descriptor.device]
    return replace(house, records=records, crop=selected.crop, stage=selected.stage)


def settle_origins(scope: OrgScope, house: House, window: Window) -> House:
    """Return a house as an answer about a window has it: of each device real samples, else simulated ones."""
    if house.is_settled:
        return house
    return replace(house, records=[for_window(scope, r, window) for r in house.records], is_settled=True)


def find_site(scope: OrgScope, site: str) -> tuple[str, HouseLocation, list[DeviceRecord]]:
    """Return a site's wire name, place and devices, by that name or its id; raises AnalysisError."""
    repositories = None if scope.registry is None else _repositories(scope)
    sites = [] if repositories is None else repositories.sites.all()
    site_record = next((record for record in sites if site in (record.id, record.name)), None)
    name = site if site_record is None else site_record.name
    records = [r for r in scope.store.devices(scope.organisation) if r.descriptor.site == name]
    if site_record is None and not records:
        raise AnalysisError("unknown-site", "No such site", f"There is no site {site}.")
    local = NOT_KNOWN if repositories is None else find_local_time(repositories)
    return name, place_of(site_record, records, local), records


def trim_to_samples(scope: OrgScope, house: House, window: Window) -> Window:
    """Return the part of a window from the first air temperature of the house; all of it where there is none.

    A house with samples in the day before is no new one: what it lacks in the window is a gap.
    """
    early = Window(window.start_ms - DAY_MS, window.end_ms)
    firsts = [read_first(scope, record, AIR_TEMPERATURE, early).time_ms for record in house.records]
    start_ms = min((int(time_ms[0]) for time_ms in firsts if len(time_ms)), default=window.start_ms)
    return Window(max(start_ms, window.start_ms), window.end_ms)


def day_starts(place: HouseLocation, window: Window) -> list[int]:
    """Return the beginnings of the local days that a window touches; the first begins at or before its start."""
    day = (_EPOCH + timedelta(milliseconds=window.start_ms)).astimezone(place.time_zone).date()
    starts: list[int] = []
    while len(starts) <= MOST_PERIODS:
        start_ms = round(datetime(day.year, day.month, day.day, tzinfo=place.time_zone).timestamp() * 1000)
        if start_ms >= window.end_ms:
            break
        starts.append(start_ms)
        day += timedelta(days=1)
    return starts


def hour_starts(place: HouseLocation, window: Window) -> list[int]:
    """Return the beginnings of the local hours that a window touches; the first begins at or before its start.

    Where clocks change by half an hour, one of them is half an hour longer or shorter.
    """
    starts = [local_hour_start(place, window.start_ms)]
    while len(starts) <= MOST_PERIODS:
        following = local_hour_start(place, starts[-1] + HOUR_MS)
        if following <= starts[-1]:
            following += HOUR_MS
        if following >= window.end_ms:
            break
        starts.append(following)
    return starts


def local_hour_start(place: HouseLocation, time_ms: int) -> int:
    """Return the start of the local hour of an instant: zones may be off UTC by half or a quarter of an hour."""
    offset = (_EPOCH + timedelta(milliseconds=time_ms)).astimezone(place.time_zone).utcoffset()
    # Local mean times, before time zones, had odd seconds, at which no sample of a grid begins.
    quarters = 0 if offset is None else round(offset.total_seconds() / _QUARTER_S)
    return time_ms - (time_ms + quarters * _QUARTER_S * 1000) % HOUR_MS


def stage_spans(scope: OrgScope, house: House, window: Window) -> list[tuple[int, str]]:
    """Return the crop stages of a window with their starts, by the registry's history of the house's first zone.

    Raises AnalysisError (no-stages) for a house without zones.
    """
    zone = next((house.zones[r.descriptor.device] for r in house.records if r.descriptor.device in house.zones), None)
    if zone is None:
        sentence = f"{house.id} has no zone in the registry, so its crop stages are not known: assign it to a zone."
        raise AnalysisError("no-stages", "No crop stages", sentence)
    repositories = scope.repositories
    entries = reversed(repositories.states_of(repositories.zones, zone.id))
    changes = [(e.time_ms, msgspec.json.decode(e.after, type=GreenhouseZone).stage) for e in entries if e.after]
    spans: list[tuple[int, str]] = [(window.start_ms, "")]
    for time_ms, stage in changes:
        if stage == spans[-1][1] or time_ms >= window.end_ms:
            continue
        if time_ms <= window.start_ms:
            spans[-1] = (window.start_ms, stage)
        else:
            spans.append((time_ms, stage))
    return spans


def _repositories(scope: OrgScope) -> OrganisationRepositories | None:
    try:
        return scope.repositories
    except (NotFound, AnalysisError):
        return None


def _from_registry(scope: OrgScope, repositories: OrganisationRepositories, greenhouse: str) -> House | None:
    if _ID.fullmatch(greenhouse) is None:
        return None
    try:
        registered: Greenhouse = repositories.greenhouses.get(greenhouse)
    except NotFound:
        return None
    zones = {zone.id: zone for zone in repositories.zones.all(greenhouse=registered.id)}
    zone_of_device = {
        d.name: zones[d.zone] for d in repositories.devices.all() if d.zone is not None and d.zone in zones
    }
    devices = scope.store.devices(scope.organisation)
    records = [r for r in devices if r.descriptor.device in zone_of_device]
    if not records:
        records = [r for r in devices if r.descriptor.device == registered.name]
        zone_of_device = {registered.name: next(iter(zones.values()))} if len(zones) == 1 else {}
    if not records:
        sentence = f"No device with samples is in a zone of {registered.name}: assign its devices to its zones."
        raise AnalysisError("empty-greenhouse", "The greenhouse has no devices", sentence)
    crops = {(zone.crop, zone.stage) for zone in zone_of_device.values()}
    crop, stage = crops.pop() if len(crops) == 1 else ("", "")
    site = repositories.sites.get(registered.site)
    place = place_of(site, records)
    if registered.latitude_deg is not None and registered.longitude_deg is not None:
        place = HouseLocation(
            place.time_zone, place.time_zone_known, registered.latitude_deg, registered.longitude_deg, place.altitude_m
        )
    return _declared(House(registered.id, records, place, zone_of_device, crop, stage), registered)


def _from_device(repositories: OrganisationRepositories | None, record: DeviceRecord) -> House:
    descriptor = record.descriptor
    site = zone = registered = None
    if repositories is not None:
        site = next(iter(repositories.sites.list(name=descriptor.site, limit=1)), None)
        device: Device | None = next(iter(repositories.devices.list(name=descriptor.device, limit=1)), None)
        if device is not None and device.zone is not None:
            zone = repositories.zones.get(device.zone)
            registered = repositories.greenhouses.get(zone.greenhouse)
        else:
            registered = next(iter(repositories.greenhouses.list(name=descriptor.device, limit=1)), None)
            zones_inside = [] if registered is None else repositories.zones.list(greenhouse=registered.id, limit=2)
            zone = zones_inside[0] if len(zones_inside) == 1 else None
    zones = {} if zone is None else {descriptor.device: zone}
    local = NOT_KNOWN if repositories is None or site is not None else find_local_time(repositories)
    crop, stage = ("", "") if zone is None else (zone.crop, zone.stage)
    house = House(descriptor.device, [record], place_of(site, [record], local), zones, crop, stage)
    return house if registered is None else _declared(house, registered)


def _declared(house: House, registered: Greenhouse) -> House:
    return replace(
        house,
        lamp=registered.lamp,
        cover=registered.cover,
        floor_area_m2=registered.floor_area_m2,
        volume_m3=registered.volume_m3,
        climate_model=registered.climate_model,
        greenhouse=registered.id,
    )


def place_of(site: Site | None, records: list[DeviceRecord], elsewhere: LocalTime = NOT_KNOWN) -> HouseLocation:
    """Return the site's place; what the site does not have is a device's. Without a site its time is `elsewhere`."""
    located = [r.descriptor for r in records if r.descriptor.latitude_deg is not None]
    latitude = located[0].latitude_deg if located else None
    longitude = located[0].longitude_deg if located else None
    altitude = located[0].altitude_m if located else None
    if site is None:
        return HouseLocation(elsewhere.zone, elsewhere.is_known, latitude, longitude, altitude)
    if site.latitude_deg is not None and site.longitude_deg is not None:
        latitude, longitude = site.latitude_deg, site.longitude_deg
    altitude = altitude if site.altitude_m is None else site.altitude_m
    return HouseLocation(ZoneInfo(site.time_zone), True, latitude, longitude, altitude)


def find_greenhouse(scope: OrgScope, greenhouse: str) -> DeviceRecord:
    """Return a device that is a greenhouse; raises AnalysisError."""
    record = find_device(scope, greenhouse)
    if record.descriptor.kind != "greenhouse":
        sentence = f"{greenhouse} is a {record.descriptor.kind}, not a greenhouse."
        raise AnalysisError("not-a-greenhouse", "No such greenhouse", sentence)
    return record
