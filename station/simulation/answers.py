"""Comparison of the answers that people see with the truth of a simulation. Pure.

A record is one seq of an epoch. The truth knows which number each record had, the raw store which numbers it holds, the
quarantine's messages which records wait there. What the books of the product say is never asked for its own proof.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from headland.contract.delivery import Delivery, EpochDelivery, RecordTotals
from headland.store.number_sets import Ranges, count, merge, subtract
from ingest.accounting.delivery import STATES

#: Lists of a report that are bounded, and what is counted of those left out.
_LEFT_OUT: Final = ("epochs_left_out", "lost_left_out", "missing_left_out", "not_known_left_out")


@dataclass(frozen=True, slots=True)
class DropReports:
    """Records by epoch that full spools of a gateway reported as dropped, and those of which they kept a part."""

    dropped: dict[str, set[int]] = field(default_factory=dict)
    thinned: dict[str, set[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EpochFacts:
    """What the simulation knows of one epoch of a gateway.

    `accounted` are the records that the store's marks cover, `numbers` those of each record, `quarantined` the records
    of messages in quarantine, `dropped` those that a full spool reported as dropped, `thinned` those of which it kept a
    part. `shared` are numbers of several records: a new epoch had them as well. `expired` are numbers that retention
    deleted. Records up to `replaced_upto` were in a store that was replaced by an older one: they may be named as lost
    though they are in quarantine, to which they came again. With `has_lost_book` the file of ingest was lost, cut or
    replaced, which may know less than the store.
    """

    accounted: Ranges = ()
    numbers: Mapping[int, Collection[int]] = field(default_factory=dict)
    quarantined: Collection[int] = ()
    dropped: Collection[int] = ()
    thinned: Collection[int] = ()
    shared: Collection[int] = ()
    expired: Collection[int] = ()
    replaced_upto: int = 0
    has_lost_book: bool = False


def compare_delivery(report: Delivery, facts: Mapping[str, EpochFacts], stored: Collection[int]) -> list[str]:
    """Return where a delivery report contradicts the facts by epoch and the numbers in the store, as sentences."""
    wrong = list(_compare_sums(report))
    told = {epoch.epoch for epoch in report.epochs}
    for name, fact in facts.items():
        if fact.accounted and name not in told and not report.epochs_left_out:
            wrong.append(f"epoch {name} with {count(fact.accounted)} records is not in the report")
    for epoch in report.epochs:
        wrong += (f"epoch {epoch.epoch}: {what}" for what in _compare_epoch(epoch, facts.get(epoch.epoch), stored))
    named = {(part.epoch, seq) for part in report.lost for seq in range(part.first, part.last + 1)}
    for name, fact in facts.items():
        for seq in sorted(seq for epoch, seq in named if epoch == name and seq in fact.quarantined):
            if seq <= fact.replaced_upto:
                continue
            wrong.append(f"epoch {name}: record {seq} is in quarantine and named as lost")
    return [f"{report.gateway}: {what}" for what in wrong]


def _compare_sums(report: Delivery) -> Iterable[str]:
    """Compare the figures of a report with one another: each is shown somewhere without the others."""
    if not any(getattr(report, name) for name in _LEFT_OUT):
        for name in RecordTotals.__struct_fields__:
            values = [getattr(epoch, name) for epoch in report.epochs]
            total = sum(count(value) if name == "missing" else value for value in values)
            if getattr(report.totals, name) != total:
                yield f"totals.{name} is {getattr(report.totals, name)}, the epochs have {total}"
        for listed, figure in (
            ("lost", report.loss),
            ("missing", report.totals.missing),
            ("not_known", report.totals.not_known),
        ):
            named = sum(part.last - part.first + 1 for part in getattr(report, listed))
            if named != figure:
                yield f"{figure} records are {listed}, and {named} are listed"
    if report.loss < report.totals.lost + report.totals.gone_unseen:
        yield f"loss is {report.loss}, with {report.totals.lost} lost and {report.totals.gone_unseen} gone"


def _compare_epoch(epoch: EpochDelivery, fact: EpochFacts | None, stored: Collection[int]) -> Iterable[str]:
    fact = EpochFacts() if fact is None else fact
    accounted = count(fact.accounted)
    if epoch.accounted != accounted:
        yield f"accounted is {epoch.accounted}, the marks cover {accounted}"
    states = {name: getattr(epoch, name) for name in STATES}
    if any(value < 0 for value in states.values()) or sum(states.values()) != epoch.accounted:
        yield f"the states {states} are not the {epoch.accounted} accounted ones"
    top = max((high for _, high in (*fact.accounted, *epoch.missing)), default=0)
    gaps = subtract(merge([(1, top)]), fact.accounted) if top else ()
    if epoch.missing != gaps:
        yield f"missing is {epoch.missing}, the gaps of the marks are {gaps}"
    high = fact.accounted[0][1] if fact.accounted and fact.accounted[0][0] == 1 else 0
    if epoch.high_water != high:
        yield f"high_water is {epoch.high_water}, the first gap of the marks begins after {high}"
    yield from _compare_states(epoch, fact, stored)


def _compare_states(epoch: EpochDelivery, fact: EpochFacts, stored: Collection[int]) -> Iterable[str]:
    """Compare the number of records by state with where each of them is.

    A number may have come under another record as well, so that a record may have a stored number and another state;
    one whose number is its own has not.
    """
    records = {seq for low, end in fact.accounted for seq in range(low, end + 1)}
    events = records - fact.numbers.keys()  # the spool's own words about itself
    held = {seq for seq in records - events if any(number in stored for number in fact.numbers[seq])}
    own = {seq for seq in held if not any(number in fact.shared for number in fact.numbers[seq])}
    # A restored folder gives a seq a second number, which a later record may hold; the first one has expired.
    gone = {seq for seq in records - events - own if any(number in fact.expired for number in fact.numbers[seq])}
    thinned, dropped = records.intersection(fact.thinned), records.intersection(fact.dropped)
    waiting = records.intersection(fact.quarantined)
    sure = {seq for seq in waiting if seq > fact.replaced_upto}
    nowhere = records - held - events - gone - thinned
    refused = epoch.quarantined + epoch.store_refused
    # Of the events nothing tells which of them an older store had and this one has not.
    told = max(0, len(events - dropped - thinned - waiting) - epoch.gone_unseen - epoch.expired - epoch.not_known)
    bounds = (
        ("stored", epoch.stored, len(own) + told, len(held | events | thinned)),
        ("quarantined or refused by the store", refused, len((nowhere & sure) - dropped), len(waiting)),
        ("dropped", epoch.dropped_by_gateway, len((nowhere & dropped) - waiting), len(dropped | thinned)),
        # An event, and what is left of thinned records, have expired once a sample beside them has.
        ("expired", epoch.expired, 0, len(gone) + (len((events | thinned) - gone) if fact.expired else 0)),
        ("uncounted", epoch.uncounted, 0, 0),
        # Nothing leaves a quarantine that is not full; of a damaged file, what can be read is saved.
        ("lost", epoch.lost, 0, len(nowhere - waiting) if fact.has_lost_book else 0),
        ("gone", epoch.gone_unseen, 0, len(records - own)),
    )
    for name, value, least_known, most in bounds:
        is_forgotten = fact.has_lost_book and name.startswith(("quarantined", "dropped"))
        least = 0 if is_forgotten else least_known
        if not least <= value <= most:
            yield f"{value} records are {name}, in truth {least}" + ("" if least == most else f" to {most}")
    if epoch.not_known and not fact.has_lost_book and not fact.replaced_upto:
        yield f"{epoch.not_known} records are not known, and no book was lost"
    silent = nowhere - dropped - waiting
    said = epoch.gone_unseen + epoch.lost + epoch.expired + epoch.not_known
    if said < len(silent):
        yield f"{len(silent)} records have no content anywhere, and {said} are said"
