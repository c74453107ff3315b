"""Registration of a gateway at a farm: its login at the running broker, and the settings that it needs."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from api.ops.gateway_registrar import RegisteredGateway
from headland.clock import wall_clock_ms
from headland.errors import RetryLater, SettingsError
from station.local.broker import NO_ACCESS_LIST, find_mosquitto, write_logins
from station.local.folder import FarmFolder, FarmState
from station.local.gateway_toml import CA_FILE, BrokerAccess, find_broker_access, write_toml
from station.local.gateways import Gateways, broker_users
from station.local.plan import broker_address

#: A farm that is starting reports its broker's address within this time.
_STATE_WITHIN_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class AddedGateway:
    """A gateway that may log in: its edge.toml, how it reaches the broker, and what became of the running broker."""

    toml: str
    access: BrokerAccess
    broker_result: str


def add_gateway_login(folder: FarmFolder, name: str, site: str, host: str | None, now_ms: int) -> AddedGateway:
    """Add a login for a gateway and bring it to the running broker. Raises SettingsError."""
    require_access_list(folder)
    access = find_broker_access(broker_address(folder), host)
    gateways = Gateways(folder)
    with gateways.hold():
        gateway = gateways.add(name, site, now_ms)
        broker_result = update_broker(folder)
    return AddedGateway(write_toml(gateway, access, folder.ack_key(name)), access, broker_result)


class FolderRegistrar:
    """Implements `api.ops.gateway_registrar.GatewayRegistrar` with the farm in a folder."""

    def __init__(self, folder: FarmFolder) -> None:
        self._folder = folder

    def register(self, name: str, site: str, host: str | None) -> RegisteredGateway:
        """Add a gateway and return its settings, which hold its password. Raises SettingsError."""
        added = add_gateway_login(self._folder, name, site, host, wall_clock_ms())
        certificate = None if added.access.ca_path is None else added.access.ca_path.read_text(encoding="ascii")
        return RegisteredGateway(
            name=name,
            site=site,
            settings=added.toml,
            certificate_name=None if certificate is None else CA_FILE,
            certificate=certificate,
            host=added.access.host,
            is_local=added.access.host in ("127.0.0.1", "localhost", "::1"),
            needs_certificate=added.access.mutual,
        )


def update_broker(folder: FarmFolder) -> str:
    """Bring the logins to a running broker; return the result as a sentence."""
    state = _running_farm(folder)
    if state is None:
        return "No farm is running here; the next `headland up` applies the change."
    if state.broker != "mosquitto":
        return f"The running broker is {state.broker}, which has logins of this farm's own parts only."
    write_logins(folder.broker_dir, broker_users(folder))
    pid = state.pids.get("broker")
    if pid is None or not _is_our_broker(pid, folder):
        return "The broker is restarting and reads the new logins."
    # mosquitto reads its password and access files again at SIGHUP, and closes only sessions that lost their login.
    os.kill(pid, signal.SIGHUP)
    return "The running broker applied the change; other sessions were not interrupted."


def require_access_list(folder: FarmFolder) -> None:
    """Raise SettingsError where this farm's broker would let a gateway read and write everything."""
    state = _running_farm(folder)
    if (find_mosquitto() is None) if state is None else (state.broker != "mosquitto"):
        raise SettingsError(f"This farm accepts no other gateway: {NO_ACCESS_LIST}")


def _running_farm(folder: FarmFolder) -> FarmState | None:
    """Return how to reach the farm that runs here, None where none runs; wait for a farm that is starting."""
    deadline_s = time.monotonic() + _STATE_WITHIN_S
    while folder.running():
        try:
            return folder.read_state()
        except RetryLater:
            if time.monotonic() > deadline_s:
                return None
            time.sleep(0.1)
    return None


def _is_our_broker(pid: int, folder: FarmFolder) -> bool:
    """Return whether a process is this farm's broker; where the system has no /proc, farm.json is trusted."""
    if not Path("/proc/self/cmdline").exists():
        return True
    try:
        return str(folder.broker_dir).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
