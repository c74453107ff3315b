"""Table of what each role reads and changes, from the table of permissions that decides it."""

from __future__ import annotations

from typing import Final

from docs.generator.tables import table
from headland.registry.models.access_table import KindOfRecord, Right, Role, right_to_change, right_to_read

_HEADS: Final = {
    Role.MANAGER: "`manager`, key `admin`",
    Role.AGRONOMIST: "`agronomist`, key `write`",
    Role.PILOT: "`pilot`",
    Role.MEMBER: "`member`",
    Role.READER: "key `read`",
    Role.SENDER: "key `samples`, address",
}
_NAMES: Final = {
    KindOfRecord.FARM: "farms, greenhouses, lots, treatments, certificates, trials, telemetry, exports",
    KindOfRecord.SAMPLES: "samples as they are posted",
    KindOfRecord.INPUTS: "devices, implements, products, sites, seasons, prescriptions",
    KindOfRecord.FIELDS: "fields",
    KindOfRecord.GROUND: "base map",
    KindOfRecord.PASSES: "passes, and their entries in the ledger",
    KindOfRecord.NOTES: "notes and photos",
    KindOfRecord.ALARMS: "alarms",
    KindOfRecord.PROOFS: "ledger, its log and its proofs",
    KindOfRecord.WITNESSES: "witnesses",
    KindOfRecord.GATEWAYS: "gateways",
    KindOfRecord.IDENTITIES: "logins of gateways, owners of devices, losses that are accepted",
    KindOfRecord.HARVESTS: "harvests",
    KindOfRecord.LOST_MESSAGES: "quarantined messages",
    KindOfRecord.PEOPLE: "people and holdings",
    KindOfRecord.CONTACTS: "contacts of people",
    KindOfRecord.OWNERS: "owner as text of a field",
    KindOfRecord.ACCOUNTS: "account entries, deliveries, statements",
    KindOfRecord.TARIFFS: "tariffs, runs of statements, subsidy rules and claims, also in the ledger",
    KindOfRecord.DISPUTES: "disputes and their outcomes, also in the ledger",
    KindOfRecord.RECIPIENTS: "alarm recipients: name and kind",
    KindOfRecord.FORECAST_PROVIDERS: "providers of weather forecasts",
    KindOfRecord.MAP_SOURCES: "map sources: services of map tiles",
    KindOfRecord.ADDRESSES: "addresses of alarm recipients",
    KindOfRecord.PUSH: "browsers that take alarms",
    KindOfRecord.ACCESS: "keys, sign-ins, audit log, webhooks, codes of gateways",
    KindOfRecord.PERSON_DATA: "what is kept of a person, and its erasure",
}


def to_markdown() -> str:
    """Return a row for each kind of record, and a column for each role."""
    rows = [[_NAMES[kind], *(_cell(role, kind) for role in Role)] for kind in KindOfRecord]
    return table(["kind of record", *_HEADS.values()], rows)


def _cell(role: Role, kind: KindOfRecord) -> str:
    reads, changes = right_to_read(role, kind), right_to_change(role, kind)
    if not reads.is_asked:
        return "change" if changes.is_asked else "no"
    own = " own" if reads is Right.OWN else ""
    if not changes.is_asked:
        return f"read{own}"
    return f"read{own}, change{' own' if changes is Right.OWN else ''}"
