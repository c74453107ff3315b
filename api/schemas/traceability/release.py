"""Shapes of a lot's release: what the issuer chooses, and where it is public."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from api.schemas.harvest.lots import IntervalStateOf
from api.schemas.model import EXAMPLE_MS


class ReleaseBody(msgspec.Struct, frozen=True, kw_only=True):
    """A release: its entry in the ledger, and its public paths."""

    seq: int
    lot: str
    token: Annotated[str, "Public name of the lot's page."]
    path: Annotated[str, Meta(examples=["/p/2gUHiRkrTWsl8VL3uZ4g9w"]), "Of the public page."]
    link_path: Annotated[str, "Of the QR code: the GS1 Digital Link where there is a GTIN."]
    released_ms: Annotated[int, Meta(examples=[EXAMPLE_MS]), "Time of the release, epoch milliseconds UTC."]
    withdrawn_ms: int | None
    interval_state: IntervalStateOf
