"""What each path needs before anybody gets at it. What is not named here is not there for anyone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from headland.registry.records import Scope

_READS: Final = frozenset(("GET", "HEAD", "OPTIONS"))


class Need(Enum):
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
    Need.READ: Scope.READ,
    Need.WRITE: Scope.WRITE,
    Need.ADMIN: Scope.ADMIN,
    Need.NEARNESS: Scope.READ,
}


@dataclass(frozen=True, slots=True)
class Room:
    """A path, with all that is below it where `below`; reading it needs `reads`, everything else `changes`."""

    path: str
    reads: Need = Need.READ
    changes: Need = Need.WRITE
    below: bool = True

    def holds(self, path: str) -> bool:
        """Tell whether a request's path is in here."""
        return path == self.path or (self.below and path.startswith(self.path + "/"))


def _open(path: str, *, below: bool = False) -> Room:
    return Room(path, Need.NOTHING, Need.NOTHING, below)


def _admin(path: str) -> Room:
    return Room(path, Need.ADMIN, Need.ADMIN)


#: The first room that holds a path counts.
ROOMS: Final = (
    _open("/"),
    _open("/docs"),
    _open("/dashboard", below=True),
    Room("/v1/session", Need.READ, Need.NOTHING, below=False),
    Room("/healthz", Need.NEARNESS, below=False),
    Room("/readyz", Need.NEARNESS, below=False),
    Room("/metrics", below=False),
    Room("/openapi.json", below=False),
    Room("/v1/store", Need.OPERATOR, Need.OPERATOR),
    _admin("/v1/keys"),
    _admin("/v1/members"),
    _admin("/v1/audit"),
    _admin("/v1/webhooks"),
    # To drop what was refused is the one way to lose what a gateway sent.
    Room("/v1/quarantine"),
    *(
        Room(f"/v1/{name}")
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
    Room("/sta/v1.1"),
    Room("/ogc"),
)


def need_of(method: str, path: str) -> Need | None:
    """Return what a request must bring; None where nothing is declared, and so nothing is there."""
    room = next((room for room in ROOMS if room.holds(path)), None)
    if room is None:
        return None
    if method == "DELETE" and room.path == "/v1/quarantine":
        return Need.ADMIN
    return room.reads if method in _READS else room.changes
