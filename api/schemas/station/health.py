"""Response models of liveness and readiness."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """The process responds."""

    status: Annotated[str, Meta(extra_json_schema={"example": "ok"}), "ok."]


class ReadinessCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A condition of readiness."""

    name: str
    ok: Annotated[bool, "Whether it holds."]
    detail: str


class StoreSpace(msgspec.Struct, frozen=True, kw_only=True):
    """Room on the farm's disk, and how long it lasts at the growth of the last two weeks."""

    at_ms: Annotated[int | None, "When it was measured; null before the first time, or where nothing is."]
    free_bytes: int
    total_bytes: Annotated[int, "Size of the disk in bytes."]
    farm_bytes: Annotated[int, "What the farm's folder takes."]
    days_known: Annotated[float, "Of how many days the growth is known, at most 14."]
    growth_bytes_day: Annotated[float | None, "Null before two days are known."]
    days_left: Annotated[float | None, "Null where it is not known, or nothing grows."]
    is_nearly_full: Annotated[bool, "Less than 14 days, or less than a tenth of the disk."]


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """Readiness of the station, with its checks."""

    ready: Annotated[bool, "Whether every check holds."]
    checks: Annotated[list[ReadinessCheck], "Conditions of readiness."]
