"""The answers that people see are compared with the truth of a simulation: a figure that lies is found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

import ingest.service
from headland.contract.delivery import Delivery, EpochRange
from headland.store.number_sets import Counts
from headland.store.port import Mark, MarkState
from headland.store.record_book import DROPPED, EVENTS, QUARANTINED, RecordBook
from ingest.accounting.delivery import GatewayFigures, reconcile
from ingest.accounting.ledger import Disposition
from station.simulation.answers import EpochFacts, compare_delivery
from station.simulation.world import RunSettings, run_world

_DAY = 20_000
#: Records 1..10 of an epoch: 1 is an event, 2..6 are stored, 7 is in quarantine, 8 was dropped, 9 came nowhere, 10 is
#: stored.
_FACTS = EpochFacts(
    accounted=((1, 8), (10, 10)),
    numbers={seq: {100 + seq} for seq in range(2, 11)},
    quarantined={7},
    dropped={8},
)
_STORED = {102, 103, 104, 105, 106, 110}


def report() -> Delivery:
    state = MarkState().add(Mark("g", "e", 1, 8)).add(Mark("g", "e", 10, 10))
    book = RecordBook().add({EVENTS: ((1, 1),), _DAY: ((2, 6), (10, 10)), QUARANTINED: ((7, 7),), DROPPED: ((8, 8),)})
    counts = {
        ("g", "e", Disposition.QUARANTINED): Counts(((7, 7),)),
        ("g", "e", Disposition.DROPPED): Counts(((8, 8),)),
    }
    return reconcile("g", {"e": replace(state, book=book)}, counts, GatewayFigures(0), deleted={"e": 9})


def of_epoch(**changes: int) -> Callable[[Delivery], Delivery]:
    """Return a change of an epoch and of the totals alike, as a mistake in the count of an epoch makes it."""

    def change(told: Delivery) -> Delivery:
        (epoch,) = told.epochs
        totals = {name: getattr(told.totals, name) + more for name, more in changes.items()}
        parts = {name: getattr(epoch, name) + more for name, more in changes.items()}
        return structs.replace(
            told, epochs=(structs.replace(epoch, **parts),), totals=structs.replace(told.totals, **totals)
        )

    return change


def of_report(**changes: Any) -> Callable[[Delivery], Delivery]:
    return lambda told: structs.replace(told, **changes)


def test_a_true_report_contradicts_nothing() -> None:
    told = report()
    assert (told.loss, told.totals.stored, told.totals.quarantined, told.totals.dropped_by_gateway) == (1, 7, 1, 1)
    assert compare_delivery(told, {"e": _FACTS}, _STORED) == []


@pytest.mark.parametrize(
    "lie",
    [
        of_report(loss=0),
        of_report(lost=()),
        of_report(lost=(EpochRange("e", 7, 7),)),
        of_report(missing=()),
        of_report(epochs=()),
        of_epoch(stored=1000),
        of_epoch(stored=1000, accounted=1000),
        of_epoch(stored=1, quarantined=-1),
        of_epoch(stored=1, dropped_by_gateway=-1),
        of_epoch(stored=-1, lost=1),
        of_epoch(stored=-1, not_known=1),
        of_epoch(stored=-1, quarantined=1),
        of_epoch(stored=-1, expired=1),
        of_epoch(stored=-1, uncounted=1),
        lambda told: structs.replace(told, totals=structs.replace(told.totals, stored=told.totals.stored + 1)),
        lambda told: structs.replace(told, epochs=(structs.replace(told.epochs[0], high_water=10),)),
        lambda told: structs.replace(told, epochs=(structs.replace(told.epochs[0], missing=()),)),
    ],
)
def test_each_field_that_lies_is_found(lie: Callable[[Delivery], Delivery]) -> None:
    assert compare_delivery(lie(report()), {"e": _FACTS}, _STORED)


def test_a_record_of_a_restored_folder_may_have_expired_though_a_later_record_holds_its_second_number() -> None:
    # The folder was put back, 10 was given again and waits for its gateway to begin another epoch, which stored it.
    facts = replace(_FACTS, numbers={**_FACTS.numbers, 10: {110, 210}}, expired={110}, shared={210})
    expired = of_epoch(stored=-1, expired=1)
    stored = {102, 103, 104, 105, 106, 210}
    assert compare_delivery(expired(report()), {"e": facts}, stored) == []
    # The bound counts the event as well: nothing tells when that was deleted.
    assert compare_delivery(of_epoch(stored=-3, expired=3)(report()), {"e": facts}, stored)
    has_its_own = replace(facts, numbers={**facts.numbers, 10: {110}})
    assert compare_delivery(of_epoch(stored=-2, expired=2)(report()), {"e": has_its_own}, {*stored, 110})


def test_a_delivery_answer_that_hides_its_losses_is_found_in_a_simulation(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = RunSettings(3, 12.0)
    assert run_world(settings).is_sound

    def lie(*arguments: Any, **named: Any) -> Delivery:
        told = reconcile(*arguments, **named)
        return structs.replace(told, loss=0, totals=structs.replace(told.totals, stored=told.totals.stored + 1000))

    monkeypatch.setattr(ingest.service, "reconcile", lie)
    result = run_world(settings)
    assert any("records are lost, and" in sentence for sentence in result.sentences())
    assert any("totals.stored" in sentence for sentence in result.sentences())
