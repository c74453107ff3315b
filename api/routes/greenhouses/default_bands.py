"""Route of the default target bands of crops, which an organisation's own bands come before."""

from __future__ import annotations

from typing import Annotated

from fastapi import Request
from pydantic import Field
from starlette.responses import Response

from api.http.languages import current_language
from api.http.problems import declare_problems
from api.http.responses import reply
from api.http.router import Router
from api.schemas.model import Model
from headland.analysis.greenhouse.crop_targets import load_crop_targets

router = Router(prefix="/v1/crop-bands/defaults", tags=["registry"], responses=declare_problems(503))


class DefaultBand(Model):
    """A default target band of a crop; `default` is every crop without a band of its own."""

    crop: str
    stage: Annotated[str, Field(description="Empty: every stage without a band of its own.")]
    index: str
    low: float
    high: float
    source: Annotated[str, Field(description="Where the figures are from, in the language of the request.")]


class DefaultBandList(Model):
    """The default target bands."""

    items: list[DefaultBand]
    next: None


@router.get("", name="list_default_bands", response_model=DefaultBandList)
def get_default_bands(request: Request) -> Response:
    """List the default target bands with their sources."""
    is_chinese = current_language() == "zh"
    items = [
        DefaultBand(
            crop=band.crop,
            stage=band.stage,
            index=band.index,
            low=band.low,
            high=band.high,
            source=(band.source_zh or band.source) if is_chinese else band.source,
        )
        for band in load_crop_targets().target_bands
    ]
    return reply(request, DefaultBandList(items=items, next=None))
