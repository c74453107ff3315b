"""Inspection of a simulated station: what its running process answers, against the truth."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from ingest.quarantine.replays import spool_marks
from station.simulation.answers import DropReports, EpochFacts, compare_delivery
from station.simulation.machines.numbers import device_of
from station.simulation.machines.receiver import StationMachine
from station.simulation.truth import GatewayTruth

_RECORDS: Final = re.compile(r"(\d+) records?\b")


def find_contradictions(
    station: StationMachine, truths: Mapping[str, GatewayTruth], reports: Mapping[str, DropReports]
) -> list[str]:
    """Return where the delivery answers of the running process contradict the truth, as sentences.

    `reports` are those of each gateway about records that its full spool dropped.
    """
    origins = {name: origin for origin, truth in truths.items() for name in truth.names}
    stored = {origin: set(station.stored_numbers(device_of(origin))) for origin in truths}
    shared = {origin: truth.shared_numbers() for origin, truth in truths.items()}
    waiting = _quarantined_records(station)
    marks = spool_marks(station.store.marks())
    wrong: list[str] = []
    for name, report in station.deliveries(sorted(origins)).items():
        origin = origins[name]
        facts = {
            epoch: EpochFacts(
                accounted=state.accounted,
                numbers=truths[origin].records.get(epoch, {}),
                quarantined=waiting.get((name, epoch), set()),
                dropped=reports[origin].dropped.get(epoch, set()),
                thinned=reports[origin].thinned.get(epoch, set()),
                shared=shared[origin],
                expired=truths[origin].expired,
                has_lost_book=station.has_lost_book,
                replaced_upto=station.replaced.get((gateway, epoch), 0),
            )
            for (gateway, epoch), state in marks.items()
            if gateway == name
        }
        wrong += compare_delivery(report, facts, stored[origin])
    return wrong


def find_wrong_health(station: StationMachine, names: Sequence[str]) -> list[str]:
    """Return where the health of the running process is not what it should be without any fault, as sentences."""
    if station.process is None:
        return ["ingest does not run"]
    service = station.process.service
    wrong = []
    if service.writer.storage_error:  # `health` asks the threads as well, which are not started here
        wrong.append(f"ingest is not ready without any fault: {service.writer.storage_error}")
    reports = service.deliveries(names)
    losses = {report.gateway: report.loss for report in reports if report.loss}
    if dict(service.losses()) != losses:
        wrong.append(f"health knows the losses {dict(service.losses())}, delivery answers {losses}")
    said = service.describe_delivery()
    for figure, words in (
        (sum(losses.values()), "lost"),
        (sum(report.totals.not_known for report in reports), "no book"),
        (sum(report.totals.store_refused for report in reports), "refused by the store"),
    ):
        if _told(said, words) != figure:
            wrong.append(f"{figure} records are {words}, health says: {said}")
    return wrong


def _told(said: str, words: str) -> int:
    """Return how many records a sentence about health names with certain words."""
    clauses = [clause for clause in said.split("; ") if words in clause]
    return sum(int(number) for clause in clauses for number in _RECORDS.findall(clause))


def _quarantined_records(station: StationMachine) -> dict[tuple[str, str], set[int]]:
    """Return the records of the messages in quarantine by gateway and epoch."""
    found: dict[tuple[str, str], set[int]] = {}
    if station.process is not None:
        for message in station.process.service.quarantine.list(1_000_000):
            records = message.records
            if records is not None:
                known = found.setdefault((records.gateway, records.epoch), set())
                known.update(range(records.first, records.last + 1))
    return found
