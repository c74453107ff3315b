"""Ingest with a wrong clock of the station: no true sample is flagged for it, and no gateway's alarm is lost."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from headland.clock.station_clock.station_clock import StationClock
from headland.contract.records import Batch, Clock, Event, GatewayStatus
from headland.store.duckdb.store import DuckDBStore
from headland.store.port import SeriesFilter
from headland.units_of_time import DAY_MS, HOUR_MS
from ingest.machine import IngestMachine
from ingest.mqtt.inbox import Inbox
from ingest.service import IngestService
from ingest.settings import IngestSettings
from ingest.writer import IngestWriter
from station.server.workers.clock_repair import ClockRepair
from tests.clock.machine import STEPS_MS, YEAR_MS, ClockedMachine
from tests.examples import some_long
from tests.ingest.gateway import batch_of, block_of, properties_of, topic_and_payload
from tests.ingest.writer_bench import Bench, RecordedAcks

ALL = SeriesFilter("local")


class ClockBench(Bench):
    """A writer with the real store and the station's clock, on a machine whose clock the test sets."""

    def __init__(self, folder: Path, machine: ClockedMachine) -> None:
        self.machine, self.folder = machine, folder
        self.inbox, self.acks, self._mid, self._seq = Inbox(1000), RecordedAcks(), 0, 0
        self.settings = IngestSettings(
            quarantine_path=folder / "quarantine.sqlite", batch_wait_s=0.001, batch_messages=100
        )
        self.duckdb = DuckDBStore(folder / "store.duckdb")
        self.clock = StationClock(folder / "clock.json", lambda: None, machine.sources())
        ingest = IngestMachine(clock=self.clock.machine(), station_clock=self.clock)
        self.writer = IngestWriter(self.settings, self.duckdb, self.inbox, self.acks, ingest)
        self.service = IngestService(self.settings, self.duckdb, machine=ingest)
        self.service._writer = self.writer
        self.repair = ClockRepair(self.clock, self.duckdb, self.service.replay_untimely)
        self.writer.load()

    def close(self) -> None:
        self.writer.finish()
        self.duckdb.close()
        self.clock.stop()

    def sample(self, *gateways: str, seconds: int = 5, late_ms: int = 0) -> None:
        """Let gateways send a sample a second, with the true time less `late_ms`."""
        for _ in range(seconds):
            self.machine.run(1)
            for gateway in gateways:
                self._seq += 1
                block = block_of(
                    {"air_temperature_degc": [20.0]}, self.machine.true_ms - late_ms, device=f"of-{gateway}"
                )
                self.send(Batch(gw=gateway, epoch="e1", seq=self._seq, v=1, blocks=[block]))

    def alarm(self, gateway: str) -> None:
        """Let a gateway raise an alarm, at the true time."""
        self._seq += 1
        now_ms = self.machine.true_ms
        data: dict[str, str | int | float | None] = {
            "rule": "frost",
            "raised_ms": now_ms,
            "since_ms": now_ms,
            "severity": "critical",
        }
        event = Event(
            t=now_ms,
            device=f"of-{gateway}",
            kind="alarm_raised",
            device_kind="greenhouse",
            site="home",
            clock=Clock.NTP,
            data=data,
        )
        self.send(Batch(gw=gateway, epoch="e1", seq=self._seq, v=1, events=[event]))

    def send(self, batch: Batch) -> None:
        topic, payload = topic_and_payload(batch)
        self._receive(topic, payload, properties=properties_of(batch.epoch, batch.seq))
        self.settle()
        self.repair.repair()

    def settle(self) -> None:
        super().settle()
        self.writer._finish_commit()

    def flags(self) -> list[int]:
        return sorted(flag for each in self.duckdb.raw(ALL, 0, 2**62) for flag in each.quality.tolist())

    def alarms(self) -> list[Event]:
        return [event for event in self.duckdb.events("local", 0, 2**62) if event.kind == "alarm_raised"]


@pytest.mark.parametrize("gateways", [("ga",), ("ga", "gb", "gc")], ids=["one gateway", "three"])
@pytest.mark.parametrize("step_ms", some_long(STEPS_MS))
@pytest.mark.parametrize("when", ["live", "at the start", "from the first"])
def test_no_step_of_the_clock_flags_a_true_sample_or_loses_an_alarm(
    tmp_path: Path, step_ms: int, when: str, gateways: tuple[str, ...]
) -> None:
    machine = ClockedMachine(step_ms=step_ms if when == "from the first" else 0)
    bench = ClockBench(tmp_path, machine)
    if when != "from the first":
        bench.sample(*gateways)
    if when == "at the start":
        bench.close()
    machine.step_ms = step_ms
    seq = bench._seq
    if when == "at the start":
        bench = ClockBench(tmp_path, machine)
        bench._seq = seq
    bench.sample(*gateways)
    assert bench.clock.look().in_doubt
    bench.alarm(gateways[0])
    assert set(bench.flags()) == {1}
    # The live value is the newest sample, as if nothing was wrong.
    assert {latest.time_ms for latest in bench.duckdb.last(ALL)} == {machine.true_ms}
    assert len(bench.alarms()) == 1
    machine.step_ms = 0
    bench.sample(*gateways)
    bench.repair.repair()
    assert not bench.clock.look().in_doubt
    assert set(bench.flags()) == {1}
    assert len(bench.alarms()) == 1
    assert bench.writer.quarantine.count() == 0
    bench.close()


@pytest.mark.parametrize("step_ms", [-HOUR_MS, -6 * HOUR_MS, -DAY_MS, -YEAR_MS])
def test_an_alarm_that_only_the_station_speaks_against_has_the_time_at_which_it_came(
    tmp_path: Path, step_ms: int
) -> None:
    machine = ClockedMachine(step_ms=step_ms)
    bench = ClockBench(tmp_path, machine)
    bench.sample("ga", "gb")
    bench.alarm("ga")
    (alarm,) = bench.alarms()
    assert alarm.t == machine.true_ms
    assert alarm.data["clock_in_doubt"] is True
    assert alarm.data["received_ms"] == machine.true_ms
    bench.close()


def test_flags_and_refusals_from_before_the_doubt_are_made_up_for(tmp_path: Path) -> None:
    machine = ClockedMachine(step_ms=-6 * HOUR_MS, is_synchronised=True)
    bench = ClockBench(tmp_path, machine)
    # A time service says that the clock is right, and one gateway alone says something else.
    bench.sample("ga")
    bench.alarm("ga")
    assert set(bench.flags()) == {4}
    assert bench.alarms() == []
    assert [message.reason for message in bench.writer.quarantine.list()] == ["bad_time"]
    bench.sample("ga", "gb", seconds=1)
    assert bench.clock.look().in_doubt
    bench.settle()
    assert bench.flags() == [1] * 7
    assert len(bench.alarms()) == 1
    assert bench.writer.quarantine.count() == 0
    bench.close()


def test_flags_are_made_up_for_when_a_time_service_corrects_a_clock_that_nobody_doubted(tmp_path: Path) -> None:
    machine = ClockedMachine(step_ms=-6 * HOUR_MS)
    bench = ClockBench(tmp_path, machine)
    now_ms = machine.true_ms
    block = msgspec.structs.replace(block_of({"co2_ppm": [400.0]}, now_ms, device="of-gx"), clock=Clock.RTC)
    bench.send(Batch(gw="gx", epoch="e1", seq=1, v=1, blocks=[block]))
    assert bench.flags() == [4]
    machine.run(60)
    machine.step_ms, machine.is_synchronised = 0, True
    bench.clock.look()
    bench.repair.repair()
    assert bench.flags() == [1]
    assert [latest.time_ms for latest in bench.duckdb.last(ALL)] == [now_ms]
    bench.close()


def test_a_gateway_that_is_ahead_is_flagged_and_refused_by_a_clock_that_is_right(tmp_path: Path) -> None:
    machine = ClockedMachine()
    bench = ClockBench(tmp_path, machine)
    bench.sample("ga", "gb", seconds=10)
    bench.sample("gx", late_ms=-DAY_MS)
    assert not bench.clock.look().in_doubt
    assert bench.flags() == [1] * 20 + [4] * 5
    bench.close()


def test_a_status_is_a_witness_where_the_samples_are_of_a_disciplined_clock(tmp_path: Path) -> None:
    machine = ClockedMachine()
    bench = ClockBench(tmp_path, machine)
    bench.send(batch_of(1, block_of({"co2_ppm": [400.0]}, machine.true_ms - DAY_MS), gateway="ga"))
    for gateway in ("ga", "gb"):
        for _ in range(5):
            machine.run(1)
            bench.say(GatewayStatus(gw=gateway, online=True, t=machine.true_ms))
            bench.settle()
    assert list(bench.clock.look().gateways) == ["ga"]
    assert bench.clock.look().is_proven
    bench.close()
