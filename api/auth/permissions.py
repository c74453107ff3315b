"""Scope that each path requires, and paths by role; a path that is not listed is not accessible."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from headland.registry.models.models import Scope
from headland.registry.models.people import PersonRole

#: Changes that decide whose word counts: who may write a device, whose log is witnessed, and who witnesses.
_ADMIN_CHANGES: Final = re.compile(
    r"/v1/ledger/witnessed(?:/cosign)?|/v1/ledger/witnesses(?:/.*)?|/v1/gateways|/v1/devices/[^/]+/(?:owner|simulated)"
    r"|/v1/gateways/[^/]+/(?:replace|refresh|code|certificate|delivery/(?:accept|marks))"
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
    _open("/third-party-notices"),
    # A gateway proves that it has its code, or the key of its certificate.
    _open("/v1/enrolments", below=True),
    # Pages of lots that were released: their token is the permission.
    _open("/p", below=True),
    _open("/01", below=True),
    PathPermission("/v1/session", RequiredScope.READ, RequiredScope.NOTHING, below=False),
    PathPermission("/healthz", RequiredScope.LOOPBACK_OR_READ, below=False),
    PathPermission("/readyz", RequiredScope.LOOPBACK_OR_READ, below=False),
    PathPermission("/metrics", below=False),
    PathPermission("/openapi.json", below=False),
    _admin("/v1/store/damage"),
    _admin("/v1/store/retention"),
    PathPermission("/v1/clock", changes=RequiredScope.ADMIN),
    PathPermission("/v1/store", RequiredScope.OPERATOR, RequiredScope.OPERATOR),
    _admin("/v1/gateway-enrolments"),
    _admin("/v1/keys"),
    _admin("/v1/members"),
    _admin("/v1/audit"),
    _admin("/v1/webhooks"),
    # Contacts, and whose ground is whose: managers decide it.
    PathPermission("/v1/people", changes=RequiredScope.ADMIN),
    PathPermission("/v1/holdings", changes=RequiredScope.ADMIN),
    # Money: whoever may see the farm may see it, managers decide it.
    *(
        PathPermission(f"/v1/{name}", changes=RequiredScope.ADMIN)
        for name in (
            "tariffs",
            "subsidy-rules",
            "accounts",
            "deliveries",
            "statement-runs",
            "statements",
            "subsidy-claims",
        )
    ),
    PathPermission("/v1/statement-passes"),
    PathPermission("/v1/disputes"),
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
            "crop-bands",
            "certificates",
            "device-places",
            "devices",
            "duty",
            "duty-rotas",
            "export",
            "farms",
            "fields",
            "gateways",
            "greenhouse-zones",
            "greenhouses",
            "harvest-intervals",
            "harvests",
            "implements",
            "imports",
            "latest",
            "ledger",
            "live",
            "lot-operations",
            "lots",
            "maintenance-windows",
            "notes",
            "passes",
            "photos",
            "plant-protection-products",
            "prescriptions",
            "products",
            "push-subscriptions",
            "seasons",
            "sites",
            "tonight",
            "treatments",
            "trials",
            "trial-variables",
            "germplasm",
        )
    ),
    PathPermission("/sta/v1.1"),
    PathPermission("/ogc"),
    PathPermission("/epcis"),
    # A search of BrAPI is a POST that changes nothing.
    PathPermission("/brapi/v2/search", changes=RequiredScope.READ),
    PathPermission("/brapi/v2"),
)


#: What a member of the cooperative may ask; everything else is refused, so that a new path is closed until it is named.
#: The repositories limit each of them to the own rows.
_MEMBER_READS: Final = re.compile(
    r"/v1/session|/openapi\.json|/v1/(?:people|holdings|fields|statements)(?:/[0-9a-z]{26})?"
    r"|/v1/fields/[0-9a-z]{26}/(?:passes|harvest-passes|yield(?:/(?:seasons|against-applied|stability))?)"
    r"|/v1/passes/[^/]+(?:/(?:as-applied|cells?))?|/v1/accounts|/v1/deliveries|/v1/disputes"
    # The ground under every map: a picture of the place, without names, owners or values.
    r"|/v1/base-map(?:/file)?"
)
_MEMBER_CHANGES: Final = re.compile(r"/v1/session|/v1/disputes")
#: What a pilot may not read, and all that a pilot may change.
_PILOT_CLOSED: Final = re.compile(
    r"/v1/(?:people|holdings|tariffs|subsidy-rules|subsidy-claims|accounts|deliveries|statements|statement-runs|disputes)(?:/.*)?"
)
_PILOT_CHANGES: Final = re.compile(r"/v1/(?:session|passes|notes|photos|alarms)(?:/.*)?")


def is_open_to(role: PersonRole | None, method: str, path: str) -> bool:
    """Tell whether a role may make a request, beside the scope that the path requires."""
    is_read, path = method in _READS, path.rstrip("/")
    if role is PersonRole.MEMBER:
        return (_MEMBER_READS if is_read else _MEMBER_CHANGES).fullmatch(path) is not None
    if role is PersonRole.PILOT:
        return not _PILOT_CLOSED.fullmatch(path) and (is_read or _PILOT_CHANGES.fullmatch(path) is not None)
    return True


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
