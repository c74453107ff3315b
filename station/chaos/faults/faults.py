"""Faults and their injection. A fault begins, lasts while traffic continues, and is repaired."""

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
from station.chaos.checks.verdict import UNSAVED_S, Kill
from station.chaos.farm.farm import GATEWAYS, UNAUTHORISED, ChaosFarm
from station.chaos.farm.process import FarmProcess
from station.chaos.faults.spool_copy import read_spool
from station.chaos.slowness import slowness
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
    """Test rig: the farm that faults are injected into, and their records for the verdict."""

    def __init__(self, farm: ChaosFarm, rng: random.Random, freeze_s: float) -> None:
        self.farm = farm
        self.rng = rng
        self.freeze_s = freeze_s
        self.kills: dict[str, list[Kill]] = {truth.device: [] for truth in farm.devices}
        self.attacks: list[Attack] = []
        self.unauthorised_client = UnauthorisedClient(
            UNAUTHORISED, farm.unauthorised_password, HOST, farm.broker_port, GATEWAYS[0]
        )

    def targets(self, names: Sequence[str]) -> list[FarmProcess]:
        """Return the processes of parts; `gateway` is the first gateway."""
        parts = {"gateway": self.farm.gateways[GATEWAYS[0]], "broker": self.farm.broker, "station": self.farm.station}
        return [parts[name] for name in names]


Fault = Callable[[ChaosRig], None]


def kill(names: Sequence[str], rig: ChaosRig) -> None:
    """Kill the processes and, after a pause, restart them in random order."""
    processes = rig.targets(names)
    began_s = time.monotonic()
    for process in processes:
        process.kill()
    if "gateway" in names:
        _note_kill(rig, GATEWAYS[0], began_s)
    time.sleep(rig.rng.uniform(*_DOWN_S))
    rig.rng.shuffle(processes)
    for process in processes:
        process.start()


def freeze(names: Sequence[str], rig: ChaosRig) -> None:
    """Suspend the processes for a while: connections stay open without a response."""
    processes = rig.targets(names)
    try:
        for process in processes:
            process.freeze()
        time.sleep(rig.freeze_s)
        rig.rng.shuffle(processes)
    finally:
        for process in processes:
            process.thaw()


def restart(names: Sequence[str], rig: ChaosRig) -> None:
    """Stop the processes in an orderly way and restart them."""
    processes = rig.targets(names)
    for process in processes:
        process.ask_to_end()
    for process in processes:
        process.wait_for_end()
    rig.rng.shuffle(processes)
    for process in processes:
        process.start()


def fill_disk(name: str, rig: ChaosRig) -> None:
    """Set the file size limit of a running process to 0: each write fails, as on a full disk."""
    (process,) = rig.targets([name])
    with _no_writing(process.pid):
        time.sleep(rig.freeze_s)


def step_clock(step_ms: int, rig: ChaosRig) -> None:
    """Step the wall clock of the gateway and of its devices, and after a while step it back."""
    path = rig.farm.clock_path
    write_whole(path, str(step_ms).encode())
    rig.farm.source.clock_step_ms = step_ms
    try:
        time.sleep(rig.freeze_s)
    finally:
        write_whole(path, b"0")
        rig.farm.source.clock_step_ms = 0


def attack(rig: ChaosRig) -> None:
    """Send the messages of the malicious gateway."""
    epoch = f"attack-{len(rig.attacks) + 1}"
    has_acl = rig.farm.broker_kind == "mosquitto"  # iotcore has logins and no access rights for topics
    rig.attacks.append(rig.unauthorised_client.attack(epoch, rig.rng, tries_foreign_topic=has_acl))


def slow_store(rig: ChaosRig) -> None:
    """Suspend the station repeatedly: it runs a small part of the time."""
    (station,) = rig.targets(["station"])
    until_s = time.monotonic() + rig.freeze_s
    while time.monotonic() < until_s:
        station.freeze()
        time.sleep(rig.rng.uniform(*_PULSE_S))
        station.thaw()
        time.sleep(rig.rng.uniform(*_PULSE_S) / 4)


#: All faults by name, in the order of `headland chaos --list`.
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


def choose_faults(rounds: int, only: Sequence[str], rng: random.Random) -> list[str]:
    """Return a fault for each round: repeatedly all faults in random order. Raises SettingsError."""
    names = list(only) or [name for name in FAULTS if is_supported(name)]
    for name in names:
        if name not in FAULTS:
            raise SettingsError(f"Unknown fault {name!r}. Faults: {', '.join(FAULTS)}.")
        if not is_supported(name):
            raise SettingsError(f"{name} needs Linux: other systems cannot limit a running process.")
    chosen: list[str] = []
    while len(chosen) < rounds:
        chosen += rng.sample(names, len(names))
    return chosen[:rounds]


def is_supported(name: str) -> bool:
    """Return whether this system can inject a fault."""
    return sys.platform == "linux" or not name.startswith("full-disk")


def _note_kill(rig: ChaosRig, gateway: str, began_s: float) -> None:
    at_s = time.monotonic()
    unsaved_s = at_s - began_s + UNSAVED_S * slowness()
    content = read_spool(rig.farm.gateway_dir(gateway) / "spool.sqlite")
    for truth in rig.farm.devices:
        if truth.gateway == gateway:
            rig.kills[truth.device].append(Kill(at_s, content.numbers.get(truth.device, frozenset()), unsaved_s))


@contextmanager
def _no_writing(pid: int) -> Iterator[None]:
    if sys.platform != "linux":
        raise RetryLater("only Linux can limit a running process")
    import resource

    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))
