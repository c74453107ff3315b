"""Which devices, crop and place a greenhouse is: a device by its id, or a house of the registry with many of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from headland.agronomy.climate.air import AIR_TEMPERATURE
from headland.analysis.errors import AnalysisError
from headland.analysis.registry_access import repositories_of
from headland.analysis.scope import OrgScope
from headland.analysis.telemetry import find_device, read_first
from headland.analysis.window import Window
from headland.registry.models.errors import NotFound
from headland.registry.models.models import Device, Greenhouse, GreenhouseZone, Site
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.store.port import DeviceRecord
from headland.units_of_time import HOUR_MS

_NO_ZONE: Final = ZoneInfo("UTC")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: What the registry calls its records.
_ID: Final = re.compile("[0-9a-z]{26}")
#: A window is cut into no more days than this, whatever it spans.
MOST_PERIODS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a house stands. Without a site in the registry its days are those of UTC, and `time_zone_known` says so."""

    time_zone: ZoneInfo = _NO_ZONE
    time_zone_known: bool = False
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    altitude_m: float | None = None


@dataclass(frozen=True, slots=True)
class House:
    """A greenhouse to ask about: its devices, each in its zone, the crop there, and what is declared of the house.

    `greenhouse` is the registry's id of it, None where the registry does not know it.
    """

    id: str
    records: list[DeviceRecord]
    place: Place
    zones: dict[str, GreenhouseZone]
    crop: str = ""
    stage: str = ""
    lamp: str = ""
    cover: str = ""
    floor_area_m2: float | None = None
    volume_m3: float | None = None
    greenhouse: str | None = None

    @property
    def simulated(self) -> bool:
        """Whether any of it is simulated."""
        return any(record.descriptor.simulated for record in self.records)


def find_house(scope: OrgScope, greenhouse: str, zone: str | None = None) -> House:
    """Return a greenhouse by the id of a device or of the registry; `zone` takes one zone of it by name.

    A device that nobody put into a zone is the greenhouse of the registry that is called like it, if there is one.
    Raises AnalysisError for an unknown one, or a zone without devices.
    """
    repositories = None if scope.registry is None else _repositories(scope)
    house = None if repositories is None else _registered(scope, repositories, greenhouse)
    if house is None:
        record = find_greenhouse(scope, greenhouse)
        house = _of_device(repositories, record)
    if zone is None:
        return house
    records = [r for r in house.records if (z := house.zones.get(r.descriptor.device)) is not None and z.name == zone]
    if not records:
        names = sorted({each.name for each in house.zones.values()})
        sentence = f"{greenhouse} has no zone {zone} with a device; it has {', '.join(names) or 'none'}."
        raise AnalysisError("unknown-zone", "No such zone", sentence)
    of = house.zones[records[0].descriptor.device]
    return replace(house, records=records, crop=of.crop, stage=of.stage)


def find_site(scope: OrgScope, site: str) -> tuple[str, Place, list[DeviceRecord]]:
    """Return a site's wire name, place and devices, by that name or its id; raises AnalysisError."""
    repositories = None if scope.registry is None else _repositories(scope)
    kept = None if repositories is None else next((s for s in repositories.sites.all() if site in (s.id, s.name)), None)
    name = site if kept is None else kept.name
    records = [r for r in scope.store.devices(scope.organisation) if r.descriptor.site == name]
    if kept is None and not records:
        raise AnalysisError("unknown-site", "No such site", f"There is no site {site}.")
    return name, _place(kept, records), records


def begin_with_samples(scope: OrgScope, house: House, window: Window) -> Window:
    """Return the part of a window from the first air temperature of the house; all of it where there is none."""
    firsts = [read_first(scope, record, AIR_TEMPERATURE, window).time_ms for record in house.records]
    start_ms = min((int(time_ms[0]) for time_ms in firsts if len(time_ms)), default=window.start_ms)
    return Window(start_ms, window.end_ms)


def cut_days(place: Place, window: Window) -> list[int]:
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


def cut_hours(place: Place, window: Window) -> list[int]:
    """Return the beginnings of the local hours that a window touches; the first begins at or before its start.

    Where clocks change by half an hour, one of them is half an hour longer or shorter.
    """
    starts = [begin_hour(place, window.start_ms)]
    while len(starts) <= MOST_PERIODS:
        following = begin_hour(place, starts[-1] + HOUR_MS)
        if following <= starts[-1]:
            following += HOUR_MS
        if following >= window.end_ms:
            break
        starts.append(following)
    return starts


def begin_hour(place: Place, time_ms: int) -> int:
    """Return when the local hour of an instant began: zones may be half or a quarter of an hour off UTC's."""
    offset = (_EPOCH + timedelta(milliseconds=time_ms)).astimezone(place.time_zone).utcoffset()
    return time_ms - (time_ms + (0 if offset is None else round(offset.total_seconds()) * 1000)) % HOUR_MS


def cut_stages(scope: OrgScope, house: House, window: Window) -> list[tuple[int, str]]:
    """Return when which crop stage began in a window, as the registry's history of the house's first zone tells it.

    Raises AnalysisError (no-stages) where the house has no zone.
    """
    zone = next((house.zones[r.descriptor.device] for r in house.records if r.descriptor.device in house.zones), None)
    if zone is None:
        sentence = f"{house.id} has no zone in the registry, so nobody said what stage its crop is in."
        raise AnalysisError("no-stages", "No crop stages", sentence)
    entries = reversed(repositories_of(scope).audit_entries(zone.id, limit=1000))
    told = [(e.time_ms, msgspec.json.decode(e.after, type=GreenhouseZone).stage) for e in entries if e.after]
    spans: list[tuple[int, str]] = [(window.start_ms, "")]
    for time_ms, stage in told:
        if stage == spans[-1][1] or time_ms >= window.end_ms:
            continue
        if time_ms <= window.start_ms:
            spans[-1] = (window.start_ms, stage)
        else:
            spans.append((time_ms, stage))
    return spans


def _repositories(scope: OrgScope) -> OrganisationRepositories | None:
    try:
        return repositories_of(scope)
    except (NotFound, AnalysisError):
        return None


def _registered(scope: OrgScope, repositories: OrganisationRepositories, greenhouse: str) -> House | None:
    if _ID.fullmatch(greenhouse) is None:
        return None
    try:
        kept: Greenhouse = repositories.greenhouses.get(greenhouse)
    except NotFound:
        return None
    zones = {zone.id: zone for zone in repositories.zones.all(greenhouse=kept.id)}
    inside = {d.name: zones[d.zone] for d in repositories.devices.all() if d.zone is not None and d.zone in zones}
    heard = scope.store.devices(scope.organisation)
    records = [r for r in heard if r.descriptor.device in inside]
    if not records:
        records = [r for r in heard if r.descriptor.device == kept.name]
        inside = {kept.name: next(iter(zones.values()))} if len(zones) == 1 else {}
    if not records:
        sentence = f"No device with samples is in a zone of {kept.name}: put its devices into its zones first."
        raise AnalysisError("empty-greenhouse", "The greenhouse has no devices", sentence)
    crops = {(zone.crop, zone.stage) for zone in inside.values()}
    crop, stage = crops.pop() if len(crops) == 1 else ("", "")
    site = repositories.sites.get(kept.site)
    place = _place(site, records)
    if kept.latitude_deg is not None and kept.longitude_deg is not None:
        place = Place(place.time_zone, place.time_zone_known, kept.latitude_deg, kept.longitude_deg, place.altitude_m)
    return _declared(House(kept.id, records, place, inside, crop, stage), kept)


def _of_device(repositories: OrganisationRepositories | None, record: DeviceRecord) -> House:
    told = record.descriptor
    site = zone = kept = None
    if repositories is not None:
        site = next(iter(repositories.sites.list(name=told.site, limit=1)), None)
        device: Device | None = next(iter(repositories.devices.list(name=told.device, limit=1)), None)
        if device is not None and device.zone is not None:
            zone = repositories.zones.get(device.zone)
            kept = repositories.greenhouses.get(zone.greenhouse)
        else:
            kept = next(iter(repositories.greenhouses.list(name=told.device, limit=1)), None)
            inside = [] if kept is None else repositories.zones.list(greenhouse=kept.id, limit=2)
            zone = inside[0] if len(inside) == 1 else None
    zones = {} if zone is None else {told.device: zone}
    crop, stage = ("", "") if zone is None else (zone.crop, zone.stage)
    house = House(told.device, [record], _place(site, [record]), zones, crop, stage)
    return house if kept is None else _declared(house, kept)


def _declared(house: House, kept: Greenhouse) -> House:
    return replace(
        house,
        lamp=kept.lamp,
        cover=kept.cover,
        floor_area_m2=kept.floor_area_m2,
        volume_m3=kept.volume_m3,
        greenhouse=kept.id,
    )


def _place(site: Site | None, records: list[DeviceRecord]) -> Place:
    """Return the site's place; what it does not know is taken from a device that does."""
    told = [r.descriptor for r in records if r.descriptor.latitude_deg is not None]
    latitude = told[0].latitude_deg if told else None
    longitude = told[0].longitude_deg if told else None
    altitude = told[0].altitude_m if told else None
    if site is None:
        return Place(latitude_deg=latitude, longitude_deg=longitude, altitude_m=altitude)
    if site.latitude_deg is not None and site.longitude_deg is not None:
        latitude, longitude = site.latitude_deg, site.longitude_deg
    altitude = altitude if site.altitude_m is None else site.altitude_m
    return Place(ZoneInfo(site.time_zone), True, latitude, longitude, altitude)


def find_greenhouse(scope: OrgScope, greenhouse: str) -> DeviceRecord:
    """Return a device that is a greenhouse; raises AnalysisError."""
    record = find_device(scope, greenhouse)
    if record.descriptor.kind != "greenhouse":
        sentence = f"{greenhouse} is a {record.descriptor.kind}, not a greenhouse."
        raise AnalysisError("not-a-greenhouse", "No such greenhouse", sentence)
    return record
