"""Kind of record of each path, and so who may ask for it; a path that is not listed is not accessible.

Middleware, API document and sessions ask `refusal_of`. What each role may read and change of a kind is one table:
`headland.registry.models.access_table`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import cache, lru_cache
from typing import Final

from headland.registry.auth.api_keys import is_address
from headland.registry.models.access_table import KindOfRecord, Right, Role, right_to_change, right_to_read, role_of
from headland.registry.models.models import Scope
from headland.registry.models.people import PersonRole

#: Paths with an address of a kind of sender.
_ADDRESSED: Final = re.compile(r"/v1/samples/([a-z-]+)/([^/]+)")
_PLACEHOLDER: Final = re.compile(r"\{[^}]*\}")
#: Parts of a gateway that decide whose word counts, what it reads, or what is held to be lost.
_LOGIN_PARTS: Final = (
    "replace",
    "refresh",
    "rules",
    "packs",
    "orders",
    "code",
    "certificate",
    "delivery/accept",
    "delivery/marks",
)
#: Paths of SensorThings that create Observations.
_OBSERVATIONS: Final = ("Observations", "CreateObservations", "{stream}/Observations")
_PARTS_OF_A_YIELD: Final = ("", "/seasons", "/against-applied", "/stability")
_READS: Final = frozenset(("GET", "HEAD", "OPTIONS"))


class RequiredScope(Enum):
    """Credentials that a request must have."""

    NOTHING = "nothing"
    READ = "read"
    SAMPLES = "samples"
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
    RequiredScope.SAMPLES: Scope.SAMPLES,
    RequiredScope.WRITE: Scope.WRITE,
    RequiredScope.ADMIN: Scope.ADMIN,
    RequiredScope.LOOPBACK_OR_READ: Scope.READ,
}


@dataclass(frozen=True, slots=True)
class PathPermission:
    """KindOfRecord of record of a path, and of all paths below it where `below`.

    In a path `{id}` stands for an id of a record, `{name}` for any other name. `reads` for safe methods and `changes`
    for the others are given where no kind decides them. `own` says that the route limits what it shows and takes to
    what is the own of who asks: without it nobody is let in whose right is to the own alone, so that a new path is
    closed to them until it is named. `everybody` opens what is no record of anybody to each role.
    """

    path: str
    kind: KindOfRecord | None = None
    reads: RequiredScope | None = None
    changes: RequiredScope | None = None
    below: bool = True
    own: bool = False
    everybody: bool = False

    def covers(self, path: str) -> bool:
        """Tell whether a request's path is covered."""
        return _pattern_of(self.path, below=self.below).fullmatch(path) is not None

    def required(self, *, is_read: bool) -> RequiredScope:
        """Return the credentials that reading or changing needs."""
        given = self.reads if is_read else self.changes
        return given or _least_scope(self.kind, is_read=is_read)


@cache
def _pattern_of(path: str, *, below: bool) -> re.Pattern[str]:
    """Return the pattern of an entry's path."""
    parts = [_NAMES.get(part, re.escape(part)) for part in re.split(r"(\{[a-z]+\})", path)]
    return re.compile("".join(parts) + ("(?:/.*)?" if below else ""), re.DOTALL)


#: Scopes from that which the fewest need.
_FROM_LEAST: Final = (Scope.SAMPLES, Scope.READ, Scope.WRITE, Scope.ADMIN)
#: What stands for a name in the path of an entry.
_NAMES: Final = {"{id}": "[0-9a-z]{26}", "{name}": "[^/]+", "{stream}": r"Datastreams\([^/]*\)"}


def _least_scope(kind: KindOfRecord | None, *, is_read: bool) -> RequiredScope:
    """Return the smallest scope of a key that the table lets read or change a kind."""
    for scope in _FROM_LEAST:
        if _right(role_of(None, scope), kind, is_read=is_read).is_asked:
            return RequiredScope(scope.value)
    return RequiredScope.ADMIN


def _right(role: Role, kind: KindOfRecord | None, *, is_read: bool) -> Right:
    return right_to_read(role, kind) if is_read else right_to_change(role, kind)


def _open(path: str, *, below: bool = False) -> PathPermission:
    return PathPermission(path, None, RequiredScope.NOTHING, RequiredScope.NOTHING, below)


def _station(
    path: str,
    reads: RequiredScope,
    changes: RequiredScope = RequiredScope.WRITE,
    *,
    below: bool = False,
    everybody: bool = False,
) -> PathPermission:
    """Return the permission of what the station says of itself, which is no record of the organisation."""
    return PathPermission(path, None, reads, changes, below, everybody=everybody)


def _kinds(kind: KindOfRecord, *names: str) -> tuple[PathPermission, ...]:
    return tuple(PathPermission(f"/v1/{name}", kind) for name in names)


def _own(kind: KindOfRecord, *names: str) -> tuple[PathPermission, ...]:
    """Return the permissions of paths that show each one's own, and of nothing below them."""
    return tuple(PathPermission(f"/v1/{name}", kind, below=False, own=True) for name in names)


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
    _station("/v1/session", RequiredScope.READ, RequiredScope.NOTHING, everybody=True),
    _station("/healthz", RequiredScope.LOOPBACK_OR_READ),
    _station("/readyz", RequiredScope.LOOPBACK_OR_READ),
    _station("/metrics", RequiredScope.READ),
    _station("/openapi.json", RequiredScope.READ, everybody=True),
    # What units, channels and indices are called: no record of anybody.
    _station("/v1/catalogue", RequiredScope.READ, everybody=True),
    *_kinds(KindOfRecord.ACCESS, "store/damage", "store/retention"),
    # Whether the station's clock can be believed: every page says it, and it is no record of anybody.
    _station("/v1/clock", RequiredScope.READ, RequiredScope.ADMIN, everybody=True),
    _station("/v1/clock", RequiredScope.READ, RequiredScope.ADMIN, below=True),
    _station("/v1/store/space", RequiredScope.READ),
    _station("/v1/store/lifecycle", RequiredScope.READ, RequiredScope.ADMIN, below=True),
    _station("/v1/store", RequiredScope.OPERATOR, RequiredScope.OPERATOR, below=True),
    *_kinds(KindOfRecord.ACCESS, "gateway-enrolments", "keys", "sample-logins", "members", "audit", "webhooks"),
    *_own(KindOfRecord.PERSON_DATA, "person-data/{id}", "person-data/{id}/copy"),
    *_kinds(KindOfRecord.PERSON_DATA, "person-data"),
    *_own(KindOfRecord.PEOPLE, "people", "people/{id}", "holdings", "holdings/{id}"),
    *_own(KindOfRecord.ACCOUNTS, "accounts", "deliveries", "statements", "statements/{id}"),
    *_own(KindOfRecord.DISPUTES, "disputes"),
    *_own(KindOfRecord.FIELDS, "fields", "fields/{id}", "fields/{id}/passes", "fields/{id}/harvest-passes"),
    *_own(KindOfRecord.FIELDS, *(f"fields/{{id}}/yield{part}" for part in _PARTS_OF_A_YIELD)),
    *_own(KindOfRecord.PASSES, *(f"passes/{{name}}{part}" for part in ("", "/as-applied", "/cell", "/cells"))),
    *_kinds(KindOfRecord.PEOPLE, "people", "holdings"),
    *_kinds(KindOfRecord.TARIFFS, "tariffs", "subsidy-rules", "subsidy-claims", "statement-runs"),
    *_kinds(KindOfRecord.ACCOUNTS, "accounts", "deliveries", "statements"),
    *_kinds(KindOfRecord.DISPUTES, "disputes"),
    # Whoever names a recipient chooses where the station posts to.
    *_kinds(KindOfRecord.RECIPIENTS, "alarm-recipients"),
    *_kinds(KindOfRecord.PUSH, "push-subscriptions"),
    *_kinds(KindOfRecord.FORECAST_PROVIDERS, "forecast-providers"),
    *_kinds(KindOfRecord.MAP_SOURCES, "map-sources"),
    # Deletion, which alone can lose a gateway's records, needs ADMIN: see `required_scope`.
    *_kinds(KindOfRecord.LOST_MESSAGES, "quarantine"),
    *_kinds(KindOfRecord.GROUND, "base-map"),
    *_kinds(KindOfRecord.FIELDS, "fields"),
    *_kinds(KindOfRecord.PASSES, "passes"),
    *_kinds(KindOfRecord.NOTES, "notes", "photos", "today/done"),
    *_kinds(KindOfRecord.ALARMS, "alarms", "alarm-acknowledgements", "authors"),
    *_kinds(KindOfRecord.WITNESSES, "ledger/witnesses", "ledger/witnessed"),
    *_kinds(KindOfRecord.PROOFS, "ledger"),
    # A console that can only GET writes by it.
    PathPermission("/v1/samples/{name}/{name}", KindOfRecord.SAMPLES, reads=RequiredScope.SAMPLES, below=False),
    *_kinds(KindOfRecord.SAMPLES, "samples"),
    PathPermission("/v1/gateways", KindOfRecord.IDENTITIES, below=False),
    *_kinds(KindOfRecord.IDENTITIES, *(f"gateways/{{name}}/{part}" for part in _LOGIN_PARTS)),
    # What an API and its ingest workers say to one another.
    *_kinds(KindOfRecord.IDENTITIES, "receipts"),
    *_kinds(KindOfRecord.IDENTITIES, "devices/{name}/owner", "devices/{name}/simulated"),
    *_kinds(KindOfRecord.GATEWAYS, "gateways", "gateway-rules"),
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
        "confirmations",
        "doubts",
        "duty",
        "duty-rotas",
        "export",
        "farms",
        "forecast-rules",
        "germplasm",
        "greenhouse-zones",
        "greenhouses",
        "harvest-intervals",
        "imports",
        "irrigation-zones",
        "irrigations",
        "latest",
        "live",
        "lot-operations",
        "lots",
        "maintenance-windows",
        "plant-protection-products",
        "statement-passes",
        "today",
        "tonight",
        "treatments",
        "trial-variables",
        "trials",
    ),
    *(PathPermission(f"/sta/v1.1/{path}", KindOfRecord.SAMPLES, below=False) for path in _OBSERVATIONS),
    PathPermission("/sta/v1.1", KindOfRecord.FARM),
    PathPermission("/ogc", KindOfRecord.FARM),
    PathPermission("/epcis", KindOfRecord.FARM),
    # A search of BrAPI is a POST that changes nothing.
    PathPermission("/brapi/v2/search", KindOfRecord.FARM, changes=RequiredScope.READ),
    PathPermission("/brapi/v2", KindOfRecord.FARM),
)


class Refusal(StrEnum):
    """Why a request with a valid key is refused, the last part of the problem's type."""

    UNDECLARED = "undeclared"
    ROLE = "role"
    SCOPE = "scope"


def refusal_of(role: PersonRole | None, scope: Scope, method: str, path: str) -> Refusal | None:
    """Return why an access may not make a request; None where it may. `path` may have names in place of ids."""
    path = _PLACEHOLDER.sub("0" * 26, path)
    required = required_scope(method, path)
    if required is None:
        return Refusal.UNDECLARED
    if required is RequiredScope.NOTHING:
        return None
    if required.scope is None:
        return Refusal.SCOPE
    if not is_open_to(role, method, path):
        return Refusal.ROLE
    # A member's paths are named one by one; what they change is their own.
    if role is PersonRole.MEMBER and scope is not Scope.SAMPLES:
        return None
    return None if scope.includes(required.scope) else Refusal.SCOPE


def address_in(path: str) -> tuple[str, str] | None:
    """Return the kind of sender and the unguessable part of an address in a path; None where it has none."""
    found = _ADDRESSED.fullmatch(path)
    return (found[1], found[2]) if found is not None and is_address(found[2]) else None


def roles_of(method: str, path: str) -> tuple[Role, ...]:
    """Return the roles that may make a request; none where it needs no key. `path` may have names in place of ids."""
    required = required_scope(method, _PLACEHOLDER.sub("0" * 26, path))
    if required is None or required.scope is None:
        return ()
    return tuple(role for role, access in _ACCESS_OF_ROLE.items() if refusal_of(*access, method, path) is None)


#: Person's role and scope of the access of a role.
_ACCESS_OF_ROLE: Final[dict[Role, tuple[PersonRole | None, Scope]]] = {
    Role.MANAGER: (None, Scope.ADMIN),
    Role.AGRONOMIST: (None, Scope.WRITE),
    Role.PILOT: (PersonRole.PILOT, PersonRole.PILOT.scope),
    Role.MEMBER: (PersonRole.MEMBER, PersonRole.MEMBER.scope),
    Role.READER: (None, Scope.READ),
    Role.SENDER: (None, Scope.SAMPLES),
}


@lru_cache(maxsize=64)
def operations_of(
    role: PersonRole | None, scope: Scope, operations: tuple[tuple[str, str], ...]
) -> dict[str, list[str]]:
    """Return the methods by path that an access may ask of `operations`, pairs of a method and a path with names."""
    allowed: dict[str, list[str]] = {}
    for method, path in operations:
        if refusal_of(role, scope, method, path) is None:
            allowed.setdefault(path, []).append(method)
    return allowed


def is_open_to(role: PersonRole | None, method: str, path: str) -> bool:
    """Tell whether the role of a person lets it make a request, beside the scope that the path requires."""
    if role not in (PersonRole.PILOT, PersonRole.MEMBER):
        # Others differ by the scope that their role leaves to their key.
        return True
    is_read, permission = method in _READS, _permission_of(path.rstrip("/"))
    if permission is None or permission.kind is None:
        is_everybodys = permission is not None and permission.everybody
        return (is_read or path == "/v1/session") and (is_everybodys or role is not PersonRole.MEMBER)
    right = _right(Role(role.value), permission.kind, is_read=is_read)
    return right is Right.ALL or (right is Right.OWN and permission.own)


def required_scope(method: str, path: str) -> RequiredScope | None:
    """Return the credentials that a request must have; None for a path that is not listed."""
    permission = _permission_of(path.rstrip("/") or "/")
    if permission is None:
        return None
    is_read = method in _READS
    if method == "DELETE" and permission.kind is KindOfRecord.LOST_MESSAGES:
        return RequiredScope.ADMIN
    return permission.required(is_read=is_read)


def _permission_of(path: str) -> PathPermission | None:
    return next((entry for entry in PATH_PERMISSIONS if entry.covers(path)), None)
