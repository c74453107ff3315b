"""A gateway cut off for an hour of a frost night: it raises the alarm by itself, and sends it first on reconnect."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge.agent.agent import run_agent
from edge.agent.settings import load_settings
from edge.agent.status import read_status
from headland.contract.records import Event
from station.cli.app import app
from tests.broker import Broker
from tests.edge.ingest_stand_in import StandInIngest
from tests.edge.sources.modbus.modbus_peer import ModbusPeer
from tests.edge.sources.modbus.test_source import EPOCH_S, WORDS
from tests.waiting import wait_until

pytestmark = pytest.mark.services

EDGE_TOML = """
[gateway]
id = "gw-1"
site = "home"
data_dir = "edge"

[broker]
port = {broker}
resend_s = 1.0
{login}

[batch]
max_age_s = 0.05

[[source]]
type = "modbus_tcp"
name = "house-1"
host = "127.0.0.1"
port = {house}
device = "gh-1"
registers = "greenhouse-sim.toml"
poll_s = 0.05

[alarms]
rules = ["greenhouse"]
"""


class Night:
    """A house whose clock and air temperature the test sets, and the gateway that reads it."""

    def __init__(self, folder: Path, broker_port: int, port: int, login: str = "") -> None:
        self.config = folder / "edge.toml"
        self.data_dir = folder / "edge"
        self.config.write_text(EDGE_TOML.format(broker=broker_port, login=login, house=port), encoding="utf-8")
        self._words = dict(WORDS)
        self._house = ModbusPeer(port, self._words)
        self._house.start()
        self.start_gateway()

    def start_gateway(self) -> None:
        self._stop = threading.Event()
        settings = load_settings(self.config, {})
        self._agent = threading.Thread(target=run_agent, args=(settings, self._stop))
        self._agent.start()

    def stop_gateway(self) -> None:
        self._stop.set()
        self._agent.join(120)

    def live(self, minute: int, air_degc: float) -> None:
        """Set the house to `minute` with `air_degc`, and wait until the gateway has read it."""
        self._words[10] = round(air_degc * 100) & 0xFFFF
        seconds = EPOCH_S + 60 * minute
        self._words[0], self._words[1] = seconds >> 16, seconds & 0xFFFF
        read = len(self._house.requests)
        wait_until(lambda: len(self._house.requests) >= read + 2)

    def alarms(self) -> list[str]:
        return [alarm.rule for alarm in read_status(self.data_dir).alarms]

    def shown(self) -> str:
        return CliRunner().invoke(app, ["edge", "status", "-c", str(self.config)]).stdout

    def end(self) -> None:
        self.stop_gateway()
        self._house.stop()


@pytest.fixture
def night(mosquitto: Broker, new_port: Callable[[], int], tmp_path: Path) -> Iterator[Night]:
    made = Night(tmp_path, mosquitto.port, new_port())
    yield made
    made.end()


def alarms_in(ingest: StandInIngest, after: int) -> list[tuple[int, Event]]:
    """Return (place in the order of arrival, event) of the alarms after the first `after` messages."""
    events = [(at, event) for at, batch in enumerate(list(ingest.seen.values())) for event in batch.events]
    return [(at, event) for at, event in events if at >= after and event.kind.startswith("alarm_")]


@pytest.mark.long
def test_a_gateway_cut_off_in_a_frost_night_raises_the_alarm_and_sends_it_first_on_reconnect(
    mosquitto: Broker, night: Night
) -> None:
    ingest = StandInIngest(mosquitto.host, mosquitto.port, "gw-1")
    night.live(0, 6.0)
    wait_until(lambda: ingest.seen)
    mosquitto.kill()
    for minute in range(2, 62, 2):
        night.live(minute, 6.0 - minute / 5)
    # The status is written now and then: at first it may have the alarm with an earlier, higher temperature.
    wait_until(lambda: "ALARMS    critical frost at gh-1: air_temperature_degc -" in night.shown())
    assert night.alarms() == ["frost"]
    assert "not connected" in night.shown()
    before = len(ingest.seen)
    mosquitto.restart()
    wait_until(lambda: read_status(night.data_dir).spool.records == 0)
    (place, alarm), (next_place, again) = alarms_in(ingest, before)
    assert place == before, "no record of the backlog came before it"
    # The repeated one may be accepted only after the connection is back: it overtakes what is left of the backlog.
    order = [seq for _, seq in ingest.seen]
    assert sum(seq < order[next_place] for seq in order[next_place:]) > 10, "there was a backlog that both overtook"
    assert (alarm.kind, alarm.device, alarm.data["rule"]) == ("alarm_raised", "gh-1", "frost")
    # Below 2 degC from minute 22 on; raised after five minutes, on the clock of the house.
    since_ms = EPOCH_S * 1000 + 22 * 60_000 + 250
    assert (alarm.data["since_ms"], alarm.t) == (since_ms, since_ms + 6 * 60_000)
    assert (again.t - alarm.t, again.data["repeats"]) == (30 * 60_000, 1), "repeated after half an hour, by its rule"
    numbers = sorted(seq for _, seq in ingest.seen)
    assert numbers == list(range(1, len(numbers) + 1)), "every record is there, each once"
    for minute in range(62, 86, 2):
        night.live(minute, 8.0)
    wait_until(lambda: alarms_in(ingest, before)[-1][1].kind == "alarm_cleared")
    wait_until(lambda: not night.alarms())
    ingest.close()
