"""What the doctor finds of the gateway on this machine: whether it runs, and whether its spool is sound."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from headland.clock import wall_clock_ms
from headland.errors import SettingsError
from station.doctor.finding import DiagnosticContext, Finding, State

_SPOOL: Final = "spool.sqlite"
#: A larger spool is not read through: that would take minutes on a slow card.
_READ_THROUGH_BYTES: Final = 500_000_000


def check_gateway(patient: DiagnosticContext) -> list[Finding]:
    """Look at the gateway's status and spool, where there is one."""
    from edge.agent.status import read_status
    from edge.agent.status_report import silence_sentence, uplink_sentence

    spool = patient.folder.edge_dir / _SPOOL
    if not spool.exists():
        return []
    findings = [check_spool(spool)]
    try:
        status = read_status(patient.folder.edge_dir)
    except SettingsError as error:
        advice = "Start the gateway: headland up, or headland edge run."
        return [*findings, Finding(check="gateway", state=State.WARNING, found=str(error), advice=advice)]
    now_ms = wall_clock_ms()
    waiting = f"{status.spool.records:,} records wait for their commit ack"
    silent = silence_sentence(status, now_ms)
    if silent is not None:
        advice = "Start the gateway again: what its spool holds is sent then."
        found = f"{status.gateway} does not run; {waiting}"
        return [*findings, Finding(check="gateway", state=State.WARNING, found=found, advice=advice)]
    if status.spool.trouble:
        advice = "Mend that now: the gateway takes nothing new until then, and what is measured meanwhile is lost."
        return [*findings, Finding(check="gateway", state=State.FAILED, found=status.spool.trouble, advice=advice)]
    found = f"{status.gateway} runs, {uplink_sentence(status.uplink, now_ms)}; {waiting}"
    if not status.uplink.connected or status.uplink.overdue_ms is not None:
        advice = "Nothing is lost while the spool has room; see the broker and the store above."
        return [*findings, Finding(check="gateway", state=State.WARNING, found=found, advice=advice)]
    return [*findings, Finding(check="gateway", state=State.OK, found=found)]


def check_spool(path: Path) -> Finding:
    """Read a spool through without changing it; a gateway that runs keeps it to itself, and has read it."""
    size_bytes = path.stat().st_size
    found = f"{path}, {size_bytes / 1e6:,.1f} MB"
    advice = "Stop the gateway and move the file away: what can still be read of it is worth a copy; a new one begins."
    try:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=0.5)
        try:
            if size_bytes > _READ_THROUGH_BYTES:
                connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
                return Finding(
                    check="spool", state=State.OK, found=f"{found}; it opens, and is too large to read through"
                )
            said = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        finally:
            connection.close()
    except sqlite3.Error as error:
        if error.sqlite_errorname == "SQLITE_BUSY":
            return Finding(check="spool", state=State.OK, found=f"{found}, in use by the gateway that runs")
        return Finding(check="spool", state=State.FAILED, found=f"{found}: {error}", advice=advice)
    if said != "ok":
        return Finding(check="spool", state=State.FAILED, found=f"{found}: {said}", advice=advice)
    return Finding(check="spool", state=State.OK, found=f"{found}, sound")
