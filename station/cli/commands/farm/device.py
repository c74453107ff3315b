"""`headland device`: the gateways that devices belong to. Asks a running station, which has the store open."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from headland.errors import HeadlandError, RetryLater
from station.cli.commands_app import Commands
from station.cli.options import DataOption, farm_folder

device_app = Commands(no_args_is_help=True, help="Move devices between gateways.")

_TIMEOUT_S: Final = 60.0
_API_KEY: Final = "HEADLAND_API_KEY"
ApiOption = Annotated[
    str | None,
    typer.Option("--api", metavar="URL", help="http://HOST:PORT of the station.", show_default="the running farm's"),
]
DeviceArgument = Annotated[str, typer.Argument(help="Id of the device.")]


@device_app.command("move")
def device_move(
    device: DeviceArgument,
    gateway: Annotated[str, typer.Argument(help="Gateway that the device belongs to from now on.")],
    data: DataOption = None,
    api: ApiOption = None,
) -> None:
    """Move a device to another gateway; what that gateway sent about it before is taken from quarantine."""
    answer = ask_station(data, api, "PUT", f"/v1/devices/{device}/owner", {"gateway": gateway})
    typer.echo(f"{answer['device']} belongs to {answer['gateway']}.")


@device_app.command("unmark")
def device_unmark(device: DeviceArgument, data: DataOption = None, api: ApiOption = None) -> None:
    """Remove the mark of a device as simulated that was set by mistake. Needs a device without simulated samples."""
    answer = ask_station(data, api, "DELETE", f"/v1/devices/{device}/simulated")
    typer.echo(f"{answer['device']} is not simulated.")


def replace_gateway(old: str, new: str, data: Path | None, api: str | None) -> None:
    """Move all devices of a gateway to another one and print how many."""
    answer = ask_station(data, api, "POST", f"/v1/gateways/{old}/replace", {"gateway": new})
    typer.echo(f"Moved {answer['moved']} devices from {old} to {new}.")


def ask_station(data: Path | None, api: str | None, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """Return the station's answer to an administrator's request; raises HeadlandError with its sentence."""
    import httpx

    folder = farm_folder(data)
    key = os.environ.get(_API_KEY) or folder.api_key() or ""
    url = api or folder.read_state().api_url
    try:
        response = httpx.request(
            method, f"{url}{path}", json=body, headers={"Authorization": f"Bearer {key}"}, timeout=_TIMEOUT_S
        )
    except httpx.HTTPError as error:
        raise RetryLater(f"The station at {url} does not respond: {error}.") from error
    answer = response.json()
    if response.is_error:
        raise HeadlandError(str(answer.get("detail", f"the station responded with status {response.status_code}")))
    return answer
