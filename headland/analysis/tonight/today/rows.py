"""Rows of the first page in its order, and what people said to have done of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from headland.analysis.greenhouse.own_bands import crop_targets_of
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.telemetry import read_latest
from headland.analysis.tonight.cards.card import Card
from headland.analysis.tonight.gains.house_gain import Gains
from headland.analysis.tonight.today.answer import TodayDone, TodayRow
from headland.analysis.tonight.today.fields.row import field_row
from headland.analysis.tonight.today.fields.work import FieldWork, read_work
from headland.analysis.tonight.today.houses.row import RowInputs, house_row
from headland.registry.models.models import Field, Season
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.units_of_time import DAY_MS

#: Rows in this order: what has a deadline, what is not known, what is to be watched, what is calm.
_ORDER: Final = {
    "recalled": 0, "act": 0, "interrupted": 0, "silent": 1, "unknown": 1, "flying": 2, "watch": 2, "calm": 3,
}  # fmt: skip
#: Gains that one answer computes: a run of a climate model takes half a second, and the next answer does another.
_MOST_GAINS: Final = 1
#: So long it is known what was said: as long as the passes of a field are looked through.
_KNOWN_MS: Final = 8 * DAY_MS


def read_done(scope: OrgScope) -> Mapping[str, Sequence[TodayDone]]:
    """Return what was said to be done by row, the newest first."""
    rows: dict[str, list[TodayDone]] = {}
    for one in scope.repositories.done_actions.since(scope.now_ms - _KNOWN_MS):
        told = TodayDone(
            id=one.id, action=one.action, time_ms=one.time_ms, by=one.author, text=one.text, text_zh=one.text_zh
        )
        rows.setdefault(one.subject, []).append(told)
    return rows


def rows_of(
    scope: OrgScope, cards: Sequence[Card], done: Mapping[str, Sequence[TodayDone]]
) -> tuple[list[TodayRow], Mapping[str, FieldWork]]:
    """Return the rows of some cards in the order of the page, and the newest work of their fields."""
    targets = crop_targets_of(scope)
    fields = [card.subject.record for card in cards if isinstance(card.subject.record, Field)]
    work = read_work(scope, fields) if fields else {}
    gains = Gains(scope, _MOST_GAINS)
    inputs = RowInputs(read_latest(scope), _crops(scope.repositories, scope.now_ms), done, gains)
    rows = [
        house_row(scope, card, inputs, targets)
        if card.subject.kind == "greenhouse"
        else field_row(scope, card, inputs, work.get(card.subject.id))
        for card in cards
    ]
    keys = {card.subject.id: card.subject.key for card in cards}
    return sorted(rows, key=lambda row: (_ORDER[row.state], _deadline(row), keys[row.id])), work


def _deadline(row: TodayRow) -> int:
    if row.action is None:
        return 0
    return row.action.from_ms if row.action.until_ms is None else row.action.until_ms


def _crops(repositories: OrganisationRepositories, now_ms: int) -> dict[str, str]:
    """Return the crop of each greenhouse whose zones have one, and of each field with a season now."""
    crops: dict[str, set[str]] = {}
    for zone in repositories.zones.all():
        if zone.crop:
            crops.setdefault(zone.greenhouse, set()).add(zone.crop)
    found = {house: next(iter(names)) for house, names in crops.items() if len(names) == 1}
    today = datetime.fromtimestamp(now_ms / 1000, UTC).date()
    seasons: dict[str, Season] = {}
    for season in repositories.seasons.all():
        is_over = season.harvest_date is not None and season.harvest_date < today
        before = seasons.get(season.field)
        if not is_over and (before is None or (season.sowing_date or today) >= (before.sowing_date or today)):
            seasons[season.field] = season
    return found | {field: season.crop for field, season in seasons.items()}
