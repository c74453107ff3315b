"""Targets of an organisation: its own bands of crops before those of the file."""

from __future__ import annotations

from datetime import UTC, date, datetime

from headland.analysis.greenhouse.crop_targets import CropTargets, TargetBand, load_crop_targets
from headland.analysis.inputs.scope import OrgScope
from headland.registry.models.crop_bands import CropBand


def crop_targets_of(scope: OrgScope, at_ms: int | None = None) -> CropTargets:
    """Return the targets of an organisation at an instant, by default now: those of the file, and its own before them.

    Raises SettingsError.
    """
    targets = load_crop_targets()
    if scope.registry is None:
        return targets
    day = day_of(scope.now_ms if at_ms is None else at_ms)
    own = [target_of(band) for band in scope.repositories.crop_bands.all() if is_valid(band, day)]
    return targets.before(own) if own else targets


def is_valid(band: CropBand, day: date) -> bool:
    """Return whether a band is valid on a day."""
    after = band.valid_from is None or band.valid_from <= day
    return after and (band.valid_until is None or day <= band.valid_until)


def target_of(band: CropBand) -> TargetBand:
    """Return an own band as a target, whose source says who set it and when."""
    on = day_of(band.changed_ms).isoformat()
    by = f": {band.source}" if band.source else ""
    by_zh = f"：{band.source}" if band.source else ""
    return TargetBand(
        crop=band.crop.strip().lower(),
        index=band.index.value,
        low=band.low,
        high=band.high,
        stage=band.stage.strip().lower(),
        source=f"set by {band.author} on {on}{by}",
        source_zh=f"{band.author} 于 {on} 设定{by_zh}",
    )


def day_of(time_ms: int) -> date:
    """Return the day of an instant, UTC."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).date()
