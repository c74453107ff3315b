"""Requests about passes and their list; times are epoch milliseconds UTC."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from api.http.query_windows import WrittenInstant
from api.schemas.model import EXAMPLE_MS
from headland.analysis.passes.pass_answer import ListedPass

_ID = "01k9v4k8r0q3m8x5w7t2n6y4c1"


class PassDeclaration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A declared pass: references are ids; the rate is in kg/ha, or in L/ha of a liquid."""

    field: Annotated[str, Meta(max_length=64, extra_json_schema={"example": _ID})]
    device: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    start_ms: Annotated[WrittenInstant, Meta(extra_json_schema={"example": EXAMPLE_MS})]
    end_ms: Annotated[WrittenInstant, Meta(extra_json_schema={"example": EXAMPLE_MS + 600_000})]
    implement: Annotated[str, Meta(max_length=64)] | None = None
    product: Annotated[Annotated[str, Meta(max_length=64)] | None, "Id of the product."] = None
    season: Annotated[str, Meta(max_length=64)] | None = None
    prescription: Annotated[
        Annotated[str, Meta(max_length=64)] | None, "What it carried out, instead of planned_rate_ha."
    ] = None
    planned_rate_ha: Annotated[float, Meta(gt=0, le=100_000)] | None = None
    note: Annotated[str, Meta(max_length=2000)] = ""


class PassList(msgspec.Struct, frozen=True, kw_only=True):
    """The passes of a field in time order; `next` is the cursor of the next page, null on the last."""

    items: list[ListedPass]
    next: str | None
