"""Actions that people said to have done, by row and action; taken back, too. It never says that anything applied."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from headland.analysis.inputs.scope import OrgScope
from headland.analysis.tonight.cards.card import Card
from headland.analysis.tonight.cards.page import list_cards
from headland.analysis.tonight.orders import HouseOrder
from headland.analysis.tonight.today.answer import RowKind, TodayAction, TodayRow, TodayText
from headland.analysis.tonight.today.clock_words import PhoneClock, said
from headland.analysis.tonight.today.houses.actions import DoneSpan, order_text, span_of_action
from headland.analysis.tonight.today.rows import read_done, rows_of
from headland.registry.models.confirmations import DoneAction, SubjectKind
from headland.registry.models.errors import NotFound


class ActionDone(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person's word that the action of a row was done."""

    kind: Annotated[RowKind, "greenhouse or field."]
    id: Annotated[str, Meta(min_length=1, max_length=200), "Id of the greenhouse or field."]
    action: Annotated[
        str, Meta(min_length=1, max_length=200, pattern="^[a-z]+-[A-Za-z0-9._~-]+$"), "Name of the action."
    ]


def say_done(scope: OrgScope, kind: RowKind, subject: str, action: str) -> TodayRow:
    """Record that an action was done, once; return its row as it is then. Raises NotFound."""
    card = _card_of(scope, kind, subject)
    (before,), _ = rows_of(scope, [card], known := read_done(scope))
    if not any(one.action == action for one in known.get(card.subject.id, ())):
        text = _text_of(before, action, PhoneClock(card.time_zone, scope.now_ms))
        record = DoneAction(
            time_ms=scope.now_ms, subject_kind=SubjectKind(kind), subject=card.subject.id, action=action,
            text=text.text, text_zh=text.text_zh, author=scope.by,
        )  # fmt: skip
        scope.repositories.done_actions.add(record)
    return rows_of(scope, [card], read_done(scope))[0][0]


def take_back(scope: OrgScope, done: str) -> TodayRow:
    """Take back what was said to be done; return the row as it is then. Raises NotFound."""
    record = scope.repositories.done_actions.get(done)
    scope.repositories.done_actions.delete(record.id, record.version)
    card = _card_of(scope, record.subject_kind.value, record.subject)
    return rows_of(scope, [card], read_done(scope))[0][0]


def _card_of(scope: OrgScope, kind: RowKind, subject: str) -> Card:
    cards = list_cards(scope, 1, 0, kind, subject).cards
    if not cards:
        raise NotFound(kind, subject)
    return cards[0]


def _text_of(row: TodayRow, action: str, clock: PhoneClock) -> TodayText:
    """Return the text of an action as the row has it, else as its name says it: a phone may have been away."""
    found = next((one for one in (row.action, row.next_action) if one is not None and _is(one, action)), None)
    if found is not None:
        return TodayText(text=found.text, text_zh=found.text_zh)
    known = span_of_action(action)
    parts = action.split("-")
    if known is not None and parts[0] in ("vents", "screens", "heating", "water"):
        order = HouseOrder(parts[0], parts[1], known[1], known[2], ())  # type: ignore[arg-type] # checked by its text
        try:
            return order_text(order, {}, clock)
        except KeyError:
            return said("done_other")
    return said("done_other")


def _is(one: TodayAction, action: str) -> bool:
    return DoneSpan(action, 0).covers(one)
