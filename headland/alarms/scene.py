"""What there is to watch: devices with what they measured last, gateways with what they said of themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from headland.alarms.conditions import ANY, Column, is_of_gateways, needs_of
from headland.alarms.samples import MAX_QUALITY, newest_by_device
from headland.registry.alarm_records import AlarmRule
from headland.registry.estate import Estate
from headland.store.port import Latest, SeriesFilter, Store

GATEWAY: Final = "gateway"
#: What each gateway says of itself, by its name: `headland.registry.alarm_checks.GATEWAY_VALUES`.
GatewayValues = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Subject:
    """A device or a gateway that rules may be for."""

    name: str
    kind: str
    site: str
    gateway: str
    zone: str | None = None
    simulated: bool = False
    newest: Mapping[str, Latest] = field(default_factory=dict)
    told: Mapping[str, float] = field(default_factory=dict)

    @property
    def heard_ms(self) -> int | None:
        """When its newest sample is from; None where there is none."""
        return max((one.time_ms for one in self.newest.values()), default=None)

    def newest_columns(self) -> dict[str, Column]:
        """Return its newest sample of each channel; one that is not fit has a time and no value."""
        return {
            channel: Column(
                np.array([one.time_ms], np.int64), np.array([one.value if one.quality <= MAX_QUALITY else np.nan])
            )
            for channel, one in self.newest.items()
        }


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that rules may be for, and the time zones of its sites."""

    devices: Mapping[str, Subject]
    gateways: Mapping[str, Subject]
    zones: Mapping[str, ZoneInfo]

    def subjects_of(self, rule: AlarmRule) -> list[Subject]:
        """Return what a rule is for: what fits it and has all channels of at least one of its groups."""
        if is_of_gateways(rule):
            return [one for one in self.gateways.values() if _fits(rule, one)]
        return [one for one in self.devices.values() if _fits(rule, one) and _can_tell(rule, one)]

    def zone_of(self, site: str) -> tzinfo:
        """Return a site's time zone, UTC where nobody said it."""
        return self.zones.get(site, UTC)

    def utc_offset_ms(self, site: str, time_ms: int) -> int:
        """Return how far local clocks of a site are ahead of UTC at an instant."""
        zone = self.zones.get(site)
        offset = None if zone is None else datetime.fromtimestamp(time_ms / 1000, zone).utcoffset()
        return 0 if offset is None else round(offset.total_seconds() * 1000)

    def gateway_heard_ms(self, subject: str) -> int | None:
        """Return when anything of the gateway of a device was last measured."""
        device = self.devices.get(subject)
        if device is None:
            return None
        times = [one.heard_ms for one in self.devices.values() if one.gateway == device.gateway]
        return max((time_ms for time_ms in times if time_ms is not None), default=None)


def look(store: Store, estate: Estate, organisation: str, gateways: GatewayValues) -> Scene:
    """Return what there is now; raises RetryLater where store or registry are away."""
    newest = newest_by_device(store.last(SeriesFilter(organisation)))
    zones = {device.name: device.zone for device in estate.devices.all() if device.zone is not None}
    devices = {}
    sites: dict[str, str] = {}
    for record in store.devices(organisation):
        told = record.descriptor
        devices[told.device] = Subject(
            told.device,
            told.kind,
            told.site,
            record.gateway,
            zones.get(told.device),
            told.simulated,
            newest.get(told.device, {}),
        )
        sites.setdefault(record.gateway, told.site)
    heard = {name: Subject(name, GATEWAY, sites.get(name, ""), name, told=values) for name, values in gateways.items()}
    return Scene(devices, heard, {site.name: ZoneInfo(site.time_zone) for site in estate.sites.all()})


def _fits(rule: AlarmRule, subject: Subject) -> bool:
    return (
        rule.device in (None, subject.name)
        and rule.kind in (None, subject.kind)
        and rule.site in (None, subject.site)
        and rule.zone in (None, subject.zone)
    )


def _can_tell(rule: AlarmRule, subject: Subject) -> bool:
    """Tell whether a device has all that one of the rule's groups needs."""
    return any(
        all(need in subject.newest or (need == ANY and subject.newest) for test in group for need in needs_of(test))
        for group in rule.any_of
    )
