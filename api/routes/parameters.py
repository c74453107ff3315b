"""Parameters shared by several routes."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Path, Query

from api.http.query_windows import QueryInstant

#: Valid ids of gateways and devices.
NAME_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"

DeviceId = Annotated[str, Path(description="Id of a device.", pattern=NAME_PATTERN)]

Start = Annotated[
    QueryInstant | None,
    Query(
        description=(
            "First instant: ISO 8601 with a zone (write + as %2B) or epoch milliseconds. "
            "An hour before `end` by default."
        ),
        openapi_examples={"iso": {"value": "2026-11-24T08:00:00Z"}, "ms": {"value": 1_795_507_200_000}},
    ),
]

End = Annotated[
    QueryInstant | None,
    Query(
        description="Instant after the last, written like `start`. Now by default.",
        openapi_examples={"iso": {"value": "2026-11-24T16:00:00+08:00"}, "ms": {"value": 1_795_510_800_000}},
    ),
]
