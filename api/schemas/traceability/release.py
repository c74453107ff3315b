"""Shapes of a lot's release: what the issuer chooses, and where it is public."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.harvest.lots import IntervalStateOf
from api.schemas.model import EXAMPLE_MS, Model

Kind = Literal["pass", "treatment", "alarm", "climate_week", "irrigation_week"]


class NewRelease(Model):
    """What the issuer shows to everybody. Without `gtin` the lot has the address of its page alone."""

    issuer: Annotated[str, Field(min_length=1, max_length=200, examples=["Red Star Cooperative"])]
    contact: Annotated[str, Field(max_length=200)] = ""
    origin: Annotated[str, Field(max_length=200)] = ""
    message: Annotated[str, Field(max_length=500)] = ""
    gtin: Annotated[str, Field(max_length=20, description="As it stands below the bar code.")] = ""
    kinds: Annotated[list[Kind], Field(max_length=5, description="Kinds of claims to show.")] = Field(
        default_factory=lambda: list[Kind](("pass", "treatment", "alarm", "climate_week", "irrigation_week"))
    )
    shows_map: Annotated[bool, Field(description="Field outline and track, without a position on earth.")] = True
    shows_places: Annotated[bool, Field(description="Names of fields and houses.")] = False
    shows_live: Annotated[bool, Field(description="Present climate of the house, in the overlay only.")] = False


class ReleaseBody(Model):
    """A release: its entry in the ledger, and its public paths."""

    seq: int
    lot: str
    token: str
    path: Annotated[str, Field(description="Of the public page.", examples=["/p/2gUHiRkrTWsl8VL3uZ4g9w"])]
    link_path: Annotated[str, Field(description="Of the QR code: the GS1 Digital Link where there is a GTIN.")]
    released_ms: Annotated[int, Field(examples=[EXAMPLE_MS])]
    withdrawn_ms: int | None
    interval_state: IntervalStateOf
