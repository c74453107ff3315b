"""A history that is being made: how much of what a forecast needs is there, and what comes when.

A time is told only where a pace is measured: that of a simulated past or of an import, as `GET /v1/imports` tells it,
or of live data, which bring an hour each hour.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from headland.analysis.greenhouse.forecast_history import NEEDED_H, hours_of_air
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.tonight.cards.card import Card
from headland.analysis.tonight.statements import LEAST_STATEMENTS
from headland.analysis.tonight.today.answer import MakingSteps, TodayMaking, TodayText
from headland.analysis.tonight.today.clock_words import said
from headland.contract.file_imports import FileImport, FileImportList, PastProgress
from headland.units_of_time import DAY_MS, HOUR_MS

#: Asks for the imports of the farm; None where it has none.
AskImports = Callable[[], FileImportList | None]


def making_of(scope: OrgScope, cards: Sequence[Card], ask: AskImports) -> TodayMaking | None:
    """Return how much of a history there is, by the house that has the fewest hours; None with forecasts of all."""
    lacking = [card for card in cards if card.subject.kind == "greenhouse" and card.forecast is None]
    if not lacking:
        return None
    imports = ask()
    if imports is not None and imports.past is not None:
        return _by_past(imports.past)
    devices = {record.descriptor.device for card in lacking for record in card.subject.devices}
    table = None if imports is None else _table_of(imports, devices)
    if table is not None:
        return _by_import(table, scope.now_ms)
    # What was counted while a past was being stored is not all of it.
    known_h = min(hours_of_air(scope, card.subject.id, card.subject.devices, is_stored=True) for card in lacking)
    is_fed = any(record.last_seen_ms is not None for card in lacking for record in card.subject.devices)
    return _by_live_data(scope, known_h, is_fed=is_fed)


def _by_past(past: PastProgress) -> TodayMaking:
    """Return what a simulated past brings; one that is too short for a forecast is completed by live data."""
    if past.left_s is None:
        return _answer(
            past.fraction, None, None, said("making_past_stopped" if past.phase == "stopped" else "making_past")
        )
    stored_ms = past.told_ms + round(1000 * past.left_s)
    ready_ms = max(stored_ms, past.start_ms + NEEDED_H * HOUR_MS)
    return _answer(past.fraction, ready_ms, ready_ms, said("making_past_paced"))


def _table_of(imports: FileImportList, devices: set[str]) -> FileImport | None:
    """Return the import of one of the houses' tables, one that runs before one that is queued."""
    due = [one for one in imports.items if one.state in ("running", "queued") and one.device in devices]
    return min(due, key=lambda one: (one.state != "running", one.created_ms), default=None)


def _by_import(table: FileImport, now_ms: int) -> TodayMaking:
    """Return when a table is stored; whether it has hours enough is not known before."""
    progress = table.progress
    if progress is None or progress.left_s is None or progress.phase == "waiting":
        kind = "making_import_waits" if progress is None or progress.phase == "waiting" else "making_import"
        return _answer(0.0 if progress is None else progress.fraction, None, None, said(kind, name=table.name))
    stored_ms = now_ms + round(1000 * progress.left_s)
    return _answer(progress.fraction, stored_ms, None, said("making_import", name=table.name))


def _by_live_data(scope: OrgScope, known_h: int, *, is_fed: bool) -> TodayMaking:
    share = min(1.0, known_h / NEEDED_H)
    if known_h >= NEEDED_H:
        return _answer(share, None, None, said("making_forecast"))
    if not is_fed:
        return _answer(share, None, None, said("making_no_samples"))
    ready_ms = scope.now_ms + (NEEDED_H - known_h) * HOUR_MS
    return _answer(share, ready_ms, ready_ms, said("making_live", known=known_h, needed=NEEDED_H))


def _answer(share: float, eta_ms: int | None, forecast_ms: int | None, text: TodayText) -> TodayMaking:
    record_ms = None if forecast_ms is None else forecast_ms + LEAST_STATEMENTS * DAY_MS
    steps = MakingSteps(forecast_ms=forecast_ms, record_ms=record_ms)
    return TodayMaking(share=round(share, 3), eta_ms=eta_ms, text=text.text, text_zh=text.text_zh, steps=steps)
