"""Response models of liveness and readiness."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas.model import Model


class Health(Model):
    """The process responds."""

    status: Annotated[str, Field(json_schema_extra={"example": "ok"})]


class ReadinessCheck(Model):
    """A condition of readiness."""

    name: str
    ok: bool
    detail: str


class StoreSpace(Model):
    """Room on the farm's disk, and how long it lasts at the growth of the last two weeks."""

    at_ms: int | None = Field(description="When it was measured; null before the first time, or where nothing is.")
    free_bytes: int
    total_bytes: int
    farm_bytes: int = Field(description="What the farm's folder takes.")
    days_known: float = Field(description="Of how many days the growth is known, at most 14.")
    growth_bytes_day: float | None = Field(description="Null before two days are known.")
    days_left: float | None = Field(description="Null where it is not known, or nothing grows.")
    is_nearly_full: bool = Field(description="Less than 14 days, or less than a tenth of the disk.")


class Readiness(Model):
    """Readiness of the station, with its checks."""

    ready: bool
    checks: list[ReadinessCheck]
