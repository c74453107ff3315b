"""Security schemes and refusals in the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from api.auth.middleware import COOKIE
from api.auth.permissions import RequiredScope, required_scope, roles_of
from api.http.problems import declare_problems

_SCHEMES: Final = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key, `hl_...`, or a token of the configured identity provider.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "A browser session, begun at /v1/session.",
    },
}
_EITHER: Final[list[dict[str, list[str]]]] = [{"key": []}, {"session": []}]


def describe_access(document: dict[str, Any]) -> None:
    """Add the security schemes to a document, and to each operation its scope, roles and refusals."""
    document["components"]["securitySchemes"] = _SCHEMES
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            required = required_scope(method.upper(), path)
            responses = operation["responses"]
            if required is None or required is RequiredScope.NOTHING:
                operation["security"] = []
                continue
            # A request from this machine needs no credentials: {} declares that alternative.
            operation["security"] = [*_EITHER, {}] if required is RequiredScope.LOOPBACK_OR_READ else _EITHER
            refusals = declare_problems(401, 403, 429, 503)
            if method in ("post", "put", "patch", "delete"):
                refusals |= declare_problems(400, 413)
            for status, description in refusals.items():
                responses.setdefault(str(status), description)
            if required.scope is not None:
                operation["x-headland-scope"] = required.scope.value
                operation["x-headland-roles"] = [role.value for role in roles_of(method.upper(), path)]
