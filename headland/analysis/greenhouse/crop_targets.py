"""What crops ask for, from an editable file: bands by crop and stage, what formulas need of a crop and of a cover."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from headland.errors import SettingsError

SHIPPED: Final = Path(__file__).parent / "crop_targets.toml"
#: The name of a file that stands in place of the shipped one.
OWN_FILE: Final = "HEADLAND_CROP_BANDS"
_DEFAULT: Final = "default"

Degrees = Annotated[float, Meta(ge=-20, le=60)]
Seconds = Annotated[float, Meta(gt=0, le=86_400)]


class Crop(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the formulas need of a crop: development's thresholds, its fruit's thermal lag, its downy mildews."""

    base_degc: Degrees = 10.0
    upper_degc: Degrees | None = 30.0
    fruit_lag_s: Seconds | None = None
    downy: list[str] | None = None


class Cover(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a cover lets through of heat, from inside air to outside air."""

    u_w_m2_k: Annotated[float, Meta(gt=0, le=7)]
    source: str


class Band(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where an index should lie for a crop, or for one stage of it."""

    crop: str
    index: str
    low: float
    high: float
    source: str
    stage: str = ""


#: For a file that says nothing of covers.
_COVER: Final = Cover(u_w_m2_k=5.5, source="a film between its likely 5 and 6.5 W/m2/K")


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    crop: dict[str, Crop]
    band: list[Band]
    cover: dict[str, Cover] = {}


@dataclass(frozen=True, slots=True)
class CropBands:
    """All crops and covers of a file."""

    crops: dict[str, Crop]
    bands: list[Band]
    covers: dict[str, Cover]

    def crop(self, name: str) -> Crop:
        """Return a crop, the default one for a name that the file does not have."""
        return self.crops.get(name.lower()) or self.crops.get(_DEFAULT) or Crop()

    def cover(self, name: str) -> tuple[Cover, bool]:
        """Return a cover by its name, and whether it is known by that; else the default one."""
        known = self.covers.get(name.strip().lower())
        return (known, True) if known is not None else (self.covers.get(_DEFAULT, _COVER), False)

    def targets(self, crop: str, stage: str) -> dict[str, Band]:
        """Return the band of each index, the crop's own before the default's, a stage's before none's."""
        found: dict[str, Band] = {}
        for wanted in ((_DEFAULT, ""), (crop.lower(), ""), (_DEFAULT, stage.lower()), (crop.lower(), stage.lower())):
            found.update({band.index: band for band in self.bands if (band.crop, band.stage) == wanted})
        return found


def crop_bands() -> CropBands:
    """Return the crops of the file that HEADLAND_CROP_BANDS names, else of the shipped one; raises SettingsError."""
    own = os.environ.get(OWN_FILE)
    return load_crop_bands(Path(own) if own else SHIPPED)


@cache
def load_crop_bands(path: Path) -> CropBands:
    """Return the crops of a file, which is read once; raises SettingsError in one sentence."""
    try:
        table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        file = msgspec.convert(table, _File)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise SettingsError(f"The crop bands {path} cannot be used: {error}.") from error
    bad = next((band for band in file.band if not band.low <= band.high), None)
    if bad is not None:
        raise SettingsError(f"The crop bands {path} cannot be used: {bad.crop} {bad.index} begins above its end.")
    return CropBands(file.crop, file.band, file.cover)
