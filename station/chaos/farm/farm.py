"""The farm under test: broker, station and gateways as the processes that users run, fed by the kit's own devices."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from pathlib import Path
from typing import Any, Final

from headland.clock import wall_clock_ms
from station.chaos.farm.core import HEADLAND, FarmCore
from station.chaos.farm.process import FarmProcess
from station.chaos.traffic.numbered_source import NUMBER_CHANNEL, REGISTER_MAPS, NumberedSource
from station.chaos.traffic.truth import DeviceTruth
from station.local.broker import BrokerKind
from station.local.plan import HOST
from station.server.files import write_whole

#: The gateway that faults are done to comes first; the others are its neighbours.
GATEWAYS: Final = ("chaos-1", "chaos-2")
#: Logs in as a gateway and sends what no gateway should.
INTRUDER: Final = "chaos-intruder"

#: The devices of each gateway: with a clock of their own, or stamped by the gateway.
_CLOCKS: Final = ("own-1", "own-2", "none-1", "none-2")
_POLL_S: Final = 0.05
_BATCH_AGE_S: Final = 0.1
_BATCH_POINTS: Final = 10
_WINDOW_MS: Final = 7_200_000


class ChaosFarm(FarmCore):
    """A whole farm in `root`: run it by `running`, so that nothing it starts is left."""

    def __init__(self, root: Path, broker: BrokerKind) -> None:
        super().__init__(root, broker, (*GATEWAYS, INTRUDER))
        self.started_ms = wall_clock_ms()
        self.devices = [DeviceTruth(f"{gateway}-{clock}", gateway) for gateway in GATEWAYS for clock in _CLOCKS]
        self.source = NumberedSource(self.devices)
        self.intruder_password = self.folder.secret(INTRUDER)
        self.clock_path = root / "gateway-clock-step-ms"
        self.gateways = {gateway: self._make_gateway(gateway) for gateway in GATEWAYS}

    def processes(self) -> list[FarmProcess]:
        """Return all parts, in the order of their start."""
        return [self.broker, self.station, *self.gateways.values()]

    def begin(self) -> None:
        """Start the devices and everything else."""
        self.source.start()
        super().begin()

    def end(self) -> None:
        """End everything, the gateways first."""
        super().end()
        self.source.stop()

    def end_gateways_and_station(self) -> None:
        """End them in peace, so that the store's file can be opened."""
        for process in [*self.gateways.values(), self.station]:
            process.ask_to_end()
        for process in [*self.gateways.values(), self.station]:
            process.wait_for_end()

    def stored(self, device: str) -> Counter[int] | None:
        """Return how often the API shows each number of a device; None while it does not answer."""
        now_ms = wall_clock_ms()
        query: dict[str, str | int] = {"start": self.started_ms - _WINDOW_MS, "end": now_ms + _WINDOW_MS}
        query |= {"channel": NUMBER_CHANNEL, "max_points": 100_000}
        answer = self.get(f"/v1/devices/{device}/series", query)
        if answer is None:
            return None
        return Counter(
            round(value) for value in answer.get("channels", {}).get(NUMBER_CHANNEL, ()) if value is not None
        )

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
            path = os.pathsep.join(filter(None, (str(hook), os.environ.get("PYTHONPATH"))))
            environ = {"PYTHONPATH": path, "HEADLAND_CHAOS_CLOCK": str(self.clock_path)}
        return self.process(gateway, [*HEADLAND, "edge", "run", "-c", str(folder / "edge.toml")], environ)

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
                registers = "own-clock.toml" if "-own" in truth.device else "no-clock.toml"
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
