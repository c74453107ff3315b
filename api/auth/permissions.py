"""What each path needs before anybody gets at it. What is not named here is not there for anyone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from headland.registry.models.models import Scope

_READS: Final = frozenset(("GET", "HEAD", "OPTIONS"))


class RequiredScope(Enum):
    """What a request must bring."""

    NOTHING = "nothing"
    READ = "read"
    WRITE = "write"
    ADMIN = "admin"
    #: Nothing when it comes from this machine itself, else a key that reads.
    NEARNESS = "nearness"
    #: It must come from this machine itself; the route asks for a token of its own.
    OPERATOR = "operator"

    @property
    def scope(self) -> Scope | None:
        """The scope that a key must have; None where a key is not what is asked for."""
        return _SCOPES.get(self)


_SCOPES: Final = {
    RequiredScope.READ: Scope.READ,
    RequiredScope.WRITE: Scope.WRITE,
    RequiredScope.ADMIN: Scope.ADMIN,
    RequiredScope.NEARNESS: Scope.READ,
}


@dataclass(frozen=True, slots=True)
class PathPermission:
    """A path, with all that is below it where `below`; reading it needs `reads`, everything else `changes`."""

    path: str
    reads: RequiredScope = RequiredScope.READ
    changes: RequiredScope = RequiredScope.WRITE
    below: bool = True

    def holds(self, path: str) -> bool:
        """Tell whether a request's path is in here."""
        return path == self.path or (self.below and path.startswith(self.path + "/"))


def _open(path: str, *, below: bool = False) -> PathPermission:
    return PathPermission(path, RequiredScope.NOTHING, RequiredScope.NOTHING, below)


def _admin(path: str) -> PathPermission:
    return PathPermission(path, RequiredScope.ADMIN, RequiredScope.ADMIN)


#: The first room that holds a path counts.
ROOMS: Final = (
    _open("/"),
    _open("/docs"),
    _open("/dashboard", below=True),
    _open("/help", below=True),
    PathPermission("/v1/session", RequiredScope.READ, RequiredScope.NOTHING, below=False),
    PathPermission("/healthz", RequiredScope.NEARNESS, below=False),
    PathPermission("/readyz", RequiredScope.NEARNESS, below=False),
    PathPermission("/metrics", below=False),
    PathPermission("/openapi.json", below=False),
    PathPermission("/v1/store", RequiredScope.OPERATOR, RequiredScope.OPERATOR),
    _admin("/v1/keys"),
    _admin("/v1/members"),
    _admin("/v1/audit"),
    _admin("/v1/webhooks"),
    # To drop what was refused is the one way to lose what a gateway sent.
    PathPermission("/v1/quarantine"),
    *(
        PathPermission(f"/v1/{name}")
        for name in (
            "alarm-notices",
            "alarm-recipients",
            "alarm-rules",
            "alarms",
            "catalog",
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
        )
    ),
    PathPermission("/sta/v1.1"),
    PathPermission("/ogc"),
)


def need_of(method: str, path: str) -> RequiredScope | None:
    """Return what a request must bring; None where nothing is declared, and so nothing is there."""
    room = next((room for room in ROOMS if room.holds(path)), None)
    if room is None:
        return None
    if method == "DELETE" and room.path == "/v1/quarantine":
        return RequiredScope.ADMIN
    return room.reads if method in _READS else room.changes
