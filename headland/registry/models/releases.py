"""Released lot: what an issuer makes public about a lot, whole, so that its text can be proven."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

FORMAT: Final = "headland-release/1"
ClaimKind = Literal["pass", "treatment", "alarm", "climate_week", "irrigation_week"]
Evidence = Literal["measured", "declared", "simulated"]
#: Metres east and north of a corner of the map, so that a map shows no position on earth.
Points = tuple[tuple[float, float], ...]


class ReleasedHarvest(msgspec.Struct, frozen=True, kw_only=True):
    """A harvest in the lot: `grams` of the lot are from it; `place` is named only where the issuer wants it."""

    time_ms: int
    grams: int
    crop: str
    variety: str
    place: str
    evidence: Evidence


class ReleasedClaim(msgspec.Struct, frozen=True, kw_only=True):
    """A claim about the growth of the crop in [start_ms, end_ms), with what it rests on."""

    kind: ClaimKind
    start_ms: int
    end_ms: int
    evidence: Evidence
    what: str
    figures: dict[str, float | None]


class ReleasedPass(msgspec.Struct, frozen=True, kw_only=True):
    """Map of a pass: the field's outlines and the track, in metres of a map of this width and height.

    `time_s` are the seconds since the start at the points of the track.
    """

    start_ms: int
    end_ms: int
    evidence: Evidence
    width_m: float
    height_m: float
    outlines: tuple[Points, ...]
    track: Points
    time_s: tuple[float, ...]


class ReleasedCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """The certificate (承诺达标合格证) of the lot as it was issued."""

    number: str
    product: str
    grams: int
    origin: str
    issuer: str
    contact: str
    issued_ms: int
    basis: tuple[str, ...]
    tested: str


class ReleasedLot(msgspec.Struct, frozen=True, kw_only=True):
    """A lot as its issuer shows it to everybody. Nothing else of it is public."""

    format: Literal["headland-release/1"] = FORMAT
    code: str
    product: str
    crop: str
    grams: int
    packs: int | None
    made_ms: int
    simulated: bool
    gtin: str | None
    issuer: str
    contact: str
    origin: str
    message: str
    time_zone: str
    harvests: tuple[ReleasedHarvest, ...]
    claims: tuple[ReleasedClaim, ...]
    is_whole: bool
    passes: tuple[ReleasedPass, ...]
    certificate: ReleasedCertificate | None
    events: tuple[str, ...]
    released_ms: int
    grower: str = ""


class ReleaseRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What an issuer chooses to show: kinds of claims, and what they write themselves.

    `shows_live` lets the overlay for live streams show the present climate of the house.
    """

    issuer: Annotated[str, Meta(min_length=1, max_length=200), "Name of the issuer."]
    contact: Annotated[str, Meta(max_length=200), "Contact for consumers."] = ""
    origin: Annotated[str, Meta(max_length=200), "Place of origin in words; empty: of the certificate."] = ""
    message: Annotated[str, Meta(max_length=500), "Message to consumers."] = ""
    grower: Annotated[str, Meta(max_length=100), "Who grew it, as the page says it; empty: the page names nobody."] = ""
    gtin: Annotated[str, Meta(max_length=20), "As it stands below the bar code."] = ""
    kinds: Annotated[tuple[ClaimKind, ...], Meta(max_length=5), "Kinds of claims to show."] = (
        "pass",
        "treatment",
        "alarm",
        "climate_week",
        "irrigation_week",
    )
    shows_map: Annotated[bool, "Field outline and track, without a position on earth."] = True
    shows_places: Annotated[bool, "Names of fields and houses."] = False
    shows_live: Annotated[bool, "Present climate of the house, in the overlay only."] = False


def read_released(text: str) -> ReleasedLot:
    """Return the lot of a released text."""
    return msgspec.json.decode(text.encode(), type=ReleasedLot)
