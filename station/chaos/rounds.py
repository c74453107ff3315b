"""Runs the rounds: traffic with a fault in the middle of it, then quiet until the store has all; and the verdict."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from headland.clock import wall_clock_ms
from headland.errors import RetryLater
from headland.store.duckdb.store import DuckDBStore
from headland.store.port import SeriesFilter
from station.chaos.checks.delivery import DeliveryCheck, check_delivery
from station.chaos.checks.verdict import Verdict, find_strangers, judge
from station.chaos.farm.farm import GATEWAYS, INTRUDER, ChaosFarm
from station.chaos.faults.faults import FAULTS, ChaosRig, choose_faults
from station.chaos.traffic.numbered_source import NUMBER_CHANNEL
from station.chaos.traffic.truth import SentNumber
from station.chaos.traffic.unauthorised_client import Attack, read_quarantine
from station.local.broker import BrokerKind
from station.local.folder import FarmFolder

_ORGANISATION: Final = "local"
_WARM_S: Final = (0.8, 1.6)
_AFTER_S: Final = 1.0
_ALL_TIME_MS: Final = 2**52


@dataclass(frozen=True, slots=True)
class ChaosSettings:
    """What to run. `freeze_s` is how long a SIGSTOP, a full disk, a stepped clock and a slow store last."""

    rounds: int = 30
    seed: int = 7
    only: Sequence[str] = ()
    broker: BrokerKind = "auto"
    freeze_s: float = 10.0
    recover_s: float = 90.0


@dataclass(slots=True)
class Round:
    """One round. `spans` are the numbers of each device in it (from, until); `trouble` is what a person should read."""

    number: int
    fault: str
    spans: dict[str, tuple[int, int]] = field(default_factory=dict)
    attack: Attack | None = None
    verdict: Verdict = field(default_factory=Verdict)
    quarantined: int = 0
    recover_s: float | None = None
    delivery: DeliveryCheck | None = None
    trouble: list[str] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """Tell whether nothing was lost or doubled and nothing else is wrong."""
        return not (self.verdict.lost or self.verdict.duplicated or self.trouble)


def run_chaos(settings: ChaosSettings, root: Path, say: Callable[[Round], None]) -> list[Round]:
    """Run all rounds on a farm in `root`; `say` gets each round as the API shows it, the return is what the file holds.

    Raises HeadlandError where the farm does not start or the store cannot be opened afterwards.
    """
    dice = random.Random(settings.seed)  # noqa: S311 - repeatable chance is the point
    faults = choose_faults(settings.rounds, settings.only, dice)
    farm = ChaosFarm(root, settings.broker)
    bench = ChaosRig(farm, dice, settings.freeze_s)
    rounds: list[Round] = []
    with farm.running():
        try:
            for number, fault in enumerate(faults, start=1):
                rounds.append(_run_round(Round(number, fault), bench, settings))
                say(rounds[-1])
        finally:
            bench.intruder.leave()
        farm.end_gateways_and_station()
    _judge_by_file(rounds, bench, farm.folder)
    return rounds


def _run_round(this: Round, bench: ChaosRig, settings: ChaosSettings) -> Round:
    farm = bench.farm
    first = {truth.device: truth.last() + 1 for truth in farm.devices}
    refused_before, attacks_before = len(read_quarantine(farm.folder.quarantine_path)), len(bench.attacks)
    farm.source.resume()
    time.sleep(bench.dice.uniform(*_WARM_S))
    try:
        FAULTS[this.fault](bench)
    except RetryLater as error:
        this.trouble.append(str(error))
        for process in farm.processes():
            process.start()
    mended_s = time.monotonic()
    time.sleep(_AFTER_S)
    farm.source.pause()
    this.spans = {truth.device: (first[truth.device], truth.last()) for truth in farm.devices}
    this.attack = bench.attacks[-1] if len(bench.attacks) > attacks_before else None
    try:
        farm.wait_until(lambda: _is_complete(this, bench), settings.recover_s, "not everything was stored")
        this.recover_s = time.monotonic() - mended_s
        stored_ms = wall_clock_ms()
        farm.wait_until(lambda: _are_spools_empty(farm, stored_ms), settings.recover_s, "a spool was not emptied")
    except RetryLater as error:
        this.trouble.append(str(error))
    this.verdict = _judge(this, bench, _stored_by_api(farm), sees_hidden=False)
    this.quarantined = len(read_quarantine(farm.folder.quarantine_path)) - refused_before
    this.trouble += _find_trouble(this, farm)
    this.delivery = check_delivery(farm, bench.attacks)
    this.trouble += this.delivery.differences
    return this


def _is_complete(this: Round, bench: ChaosRig) -> bool:
    stored = _stored_by_api(bench.farm)
    if stored is None:
        return False
    if this.attack is not None and bench.intruder.hear_acks(this.attack) < this.attack.records:
        return False
    return not _judge(this, bench, stored, sees_hidden=False).lost


def _stored_by_api(farm: ChaosFarm) -> dict[str, Counter[int]] | None:
    found: dict[str, Counter[int]] = {}
    for device in _device_names(farm):
        stored = farm.stored(device)
        if stored is None:
            return None
        found[device] = stored
    return found


def _device_names(farm: ChaosFarm) -> list[str]:
    return [truth.device for truth in farm.devices] + [f"{INTRUDER}-own"]


def _are_spools_empty(farm: ChaosFarm, since_ms: int) -> bool:
    """Tell whether every gateway has said since then that nothing waits in it, and up to where all is committed.

    One that has just started knows that only once it has heard its last commit ack again.
    """
    for gateway in GATEWAYS:
        status = farm.gateway_status(gateway)
        if not status or status["time_ms"] < since_ms or status["spool"].get("records", 0) > 0:
            return False
        if status["uplink"]["acked_seq"] is None:
            return False
    return True


def _judge(
    this: Round, bench: ChaosRig, stored: Mapping[str, Mapping[int, int]] | None, *, sees_hidden: bool
) -> Verdict:
    """Return the verdict on this round's numbers of all devices, the intruder's sound ones among them."""
    total = Verdict()
    found = stored or {}
    for truth in bench.farm.devices:
        first, last = this.spans[truth.device]
        said = truth.said()[first - 1 : last]
        total.add(judge(said, found.get(truth.device, {}), bench.kills[truth.device], sees_hidden=sees_hidden))
    if this.attack is not None:
        said = [SentNumber(number, 0.0, was_read=True, hidden=False) for number in sorted(this.attack.numbers)]
        total.add(judge(said, found.get(f"{INTRUDER}-own", {}), (), sees_hidden=True))
    return total


def _find_trouble(this: Round, farm: ChaosFarm) -> list[str]:
    """Return what is wrong beside lost and doubled numbers."""
    trouble = []
    for gateway in GATEWAYS:
        status = farm.gateway_status(gateway)
        dropped = status.get("spool", {}).get("dropped_records", 0)
        lost = status.get("intake", {}).get("lost_points", 0)
        if dropped or lost:
            trouble.append(f"{gateway} says that it dropped {dropped} records and lost {lost} points")
    for process in farm.processes():
        if process.has_died:
            trouble.append(f"{process.name} ended by itself and was started again; its log is {process.log_path}")
            process.start()
        if process.late_ends:
            trouble.append(f"{process.name} did not end within its time when asked to")
            process.late_ends = 0
    if this.attack is not None:
        trouble += this.attack.find_misjudged(read_quarantine(farm.folder.quarantine_path))
        if this.attack.foreign_refused is False:
            trouble.append("the broker took a message for another gateway's topic")
    elif this.quarantined:
        trouble.append(f"{this.quarantined} messages went to quarantine and nobody sent a bad one")
    return trouble


def _judge_by_file(rounds: Sequence[Round], bench: ChaosRig, folder: FarmFolder) -> None:
    """Judge every round again by what the store's file holds: multiplicities, and what the API hides."""
    store = DuckDBStore(folder.store_path)
    stored: dict[str, Counter[int]] = {}
    try:
        for device in _device_names(bench.farm):
            which = SeriesFilter(_ORGANISATION, device=device, channels=frozenset((NUMBER_CHANNEL,)))
            stored[device] = Counter(
                round(value) for samples in store.raw(which, 0, _ALL_TIME_MS) for value in samples.value.tolist()
            )
    finally:
        store.close()
    for this in rounds:
        this.verdict = _judge(this, bench, stored, sees_hidden=True)
    for truth in bench.farm.devices:
        strangers = find_strangers(truth.last(), stored[truth.device])
        if strangers and rounds:
            rounds[-1].trouble.append(f"{truth.device} never said {strangers[:5]}, and it is stored")
