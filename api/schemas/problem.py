"""Shape of an error."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """An error (RFC 9457). `type` is stable and meant for programs; `title` and `detail` are for people."""

    EXAMPLE: ClassVar = {
        "type": "urn:headland:problem:unknown-device",
        "title": "No such device",
        "status": 404,
        "detail": "There is no device gh-9.",
        "help": "/help/reference/problems/#unknown-device",
    }

    type: Annotated[str, "Kind of the error, a URN."]
    title: Annotated[str, "Condition, in the language of the request."]
    status: Annotated[int, msgspec.Meta(ge=400, le=599), "Status of HTTP."]
    detail: Annotated[str, "Remedy, in the language of the request."]
    help: Annotated[str | None, "Address of what the help says of this type; absent where the status says all."] = None
