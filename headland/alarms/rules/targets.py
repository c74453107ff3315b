"""Evaluation targets: devices with their newest samples, zones of greenhouses, sites, gateways with their status."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from headland.agronomy.climate.psychrometrics import STANDARD_PRESSURE_KPA, air_pressure_kpa
from headland.alarms.rules.forecast_values import Outlook
from headland.alarms.rules.rule_conditions import (
    OWN,
    RuleInputs,
    channels_by_device,
    devices_of,
    hours_ahead,
    is_for_gateways,
    is_for_sites,
    is_for_zones,
)
from headland.alarms.rules.rule_values import ANY_CHANNEL, ChannelSamples, SiteConditions, required_channels
from headland.alarms.rules.samples import MAX_QUALITY
from headland.alarms.rules.subject_times import SubjectClocks, SubjectTimes
from headland.clock.station_clock.record import AGREE_MS
from headland.contract.freshness import silent_after_s
from headland.registry.models.alarms import AlarmRule, AlarmTest, Group
from headland.registry.repositories.inactive_places import find_inactive_places
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.registry.validation.alarm_rules import tests_of
from headland.store.core.latest import newest_by_device
from headland.store.port import Latest, SeriesFilter, Store

GATEWAY: Final = "gateway"
#: The station as the subject of an alarm: its kind, and its name among the gateways' values.
STATION: Final = "station"
#: The kind of a greenhouse zone as the subject of an alarm.
ZONE: Final = "zone"
#: The kind of a site as the subject of an alarm.
SITE: Final = "site"
_SPOOL_AGE: Final = "gateway_spool_age_s"
#: The status values of each gateway, by its name: `headland.registry.validation.alarm_rules.GATEWAY_VALUES`.
GatewayValues = Mapping[str, Mapping[str, float]]
#: The weather to come at a site by its name, as it was known at an instant, for so many hours.
OutlookOf = Callable[[str, int, int], Outlook]


@dataclass(frozen=True, slots=True)
class Subject:
    """A device, a greenhouse zone, a site or a gateway that rules may be for.

    `newest` are a device's newest samples by channel, `values` a gateway's status values, `members` a zone's devices.
    """

    name: str
    kind: str
    site: str
    gateway: str
    zone: str | None = None
    simulated: bool = False
    newest: Mapping[str, Latest] = field(default_factory=dict)
    values: Mapping[str, float] = field(default_factory=dict)
    title: str = ""
    members: tuple[str, ...] = ()
    #: False at a deactivated place: no rule is for it, though one may read its samples.
    active: bool = True
    #: The declared intervals of a device's channels.
    intervals_s: Mapping[str, float | None] = field(default_factory=dict)

    @property
    def newest_ms(self) -> int | None:
        """The time of its newest sample; None without samples."""
        return max((sample.time_ms for sample in self.newest.values()), default=None)

    def silent_after_s(self, channel: str) -> float:
        """Return the age from which on a channel of it is silent."""
        return silent_after_s(self.intervals_s.get(channel), self.kind)

    def newest_columns(self) -> dict[str, ChannelSamples]:
        """Return its newest sample of each channel; an unusable sample has a time and no value."""
        return {
            channel: ChannelSamples(
                np.array([sample.time_ms], np.int64),
                np.array([sample.value if sample.quality <= MAX_QUALITY else np.nan]),
                self.silent_after_s(channel),
            )
            for channel, sample in self.newest.items()
        }


@dataclass(frozen=True, slots=True)
class EvaluationTargets:
    """All subjects of rules by name, time zones and known altitudes of sites by name; `greenhouse_zones` are by id."""

    devices: Mapping[str, Subject]
    gateways: Mapping[str, Subject]
    time_zones: Mapping[str, ZoneInfo]
    greenhouse_zones: Mapping[str, Subject] = field(default_factory=dict)
    altitudes_m: Mapping[str, float] = field(default_factory=dict)
    #: Latitude and longitude of the sites that have a place.
    places_deg: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    #: How far the clock of simulators is behind while they run faster than real time: what they send is not late.
    simulated_lag_ms: int = 0
    #: The time of devices that are not judged by the station's.
    times: SubjectTimes = field(default_factory=SubjectTimes)
    #: Sites in use by name, for rules on the weather to come, and whatever tells that; None where nothing does.
    sites: Mapping[str, Subject] = field(default_factory=dict)
    outlook_of: OutlookOf | None = None

    def now_of(self, subject: Subject, now_ms: int) -> int:
        """Return what time it is for a subject: for a simulated one that of its simulator, else see `times`."""
        station_ms = now_ms - self.simulated_lag_ms if subject.simulated else now_ms
        return self.times.of(subject.members or (subject.name,), station_ms)

    def fresh_now_of(self, subject: Subject, now_ms: int) -> int:
        """Return by what time the samples of a subject are fresh: what a simulator behind sends is not."""
        return self.times.of(subject.members or (subject.name,), now_ms)

    def with_times(self, clocks: SubjectClocks, now_ms: int, up_s: float, *, in_doubt: bool) -> EvaluationTargets:
        """Return the targets with the times of devices by their own data."""
        newest = [
            (device.name, device.newest_ms, self.now_of(device, now_ms))
            for device in self.devices.values()
            if device.newest_ms is not None
        ]
        return replace(self, times=clocks.observe(newest, now_ms, up_s, in_doubt=in_doubt))

    def subjects_of(self, rule: AlarmRule) -> list[Subject]:
        """Return the subjects of a rule: those that match it and have all channels of one of its groups."""
        if is_for_gateways(rule):
            return self._matching(rule, self.gateways)
        if is_for_sites(rule):
            return self._matching(rule, self.sites)
        if is_for_zones(rule):
            subjects = [self._with_members(rule, zone) for zone in self._matching(rule, self.greenhouse_zones)]
        else:
            subjects = self._matching(rule, self.devices)
        return [subject for subject in subjects if any(self._has_channels(group, subject) for group in rule.any_of)]

    def is_inactive(self, subject: str) -> bool:
        """Tell whether a device or zone is at a deactivated place."""
        known = self.devices.get(subject) or self.greenhouse_zones.get(subject)
        return known is not None and not known.active

    def newest_of(self, device: str) -> Mapping[str, Latest]:
        """Return the newest sample of each channel of a device; none for an unknown device."""
        known = self.devices.get(device)
        return {} if known is None else known.newest

    def with_limits(self, device: str, columns: Mapping[str, ChannelSamples]) -> dict[str, ChannelSamples]:
        """Return samples of a device with the ages from which on their channels are silent."""
        known = self.devices.get(device)
        if known is None:
            return dict(columns)
        return {name: replace(column, silent_s=known.silent_after_s(name)) for name, column in columns.items()}

    def newest_inputs(self, rule: AlarmRule, subject: Subject) -> RuleInputs:
        """Return the inputs of a rule on a subject from the newest samples alone."""
        others = {
            device: self.devices[device].newest_columns()
            for device in channels_by_device(rule, subject.name, subject.members)
            if device != subject.name and device in self.devices
        }
        return RuleInputs(subject.newest_columns(), others, subject.members)

    def forecast_inputs(self, rule: AlarmRule, subject: Subject, now_ms: int) -> RuleInputs:
        """Return the inputs of a rule on the weather to come at a site, as it is known at an instant."""
        if self.outlook_of is None:
            return RuleInputs()
        return RuleInputs(forecast=self.outlook_of(subject.site, now_ms, hours_ahead(rule)))

    def zone_of(self, site: str) -> tzinfo:
        """Return a site's time zone, UTC for an unknown one."""
        return self.time_zones.get(site, UTC)

    def conditions_of(self, site: str, time_ms: int) -> SiteConditions:
        """Return what a rule needs to know of a site at an instant."""
        return SiteConditions(self.utc_offset_ms(site, time_ms), self.pressure_kpa(site), self.places_deg.get(site))

    def pressure_kpa(self, site: str) -> float:
        """Return the mean air pressure of a site by its altitude, that of sea level for an unknown one."""
        altitude_m = self.altitudes_m.get(site)
        return STANDARD_PRESSURE_KPA if altitude_m is None else float(air_pressure_kpa(altitude_m))

    def utc_offset_ms(self, site: str, time_ms: int) -> int:
        """Return how far local clocks of a site are ahead of UTC at an instant."""
        zone = self.time_zones.get(site)
        offset = None if zone is None else datetime.fromtimestamp(time_ms / 1000, zone).utcoffset()
        return 0 if offset is None else round(offset.total_seconds() * 1000)

    def device_now_ms(self, device: str, now_ms: int, *, is_fresh: bool = False) -> int:
        """Return what time it is for a device, by `fresh_now_of` where `is_fresh`; the station's for an unknown one."""
        known = self.devices.get(device)
        if known is None:
            return now_ms
        return self.fresh_now_of(known, now_ms) if is_fresh else self.now_of(known, now_ms)

    def has_online_gateway(self, device: str) -> bool:
        """Return whether a device's gateway is known to be online."""
        known = self.devices.get(device)
        gateway = None if known is None else self.gateways.get(known.gateway)
        return gateway is not None and gateway.values.get("gateway_offline") == 0.0

    def gateway_silence_ms(self, device: str, now_ms: int) -> int | None:
        """Return for how long no device of a device's gateway has had a sample; None where nothing tells that."""
        known = self.devices.get(device)
        silences_ms = [
            self.now_of(other, now_ms) - other.newest_ms
            for other in self.devices.values()
            if known is not None and other.gateway == known.gateway and other.newest_ms is not None
        ]
        return min((silence_ms for silence_ms in silences_ms if silence_ms >= -AGREE_MS), default=None)

    def gateway_times_ms(self) -> set[int]:
        """Return the times by which the devices of gateways are judged where these are not the station's: one each."""
        newest: dict[str, int] = {}
        for name, own_ms in self.times.own_ms.items():
            gateway = self.devices[name].gateway
            newest[gateway] = max(own_ms, newest.get(gateway, own_ms))
        return set(newest.values())

    def _matching(self, rule: AlarmRule, subjects: Mapping[str, Subject]) -> list[Subject]:
        return [subject for subject in subjects.values() if subject.active and _matches(rule, subject)]

    def _with_members(self, rule: AlarmRule, zone: Subject) -> Subject:
        members = tuple(name for name in zone.members if rule.kind in (None, self.devices[name].kind))
        return replace(zone, members=members, simulated=any(self.devices[name].simulated for name in members))

    def _has_channels(self, group: Group, subject: Subject) -> bool:
        """Return whether all channels of a group exist; for a test across a zone on any of its devices."""
        return all(
            any(self._has_channels_of(test, subject, device) for device in devices_of(test, subject.members))
            for test in tests_of((group,))
        )

    def _has_channels_of(self, test: AlarmTest, subject: Subject, device: str) -> bool:
        newest = subject.newest if device == OWN else self.newest_of(device)
        return all(
            channel in newest or (channel == ANY_CHANNEL and bool(newest)) for channel in required_channels(test)
        )


def load_targets(
    store: Store, repositories: OrganisationRepositories, organisation: str, gateways: GatewayValues
) -> EvaluationTargets:
    """Return all subjects of an organisation; raises RetryLater without store or registry."""
    newest = newest_by_device(store.last(SeriesFilter(organisation)))
    zones = {device.name: device.zone for device in repositories.devices.all() if device.zone is not None}
    inactive = find_inactive_places(repositories)
    devices = {}
    sites: dict[str, str] = {}
    for record in store.devices(organisation):
        descriptor = record.descriptor
        values = newest.get(descriptor.device, {})
        devices[descriptor.device] = Subject(
            descriptor.device,
            descriptor.kind,
            descriptor.site,
            record.gateway,
            zones.get(descriptor.device),
            # Alarms rest on real samples where there are any.
            all(sample.key.simulated for sample in values.values()) if values else descriptor.simulated,
            values,
            active=not inactive.has_device(descriptor.device, descriptor.site),
            intervals_s={channel: info.interval_s for channel, info in descriptor.channels.items()},
        )
        sites.setdefault(record.gateway, descriptor.site)
    gateway_subjects = {
        name: Subject(
            name,
            STATION if name == STATION else GATEWAY,
            site := sites.get(name, ""),
            name,
            values=values,
            active=site not in inactive.sites,
        )
        for name, values in gateways.items()
    }
    places = list(repositories.sites.all())
    time_zones = {place.name: ZoneInfo(place.time_zone) for place in places}
    altitudes_m = {place.name: place.altitude_m for place in places if place.altitude_m is not None}
    in_zones = _greenhouse_zones(repositories, devices)
    places_deg = {
        place.name: (place.latitude_deg, place.longitude_deg)
        for place in places
        if place.latitude_deg is not None and place.longitude_deg is not None
    }
    site_subjects = {
        place.name: Subject(place.name, SITE, place.name, "") for place in places if place.name not in inactive.sites
    }
    return EvaluationTargets(
        devices, gateway_subjects, time_zones, in_zones, altitudes_m, places_deg, sites=site_subjects
    )


def in_real_time(_now_ms: int) -> int:
    """Return how far simulators are behind where none is."""
    return 0


def in_simulated_time(targets: EvaluationTargets, lag_ms: int) -> EvaluationTargets:
    """Return targets whose simulators are `lag_ms` behind; records of a gateway that has nothing else are younger."""
    if lag_ms <= 0:
        return targets
    kinds: dict[str, bool] = {}
    for device in targets.devices.values():
        kinds[device.gateway] = kinds.get(device.gateway, True) and device.simulated
    gateways = {
        name: replace(gateway, values=_younger(gateway.values, lag_ms)) if kinds.get(name, False) else gateway
        for name, gateway in targets.gateways.items()
    }
    return replace(targets, gateways=gateways, simulated_lag_ms=lag_ms)


def _younger(values: Mapping[str, float], lag_ms: int) -> Mapping[str, float]:
    age_s = values.get(_SPOOL_AGE)
    return values if age_s is None else {**values, _SPOOL_AGE: max(0.0, age_s - lag_ms / 1000.0)}


def _greenhouse_zones(repositories: OrganisationRepositories, devices: Mapping[str, Subject]) -> dict[str, Subject]:
    """Return the greenhouse zones that have devices, by id."""
    by_zone: dict[str, list[Subject]] = {}
    for device in devices.values():
        if device.zone is not None:
            by_zone.setdefault(device.zone, []).append(device)
    if not by_zone:
        return {}
    greenhouses = {greenhouse.id: greenhouse for greenhouse in repositories.greenhouses.all()}
    subjects = {}
    for zone in repositories.zones.all():
        members = sorted(by_zone.get(zone.id, []), key=lambda device: device.name)
        if members:
            greenhouse = greenhouses.get(zone.greenhouse)
            title = zone.name if greenhouse is None else f"{greenhouse.name}, {zone.name}"
            subjects[zone.id] = Subject(
                zone.id, ZONE, members[0].site, members[0].gateway, zone.id, title=title,
                members=tuple(device.name for device in members), active=any(device.active for device in members),
            )  # fmt: skip
    return subjects


def _matches(rule: AlarmRule, subject: Subject) -> bool:
    return (
        rule.device in (None, subject.name)
        and (rule.kind in (None, subject.kind) or subject.kind == ZONE)
        and rule.site in (None, subject.site)
        and rule.zone in (None, subject.zone)
    )
