"""Table of permissions: what each role may read and change of each kind of record.

Middleware, repositories, answers, the API document, the session and the documentation read it; nothing else decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from headland.registry.models.models import Scope
from headland.registry.models.people import PersonRole


class Role(StrEnum):
    """Role of an access: that of its person, within the scope of its key."""

    MANAGER = "manager"  # a manager, or a key of scope `admin`
    AGRONOMIST = "agronomist"  # an agronomist, or a key of scope `write`
    PILOT = "pilot"
    MEMBER = "member"
    READER = "reader"  # a key of scope `read` that is of no pilot and no member
    SENDER = "sender"  # a key of scope `samples`, or the address of a sender


class Right(StrEnum):
    """What a role may do with the records of a kind."""

    ALL = "all"
    OWN = "own"  # those of the person, or of who made them
    USED = "used"  # no answer lists them; the person's own passes are computed with them
    NONE = "none"

    @property
    def is_asked(self) -> bool:
        """Whether a request may ask for the kind."""
        return self in (Right.ALL, Right.OWN)


class KindOfRecord(StrEnum):
    """KindOfRecord of record, or of a part of one, on which roles differ."""

    FARM = "farm"
    SAMPLES = "samples"
    INPUTS = "inputs"
    FIELDS = "fields"
    GROUND = "ground"
    PASSES = "passes"
    NOTES = "notes"
    ALARMS = "alarms"
    PROOFS = "proofs"
    WITNESSES = "witnesses"
    GATEWAYS = "gateways"
    #: Whose word counts: logins of gateways, owners of devices, losses that are accepted.
    IDENTITIES = "identities"
    HARVESTS = "harvests"
    LOST_MESSAGES = "lost_messages"
    PEOPLE = "people"
    CONTACTS = "contacts"
    OWNERS = "owners"
    ACCOUNTS = "accounts"
    TARIFFS = "tariffs"
    DISPUTES = "disputes"
    RECIPIENTS = "recipients"
    FORECAST_PROVIDERS = "forecast_providers"
    MAP_SOURCES = "map_sources"
    ADDRESSES = "addresses"
    PUSH = "push"
    ACCESS = "access"
    PERSON_DATA = "person_data"


@dataclass(frozen=True, slots=True)
class Rights:
    """Rights of the roles on a kind, in the order of `Role`: to read, and to change."""

    reads: tuple[Right, Right, Right, Right, Right, Right]
    changes: tuple[Right, Right, Right, Right, Right, Right]


ALL, OWN, USED, NONE = Right.ALL, Right.OWN, Right.USED, Right.NONE
_NOBODY: Final = (NONE, NONE, NONE, NONE, NONE, NONE)
_MANAGERS: Final = (ALL, NONE, NONE, NONE, NONE, NONE)
_FARMERS: Final = (ALL, ALL, NONE, NONE, NONE, NONE)
_WORKERS: Final = (ALL, ALL, ALL, NONE, NONE, NONE)

TABLE: Final[dict[KindOfRecord, Rights]] = {
    #                 manager agronomist pilot member reader sender
    KindOfRecord.FARM: Rights((ALL, ALL, ALL, NONE, ALL, NONE), _FARMERS),
    # Samples as they are posted: to read is to read telemetry, to change is to post.
    KindOfRecord.SAMPLES: Rights((ALL, ALL, ALL, NONE, ALL, NONE), (ALL, ALL, NONE, NONE, NONE, ALL)),
    KindOfRecord.INPUTS: Rights((ALL, ALL, ALL, USED, ALL, NONE), _FARMERS),
    KindOfRecord.FIELDS: Rights((ALL, ALL, ALL, OWN, ALL, NONE), _FARMERS),
    KindOfRecord.GROUND: Rights((ALL, ALL, ALL, ALL, ALL, NONE), _FARMERS),
    KindOfRecord.PASSES: Rights((ALL, ALL, ALL, OWN, ALL, NONE), _WORKERS),
    KindOfRecord.NOTES: Rights((ALL, ALL, ALL, NONE, ALL, NONE), _WORKERS),
    KindOfRecord.ALARMS: Rights((ALL, ALL, ALL, NONE, ALL, NONE), _WORKERS),
    KindOfRecord.PROOFS: Rights((ALL, ALL, ALL, NONE, ALL, NONE), _FARMERS),
    KindOfRecord.WITNESSES: Rights((ALL, ALL, ALL, NONE, ALL, NONE), _MANAGERS),
    KindOfRecord.GATEWAYS: Rights((ALL, ALL, ALL, NONE, ALL, NONE), _FARMERS),
    KindOfRecord.IDENTITIES: Rights((ALL, ALL, ALL, NONE, ALL, NONE), _MANAGERS),
    KindOfRecord.HARVESTS: Rights((ALL, ALL, ALL, USED, ALL, NONE), _FARMERS),
    KindOfRecord.LOST_MESSAGES: Rights((ALL, ALL, ALL, NONE, ALL, NONE), _FARMERS),
    KindOfRecord.PEOPLE: Rights((ALL, ALL, NONE, OWN, ALL, NONE), _MANAGERS),
    KindOfRecord.CONTACTS: Rights((ALL, OWN, NONE, OWN, OWN, NONE), _MANAGERS),
    KindOfRecord.OWNERS: Rights((ALL, ALL, NONE, OWN, ALL, NONE), _FARMERS),
    KindOfRecord.ACCOUNTS: Rights((ALL, ALL, NONE, OWN, ALL, NONE), _MANAGERS),
    KindOfRecord.TARIFFS: Rights((ALL, ALL, NONE, NONE, ALL, NONE), _MANAGERS),
    KindOfRecord.DISPUTES: Rights((ALL, ALL, NONE, OWN, ALL, NONE), (ALL, ALL, NONE, OWN, NONE, NONE)),
    KindOfRecord.RECIPIENTS: Rights((ALL, ALL, ALL, NONE, ALL, NONE), _MANAGERS),
    # Whoever names a provider chooses whom the station tells where the farm is.
    KindOfRecord.FORECAST_PROVIDERS: Rights((ALL, ALL, ALL, NONE, ALL, NONE), _MANAGERS),
    # Whoever names a source chooses whom the station tells which ground is looked at.
    KindOfRecord.MAP_SOURCES: Rights((ALL, ALL, ALL, ALL, ALL, NONE), _MANAGERS),
    KindOfRecord.ADDRESSES: Rights(_MANAGERS, _MANAGERS),
    KindOfRecord.PUSH: Rights((ALL, ALL, ALL, NONE, ALL, NONE), (ALL, OWN, NONE, NONE, NONE, NONE)),
    KindOfRecord.ACCESS: Rights(_MANAGERS, _MANAGERS),
    KindOfRecord.PERSON_DATA: Rights((ALL, OWN, OWN, OWN, OWN, NONE), _MANAGERS),
}

#: Kinds of the ledger's entries; one that is not here is sealed for all but managers.
LEDGER_ENTRIES: Final[dict[str, KindOfRecord]] = {
    **dict.fromkeys(("as_applied", "deviation", "pass", "weather", "treated"), KindOfRecord.PASSES),
    **dict.fromkeys(("release", "audit_anchor", "epcis_anchor", "erasure"), KindOfRecord.PROOFS),
    **dict.fromkeys(("dispute", "dispute_outcome"), KindOfRecord.DISPUTES),
    "subsidy_claim": KindOfRecord.TARIFFS,
}


def role_of(person: PersonRole | None, scope: Scope) -> Role:
    """Return the role of an access by the role of its person, if it has one, and the scope that it has."""
    if scope is Scope.SAMPLES:
        return Role.SENDER
    if person in (PersonRole.PILOT, PersonRole.MEMBER):
        return Role(person.value)
    return {Scope.ADMIN: Role.MANAGER, Scope.WRITE: Role.AGRONOMIST, Scope.READ: Role.READER}[scope]


def right_to_read(role: Role, kind: KindOfRecord | None) -> Right:
    """Return what a role may read of a kind; of one that nobody named, managers alone read anything."""
    return _right(TABLE[kind].reads if kind is not None else _MANAGERS, role)


def right_to_change(role: Role, kind: KindOfRecord | None) -> Right:
    """Return what a role may change of a kind."""
    return _right(TABLE[kind].changes if kind is not None else _MANAGERS, role)


def reads_entries(role: Role, entry_kind: str) -> bool:
    """Return whether a role reads the ledger's entries of a kind; others are sealed for it."""
    return role is Role.MANAGER or right_to_read(role, LEDGER_ENTRIES.get(entry_kind)) is not Right.NONE


def changes_entries(role: Role, entry_kind: str) -> bool:
    """Return whether a role adds entries of a kind to the ledger."""
    return role is Role.MANAGER or right_to_change(role, LEDGER_ENTRIES.get(entry_kind)) is not Right.NONE


def _right(rights: tuple[Right, ...], role: Role) -> Right:
    return rights[list(Role).index(role)]
