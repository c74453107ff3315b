"""Lifecycle of a running station's records: what bounds each kind, and the days of those that people set."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer

from headland.errors import SettingsError
from station.cli.commands.farm.device import ask_station

if TYPE_CHECKING:
    from pathlib import Path

_PATH = "/v1/store/lifecycle"


def list_kinds(data: Path | None, api: str | None) -> None:
    """Print what bounds each kind, and what remains of deleted records."""
    for item in ask_station(data, api, "GET", _PATH)["items"]:
        typer.echo(f"{item['name']}{_days(item)}")
        typer.echo(f"  {item['bound_text']}")
        typer.echo(f"  Remains: {item['remains']}")
        if item["deleted"]:
            typer.echo(f"  Deleted so far: {item['deleted']:,}, all before {_date(item['deleted_before_ms'])}.")


def change_days(
    data: Path | None, api: str | None, kind: str, days: int | None, *, for_ever: bool, default: bool, preview: bool
) -> None:
    """Set the days of a kind, or tell what that would delete; raises SettingsError for contradicting options."""
    if (days is not None) + for_ever + default > 1:
        raise SettingsError("Name one of --days, --for-ever and --default.")
    if preview or not (days is not None or for_ever or default):
        query = "?for_ever=true" if for_ever else "" if days is None else f"?days={days}"
        item = ask_station(data, api, "GET", f"{_PATH}/{kind}{query}")
    else:
        item = ask_station(data, api, "PUT", f"{_PATH}/{kind}", {"is_default": True} if default else {"days": days})
    typer.echo(f"{item['name']}{_days(item)}. {_due(item)}")


def _due(item: dict[str, Any]) -> str:
    if not item["due"]:
        return "Nothing is due to be deleted."
    sentence = f"This deletes {item['due']:,} records before {_date(item['due_before_ms'])}, seven days of them a day."
    return f"{sentence} Nothing is deleted now: {item['held_back']}" if item["held_back"] else sentence


def _days(item: dict[str, Any]) -> str:
    if item["bound"] != "retention":
        return ""
    by_default = "" if item["is_chosen"] else ", by default"
    return f": {'for ever' if item['days'] is None else str(item['days']) + ' days'}{by_default}"


def _date(time_ms: int) -> str:
    return f"{datetime.fromtimestamp(time_ms / 1000, UTC):%Y-%m-%d}"
