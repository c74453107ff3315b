"""Comparison of the station's delivery reports with the known traffic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from station.chaos.farm.farm import GATEWAYS, UNAUTHORISED, ChaosFarm
from station.chaos.traffic.unauthorised_client import Attack


@dataclass(slots=True)
class DeliveryCheck:
    """Result of the comparison: `asked` is false where the station has no report; `differences` are sentences."""

    asked: bool = False
    differences: list[str] = field(default_factory=list)


def check_delivery(farm: ChaosFarm, attacks: Sequence[Attack]) -> DeliveryCheck:
    """Check the report on every gateway after a complete delivery: nothing lost or missing, all records stored."""
    check = DeliveryCheck()
    for gateway in GATEWAYS:
        report = farm.delivery(gateway)
        if report is None:
            continue
        check.asked = True
        status = farm.gateway_status(gateway)
        records = {status.get("epoch", ""): status.get("uplink", {}).get("acked_seq", 0)}
        check.differences += _compare(report, records)
        check.differences += _compare_stored(report, records)
    report = farm.delivery(UNAUTHORISED) if attacks else None
    if report is not None:
        check.asked = True
        check.differences += _compare(report, {attack.epoch: attack.records for attack in attacks})
        for attack in attacks:
            # A record counts as quarantined where no part of it is stored.
            refused = sum(1 for message in attack.refused if message.properties and not message.numbers)
            check.differences += _compare_stored(report, {attack.epoch: attack.records - refused})
            quarantined = _epoch(report, attack.epoch).get("quarantined")
            if quarantined != refused:
                check.differences.append(
                    f"delivery of {UNAUTHORISED}: {quarantined} quarantined in {attack.epoch}, not {refused}"
                )
    return check


def _compare(report: dict[str, Any], records: dict[str, int]) -> list[str]:
    """Return the differences of a report from the expectation: all records of each epoch counted, and no loss."""
    gateway = report["gateway"]
    differences = []
    if report.get("loss") != 0 or report.get("missing"):
        differences.append(f"delivery of {gateway}: loss {report.get('loss')}, missing {report.get('missing')}")
    for epoch, last in records.items():
        counted = _epoch(report, epoch).get("high_water")
        if counted != last:
            differences.append(f"delivery of {gateway}: {counted} of {last} records of {epoch} are counted")
    return differences


def _compare_stored(report: dict[str, Any], records: dict[str, int]) -> list[str]:
    """Return where a report does not count as stored, or as dropped by the gateway, what was sent to be stored."""
    differences = []
    for epoch, sent in records.items():
        found = _epoch(report, epoch)
        stored, dropped = found.get("stored", 0), found.get("dropped_by_gateway", 0)
        if stored + dropped != sent:
            differences.append(f"delivery of {report['gateway']}: {stored} stored in {epoch}, not {sent - dropped}")
    return differences


def _epoch(report: dict[str, Any], epoch: str) -> dict[str, Any]:
    return next((known for known in report.get("epochs", []) if known.get("epoch") == epoch), {})
