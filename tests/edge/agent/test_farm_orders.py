"""Orders of a farm to a running gateway, through a real broker: a sensor from found to read, and what is refused."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from edge.agent.agent import Agent
from edge.agent.settings import EdgeSettings, GatewaySettings
from edge.agent.sources.farm_sources import SOURCES_FILE
from edge.uplink.settings import BrokerSettings
from headland.contract.ack_keys import derive_ack_key
from headland.contract.gateway_orders import (
    AnswerState,
    FoundSource,
    GatewayRun,
    ListSources,
    Order,
    OrderOutcome,
    PutSource,
    RemoveSource,
    SensorChannel,
    SensorDevice,
    SensorSource,
    SurveyBroker,
    SurveyModbus,
    SurveyResult,
)
from ingest.mqtt.order_exchange import OrderExchange
from ingest.settings import IngestSettings
from tests.broker import Broker
from tests.edge.sources.modbus.modbus_peer import ModbusPeer
from tests.edge.sources.mqtt.test_source import Publisher
from tests.waiting import WaitUntil

SECRET: Final = "a-secret-of-a-farm"
KEY: Final = derive_ack_key(SECRET, "gw-1")
#: What an XY-MD02 answers: 21.4 degC and 63.1 % in its input registers 1 and 2.
XY_MD02: Final = {1: 214, 2: 631}


class Running:
    """A gateway that runs, and a farm that orders."""

    def __init__(self, agent: Agent, settings: IngestSettings) -> None:
        self.agent = agent
        self._exchange = OrderExchange(settings)

    def order(self, order: Order) -> OrderOutcome:
        return self._exchange.order(GatewayRun("gw-1", self.agent._uplink.instance), order)

    def survey(self, order: SurveyBroker | SurveyModbus, wait_until: WaitUntil) -> tuple[FoundSource, ...]:
        assert self.order(order).state is AnswerState.RUNNING
        answers: list[OrderOutcome] = []

        def is_done() -> bool:
            answers.append(self.order(SurveyResult()))
            return answers[-1].state is AnswerState.DONE

        wait_until(is_done)
        assert answers[-1].why == ""
        return answers[-1].found


@contextmanager
def gateway(broker: Broker, data_dir: Path, wait_until: WaitUntil) -> Iterator[Running]:
    settings = EdgeSettings(
        gateway=GatewaySettings(id="gw-1", site="home", data_dir=str(data_dir)),
        broker=BrokerSettings(port=broker.port, ack_key=KEY),
    )
    data_dir.mkdir(exist_ok=True)
    agent = Agent(settings)
    stop = threading.Event()

    def tidy() -> None:
        while not stop.wait(0.1):
            agent.tidy()

    thread = threading.Thread(target=tidy)
    agent.start()
    thread.start()
    try:
        wait_until(lambda: agent.status().uplink.connected)
        quarantine = data_dir / "quarantine.sqlite"
        yield Running(
            agent, IngestSettings(host=broker.host, port=broker.port, ack_secret=SECRET, quarantine_path=quarantine)
        )
    finally:
        stop.set()
        thread.join(120)
        agent.stop()


def rows(running: Running, source: str) -> int:
    return next((each.counters["rows"] for each in running.agent.status().sources if each.name == source), 0)


def test_a_modbus_sensor_is_found_read_and_kept_over_a_restart(
    mosquitto: Broker,
    new_port: Callable[[], int],
    tmp_path: Path,
    wait_until: WaitUntil,
) -> None:
    peer = ModbusPeer(new_port(), {0: 0, **XY_MD02}, unit=1)
    peer.start()
    with gateway(mosquitto, tmp_path, wait_until) as running:
        found, bare = running.survey(SurveyModbus(host="127.0.0.1", port=peer.port, last_unit=1), wait_until)
        assert found.source.registers == "xy-md02.toml"
        assert found.devices[0].values == {"air_temperature_degc": 21.4, "relative_humidity_pct": 63.1}
        assert (bare.source.registers, bare.devices[0].values) == ("", {})
        assert {(each.key, each.value) for each in bare.unclear} >= {("4:1:int16", "214"), ("4:2:int16", "631")}
        device = SensorDevice(match=found.devices[0].match, device="house-7-air")
        chosen = msgspec.structs.replace(found.source, name="house-7-air", devices=(device,))
        answer = running.order(PutSource(source=chosen))
        assert (answer.state, answer.why) == (AnswerState.APPLIED, "")
        wait_until(lambda: rows(running, "house-7-air") > 0)
        again = msgspec.structs.replace(chosen, name="other")
        refused = running.order(PutSource(source=again))
        assert refused.state is AnswerState.REFUSED
        assert refused.why == "another source reads the device 'house-7-air' already"
        assert [source.name for source in running.order(ListSources()).sources] == ["house-7-air"]
    assert (tmp_path / SOURCES_FILE).stat().st_mode & 0o077 == 0
    with gateway(mosquitto, tmp_path, wait_until) as running:
        wait_until(lambda: rows(running, "house-7-air") > 0)
        assert running.order(RemoveSource(name="house-7-air")).state is AnswerState.APPLIED
        assert running.agent.status().sources == []
    peer.stop()


def test_an_mqtt_sensor_is_heard_and_read_and_no_password_comes_back(
    mosquitto: Broker, tmp_path: Path, wait_until: WaitUntil
) -> None:
    shelly = Publisher(mosquitto)
    message = ("shellyplusht-1/status/temperature:0", {"id": 0, "tC": 21.3, "tF": 70.4})
    with gateway(mosquitto, tmp_path, wait_until) as running:
        begun = running.order(SurveyBroker(host=mosquitto.host, port=mosquitto.port, seconds=2))
        assert begun.state is AnswerState.RUNNING
        assert running.order(SurveyBroker()).why == "a survey runs already: wait for its end"
        answers: list[OrderOutcome] = []

        def is_heard() -> bool:
            shelly.publish(*message)
            answers.append(running.order(SurveyResult()))
            return answers[-1].state is AnswerState.DONE

        wait_until(is_heard)
        (found,) = answers[-1].found
        assert found.devices[0].values == {"air_temperature_degc": 21.3}
        device = SensorDevice(match="shellyplusht-1", device="house-7-shelly")
        chosen = msgspec.structs.replace(
            found.source, name="house-7-shelly", devices=(device,), username="u", password="secret"
        )
        answer = running.order(PutSource(source=chosen))
        assert answer.state is AnswerState.APPLIED
        assert [source.password for source in answer.sources] == [None]
        wait_until(lambda: shelly.publish(*message) or rows(running, "house-7-shelly") > 0)
    shelly.close()


def test_a_source_that_cannot_work_is_refused_and_what_runs_goes_on(
    mosquitto: Broker, tmp_path: Path, wait_until: WaitUntil
) -> None:
    device = SensorDevice(match="1", device="probe")
    source = SensorSource(name="probe", type="modbus_tcp", host="127.0.0.1", port=9, devices=(device,))
    wrong = SensorChannel(key="4:1:int16", channel="air_temperature_degc", unit="%")
    with gateway(mosquitto, tmp_path, wait_until) as running:
        good = msgspec.structs.replace(wrong, unit="degC", scale=0.1)
        put = running.order(PutSource(source=msgspec.structs.replace(source, channels=(good,))))
        assert (put.state, put.why) == (AnswerState.APPLIED, "")
        before = (tmp_path / SOURCES_FILE).read_bytes()
        refused = running.order(PutSource(source=msgspec.structs.replace(source, channels=(wrong,))))
        assert refused.state is AnswerState.REFUSED
        assert "cannot be converted" in refused.why
        assert (tmp_path / SOURCES_FILE).read_bytes() == before
        assert [each.running for each in running.agent.status().sources] == [True]
        assert running.order(RemoveSource(name="nothing")).state is AnswerState.REFUSED
