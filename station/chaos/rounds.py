"""Rounds of a chaos test: traffic with a fault in the middle, then a pause until all is stored, then the verdict."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from edge.agent.agent import SPOOL_FILE
from headland.clock import wall_clock_ms
from headland.errors import RetryLater
from headland.store.duckdb.store import DuckDBStore
from headland.store.port import SeriesFilter
from station.chaos.checks.delivery import DeliveryCheck, check_delivery
from station.chaos.checks.verdict import Verdict, compare, find_unknown
from station.chaos.farm.core import NotInTime
from station.chaos.farm.farm import GATEWAYS, UNAUTHORISED, ChaosFarm
from station.chaos.faults.faults import FAULTS, ChaosRig, choose_faults
from station.chaos.faults.spool_copy import read_spool
from station.chaos.traffic.numbered_source import NUMBER_CHANNEL
from station.chaos.traffic.truth import SentNumber
from station.chaos.traffic.unauthorised_client import Attack, read_quarantine
from station.local.broker import BrokerKind
from station.local.folder import FarmFolder

_ORGANISATION: Final = "local"
_BEFORE_FAULT_S: Final = (0.8, 1.6)
#: Numbers that each device has sent before the fault, whatever time that takes.
_BEFORE_FAULT: Final = 8
_AFTER_FAULT_S: Final = 1.0
_ALL_TIME_MS: Final = 2**52


@dataclass(frozen=True, slots=True)
class ChaosSettings:
    """Settings of a test. `freeze_s` is the duration of a suspension, a full disk, a stepped clock and a slow store."""

    rounds: int = 30
    seed: int = 7
    only: Sequence[str] = ()
    broker: BrokerKind = "auto"
    freeze_s: float = 10.0
    recover_s: float = 90.0


@dataclass(slots=True)
class Round:
    """Result of a round. `spans` has the first and last number of each device, `trouble` what else is wrong.

    `late` is what did not happen in time, as on a slow machine: it proves nothing. `waiting` numbers were not in the
    store at the end and were still on their gateways' disks.
    """

    number: int
    fault: str
    spans: dict[str, tuple[int, int]] = field(default_factory=dict)
    attack: Attack | None = None
    verdict: Verdict = field(default_factory=Verdict)
    quarantined: int = 0
    recover_s: float | None = None
    delivery: DeliveryCheck | None = None
    trouble: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    waiting: int = 0

    @property
    def is_sound(self) -> bool:
        """Whether nothing was lost or duplicated and nothing else is wrong."""
        return not (self.verdict.lost or self.verdict.duplicated or self.trouble)

    @property
    def is_decided(self) -> bool:
        """Whether everything happened in time, so that the round proves something."""
        return not (self.late or self.waiting)


def run_chaos(settings: ChaosSettings, root: Path, report: Callable[[Round], None]) -> list[Round]:
    """Run all rounds on a farm in `root`; return the results from the store's file.

    `report` receives each round with the results from the API.

    Raises HeadlandError where the farm does not start or the store cannot be opened afterwards.
    """
    rng = random.Random(settings.seed)  # noqa: S311 - repeatable chance is the point
    faults = choose_faults(settings.rounds, settings.only, rng)
    farm = ChaosFarm(root, settings.broker)
    rig = ChaosRig(farm, rng, settings.freeze_s)
    rounds: list[Round] = []
    with farm.running():
        try:
            for number, fault in enumerate(faults, start=1):
                rounds.append(_run_round(Round(number, fault), rig, settings))
                report(rounds[-1])
        finally:
            rig.unauthorised_client.disconnect()
        farm.end_gateways_and_station()
    _assess_by_file(rounds, rig, farm.folder)
    return rounds


def _run_round(this: Round, rig: ChaosRig, settings: ChaosSettings) -> Round:
    farm = rig.farm
    first = {truth.device: truth.last() + 1 for truth in farm.devices}
    refused_before, attacks_before = len(read_quarantine(farm.folder.quarantine_path)), len(rig.attacks)
    farm.source.resume()
    try:
        farm.wait_until(lambda: _is_counting(farm, first), settings.recover_s, "not every device was read")
    except NotInTime as error:
        this.late.append(str(error))
    time.sleep(rig.rng.uniform(*_BEFORE_FAULT_S))
    try:
        FAULTS[this.fault](rig)
    except RetryLater as error:
        this.trouble.append(str(error))
        for process in farm.processes():
            process.start()
    repaired_s = time.monotonic()
    time.sleep(_AFTER_FAULT_S)
    farm.source.pause()
    this.spans = {truth.device: (first[truth.device], truth.last()) for truth in farm.devices}
    this.attack = rig.attacks[-1] if len(rig.attacks) > attacks_before else None
    try:
        farm.wait_until(lambda: _is_complete(this, rig), settings.recover_s, "not everything was stored")
        this.recover_s = time.monotonic() - repaired_s
        stored_ms = wall_clock_ms()
        farm.wait_until(lambda: _are_spools_empty(farm, stored_ms), settings.recover_s, "a spool was not emptied")
    except NotInTime as error:
        this.late.append(str(error))
    this.verdict = _assess(this, rig, _stored_by_api(farm), sees_hidden=False)
    this.quarantined = len(read_quarantine(farm.folder.quarantine_path)) - refused_before
    this.trouble += _find_trouble(this, farm)
    this.delivery = check_delivery(farm, rig.attacks)
    # While records wait, the reports say so.
    (this.late if this.late else this.trouble).extend(this.delivery.differences)
    return this


def _is_counting(farm: ChaosFarm, first: Mapping[str, int]) -> bool:
    """Return whether every device has sent some numbers of this round: a gateway may just be starting."""
    return all(truth.last() >= first[truth.device] + _BEFORE_FAULT for truth in farm.devices)


def _is_complete(this: Round, rig: ChaosRig) -> bool:
    stored = _stored_by_api(rig.farm)
    if stored is None:
        return False
    if this.attack is not None and rig.unauthorised_client.read_acks(this.attack) < this.attack.records:
        return False
    return not _assess(this, rig, stored, sees_hidden=False).lost


def _stored_by_api(farm: ChaosFarm) -> dict[str, Counter[int]] | None:
    stored: dict[str, Counter[int]] = {}
    for device in _device_names(farm):
        numbers = farm.stored(device)
        if numbers is None:
            return None
        stored[device] = numbers
    return stored


def _device_names(farm: ChaosFarm) -> list[str]:
    return [truth.device for truth in farm.devices] + [f"{UNAUTHORISED}-own"]


def _are_spools_empty(farm: ChaosFarm, since_ms: int) -> bool:
    """Return whether every gateway has reported since `since_ms` an empty spool and its last commit ack.

    A gateway that has just started knows its last commit ack only after the broker has sent it again.
    """
    for gateway in GATEWAYS:
        status = farm.gateway_status(gateway)
        if not status or status["time_ms"] < since_ms or status["spool"].get("records", 0) > 0:
            return False
        if status["uplink"]["acked_seq"] is None:
            return False
    return True


def _assess(
    this: Round, rig: ChaosRig, stored: Mapping[str, Mapping[int, int]] | None, *, sees_hidden: bool
) -> Verdict:
    """Return the verdict on this round's numbers of all devices, including the unauthorised client's valid ones."""
    total = Verdict()
    stored = stored or {}
    for truth in rig.farm.devices:
        first, last = this.spans[truth.device]
        sent = truth.sent()[first - 1 : last]
        total.add(compare(sent, stored.get(truth.device, {}), rig.kills[truth.device], sees_hidden=sees_hidden))
    if this.attack is not None:
        sent = [SentNumber(number, 0.0, was_read=True, hidden=False) for number in sorted(this.attack.numbers)]
        total.add(compare(sent, stored.get(f"{UNAUTHORISED}-own", {}), (), sees_hidden=True))
    return total


def _find_trouble(this: Round, farm: ChaosFarm) -> list[str]:
    """Return sentences on what is wrong, except lost and duplicated numbers."""
    trouble = []
    for gateway in GATEWAYS:
        status = farm.gateway_status(gateway)
        dropped = status.get("spool", {}).get("dropped_records", 0)
        lost = status.get("intake", {}).get("lost_points", 0)
        if dropped or lost:
            trouble.append(f"{gateway} reports {dropped} dropped records and {lost} lost points")
    for process in farm.processes():
        if process.has_died:
            trouble.append(f"{process.name} ended unexpectedly and was restarted; its log is {process.log_path}")
            process.start()
        if process.late_ends:
            this.late.append(f"{process.name} did not end within its time limit")
            process.late_ends = 0
    if this.attack is not None:
        trouble += this.attack.find_mishandled(read_quarantine(farm.folder.quarantine_path))
        if this.attack.foreign_refused is False:
            trouble.append("the broker accepted a message for another gateway's topic")
    elif this.quarantined:
        trouble.append(f"{this.quarantined} messages are in quarantine, and no invalid message was sent")
    return trouble


def _assess_by_file(rounds: Sequence[Round], rig: ChaosRig, folder: FarmFolder) -> None:
    """Assess every round again by the store's file, which has multiplicities and the samples that the API omits."""
    store = DuckDBStore(folder.store_path)
    stored: dict[str, Counter[int]] = {}
    try:
        for device in _device_names(rig.farm):
            series = SeriesFilter(_ORGANISATION, device=device, channels=frozenset((NUMBER_CHANNEL,)))
            stored[device] = Counter(
                round(value) for samples in store.raw(series, 0, _ALL_TIME_MS) for value in samples.value.tolist()
            )
    finally:
        store.close()
    waiting = _waiting(rig.farm)
    for this in rounds:
        this.verdict = _assess(this, rig, stored, sees_hidden=True)
        if this.late:
            _excuse_waiting(this, rig, waiting)
    for truth in rig.farm.devices:
        unknown = find_unknown(truth.last(), stored[truth.device])
        if unknown and rounds:
            rounds[-1].trouble.append(f"{unknown[:5]} are stored, and {truth.device} never sent them")


def _waiting(farm: ChaosFarm) -> dict[str, frozenset[int]]:
    """Return the numbers of each device that are still in its gateway's spool, at the end."""
    waiting: dict[str, frozenset[int]] = {}
    for gateway in GATEWAYS:
        waiting.update(read_spool(farm.gateway_dir(gateway) / SPOOL_FILE).numbers)
    return waiting


def _excuse_waiting(this: Round, rig: ChaosRig, waiting: Mapping[str, frozenset[int]]) -> None:
    """Take numbers that are on a gateway's disk from the lost ones of a late round."""
    on_disk = {
        number
        for truth in rig.farm.devices
        for number in waiting.get(truth.device, frozenset())
        if this.spans[truth.device][0] <= number <= this.spans[truth.device][1]
    }
    lost = [number for number in this.verdict.lost if number not in on_disk]
    this.waiting = len(this.verdict.lost) - len(lost)
    this.verdict.lost = lost
