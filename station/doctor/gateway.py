"""Checks of the gateway on this machine: its status and its spool."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from headland.clock import wall_clock_ms
from headland.contract.records import EpochReason
from headland.errors import SettingsError
from headland.runtime.supervised_thread import faults_of
from headland.units_of_time import HOUR_MS
from station.doctor.finding import DiagnosticContext, Finding, State

_SPOOL: Final = "spool.sqlite"
#: A larger spool is not checked completely: that would take minutes on a slow card.
_FULL_CHECK_BYTES: Final = 500_000_000
#: Reasons of an epoch that are no trouble, and for how long the others are reported.
_USUAL: Final = frozenset({EpochReason.NEW, EpochReason.UPGRADED, EpochReason.RENAMED})
_RECENT_MS: Final = 7 * 24 * HOUR_MS


def check_gateway(context: DiagnosticContext) -> list[Finding]:
    """Check the gateway's status and spool, where a gateway is configured."""
    from edge.agent.status import read_status
    from edge.agent.status_report import epoch_sentence, silence_sentence, uplink_sentence

    spool = context.folder.edge_dir / _SPOOL
    if not spool.exists():
        return []
    findings = [check_spool(spool)]
    try:
        status = read_status(context.folder.edge_dir)
    except SettingsError as error:
        remedy = "Start the gateway: headland up, or headland edge run."
        return [*findings, Finding(check="gateway", state=State.WARNING, condition=str(error), remedy=remedy)]
    now_ms = wall_clock_ms()
    epoch = epoch_sentence(status, now_ms)
    if epoch is not None and status.spool.epoch_reason not in _USUAL and _is_recent(status.spool.epoch_ms, now_ms):
        remedy = "Nothing to do where it was on purpose; delivery names what is missing."
        findings.append(Finding(check="epoch", state=State.WARNING, condition=epoch, remedy=remedy))
    waiting = f"{status.spool.records:,} records wait for their commit ack"
    silent = silence_sentence(status, now_ms)
    if silent is not None:
        remedy = "Start the gateway: it then sends the records in its spool."
        condition = f"{status.gateway} is not running; {waiting}"
        return [*findings, Finding(check="gateway", state=State.WARNING, condition=condition, remedy=remedy)]
    for source in status.sources:
        findings += [
            Finding(
                check="source",
                state=State.WARNING,
                condition=f"{source.name}: {warning}",
                remedy="docs/how-to/connect-an-autopilot.md and connect-a-greenhouse.md say how a source is connected.",
            )
            for warning in source.warnings
        ]
    if status.spool.trouble:
        remedy = "Correct this now: until then the gateway accepts no new data, and new measurements are lost."
        return [*findings, Finding(check="gateway", state=State.FAILED, condition=status.spool.trouble, remedy=remedy)]
    condition = f"{status.gateway} is running, {uplink_sentence(status.uplink, now_ms)}; {waiting}"
    faults = faults_of(status.threads)
    if faults:
        remedy = "Its log has the cause; restart the gateway: the records in its spool remain."
        return [*findings, Finding(check="gateway", state=State.FAILED, condition="; ".join(faults), remedy=remedy)]
    if not status.uplink.connected or status.uplink.overdue_ms is not None:
        remedy = "Nothing is lost while the spool has room; check the broker and the store above."
        return [*findings, Finding(check="gateway", state=State.WARNING, condition=condition, remedy=remedy)]
    return [*findings, Finding(check="gateway", state=State.OK, condition=condition)]


def _is_recent(began_ms: int | None, now_ms: int) -> bool:
    return began_ms is not None and abs(now_ms - began_ms) < _RECENT_MS


def check_spool(path: Path) -> Finding:
    """Check the integrity of a spool without changing it; a running gateway has locked and checked it."""
    size_bytes = path.stat().st_size
    condition = f"{path}, {size_bytes / 1e6:,.1f} MB"
    remedy = "Restart the gateway: it will move the file aside and take what can be read into a new spool."
    try:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=0.5)
        try:
            if size_bytes > _FULL_CHECK_BYTES:
                connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
                return Finding(
                    check="spool",
                    state=State.OK,
                    condition=f"{condition}; it can be opened, and is too large for a full check",
                )
            result = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        finally:
            connection.close()
    except sqlite3.Error as error:
        if error.sqlite_errorname == "SQLITE_BUSY":
            return Finding(check="spool", state=State.OK, condition=f"{condition}, in use by the running gateway")
        return Finding(check="spool", state=State.FAILED, condition=f"{condition}: {error}", remedy=remedy)
    if result != "ok":
        return Finding(check="spool", state=State.FAILED, condition=f"{condition}: {result}", remedy=remedy)
    return Finding(check="spool", state=State.OK, condition=f"{condition}, intact")
