"""Own target bands of a crop: the range in which an index of a house's climate should be, by stage and dates."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from headland.contract.catalogue import CATALOGUE
from headland.registry.models.models import Text, VersionedRecord


class BandIndex(StrEnum):
    """An index of the climate that a band can be for, by the catalogue."""

    vars().update({index.name.upper(): index.name for index in CATALOGUE.indices if index.bandable})


class CropBand(VersionedRecord, frozen=True, kw_only=True):
    """A target band of an organisation; it comes before the default ones. `crop` may be `default`, for every crop.

    `author` set it, by `source`. It is valid from `valid_from` to `valid_until`, both included; without them always.
    """

    crop: Text
    index: Annotated[BandIndex, "Index of the climate."]
    low: Annotated[float, Meta(ge=-50, le=10_000), "Lower end of the band, in the unit of the index."]
    high: Annotated[float, Meta(ge=-50, le=10_000), "Upper end of the band."]
    author: Text
    source: Annotated[str, Meta(max_length=500), "Source of the band."] = ""
    stage: Annotated[str, Meta(max_length=200), "Crop stage; empty for all stages."] = ""
    valid_from: Annotated[date | None, "First day on which it is valid; null without a limit."] = None
    valid_until: Annotated[date | None, "Last day on which it is valid; null without a limit."] = None
