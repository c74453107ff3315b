"""Reports of gateways about their own spools, kept in the file of ingest.

An event tells them too; but the store that has the event may be replaced by an older one, and delivery must still say
what the gateway reported. Another spool may use the numbers that a report names, so no count of records tells it.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from headland.contract.delivery import SpoolReport
from headland.contract.records import SPOOL_DAMAGED, SPOOL_REFUSED, SPOOL_RENEWED, SPOOL_SHORTENED, Event
from ingest.accounting import ledger

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS spool_reports (
    gateway TEXT NOT NULL,
    time_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (gateway, time_ms, kind, data)
)
"""
TABLE: Final = "spool_reports"
#: Events by which a gateway says that its spool lost records, or may have. What it dropped is in the ledger.
REPORT_KINDS: Final = frozenset({SPOOL_DAMAGED, SPOOL_RENEWED, SPOOL_REFUSED, SPOOL_SHORTENED})
#: Reports of a gateway that are kept: the last ones to arrive.
MAX_REPORTS: Final = 100
#: Count of a gateway's older reports, which are no longer kept.
REPORTS_LEFT_OUT: Final = "spool_reports_left_out"

_TEXTS: Final = frozenset({"epoch", "epoch_before", "moved_to", "reason", "why"})
_NUMBERS: Final = frozenset({"first_seq", "last_seq", "records", "messages", "points", "events"})
_MAX_TEXT: Final = 200
_MAX_NUMBER: Final = 2**53 - 1
_INSERT: Final = "INSERT OR IGNORE INTO spool_reports VALUES (?, ?, ?, ?)"
_PRUNE: Final = """
DELETE FROM spool_reports WHERE gateway = ?1
AND rowid NOT IN (SELECT rowid FROM spool_reports WHERE gateway = ?1 ORDER BY rowid DESC LIMIT ?2)
"""


#: A gateway's id with a report of it.
GatewayReport = tuple[str, SpoolReport]


def reports_in(gateway: str, events: Iterable[Event]) -> list[GatewayReport]:
    """Return the reports of `gateway` about its own spool among events; values out of their bounds are left out."""
    return [
        (gateway, SpoolReport(max(0, min(event.t, _MAX_NUMBER)), event.kind, _known(event)))
        for event in events
        if event.kind in REPORT_KINDS and event.device == gateway
    ]


def record_reports(connection: sqlite3.Connection, reports: Sequence[GatewayReport]) -> None:
    """Add reports within the caller's transaction; adding one twice is adding it once."""
    for gateway, report in reports:
        connection.execute(_INSERT, (gateway, report.time_ms, report.kind, json.dumps(report.data, sort_keys=True)))
    removed: Counter[tuple[str, str]] = Counter()
    for gateway in {gateway for gateway, _ in reports}:
        removed[gateway, REPORTS_LEFT_OUT] = connection.execute(_PRUNE, (gateway, MAX_REPORTS)).rowcount
    ledger.add_gateway_counts(connection, removed)


def read_reports(connection: sqlite3.Connection, gateway: str | None = None) -> dict[str, tuple[SpoolReport, ...]]:
    """Return the reports of one gateway, or of all, by gateway, in order of arrival."""
    query = "SELECT gateway, time_ms, kind, data FROM spool_reports WHERE ?1 IS NULL OR gateway = ?1 ORDER BY rowid"
    found: dict[str, list[SpoolReport]] = {}
    for owner, time_ms, kind, data in connection.execute(query, (gateway,)):
        found.setdefault(owner, []).append(SpoolReport(time_ms, kind, json.loads(data)))
    return {owner: tuple(reports) for owner, reports in found.items()}


def _known(event: Event) -> dict[str, int | str]:
    known: dict[str, int | str] = {}
    for name, value in event.data.items():
        if name in _TEXTS and isinstance(value, str):
            known[name] = value[:_MAX_TEXT]
        elif name in _NUMBERS and isinstance(value, int) and 0 <= value <= _MAX_NUMBER:
            known[name] = value
    return known
