"""Compares what the station says of each gateway's delivery with what the kit knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from station.chaos.farm.farm import GATEWAYS, INTRUDER, ChaosFarm
from station.chaos.traffic.unauthorised_client import Attack


@dataclass(slots=True)
class DeliveryCheck:
    """`asked` is false where the station has no such answer; `differences` are sentences."""

    asked: bool = False
    differences: list[str] = field(default_factory=list)


def check_delivery(farm: ChaosFarm, attacks: Sequence[Attack]) -> DeliveryCheck:
    """Ask about every gateway, after all of it was delivered: nothing lost, nothing missing, all accounted for."""
    check = DeliveryCheck()
    for gateway in GATEWAYS:
        answer = farm.delivery(gateway)
        if answer is None:
            continue
        check.asked = True
        status = farm.gateway_status(gateway)
        check.differences += _compare(answer, {status.get("epoch", ""): status.get("uplink", {}).get("acked_seq", 0)})
    answer = farm.delivery(INTRUDER) if attacks else None
    if answer is not None:
        check.asked = True
        check.differences += _compare(answer, {attack.epoch: attack.records for attack in attacks})
        for attack in attacks:
            # A record counts as quarantined where nothing of it is stored.
            refused = sum(1 for message in attack.refused if message.properties and not message.numbers)
            said = _epoch(answer, attack.epoch).get("quarantined")
            if said != refused:
                check.differences.append(f"delivery of {INTRUDER}: {said} quarantined in {attack.epoch}, not {refused}")
    return check


def _compare(answer: dict[str, Any], records: dict[str, int]) -> list[str]:
    """Return how an answer differs from the truth: every record of each epoch up to its number, and no loss."""
    gateway = answer["gateway"]
    differences = []
    if answer.get("loss") != 0 or answer.get("missing"):
        differences.append(f"delivery of {gateway}: loss {answer.get('loss')}, missing {answer.get('missing')}")
    for epoch, last in records.items():
        said = _epoch(answer, epoch).get("high_water")
        if said != last:
            differences.append(f"delivery of {gateway}: {said} of {last} records of {epoch} are accounted for")
    return differences


def _epoch(answer: dict[str, Any], epoch: str) -> dict[str, Any]:
    return next((one for one in answer.get("epochs", []) if one.get("epoch") == epoch), {})
