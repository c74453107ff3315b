"""Limits of each house behind its card: covers of known material, and the rules of a farm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from headland.analysis.greenhouse.crop_targets import CropTargets
from headland.analysis.greenhouse.derived import OUTSIDE
from headland.analysis.tonight.house_statements import COVER, HouseLimits
from headland.analysis.tonight.subjects import OutlookSubject, rule_limits
from headland.registry.models.alarms import AlarmRule
from headland.registry.models.models import Greenhouse

SURFACE_SENSORS: Final = {
    "leaf_condensation": "leaf_temperature_degc",
    "cover_condensation": "cover_temperature_degc",
}


@dataclass(frozen=True, slots=True)
class FarmLimits:
    """What tells the limits of each house: covers of known material, and the rules of a farm."""

    targets: CropTargets
    rules: Sequence[AlarmRule]

    def of(self, subject: OutlookSubject) -> HouseLimits:
        """Return the limits of a house; a cover that is measured, or without outdoor air, is not asked for."""
        channels = {channel for device in subject.devices for channel in device.descriptor.channels}
        name = subject.record.cover if isinstance(subject.record, Greenhouse) else ""
        is_told = SURFACE_SENSORS[COVER] in channels or OUTSIDE not in channels
        return HouseLimits(is_told or self.targets.cover(name)[1], rule_limits(subject, self.rules))
