"""Scope that each path requires; a path that is not listed is not accessible."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from headland.registry.models.models import Scope

#: Changes that decide whose word counts: who may write a device.
_ADMIN_CHANGES: Final = re.compile(
    r"/v1/gateways|/v1/devices/[^/]+/(?:owner|simulated)|/v1/gateways/[^/]+/(?:replace|refresh|delivery/(?:accept|marks))"
)
_READS: Final = frozenset(("GET", "HEAD", "OPTIONS"))


class RequiredScope(Enum):
    """Credentials that a request must have."""

    NOTHING = "nothing"
    READ = "read"
    WRITE = "write"
    ADMIN = "admin"
    #: None for a request from this machine, else a key that may read.
    LOOPBACK_OR_READ = "nearness"
    #: A request from this machine; the route checks a token of its own.
    OPERATOR = "operator"

    @property
    def scope(self) -> Scope | None:
        """The scope that a key must have; None where no key is required."""
        return _SCOPES.get(self)


_SCOPES: Final = {
    RequiredScope.READ: Scope.READ,
    RequiredScope.WRITE: Scope.WRITE,
    RequiredScope.ADMIN: Scope.ADMIN,
    RequiredScope.LOOPBACK_OR_READ: Scope.READ,
}


@dataclass(frozen=True, slots=True)
class PathPermission:
    """Scopes of a path, and of all paths below it where `below`: `reads` for safe methods, `changes` for the others."""

    path: str
    reads: RequiredScope = RequiredScope.READ
    changes: RequiredScope = RequiredScope.WRITE
    below: bool = True

    def covers(self, path: str) -> bool:
        """Tell whether a request's path is covered."""
        return path == self.path or (self.below and path.startswith(self.path + "/"))


def _open(path: str, *, below: bool = False) -> PathPermission:
    return PathPermission(path, RequiredScope.NOTHING, RequiredScope.NOTHING, below)


def _admin(path: str) -> PathPermission:
    return PathPermission(path, RequiredScope.ADMIN, RequiredScope.ADMIN)


#: The first entry that covers a path applies.
PATH_PERMISSIONS: Final = (
    _open("/"),
    _open("/docs"),
    _open("/dashboard", below=True),
    _open("/help", below=True),
    PathPermission("/v1/session", RequiredScope.READ, RequiredScope.NOTHING, below=False),
    PathPermission("/healthz", RequiredScope.LOOPBACK_OR_READ, below=False),
    PathPermission("/readyz", RequiredScope.LOOPBACK_OR_READ, below=False),
    PathPermission("/metrics", below=False),
    PathPermission("/openapi.json", below=False),
    _admin("/v1/store/damage"),
    PathPermission("/v1/store", RequiredScope.OPERATOR, RequiredScope.OPERATOR),
    _admin("/v1/keys"),
    _admin("/v1/members"),
    _admin("/v1/audit"),
    _admin("/v1/webhooks"),
    # Whoever names a recipient chooses where the station posts to.
    PathPermission("/v1/alarm-recipients", changes=RequiredScope.ADMIN),
    # Deletion, which alone can lose a gateway's records, needs ADMIN: see `required_scope`.
    PathPermission("/v1/quarantine"),
    *(
        PathPermission(f"/v1/{name}")
        for name in (
            "alarm-notices",
            "base-map",
            "alarm-rules",
            "alarms",
            "catalog",
            "device-places",
            "devices",
            "export",
            "farms",
            "fields",
            "gateways",
            "greenhouse-zones",
            "greenhouses",
            "implements",
            "latest",
            "ledger",
            "live",
            "maintenance-windows",
            "notes",
            "passes",
            "prescriptions",
            "products",
            "seasons",
            "sites",
            "tonight",
        )
    ),
    PathPermission("/sta/v1.1"),
    PathPermission("/ogc"),
)


def required_scope(method: str, path: str) -> RequiredScope | None:
    """Return the credentials that a request must have; None for a path that is not listed."""
    permission = next((entry for entry in PATH_PERMISSIONS if entry.covers(path)), None)
    if permission is None:
        return None
    if method == "DELETE" and permission.path == "/v1/quarantine":
        return RequiredScope.ADMIN
    if method not in _READS and _ADMIN_CHANGES.fullmatch(path.rstrip("/")):
        return RequiredScope.ADMIN
    return permission.reads if method in _READS else permission.changes
