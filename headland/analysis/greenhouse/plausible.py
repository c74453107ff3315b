"""What cannot be about the samples of a house or site, by its sun, place and season, with the record that mends it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from headland.agronomy.plausibility.judgement import judge_samples
from headland.agronomy.plausibility.light import beyond_the_sun
from headland.agronomy.plausibility.light_units import RADIATION
from headland.agronomy.plausibility.sun_course import SunPlace
from headland.agronomy.series.arrays import Counts, Mask, Times, Values
from headland.agronomy.series.finding import Mend, SensorFinding
from headland.agronomy.series.qartod import NOT_EVALUATED
from headland.analysis.greenhouse.house import House, HouseLocation
from headland.analysis.inputs.doubts import leave_confirmed
from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.scope import OrgScope
from headland.contract.quantities import QUANTITIES
from headland.registry.models.errors import NotFound
from headland.registry.models.models import Greenhouse, Site
from headland.store.port import DeviceRecord

#: Time, value, flag and number of samples of each channel of a device.
Columns = Mapping[str, tuple[Times, Values, Counts, Counts]]
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_GREENHOUSE: Final = "greenhouse"
#: Channels that are outdoors on any device: those of one are compared with the air and light of the others.
_OUTDOORS: Final = (RADIATION, *(name for name in QUANTITIES if name.startswith("outside_")))


@dataclass(frozen=True, slots=True)
class DeviceVerdict:
    """What cannot be about channels of a device, by channel, and the channels of which a person said that it is so."""

    findings: dict[str, SensorFinding]
    believed: frozenset[str] = frozenset()


def judge_house(
    scope: OrgScope, house: House, columns: Sequence[Columns], *, also_confirmed: bool = False
) -> list[DeviceVerdict]:
    """Return by device the findings about channels that cannot be as declared; `columns` are those of its records.

    What is outdoors on one device of the house is beside the air and light of the others. Findings whose doubted value
    a person confirmed are left out, but for a question, which is also told when it was answered.
    """
    usable = [
        {
            channel: (time_ms, np.where(flag <= NOT_EVALUATED, value, np.nan))
            for channel, (time_ms, value, flag, _) in each.items()
        }
        for each in columns
    ]
    outdoors: dict[str, tuple[Times, Values]] = {
        name: each[name] for name in _OUTDOORS for each in reversed(usable) if name in each
    }
    place = place_at(
        house.place, next((time_ms for each in usable for time_ms, _ in each.values() if len(time_ms)), None)
    )
    found: list[DeviceVerdict] = []
    for record, own in zip(house.records, usable, strict=True):
        indoors = is_indoors(house, record)
        # A station is compared with itself, a house with the sky above it.
        beside = {**outdoors, **own} if indoors else own
        told = judge_samples(beside, place, indoors=indoors)
        placed = {channel: mended(scope, house, told[channel]) for channel in told if channel in own}
        asks_all = also_confirmed or not placed
        left = placed if asks_all else leave_confirmed(scope, record.descriptor.device, placed)
        found.append(DeviceVerdict(left, frozenset(placed) - frozenset(left)))
    return found


def bright_samples(house: House, record: DeviceRecord, channel: str, time_ms: Times, value: Values) -> Mask:
    """Return which samples of a channel of light are brighter than is possible at the house's place."""
    place = place_at(house.place, None)
    if place is None:
        return np.zeros(len(value), np.bool_)
    return beyond_the_sun(channel, time_ms, value, place, indoors=is_indoors(house, record))


def is_indoors(house: House, record: DeviceRecord) -> bool:
    """Return whether a device's air and light are behind a cover."""
    return record.descriptor.kind == _GREENHOUSE or record.descriptor.device in house.zones


def place_at(location: HouseLocation, time_ms: Times | None) -> SunPlace | None:
    """Return a place with its zone's offset at the middle of some samples; None where it is not known."""
    if location.latitude_deg is None or location.longitude_deg is None:
        return None
    offset_h = None
    if location.time_zone_known and time_ms is not None and len(time_ms):
        middle = _EPOCH + timedelta(milliseconds=int(time_ms[len(time_ms) // 2]))
        offset = middle.astimezone(location.time_zone).utcoffset()
        offset_h = None if offset is None else offset.total_seconds() / 3600.0
    return SunPlace(location.latitude_deg, location.longitude_deg, location.altitude_m or 0.0, offset_h)


def mended(scope: OrgScope, house: House, finding: SensorFinding) -> SensorFinding:
    """Return a finding whose mend of a place names the record that has it: the greenhouse, the site, or a device."""
    mend = finding.mend
    if mend is None or mend.target != "site":
        return finding
    return replace(finding, mend=_of_record(scope, house, mend))


def _of_record(scope: OrgScope, house: House, mend: Mend) -> Mend | None:
    """Return a mend with the record whose field has the value to mend; None where no record has it."""
    located = next((r.descriptor for r in house.records if r.descriptor.latitude_deg is not None), None)
    try:
        repositories = scope.repositories
        if house.greenhouse is not None:
            greenhouse = repositories.greenhouses.get(house.greenhouse)
            if _has(greenhouse, mend):
                return replace(mend, target="greenhouse", target_id=greenhouse.id)
        for name in {record.descriptor.site for record in house.records}:
            for site in repositories.sites.list(name=name, limit=1):
                if _has(site, mend):
                    return replace(mend, target_id=site.id)
    except (AnalysisError, NotFound):
        pass
    return None if located is None else replace(mend, target="device", target_id=located.device)


def _has(record: Greenhouse | Site, mend: Mend) -> bool:
    return all(getattr(record, change.field) == change.before for change in mend.changes)
