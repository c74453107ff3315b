"""A farm with a registry, a store in memory, and an alarm evaluator on a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from headland.alarms.rounds.evaluator import AlarmEvaluator
from headland.alarms.rules.targets import OutlookOf
from headland.contract.records import ALARM_RAISED, ChannelInfo, Clock, Descriptor, Event
from headland.registry.models.alarms import Alarm, AlarmRecipient, AlarmRule, AlarmTest, RecipientKind
from headland.registry.registry import open_registry
from headland.registry.repositories.alarms import AlarmUpdate
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.store.memory import MemoryStore
from headland.store.port import Points, SeriesKey, StoredEvent, WriteBatch

HANDLE = "own"
START_MS = 1_795_507_200_000
MINUTE = 60_000
AIR = "air_temperature_degc"


def frost(**more: object) -> AlarmRule:
    values: dict[str, object] = {
        "name": "frost", "any_of": ((AlarmTest(what=AIR, below=2.0, hysteresis=1.0),),), "for_s": 300.0,
        "clear_for_s": 600.0, **more,
    }  # fmt: skip
    return AlarmRule(**values)  # type: ignore[arg-type]


class Station:
    """The farm; `restart` starts a new process on the stored state."""

    def __init__(self, repositories: OrganisationRepositories, clock: list[int]) -> None:
        self.store = MemoryStore()
        self.repositories = repositories
        self.clock = clock
        self.gateways: dict[str, Mapping[str, float]] = {}
        #: How far the clock of the simulators is behind.
        self.lag_ms = 0
        #: What tells the weather to come at a site, at an instant, for so many hours.
        self.outlook_of: OutlookOf | None = None
        self.restart()

    def restart(self) -> None:
        self.evaluator = AlarmEvaluator(
            self.store, self.repositories, HANDLE, lambda: self.gateways, simulated_lag_ms=lambda now_ms: self.lag_ms,
            outlook_of=self.outlook_of,
        )  # fmt: skip

    def at(self, minute: float) -> AlarmUpdate:
        self.clock[0] = START_MS + round(minute * MINUTE)
        return self.evaluator.round(self.clock[0])

    def measure(
        self,
        values: Mapping[float, float],
        device: str = "gh-1",
        channel: str = AIR,
        kind: str = "greenhouse",
        *,
        simulated: bool = False,
    ) -> None:
        """Store values by the minute of their time."""
        key = SeriesKey(HANDLE, "home", kind, device, channel, simulated=simulated)
        times = START_MS + np.round(np.array(list(values)) * MINUTE).astype(np.int64)
        flags, index = np.ones(len(times), np.uint8), np.zeros(len(times), np.int32)
        self.store.write(WriteBatch(Points([key], index, times, np.array(list(values.values()), float), flags)))
        channels = {channel: ChannelInfo(unit="degC")}
        told = Descriptor(device=device, kind=kind, site="home", name=device, channels=channels, simulated=simulated)
        self.store.describe(HANDLE, "gw-1", told)

    def gateway_says(self, kind: str, minute: float, raised: float, rule: str = "frost", device: str = "gh-1") -> None:
        event = Event(
            t=START_MS + round(minute * MINUTE), device=device, kind=kind, device_kind="greenhouse", site="home",
            clock=Clock.NTP,
            data={
                "rule": rule, "severity": "critical", "channel": AIR, "condition": "below", "value": 1.0,
                "threshold": 2.0, "unit": "degC", "since_ms": START_MS, "repeats": 0,
                "raised_ms": START_MS + round(raised * MINUTE),
            },
        )  # fmt: skip
        self.store.write(WriteBatch(_NOTHING, [StoredEvent(HANDLE, event)]))

    def alarms(self) -> list[Alarm]:
        """All alarms, the oldest first."""
        return self.repositories.alarms.newest()[::-1]

    def said(self) -> list[tuple[str, str]]:
        """All notifications by rule and change, the oldest first."""
        return [(notice.rule, notice.what) for notice in self.repositories.alarms.notices(limit=1000)[::-1]]


_NOTHING = Points([], np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0), np.empty(0, np.uint8))
RAISED = ALARM_RAISED


@contextmanager
def station_in(folder: Path) -> Iterator[Station]:
    """Yield a farm with one recipient, its registry in a folder."""
    clock = [START_MS]
    registry = open_registry(f"sqlite:///{folder}/registry.sqlite", lambda: clock[0])
    repositories = registry.repositories(registry.add_organisation(HANDLE, "Our farm", "test").id, "tester")
    repositories.alarm_recipients.add(AlarmRecipient(name="Li", kind=RecipientKind.EMAIL, address="li@example.org"))
    try:
        yield Station(repositories, clock)
    finally:
        registry.close()


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with station_in(tmp_path) as made:
        yield made
