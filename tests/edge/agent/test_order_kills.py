"""A gateway that is killed on an order: after its restart the order is applied once or not at all."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
import pytest

from edge.agent.sources.farm_sources import SOURCES_FILE
from edge.agent.status import read_status
from headland.contract.ack_keys import derive_ack_key
from headland.contract.gateway_orders import (
    AnswerState,
    GatewayRun,
    ListSources,
    Order,
    OrderOutcome,
    PutSource,
    RemoveSource,
    SensorChannel,
    SensorDevice,
    SensorSource,
)
from headland.errors import RetryLater, SettingsError
from ingest.mqtt import order_exchange
from ingest.mqtt.order_exchange import OrderExchange
from ingest.settings import IngestSettings
from tests.broker import Broker
from tests.edge.agent.killed_gateway import ARMED, INSTANCE, STEPS
from tests.waiting import PATIENCE_S, wait_until

pytestmark = [pytest.mark.services("mosquitto"), pytest.mark.long]

SECRET: Final = "a-secret-of-a-farm"
CHANNEL: Final = SensorChannel(key="4:1:int16", channel="air_temperature_degc", unit="degC", scale=0.1)
PROBE: Final = SensorSource(
    name="probe",
    type="modbus_tcp",
    host="127.0.0.1",
    port=9,
    channels=(CHANNEL,),
    devices=(SensorDevice(match="1", device="probe"),),
)
OTHER: Final = msgspec.structs.replace(PROBE, name="other", devices=(SensorDevice(match="1", device="other"),))
CHANGED: Final = msgspec.structs.replace(PROBE, port=10)
ORDERS: Final[dict[str, tuple[Order, list[SensorSource]]]] = {
    "put": (PutSource(source=CHANGED), [CHANGED, OTHER]),
    "remove": (RemoveSource(name="probe"), [OTHER]),
}
#: Steps before which the file is as it was.
NOT_YET: Final = {"the order was received", "half of the file was written"}


class Gateway:
    """A gateway that runs as a process on a folder, and the farm's orders to it."""

    def __init__(self, broker: Broker, folder: Path, step: str) -> None:
        self.folder = folder
        self._settings = IngestSettings(
            host=broker.host, port=broker.port, ack_secret=SECRET, quarantine_path=folder / "quarantine.sqlite"
        )
        (folder / INSTANCE).unlink(missing_ok=True)
        words = [sys.executable, "-m", "tests.edge.agent.killed_gateway", str(folder / "edge.toml"), step]
        with (folder / "gateway.log").open("ab") as log:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(self._is_connected)

    def order(self, order: Order) -> OrderOutcome:
        run = GatewayRun("gw-1", (self.folder / INSTANCE).read_text())
        return OrderExchange(self._settings).order(run, order)

    def sources(self) -> list[str]:
        """Return the names of the sources that run."""
        return sorted(each.name for each in read_status(self.folder).sources if each.running)

    def _is_connected(self) -> bool:
        assert self.process.poll() is None, (self.folder / "gateway.log").read_text()
        try:
            status = read_status(self.folder)
        except SettingsError:
            return False
        return status.pid == self.process.pid and status.uplink.connected and (self.folder / INSTANCE).exists()


@contextmanager
def gateway(broker: Broker, folder: Path, step: str = "") -> Iterator[Gateway]:
    made = Gateway(broker, folder, step)
    try:
        yield made
    finally:
        made.process.kill()
        made.process.wait(PATIENCE_S)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("kind", ORDERS)
def test_an_order_in_which_a_gateway_is_killed_is_applied_once_or_not_at_all(
    mosquitto: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, step: str
) -> None:
    if (kind, step) == ("remove", "the source before was ended"):
        step = "all was done but the answer"  # nothing runs afterwards
    monkeypatch.setattr(order_exchange, "_WAIT_S", 4.0)
    key = derive_ack_key(SECRET, "gw-1")
    (tmp_path / "edge.toml").write_text(
        f'[gateway]\nid = "gw-1"\nsite = "home"\ndata_dir = "{tmp_path}"\n'
        f'[broker]\nhost = "{mosquitto.host}"\nport = {mosquitto.port}\nack_key = "{key}"\n'
    )
    order, after = ORDERS[kind]
    with gateway(mosquitto, tmp_path, step) as running:
        for source in (PROBE, OTHER):
            assert running.order(PutSource(source=source)).state is AnswerState.APPLIED
        (tmp_path / ARMED).touch()
        with pytest.raises(RetryLater, match="whether it carried the order out is not known"):
            running.order(order)
        assert running.process.wait(PATIENCE_S) == -signal.SIGKILL
    (tmp_path / ARMED).unlink()
    expected = [PROBE, OTHER] if step in NOT_YET else after
    stored = msgspec.json.decode((tmp_path / SOURCES_FILE).read_bytes(), type=list[SensorSource])
    assert stored == expected
    names = sorted(each.name for each in expected)
    with gateway(mosquitto, tmp_path) as again:
        assert list(again.order(ListSources()).sources) == expected
        wait_until(lambda: again.sources() == names)
        # Given again it is applied once, or refused with the reason.
        answer = again.order(order)
        is_done = kind == "remove" and step not in NOT_YET
        assert answer.state is (AnswerState.REFUSED if is_done else AnswerState.APPLIED), answer.why
        assert list(again.order(ListSources()).sources) == after
        wait_until(lambda: again.sources() == sorted(each.name for each in after))
