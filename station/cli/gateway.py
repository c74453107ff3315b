"""`headland gateway`: who may log in at the farm's broker as a gateway."""

from __future__ import annotations

import os
import signal
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from headland.clock import wall_clock_ms
from headland.errors import HeadlandError, RetryLater, SettingsError
from station.cli.options import DataOption, farm_folder
from station.cli.registry_options import RegistryOption
from station.local.broker import write_logins
from station.local.folder import FarmFolder, FarmState
from station.local.gateway_toml import CA_FILE, Door, find_door, write_toml
from station.local.gateways import Gateways, broker_users
from station.local.plan import broker_address
from station.server.files import write_whole
from station.server.registries import registry_url

gateway_app = typer.Typer(no_args_is_help=True, help="The gateways that may log in at the farm's broker.")

#: A farm that is starting says within this where its broker is.
_STATE_WITHIN_S: Final = 5.0


@gateway_app.command("add")
def gateway_add(
    name: Annotated[str, typer.Argument(help="Its name, which is its login too.")],
    data: DataOption = None,
    site: Annotated[str, typer.Option(help="The site that it stands on.")] = "home",
    host: Annotated[str | None, typer.Option(help="The name or address by which it reaches this machine.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write its edge.toml here instead of printing it.")] = None,
    registry: RegistryOption = None,
) -> None:
    """Give a new gateway a login and print its edge.toml. It may write its own topics only."""
    folder = farm_folder(data)
    folder.create()
    if out is not None and out.exists():
        raise SettingsError(f"{out} is there already: choose another file.")
    door = find_door(broker_address(folder), host)
    gateways = Gateways(folder)
    with gateways.hold():
        gateway = gateways.add(name, site, wall_clock_ms())
        taken = _tell_broker(folder)
    text = write_toml(gateway, door)
    if out is None:
        typer.echo(text, nl=False)
    else:
        _write_files(out, text, door)
        _say(f"Wrote {out}: copy it to the gateway's machine.")
    _say(taken)
    _say_registry(registry_url(registry, folder.registry_path), name, site)
    _say_certificates(name, door, out)


@gateway_app.command("list")
def gateway_list(data: DataOption = None) -> None:
    """List the gateways that were added, without their passwords."""
    gateways = Gateways(farm_folder(data)).all()
    if not gateways:
        _say("None was added yet: headland gateway add NAME")
        return
    width = max(len("NAME"), *(len(gateway.name) for gateway in gateways))
    site = max(len("SITE"), *(len(gateway.site) for gateway in gateways))
    typer.echo(f"{'NAME':<{width}}  {'SITE':<{site}}  ADDED")
    for gateway in gateways:
        added = datetime.fromtimestamp(gateway.added_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
        typer.echo(f"{gateway.name:<{width}}  {gateway.site:<{site}}  {added}")


@gateway_app.command("remove")
def gateway_remove(
    name: Annotated[str, typer.Argument(help="The gateway's name.")],
    data: DataOption = None,
    registry: RegistryOption = None,
) -> None:
    """Take a gateway's login away; what it has sent stays in the store."""
    folder = farm_folder(data)
    folder.create()
    gateways = Gateways(folder)
    with gateways.hold():
        gateways.remove(name)
        taken = _tell_broker(folder)
    _say(f"Removed {name}; what it has sent stays in the store.")
    _say(taken)
    _say_registry(registry_url(registry, folder.registry_path), name, None)


def _say_registry(url: str, name: str, site: str | None) -> None:
    """Keep a gateway in the registry, or take it out where `site` is None; the login holds also where that fails."""
    from station.server.registry_sync import drop_gateway, farm_estate, keep_gateway

    try:
        with farm_estate(url, "headland gateway") as repositories:
            if site is None:
                drop_gateway(repositories, name)
            else:
                keep_gateway(repositories, name, site)
    except HeadlandError as error:
        _say(f"The registry does not know it: {error}")


def _tell_broker(folder: FarmFolder) -> str:
    """Bring the logins to a broker that runs; return what came of it as a sentence."""
    state = _state(folder)
    if state is None:
        return "No farm runs here now: the next `headland up` knows it."
    if state.broker != "mosquitto":
        return (
            f"The broker that runs is {state.broker}, which reads logins only at its start: restart `headland up`. "
            "It keeps no gateway to its own topics either; mosquitto does."
        )
    write_logins(folder.broker_dir, broker_users(folder))
    pid = state.pids.get("broker")
    if pid is None or not _is_our_broker(pid, folder):
        return "The broker is starting again and reads the new logins."
    # mosquitto reads its password and access files again at SIGHUP, and closes only sessions that may no longer be.
    os.kill(pid, signal.SIGHUP)
    return "The running broker knows it; the sessions of others went on."


def _state(folder: FarmFolder) -> FarmState | None:
    """Return how to reach the farm that runs here; one that is just starting is waited for. None where none runs."""
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
    """Tell whether a process is this farm's broker; where the system has no /proc, the farm's word is taken."""
    if not Path("/proc/self/cmdline").exists():
        return True
    try:
        return str(folder.broker_dir).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _write_files(out: Path, text: str, door: Door) -> None:
    try:
        write_whole(out, text.encode())
        if door.ca_path is not None:
            write_whole(out.with_name(CA_FILE), door.ca_path.read_bytes(), mode=0o644)
    except OSError as error:
        raise SettingsError(f"{out} cannot be written: {error.strerror}. The gateway is added all the same.") from error


def _say_certificates(name: str, door: Door, out: Path | None) -> None:
    if door.ca_path is not None:
        if out is None:
            _say(f"Copy {door.ca_path} beside it as {CA_FILE}.")
        else:
            _say(f"Wrote {out.with_name(CA_FILE)}: it goes with it.")
    if door.mutual:
        _say(f"It also needs {name}.pem and {name}.key: a certificate of the same authority, and its key.")


def _say(sentence: str) -> None:
    """Say something beside the settings, so that these can be piped into a file."""
    typer.echo(sentence, err=True)
