"""The faults: what each does to the farm, seeded. A fault begins, lasts while traffic goes on, and is mended."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Final

from headland.errors import RetryLater, SettingsError
from headland.units_of_time import HOUR_MS
from station.chaos.checks.verdict import Kill
from station.chaos.farm.farm import GATEWAYS, INTRUDER, ChaosFarm
from station.chaos.farm.process import FarmProcess
from station.chaos.faults.spool_copy import read_spool
from station.chaos.traffic.unauthorised_client import Attack, UnauthorisedClient
from station.local.plan import HOST
from station.server.files import write_whole

_TARGETS: Final = (
    ("gateway",),
    ("broker",),
    ("station",),
    ("station", "broker"),
    ("gateway", "broker"),
)
_DOWN_S: Final = (0.3, 2.0)
_PULSE_S: Final = (0.1, 0.8)


class ChaosRig:
    """What a fault works on, and what it leaves for the verdict."""

    def __init__(self, farm: ChaosFarm, dice: random.Random, freeze_s: float) -> None:
        self.farm = farm
        self.dice = dice
        self.freeze_s = freeze_s
        self.kills: dict[str, list[Kill]] = {truth.device: [] for truth in farm.devices}
        self.attacks: list[Attack] = []
        self.intruder = UnauthorisedClient(INTRUDER, farm.intruder_password, HOST, farm.broker_port, GATEWAYS[0])

    def targets(self, names: Sequence[str]) -> list[FarmProcess]:
        """Return the processes of parts; `gateway` is the first one."""
        parts = {"gateway": self.farm.gateways[GATEWAYS[0]], "broker": self.farm.broker, "station": self.farm.station}
        return [parts[name] for name in names]


Fault = Callable[[ChaosRig], None]


def kill(names: Sequence[str], bench: ChaosRig) -> None:
    """SIGKILL, some time without, and start again in an order that chance chooses."""
    processes = bench.targets(names)
    for process in processes:
        process.kill()
    if "gateway" in names:
        _note_kill(bench, GATEWAYS[0])
    time.sleep(bench.dice.uniform(*_DOWN_S))
    bench.dice.shuffle(processes)
    for process in processes:
        process.start()


def freeze(names: Sequence[str], bench: ChaosRig) -> None:
    """SIGSTOP for a while: connections stay open and nobody answers."""
    processes = bench.targets(names)
    try:
        for process in processes:
            process.freeze()
        time.sleep(bench.freeze_s)
        bench.dice.shuffle(processes)
    finally:
        for process in processes:
            process.thaw()


def restart(names: Sequence[str], bench: ChaosRig) -> None:
    """SIGTERM, wait for the end, start again."""
    processes = bench.targets(names)
    for process in processes:
        process.ask_to_end()
    for process in processes:
        process.wait_for_end()
    bench.dice.shuffle(processes)
    for process in processes:
        process.start()


def fill_disk(name: str, bench: ChaosRig) -> None:
    """Take the right to write any file from a running part: each write fails, as on a disk that is full."""
    (process,) = bench.targets([name])
    with _no_writing(process.pid):
        time.sleep(bench.freeze_s)


def step_clock(step_ms: int, bench: ChaosRig) -> None:
    """Set the wall clock of the gateway, and that of its devices, and after a while back."""
    path = bench.farm.clock_path
    write_whole(path, str(step_ms).encode())
    bench.farm.source.clock_step_ms = step_ms
    try:
        time.sleep(bench.freeze_s)
    finally:
        write_whole(path, b"0")
        bench.farm.source.clock_step_ms = 0


def attack(bench: ChaosRig) -> None:
    """Let the malicious gateway send its messages."""
    epoch = f"attack-{len(bench.attacks) + 1}"
    checked = bench.farm.broker_kind == "mosquitto"  # iotcore knows logins and no topic rights
    bench.attacks.append(bench.intruder.attack(epoch, bench.dice, tries_foreign_topic=checked))


def slow_store(bench: ChaosRig) -> None:
    """Let the station run only now and then."""
    (station,) = bench.targets(["station"])
    until_s = time.monotonic() + bench.freeze_s
    while time.monotonic() < until_s:
        station.freeze()
        time.sleep(bench.dice.uniform(*_PULSE_S))
        station.thaw()
        time.sleep(bench.dice.uniform(*_PULSE_S) / 4)


#: Every fault by name, in the order that a full set is told in.
FAULTS: Final[dict[str, Fault]] = {
    **{f"kill-{'+'.join(names)}": partial(kill, names) for names in _TARGETS},
    **{f"freeze-{'+'.join(names)}": partial(freeze, names) for names in _TARGETS},
    **{f"restart-{'+'.join(names)}": partial(restart, names) for names in _TARGETS},
    "full-disk-gateway": partial(fill_disk, "gateway"),
    "full-disk-station": partial(fill_disk, "station"),
    "clock-forward": partial(step_clock, HOUR_MS),
    "clock-back": partial(step_clock, -HOUR_MS),
    "intruder": attack,
    "slow-store": slow_store,
}


def choose_faults(rounds: int, only: Sequence[str], dice: random.Random) -> list[str]:
    """Return a fault for each round: all of them in a new order, again and again. Raises SettingsError."""
    names = list(only) or [name for name in FAULTS if can_do(name)]
    for name in names:
        if name not in FAULTS:
            raise SettingsError(f"There is no fault {name!r}; there are {', '.join(FAULTS)}.")
        if not can_do(name):
            raise SettingsError(f"{name} needs Linux: other systems do not limit a process that runs.")
    chosen: list[str] = []
    while len(chosen) < rounds:
        chosen += dice.sample(names, len(names))
    return chosen[:rounds]


def can_do(name: str) -> bool:
    """Tell whether this system can do a fault."""
    return sys.platform == "linux" or not name.startswith("full-disk")


def _note_kill(bench: ChaosRig, gateway: str) -> None:
    at_s = time.monotonic()
    content = read_spool(bench.farm.gateway_dir(gateway) / "spool.sqlite")
    for truth in bench.farm.devices:
        if truth.gateway == gateway:
            bench.kills[truth.device].append(Kill(at_s, content.numbers.get(truth.device, frozenset())))


@contextmanager
def _no_writing(pid: int) -> Iterator[None]:
    if sys.platform != "linux":
        raise RetryLater("only Linux limits a process that runs")
    import resource

    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))
