"""KindOfRecord of record of each path, and so who may ask for it; a path that is not listed is not accessible.

What each role may read and change of a kind is one table: `headland.registry.models.access_table`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from headland.registry.models.access_table import KindOfRecord, Right, Role, right_to_change, right_to_read, role_of
from headland.registry.models.models import Scope
from headland.registry.models.people import PersonRole

#: Changes that decide whose word counts: who may write a device, whose log is witnessed, and who witnesses.
_ADMIN_CHANGES: Final = re.compile(
    r"/v1/ledger/witnessed(?:/cosign)?|/v1/ledger/witnesses(?:/.*)?|/v1/gateways|/v1/devices/[^/]+/(?:owner|simulated)"
    r"|/v1/gateways/[^/]+/(?:replace|refresh|code|certificate|delivery/(?:accept|marks))"
)
_PLACEHOLDER: Final = re.compile(r"\{[^}]*\}")
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
    """KindOfRecord of record of a path, and of all paths below it where `below`.

    `reads` for safe methods and `changes` for the others are given where no kind decides them.
    """

    path: str
    kind: KindOfRecord | None = None
    reads: RequiredScope | None = None
    changes: RequiredScope | None = None
    below: bool = True

    def covers(self, path: str) -> bool:
        """Tell whether a request's path is covered."""
        return path == self.path or (self.below and path.startswith(self.path + "/"))

    def required(self, *, is_read: bool) -> RequiredScope:
        """Return the credentials that reading or changing needs."""
        given = self.reads if is_read else self.changes
        return given or _least_scope(self.kind, is_read=is_read)


def _least_scope(kind: KindOfRecord | None, *, is_read: bool) -> RequiredScope:
    """Return the smallest scope of a key that the table lets read or change a kind."""
    for scope in Scope:
        if _right(role_of(None, scope), kind, is_read=is_read).is_asked:
            return RequiredScope(scope.value)
    return RequiredScope.ADMIN


def _right(role: Role, kind: KindOfRecord | None, *, is_read: bool) -> Right:
    return right_to_read(role, kind) if is_read else right_to_change(role, kind)


def _open(path: str, *, below: bool = False) -> PathPermission:
    return PathPermission(path, None, RequiredScope.NOTHING, RequiredScope.NOTHING, below)


def _station(
    path: str, reads: RequiredScope, changes: RequiredScope = RequiredScope.WRITE, *, below: bool = False
) -> PathPermission:
    """Return the permission of what the station says of itself, which is no record of the organisation."""
    return PathPermission(path, None, reads, changes, below)


def _kinds(kind: KindOfRecord, *names: str) -> tuple[PathPermission, ...]:
    return tuple(PathPermission(f"/v1/{name}", kind) for name in names)


#: The first entry that covers a path applies.
PATH_PERMISSIONS: Final = (
    _open("/"),
    _open("/docs"),
    _open("/dashboard", below=True),
    _open("/help", below=True),
    _open("/third-party-notices"),
    _open("/.well-known/security.txt"),
    # A gateway proves that it has its code, or the key of its certificate.
    _open("/v1/enrolments", below=True),
    # Pages of lots that were released: their token is the permission.
    _open("/p", below=True),
    _open("/01", below=True),
    _station("/v1/session", RequiredScope.READ, RequiredScope.NOTHING),
    _station("/healthz", RequiredScope.LOOPBACK_OR_READ),
    _station("/readyz", RequiredScope.LOOPBACK_OR_READ),
    _station("/metrics", RequiredScope.READ),
    _station("/openapi.json", RequiredScope.READ),
    *_kinds(KindOfRecord.ACCESS, "store/damage", "store/retention"),
    _station("/v1/clock", RequiredScope.READ, RequiredScope.ADMIN, below=True),
    _station("/v1/store/space", RequiredScope.READ),
    _station("/v1/store/lifecycle", RequiredScope.READ, RequiredScope.ADMIN, below=True),
    _station("/v1/store", RequiredScope.OPERATOR, RequiredScope.OPERATOR, below=True),
    *_kinds(KindOfRecord.ACCESS, "gateway-enrolments", "keys", "members", "audit", "webhooks"),
    *_kinds(KindOfRecord.PERSON_DATA, "person-data"),
    *_kinds(KindOfRecord.PEOPLE, "people", "holdings"),
    *_kinds(KindOfRecord.TARIFFS, "tariffs", "subsidy-rules", "subsidy-claims", "statement-runs"),
    *_kinds(KindOfRecord.ACCOUNTS, "accounts", "deliveries", "statements"),
    *_kinds(KindOfRecord.DISPUTES, "disputes"),
    # Whoever names a recipient chooses where the station posts to.
    *_kinds(KindOfRecord.RECIPIENTS, "alarm-recipients"),
    *_kinds(KindOfRecord.PUSH, "push-subscriptions"),
    # Deletion, which alone can lose a gateway's records, needs ADMIN: see `required_scope`.
    *_kinds(KindOfRecord.LOST_MESSAGES, "quarantine"),
    *_kinds(KindOfRecord.GROUND, "base-map"),
    *_kinds(KindOfRecord.FIELDS, "fields"),
    *_kinds(KindOfRecord.PASSES, "passes"),
    *_kinds(KindOfRecord.NOTES, "notes", "photos"),
    *_kinds(KindOfRecord.ALARMS, "alarms"),
    *_kinds(KindOfRecord.PROOFS, "ledger"),
    *_kinds(KindOfRecord.GATEWAYS, "gateways"),
    *_kinds(KindOfRecord.HARVESTS, "harvests"),
    *_kinds(KindOfRecord.INPUTS, "devices", "implements", "prescriptions", "products", "seasons", "sites"),
    *_kinds(
        KindOfRecord.FARM,
        "alarm-notices",
        "alarm-rules",
        "catalog",
        "certificates",
        "crop-bands",
        "device-places",
        "duty",
        "duty-rotas",
        "export",
        "farms",
        "germplasm",
        "greenhouse-zones",
        "greenhouses",
        "harvest-intervals",
        "imports",
        "latest",
        "live",
        "lot-operations",
        "lots",
        "maintenance-windows",
        "plant-protection-products",
        "statement-passes",
        "tonight",
        "treatments",
        "trial-variables",
        "trials",
    ),
    PathPermission("/sta/v1.1", KindOfRecord.FARM),
    PathPermission("/ogc", KindOfRecord.FARM),
    PathPermission("/epcis", KindOfRecord.FARM),
    # A search of BrAPI is a POST that changes nothing.
    PathPermission("/brapi/v2/search", KindOfRecord.FARM, changes=RequiredScope.READ),
    PathPermission("/brapi/v2", KindOfRecord.FARM),
)


#: What a member of the cooperative may ask of the kinds that the table opens; everything else is refused, so that a new
#: path is closed until it is named. The repositories limit each of them to the own rows.
_MEMBER_READS: Final = re.compile(
    r"/v1/session|/openapi\.json|/v1/(?:people|holdings|fields|statements)(?:/[0-9a-z]{26})?"
    r"|/v1/fields/[0-9a-z]{26}/(?:passes|harvest-passes|yield(?:/(?:seasons|against-applied|stability))?)"
    r"|/v1/passes/[^/]+(?:/(?:as-applied|cells?))?|/v1/accounts|/v1/deliveries|/v1/disputes"
    r"|/v1/person-data/[0-9a-z]{26}(?:/copy)?"
    # The ground under every map: a picture of the place, without names, owners or values.
    r"|/v1/base-map(?:/file)?"
    # Whether the station's clock can be believed: every page says it, and it is no record of anybody.
    r"|/v1/clock"
)
_MEMBER_CHANGES: Final = re.compile(r"/v1/session|/v1/disputes")


def roles_of(method: str, path: str) -> tuple[Role, ...]:
    """Return the roles that may make a request; none where it needs no key. `path` may have names in place of ids."""
    required, path = required_scope(method, path), _PLACEHOLDER.sub("0" * 26, path)
    if required is None or required.scope is None:
        return ()
    scopes = list(Scope)
    most = {Role.MANAGER: Scope.ADMIN, Role.READER: Scope.READ}
    return tuple(
        role
        for role in Role
        if (role is Role.MEMBER or scopes.index(most.get(role, Scope.WRITE)) >= scopes.index(required.scope))
        and is_open_to(PersonRole(role.value) if role in (Role.PILOT, Role.MEMBER) else None, method, path)
    )


def is_open_to(role: PersonRole | None, method: str, path: str) -> bool:
    """Tell whether the role of a person lets it make a request, beside the scope that the path requires."""
    if role not in (PersonRole.PILOT, PersonRole.MEMBER):
        # Others differ by the scope that their role leaves to their key.
        return True
    is_read, path = method in _READS, path.rstrip("/")
    if role is PersonRole.MEMBER and not (_MEMBER_READS if is_read else _MEMBER_CHANGES).fullmatch(path):
        return False
    permission = _permission_of(path)
    if permission is None or permission.kind is None:
        return is_read or path == "/v1/session"
    return _right(Role(role.value), permission.kind, is_read=is_read).is_asked


def required_scope(method: str, path: str) -> RequiredScope | None:
    """Return the credentials that a request must have; None for a path that is not listed."""
    permission = _permission_of(path)
    if permission is None:
        return None
    is_read = method in _READS
    if method == "DELETE" and permission.kind is KindOfRecord.LOST_MESSAGES:
        return RequiredScope.ADMIN
    if not is_read and _ADMIN_CHANGES.fullmatch(path.rstrip("/")):
        return RequiredScope.ADMIN
    return permission.required(is_read=is_read)


def _permission_of(path: str) -> PathPermission | None:
    return next((entry for entry in PATH_PERMISSIONS if entry.covers(path)), None)
