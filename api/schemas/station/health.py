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


class Readiness(Model):
    """Readiness of the station, with its checks."""

    ready: bool
    checks: list[ReadinessCheck]
