"""What the OpenAPI document says of keys, sessions and refusals."""

from __future__ import annotations

from typing import Any, Final

from api.auth.middleware import COOKIE
from api.auth.permissions import RequiredScope, need_of
from api.http.problems import declare_problems

_SCHEMES: Final = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key, `hl_...`, or a token of who signs people in here.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "A browser that was signed in at /v1/session.",
    },
}
_EITHER: Final[list[dict[str, list[str]]]] = [{"key": []}, {"session": []}]


def describe_access(document: dict[str, Any]) -> None:
    """Add to a document how to be let in, and to each operation what it needs and how it refuses."""
    document["components"]["securitySchemes"] = _SCHEMES
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            need = need_of(method.upper(), path)
            answers = operation["responses"]
            if need is None or need is RequiredScope.NOTHING:
                operation["security"] = []
                continue
            # From this machine itself nothing is needed: {} says that it may be so.
            operation["security"] = [*_EITHER, {}] if need is RequiredScope.NEARNESS else _EITHER
            refusals = declare_problems(401, 403, 429, 503)
            if method in ("post", "put", "patch", "delete"):
                refusals |= declare_problems(400, 413)
            for status, told in refusals.items():
                answers.setdefault(str(status), told)
            if need.scope is not None:
                operation["x-headland-scope"] = need.scope.value
