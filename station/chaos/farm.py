"""The farm under test: broker, station and gateways as the processes that users run, fed by the kit's own devices."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from headland.errors import RetryLater
from station.broker import BrokerKind, BrokerUser, choose_broker, prepare_broker
from station.chaos.numbered_source import NUMBER_CHANNEL, REGISTER_MAPS, NumberedSource
from station.chaos.process import FarmProcess
from station.chaos.station_api import ask
from station.chaos.truth import DeviceTruth
from station.farm_folder import INGEST_USER, FarmFolder, write_whole
from station.farm_plan import HOST, free_port

#: The gateway that faults are done to comes first; the others are its neighbours.
GATEWAYS: Final = ("chaos-1", "chaos-2")
#: Logs in as a gateway and sends what no gateway should.
INTRUDER: Final = "chaos-intruder"

_POLL_S: Final = 0.05
_BATCH_AGE_S: Final = 0.1
_BATCH_POINTS: Final = 20
_READY_WITHIN_S: Final = 30.0
_OK, _NOT_FOUND = 200, 404
_WINDOW_MS: Final = 7_200_000


class ChaosFarm:
    """A whole farm in `root`; use it as a context manager, so that nothing it starts is left."""

    def __init__(self, root: Path, broker: BrokerKind) -> None:
        self.folder = FarmFolder(root)
        self.folder.create()
        self.broker_kind = choose_broker(broker)
        self.broker_port, self.api_port = free_port(), free_port()
        self.started_ms = time.time_ns() // 1_000_000
        self.devices = [DeviceTruth(f"{gateway}-{clock}", gateway) for gateway in GATEWAYS for clock in ("own", "none")]
        self.source = NumberedSource(self.devices)
        self.intruder_password = self.folder.secret(INTRUDER)
        self.clock_path = root / "gateway-clock-step-ms"
        self.broker = self._make_broker()
        self.station = self._make_station()
        self.gateways = {gateway: self._make_gateway(gateway) for gateway in GATEWAYS}

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run the farm for the length of the block; whatever happens in it, all of the farm ends with it."""
        try:
            self.source.start()
            for process in self.processes():
                process.start()
            self.wait_until(self.is_ready, _READY_WITHIN_S, "the farm did not get ready")
            yield
        finally:
            self.end()

    def processes(self) -> list[FarmProcess]:
        """Return all parts, in the order of their start."""
        return [self.broker, self.station, *self.gateways.values()]

    def end(self) -> None:
        """End everything, the gateways first; a second call does nothing."""
        for process in reversed(self.processes()):
            process.end()
        self.source.stop()

    def end_gateways_and_station(self) -> None:
        """End them in peace, so that the store's file can be opened."""
        for process in [*self.gateways.values(), self.station]:
            process.ask_to_end()
        for process in [*self.gateways.values(), self.station]:
            process.wait_for_end()

    def is_ready(self) -> bool:
        """Tell whether messages can reach the store."""
        return ask(self.api_port, "/readyz")[0] == _OK

    def stored(self, device: str) -> Counter[int] | None:
        """Return how often the API shows each number of a device; None while it does not answer."""
        now_ms = time.time_ns() // 1_000_000
        query: dict[str, str | int] = {"start": self.started_ms - _WINDOW_MS, "end": now_ms + _WINDOW_MS}
        query |= {"channel": NUMBER_CHANNEL, "max_points": 100_000}
        answer = self._get(f"/v1/devices/{device}/series", query)
        if answer is None:
            return None
        return Counter(
            round(value) for value in answer.get("channels", {}).get(NUMBER_CHANNEL, ()) if value is not None
        )

    def delivery(self, gateway: str) -> dict[str, Any] | None:
        """Return what the station says of a gateway's delivery; None while it cannot say."""
        answer = self._get(f"/v1/gateways/{gateway}/delivery", {})
        return answer if answer and "gateway" in answer else None

    def gateway_status(self, gateway: str) -> dict[str, Any]:
        """Return what the gateway last wrote about itself; empty where it has not."""
        try:
            status = json.loads((self.gateway_dir(gateway) / "status.json").read_text())
        except (OSError, ValueError):
            return {}
        return status if isinstance(status, dict) else {}

    def gateway_dir(self, gateway: str) -> Path:
        """Return the folder with a gateway's spool."""
        return self.folder.root / gateway

    def wait_until(self, is_so: Callable[[], bool], within_s: float, otherwise: str) -> None:
        """Wait for a condition. Raises RetryLater with the sentence `otherwise`."""
        deadline_s = time.monotonic() + within_s
        while not is_so():
            if time.monotonic() > deadline_s:
                raise RetryLater(f"{otherwise} within {within_s:g} s; the logs are in {self.folder.logs_dir}")
            time.sleep(0.1)

    def _get(self, path: str, query: Mapping[str, str | int]) -> dict[str, Any] | None:
        """Return the body; empty where there is no such thing (yet), None where nobody answers."""
        status, body = ask(self.api_port, f"{path}?{urlencode(query)}")
        if status == _NOT_FOUND:
            return {}
        return dict(json.loads(body)) if status == _OK else None

    def _make_broker(self) -> FarmProcess:
        folder = self.folder
        users = [BrokerUser(INGEST_USER, folder.secret(INGEST_USER), "ingest")]
        users += [BrokerUser(name, folder.secret(name), "gateway") for name in (*GATEWAYS, INTRUDER)]
        command = prepare_broker(self.broker_kind, folder.broker_dir, self.broker_port, users)
        return self._process("broker", command)

    def _make_station(self) -> FarmProcess:
        folder = self.folder
        login = ["--username", INGEST_USER, "--password-file", str(folder.secret_path(INGEST_USER))]
        where = ["--host", HOST, "--port", str(self.api_port), "--broker", f"{HOST}:{self.broker_port}"]
        return self._process("station", [*_HEADLAND, "station", "--data", str(folder.root), *where, *login])

    def _make_gateway(self, gateway: str) -> FarmProcess:
        folder = self.gateway_dir(gateway)
        folder.mkdir(exist_ok=True)
        for name, text in REGISTER_MAPS.items():
            write_whole(folder / name, text.encode())
        write_whole(folder / "edge.toml", self._edge_toml(gateway).encode())
        environ: dict[str, str] = {}
        if gateway == GATEWAYS[0]:
            hook = folder / "clock"
            hook.mkdir(exist_ok=True)
            shutil.copyfile(Path(__file__).with_name("stepped_clock.py"), hook / "sitecustomize.py")
            environ = {"PYTHONPATH": str(hook), "HEADLAND_CHAOS_CLOCK": str(self.clock_path)}
        return self._process(gateway, [*_HEADLAND, "edge", "run", "-c", str(folder / "edge.toml")], environ)

    def _edge_toml(self, gateway: str) -> str:
        text = f"""# Made by `headland chaos`.
[gateway]
id = "{gateway}"
site = "chaos"
data_dir = "."
[broker]
host = "{HOST}"
port = {self.broker_port}
username = "{gateway}"
password = "{self.folder.secret(gateway)}"
[batch]
max_points = {_BATCH_POINTS}
max_age_s = {_BATCH_AGE_S}
"""
        for unit, truth in enumerate(self.devices, start=1):
            if truth.gateway == gateway:
                registers = "own-clock.toml" if truth.device.endswith("-own") else "no-clock.toml"
                text += f"""
[[source]]
type = "modbus_tcp"
name = "{truth.device}"
device = "{truth.device}"
kind = "counter"
host = "{self.source.host}"
port = {self.source.port}
unit = {unit}
poll_s = {_POLL_S}
registers = "{registers}"
simulated = true
"""
        return text

    def _process(self, name: str, command: list[str], environ: Mapping[str, str] | None = None) -> FarmProcess:
        # The kit hurts what it can repair by itself: no limits of the caller's environment leak in.
        kept = {key: value for key, value in os.environ.items() if not key.startswith("HEADLAND_")}
        return FarmProcess(name, command, self.folder.logs_dir / f"{name}.log", {**kept, **(environ or {})})


_HEADLAND: Final = [sys.executable, "-P", "-m", "station"]
