"""Route of the default target bands of crops, which an organisation's own bands come before."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import Request
from starlette.responses import Response

from api.http.languages import current_language
from api.http.problems import declare_problems
from api.http.responses import reply
from api.http.router import Router
from api.schemas.model import fill
from headland.analysis.greenhouse.crop_targets import load_crop_targets

router = Router(prefix="/v1/crop-bands/defaults", tags=["registry"], responses=declare_problems(503))


class DefaultBand(msgspec.Struct, frozen=True, kw_only=True):
    """A default target band of a crop; `default` is every crop without a band of its own."""

    crop: str
    stage: Annotated[str, "Empty: every stage without a band of its own."]
    index: Annotated[str, "Index of the climate."]
    low: Annotated[float, "Lower end of the band, in the unit of the index."]
    high: Annotated[float, "Upper end of the band."]
    source: Annotated[str, "Where the figures are from, in the language of the request."]


class DefaultBandList(msgspec.Struct, frozen=True, kw_only=True):
    """The default target bands."""

    items: list[DefaultBand]
    next: None


@router.get("", name="list_default_bands", response_model=DefaultBandList)
def get_default_bands(request: Request) -> Response:
    """List the default target bands with their sources."""
    is_chinese = current_language() == "zh"
    items = [
        fill(DefaultBand, band, source=(band.source_zh or band.source) if is_chinese else band.source)
        for band in load_crop_targets().target_bands
    ]
    return reply(request, DefaultBandList(items=items, next=None))
