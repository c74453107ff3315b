"""What a gateway takes no orders from: another key, another run, a repetition, a late message, and wrong sources."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import pytest

from edge.agent.farm_orders import FarmOrders
from edge.agent.sources.farm_sources import SOURCES_FILE, FarmSources
from edge.sources.modbus.settings import ModbusSettings
from edge.sources.mqtt.settings import MqttSettings
from headland.contract.ack_keys import derive_ack_key
from headland.contract.gateway_orders import (
    MAX_ORDER_BYTES,
    ORDER_LIFE_MS,
    AnswerState,
    GatewayAnswer,
    GatewayRun,
    ListSources,
    Order,
    PutSource,
    RemoveSource,
    SensorChannel,
    SensorDevice,
    SensorSource,
    SurveyBroker,
    SurveyResult,
    decode_answer,
    decode_order,
    encode_answer,
    encode_order,
)

KEY: Final = derive_ack_key("a-secret-of-a-farm", "gw-1")
OTHER_KEY: Final = derive_ack_key("a-secret-of-a-farm", "gw-2")
RUN: Final = GatewayRun("gw-1", "run-1")
NOW_MS: Final = 1_800_000_000_000
DEVICE: Final = SensorDevice(match="1", device="probe")
PROBE: Final = SensorSource(
    name="probe",
    type="modbus_tcp",
    host="10.0.0.9",
    port=502,
    devices=(DEVICE,),
    channels=(SensorChannel(key="4:1:int16", channel="air_temperature_degc", unit="degC", scale=0.1),),
)
SHELLY: Final = SensorSource(
    name="shelly",
    type="mqtt",
    host="10.0.0.8",
    port=1883,
    username="grower",
    password="pass-of-the-broker",
    format="json",
    topic="house/+",
    channels=(SensorChannel(key="t", channel="air_temperature_degc", unit="degC"),),
    devices=(SensorDevice(match="house-7", device="house-7-shelly"),),
)


class Gateway:
    """The orders of a gateway without a broker, on a disk; what starts is noted, not run."""

    def __init__(self, data_dir: Path, fails: Callable[[str], None] = lambda _name: None) -> None:
        self.running: list[str] = []
        self.answers: list[GatewayAnswer] = []
        self._fails = fails
        self.sources = FarmSources(data_dir, ["own"], ["own-device"], self._start)
        self.orders = FarmOrders(RUN, KEY, self.sources, self._note)

    def _start(self, source: MqttSettings | ModbusSettings) -> Callable[[], None]:
        self._fails(source.name)
        self.running.append(source.name)
        return lambda: self.running.remove(source.name)

    def _note(self, payload: bytes) -> None:
        self.answers.append(msgspec.json.decode(payload, type=GatewayAnswer))

    def take(self, payload: bytes, now_ms: int = NOW_MS) -> list[GatewayAnswer]:
        before = len(self.answers)
        self.orders.offer(payload)
        self.orders.take(now_ms)
        return self.answers[before:]

    def counts(self) -> dict[str, int]:
        return {name.removeprefix("farm_orders_"): count for name, count in self.orders.counters().items()}

    def order(self, order: Order, t_ms: int) -> GatewayAnswer:
        (answer,) = self.take(encode_order(RUN, f"o{t_ms}", t_ms, order, KEY), t_ms)
        return answer


@pytest.mark.parametrize(
    ("run", "key", "why"),
    [
        (RUN, KEY, ""),
        (GatewayRun("gw-1", "run-2"), KEY, "not_for_this_run"),
        (GatewayRun("gw-2", "run-1"), KEY, "not_for_this_run"),
        (RUN, OTHER_KEY, "not_signed"),
    ],
)
def test_an_order_is_for_one_run_of_one_gateway_and_signed(run: GatewayRun, key: str, why: str) -> None:
    payload = encode_order(run, "o1", NOW_MS, ListSources(), key)
    received = decode_order(payload, RUN, KEY)
    assert (received if isinstance(received, str) else "") == why


@pytest.mark.parametrize(
    ("run", "key", "why"),
    [
        (GatewayRun("gw-1", "run-2"), KEY, "not_for_this_run"),
        (GatewayRun("gw-2", "run-1"), KEY, "not_for_this_run"),
        (GatewayRun("gw-2", "run-1"), OTHER_KEY, "not_signed"),
        (RUN, OTHER_KEY, "not_signed"),
    ],
)
def test_an_order_of_another_gateway_run_or_key_is_refused_unanswered_and_counted(
    tmp_path: Path, run: GatewayRun, key: str, why: str
) -> None:
    gateway = Gateway(tmp_path)
    gateway.order(PutSource(source=PROBE), NOW_MS)
    before = (tmp_path / SOURCES_FILE).read_bytes()
    foreign = encode_order(run, "o2", NOW_MS + 1, RemoveSource(name="probe"), key)
    assert [gateway.take(foreign) for _ in range(3)] == [[], [], []]
    assert gateway.counts() == {"done": 1, f"refused_{why}": 3}
    assert (gateway.running, (tmp_path / SOURCES_FILE).read_bytes()) == (["probe"], before)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"list_sources", b"survey_result"),
        (b'"o1"', b'"o2"'),
        (f"{NOW_MS}".encode(), f"{NOW_MS + 1}".encode()),
        (b'"run-1"', b'"run-2"'),
        (b'"gw-1"', b'"gw-2"'),
    ],
)
def test_each_part_of_an_order_is_signed(before: bytes, after: bytes) -> None:
    payload = encode_order(RUN, "o1", NOW_MS, ListSources(), KEY)
    assert payload.count(before) == 1
    assert decode_order(payload.replace(before, after), RUN, KEY) == "not_signed"


def test_what_is_no_order_is_refused_and_ends_nothing(tmp_path: Path) -> None:
    payload = encode_order(RUN, "o1", NOW_MS, ListSources(), KEY)
    gateway = Gateway(tmp_path)
    hostile = [b"", b"{", b"\xff" * 10, b"[" * 5000, payload[:-5], payload + b" " * MAX_ORDER_BYTES, b'{"v":1}']
    assert [gateway.take(each) for each in hostile] == [[]] * len(hostile)
    assert gateway.counts() == {"refused_not_readable": len(hostile) - 1, "refused_too_large": 1}
    assert decode_order(payload, RUN, None) == "no_key"
    assert decode_order(payload + b" " * MAX_ORDER_BYTES, RUN, KEY) == "too_large"
    assert [answer.state for answer in gateway.take(payload)] == [AnswerState.DONE]


def test_an_order_that_comes_again_is_carried_out_once(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path)
    put = encode_order(RUN, "o1", NOW_MS, PutSource(source=PROBE), KEY)
    assert gateway.take(put)[0].state is AnswerState.APPLIED
    assert gateway.take(put) == []
    assert gateway.counts() == {"done": 1, "repeated": 1}
    assert gateway.order(RemoveSource(name="probe"), NOW_MS + 1).state is AnswerState.APPLIED
    for at in range(300):
        gateway.order(SurveyResult(), NOW_MS + 2 + at)
    assert gateway.take(put, NOW_MS + 400) == []
    assert (gateway.running, gateway.sources.sources) == ([], ())
    assert gateway.counts()["refused_not_later"] == 1


def test_an_order_that_is_earlier_than_the_last_is_not_carried_out(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path)
    held_back = encode_order(RUN, "o1", NOW_MS - 1, PutSource(source=PROBE), KEY)
    gateway.order(ListSources(), NOW_MS)
    assert gateway.take(held_back) == []
    assert gateway.running == []
    assert gateway.counts() == {"done": 1, "refused_not_later": 1}


@pytest.mark.parametrize("off_ms", [ORDER_LIFE_MS + 1, -ORDER_LIFE_MS - 1])
def test_an_order_that_comes_late_or_by_a_wrong_clock_is_refused_with_the_remedy(tmp_path: Path, off_ms: int) -> None:
    gateway = Gateway(tmp_path)
    (answer,) = gateway.take(encode_order(RUN, "o1", NOW_MS, PutSource(source=PROBE), KEY), NOW_MS + off_ms)
    assert (answer.state, gateway.running) == (AnswerState.REFUSED, [])
    assert "set the clocks" in answer.why
    assert gateway.counts() == {"refused_not_current": 1}
    (answer,) = gateway.take(encode_order(RUN, "o2", NOW_MS, PutSource(source=PROBE), KEY), NOW_MS + ORDER_LIFE_MS)
    assert answer.state is AnswerState.APPLIED


def test_an_answer_is_taken_from_the_gateway_alone_and_for_its_order() -> None:
    answer = GatewayAnswer(v=1, gw="gw-1", id="o1", state=AnswerState.APPLIED)
    payload = encode_answer(answer, KEY)
    genuine = decode_answer(payload, "gw-1", "o1", KEY)
    assert genuine is not None
    assert genuine.state is AnswerState.APPLIED
    assert decode_answer(payload, "gw-1", "o2", KEY) is None
    assert decode_answer(encode_answer(answer, OTHER_KEY), "gw-1", "o1", KEY) is None
    assert decode_answer(payload.replace(b"applied", b"refused"), "gw-1", "o1", KEY) is None
    order = encode_order(RUN, "o1", NOW_MS, ListSources(), KEY)
    assert decode_answer(order, "gw-1", "o1", KEY) is None


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (msgspec.structs.replace(PROBE, name="own"), "own edge.toml has a source"),
        (msgspec.structs.replace(PROBE, devices=(SensorDevice(match="1", device="own-device"),)), "reads the device"),
        (msgspec.structs.replace(PROBE, devices=()), "needs a device"),
        (msgspec.structs.replace(PROBE, registers=SOURCES_FILE), "no built-in register map"),
        (msgspec.structs.replace(PROBE, registers="farm_registers"), "no built-in register map"),
        (msgspec.structs.replace(PROBE, channels=()), "nothing of it would be read"),
        (
            msgspec.structs.replace(
                PROBE, channels=(SensorChannel(key="4:1:int16", channel="air_temperature_degc", unit='"\n[identity]'),)
            ),
            "identity",
        ),
        (
            msgspec.structs.replace(PROBE, channels=(SensorChannel(key="6:1:int16", channel="air_temperature_degc"),)),
            "no register",
        ),
        (msgspec.structs.replace(SHELLY, format="a-plugin"), "format"),
    ],
)
def test_a_source_beyond_its_bounds_is_refused_and_changes_nothing(
    tmp_path: Path, source: SensorSource, why: str
) -> None:
    gateway = Gateway(tmp_path)
    gateway.order(PutSource(source=PROBE), NOW_MS)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    answer = gateway.order(PutSource(source=source), NOW_MS + 1)
    assert answer.state is AnswerState.REFUSED
    assert why in answer.why
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert gateway.running == ["probe"]


def test_a_source_that_fails_in_a_way_that_nobody_foresaw_ends_neither_the_gateway_nor_its_other_sources(
    tmp_path: Path,
) -> None:
    def fails(name: str) -> None:
        if name == "shelly":
            raise RuntimeError("a fault of a library")

    gateway = Gateway(tmp_path, fails)
    gateway.order(PutSource(source=PROBE), NOW_MS)
    answer = gateway.order(PutSource(source=SHELLY), NOW_MS + 1)
    assert answer.state is AnswerState.REFUSED
    assert "RuntimeError" in answer.why
    assert [source.name for source in gateway.sources.sources] == ["probe"]
    (tmp_path / SOURCES_FILE).write_bytes(msgspec.json.encode([SHELLY, PROBE]))
    again = Gateway(tmp_path, fails)
    again.sources.start_all()
    assert again.running == ["probe"]


def test_a_source_that_cannot_replace_one_leaves_it_running(tmp_path: Path) -> None:
    calls: list[str] = []

    def fails(name: str) -> None:
        calls.append(name)
        if len(calls) == 2:
            raise RuntimeError("a fault of a library")

    gateway = Gateway(tmp_path, fails)
    gateway.order(PutSource(source=PROBE), NOW_MS)
    before = (tmp_path / SOURCES_FILE).read_bytes()
    other = msgspec.structs.replace(PROBE, host="10.0.0.10")
    assert gateway.order(PutSource(source=other), NOW_MS + 1).state is AnswerState.REFUSED
    assert gateway.running == ["probe"]
    assert (tmp_path / SOURCES_FILE).read_bytes() == before


def test_what_edge_toml_reads_since_is_not_read_twice(tmp_path: Path) -> None:
    both = [PROBE, msgspec.structs.replace(SHELLY, name="own"), msgspec.structs.replace(PROBE, name="second")]
    (tmp_path / SOURCES_FILE).write_bytes(msgspec.json.encode(both))
    gateway = Gateway(tmp_path)
    gateway.sources.start_all()
    assert gateway.running == ["probe"]


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff"])
def test_a_damaged_file_of_sources_does_not_end_the_gateway(tmp_path: Path, content: bytes) -> None:
    (tmp_path / SOURCES_FILE).write_bytes(content)
    gateway = Gateway(tmp_path)
    gateway.sources.start_all()
    assert gateway.running == []


def test_a_password_is_in_no_answer_and_no_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    gateway = Gateway(tmp_path)
    password = SHELLY.password or ""
    wrong = msgspec.structs.replace(SHELLY, name="wrong", format="a-plugin")
    orders: list[Order] = [PutSource(source=SHELLY), PutSource(source=wrong), ListSources()]
    for at, order in enumerate(orders):
        gateway.order(order, NOW_MS + at)
    gateway.take(encode_order(RUN, "late", NOW_MS, PutSource(source=SHELLY), KEY), NOW_MS + ORDER_LIFE_MS * 2)
    gateway.take(encode_order(RUN, "o9", NOW_MS + 9, PutSource(source=SHELLY), OTHER_KEY))
    assert [answer.state for answer in gateway.answers] == ["applied", "refused", "done"]
    assert password not in repr(gateway.answers)
    assert password not in caplog.text
    assert password in (tmp_path / SOURCES_FILE).read_text()
    assert (tmp_path / SOURCES_FILE).stat().st_mode & 0o077 == 0


def test_an_order_in_a_traceback_shows_no_password() -> None:
    orders = (PutSource(source=SHELLY), SurveyBroker(username="grower", password=SHELLY.password))
    assert (SHELLY.password or "") not in repr(orders)
