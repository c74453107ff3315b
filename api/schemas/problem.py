"""Response model of errors."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas.model import Model


class Problem(Model):
    """An error (RFC 9457). `type` is stable and meant for programs; `title` and `detail` are for people."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "example": {
                "type": "urn:headland:problem:unknown-device",
                "title": "No such device",
                "status": 404,
                "detail": "There is no device gh-9.",
            }
        },
    )

    type: str
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
