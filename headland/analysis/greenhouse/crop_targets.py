"""Crop targets from an editable file: target bands by crop and stage, and the figures of crops and covers.

`HEADLAND_CROP_BANDS` names a file that replaces the default one.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from headland.errors import SettingsError

DEFAULT_FILE: Final = Path(__file__).parent / "crop_targets.toml"
#: The environment variable with the name of a file that replaces the default one.
OWN_FILE: Final = "HEADLAND_CROP_BANDS"
_DEFAULT: Final = "default"

Degrees = Annotated[float, Meta(ge=-20, le=60)]
Seconds = Annotated[float, Meta(gt=0, le=86_400)]


class Crop(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The figures of a crop: thresholds of its development, its fruit's thermal lag, its downy mildews."""

    base_degc: Degrees = 10.0
    upper_degc: Degrees | None = 30.0
    fruit_lag_s: Seconds | None = None
    downy: list[str] | None = None


class CoverMaterial(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The heat that a cover passes from inside air to outside air."""

    u_w_m2_k: Annotated[float, Meta(gt=0, le=7)]
    source: str


class TargetBand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The range in which an index should be for a crop or a stage of it; `source_zh` is the source in Chinese."""

    crop: str
    index: str
    low: float
    high: float
    source: str
    stage: str = ""
    source_zh: str = ""


#: For a file without covers.
_COVER: Final = CoverMaterial(u_w_m2_k=5.5, source="a film between its likely 5 and 6.5 W/m2/K")


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    crop: dict[str, Crop]
    band: list[TargetBand]
    cover: dict[str, CoverMaterial] = {}


@dataclass(frozen=True, slots=True)
class CropTargets:
    """All crops, target bands and covers of a file."""

    crops: dict[str, Crop]
    target_bands: list[TargetBand]
    covers: dict[str, CoverMaterial]
    #: An organisation's own bands: any of them comes before all of the file's.
    own_bands: tuple[TargetBand, ...] = ()

    def before(self, own: Sequence[TargetBand]) -> CropTargets:
        """Return these targets with an organisation's own bands before them."""
        return replace(self, own_bands=tuple(own))

    def crop(self, name: str) -> Crop:
        """Return a crop, the default one for a name that the file does not have."""
        return self.crops.get(name.lower()) or self.crops.get(_DEFAULT) or Crop()

    def cover(self, name: str) -> tuple[CoverMaterial, bool]:
        """Return a cover by its name, and whether the file has that name; else the default one."""
        known = self.covers.get(name.strip().lower())
        return (known, True) if known is not None else (self.covers.get(_DEFAULT, _COVER), False)

    def bands(self, crop: str, stage: str) -> dict[str, TargetBand]:
        """Return the band of each index: the crop's own before the default's, a stage's before one without stage.

        An organisation's own band comes before all of these.
        """
        bands: dict[str, TargetBand] = {}
        order = ((_DEFAULT, ""), (crop.lower(), ""), (_DEFAULT, stage.lower()), (crop.lower(), stage.lower()))
        for given in (self.target_bands, self.own_bands):
            for wanted in order:
                bands.update({band.index: band for band in given if (band.crop, band.stage) == wanted})
        return bands


def load_crop_targets() -> CropTargets:
    """Return the targets of the file that HEADLAND_CROP_BANDS names, else of the default one; raises SettingsError."""
    own = os.environ.get(OWN_FILE)
    return read_crop_targets(Path(own) if own else DEFAULT_FILE)


@cache
def read_crop_targets(path: Path) -> CropTargets:
    """Return the targets of a file, which is read once; raises SettingsError in one sentence."""
    try:
        table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        file = msgspec.convert(table, _File)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise SettingsError(f"The crop targets {path} cannot be used: {error}.") from error
    bad = next((band for band in file.band if not band.low <= band.high), None)
    if bad is not None:
        raise SettingsError(f"The crop targets {path} cannot be used: {bad.crop} {bad.index} begins above its end.")
    return CropTargets(file.crop, file.band, file.cover)
