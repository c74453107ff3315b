"""`headland alarms`: who is on duty, hand-over, and a test message to a recipient of a running station."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from headland.errors import HeadlandError
from station.cli.commands.farm.device import ApiOption, ask_station
from station.cli.commands_app import Commands
from station.cli.options import DataOption

alarms_app = Commands(no_args_is_help=True, help="Duty of alarms: who is called, hand-over, and test messages.")

RecipientArgument = Annotated[str, typer.Argument(help="Name of the alarm recipient.")]
RotaOption = Annotated[str | None, typer.Option(help="Name of the rota, where there are several.")]
_POLL_S: Final = 0.5


@alarms_app.command("test")
def alarms_test(
    recipient: RecipientArgument,
    wait_s: Annotated[float, typer.Option(help="How long to wait for the result, in seconds.", min=0)] = 30.0,
    data: DataOption = None,
    api: ApiOption = None,
) -> None:
    """Send a test message to a recipient and say whether it arrived; the exit code is 1 where it did not."""
    known = {item["name"]: item["id"] for item in _all(data, api, "/v1/alarm-recipients")}
    if recipient not in known:
        raise HeadlandError(f"There is no recipient {recipient!r}; there are: {', '.join(known) or 'none'}.")
    notice = ask_station(data, api, "POST", f"/v1/alarm-recipients/{known[recipient]}/test")
    until_s = time.monotonic() + wait_s
    while notice["state"] == "waiting" and not notice["attempts"] and time.monotonic() < until_s:
        time.sleep(_POLL_S)
        notice = ask_station(data, api, "GET", f"/v1/alarm-notices/{notice['id']}")
    if notice["state"] != "delivered":
        raise HeadlandError(f"Not delivered to {recipient}: {notice['error'] or 'still waiting'}.")
    typer.echo(f"Delivered to {recipient}.")


@alarms_app.command("duty")
def alarms_duty(data: DataOption = None, api: ApiOption = None) -> None:
    """List who is on duty, until when, and who is called next."""
    for duty in ask_station(data, api, "GET", "/v1/duty")["items"]:
        typer.echo(_line(duty))


@alarms_app.command("hand-over")
def alarms_hand_over(
    to: RecipientArgument, rota: RotaOption = None, data: DataOption = None, api: ApiOption = None
) -> None:
    """Put a recipient on duty from now on, until the next change of the rota."""
    duties = {duty["name"]: duty for duty in ask_station(data, api, "GET", "/v1/duty")["items"]}
    name = rota if rota is not None else next(iter(duties)) if len(duties) == 1 else None
    if name is None or name not in duties:
        raise HeadlandError(f"Name the rota with --rota; there are: {', '.join(duties) or 'none'}.")
    path = f"/v1/duty-rotas/{duties[name]['rota']}/hand-over"
    typer.echo(_line(ask_station(data, api, "POST", path, {"to": to})))


def _all(data: Path | None, api: str | None, path: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = ask_station(data, api, "GET", f"{path}?limit=1000")["items"]
    return items


def _line(duty: dict[str, Any]) -> str:
    until_ms = duty["until_ms"]
    until = "" if until_ms is None else f" until {datetime.fromtimestamp(until_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"
    following = ", ".join(duty["next"]) or "nobody"
    return f"{duty['name']}: {', '.join(duty['on_duty']) or 'nobody'}{until}; next: {following}"
