"""The farm under test: broker, station and gateways as processes, with numbered devices as sources."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from headland.clock import wall_clock_ms
from station.chaos.farm.core import HEADLAND, FarmCore
from station.chaos.farm.process import FarmProcess
from station.chaos.traffic.numbered_source import ANSWER_WITHIN_S, NUMBER_CHANNEL, REGISTER_MAPS, NumberedSource
from station.chaos.traffic.truth import DeviceTruth
from station.local.broker import BrokerKind
from station.local.plan import HOST
from station.server.files import write_whole

#: Faults are injected into the first gateway; the others are not affected.
GATEWAYS: Final = ("chaos-1", "chaos-2")
#: Login of the unauthorised client.
UNAUTHORISED: Final = "chaos-intruder"

#: Devices of each gateway: with their own clock, or with timestamps of the gateway.
_CLOCKS: Final = ("own-1", "own-2", "none-1", "none-2")
_POLL_S: Final = 0.05
_BATCH_AGE_S: Final = 0.1
_BATCH_POINTS: Final = 10
_WINDOW_MS: Final = 7_200_000


class ChaosFarm(FarmCore):
    """A whole farm in `root`; use `running`, which ends all processes."""

    def __init__(self, root: Path, broker: BrokerKind, environ: Mapping[str, str] | None = None) -> None:
        super().__init__(root, broker, (*GATEWAYS, UNAUTHORISED), environ)
        self.started_ms = wall_clock_ms()
        self.devices = [DeviceTruth(f"{gateway}-{clock}", gateway) for gateway in GATEWAYS for clock in _CLOCKS]
        self.source = NumberedSource(self.devices)
        self.unauthorised_password = self.folder.secret(UNAUTHORISED)
        self.clock_path = root / "gateway-clock-step-ms"
        self.gateways = {gateway: self._make_gateway(gateway) for gateway in GATEWAYS}

    def processes(self) -> list[FarmProcess]:
        """Return all processes in the order of their start."""
        return [self.broker, self.station, *self.gateways.values()]

    def begin(self) -> None:
        """Start the devices and all processes."""
        self.source.start()
        super().begin()

    def end(self) -> None:
        """End all processes, the gateways first."""
        super().end()
        self.source.stop()

    def end_gateways_and_station(self) -> None:
        """Stop gateways and station in an orderly way; the store's file can be opened then."""
        for process in [*self.gateways.values(), self.station]:
            process.ask_to_end()
        for process in [*self.gateways.values(), self.station]:
            process.wait_for_end()

    def stored(self, device: str) -> Counter[int] | None:
        """Return the multiplicity of each number of a device by the API; None without a response."""
        now_ms = wall_clock_ms()
        query: dict[str, str | int] = {"start": self.started_ms - _WINDOW_MS, "end": now_ms + _WINDOW_MS}
        query |= {"channel": NUMBER_CHANNEL, "max_points": 100_000}
        response = self.get(f"/v1/devices/{device}/series", query)
        if response is None:
            return None
        return Counter(
            round(value) for value in response.get("channels", {}).get(NUMBER_CHANNEL, ()) if value is not None
        )

    def gateway_status(self, gateway: str) -> dict[str, Any]:
        """Return the latest status of a gateway; empty where it has written none."""
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
        text = f"""# Written by `headland chaos`.
[gateway]
id = "{gateway}"
site = "chaos"
data_dir = "."
[broker]
host = "{HOST}"
port = {self.broker_port}
username = "{gateway}"
password = "{self.folder.secret(gateway)}"
ack_key = "{self.folder.ack_key(gateway)}"
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
timeout_s = {ANSWER_WITHIN_S}
registers = "{registers}"
simulated = true
"""
        return text
