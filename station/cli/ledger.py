"""`headland ledger`: whether what was written of passes is still as it was written."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Annotated

import typer

from headland.errors import SettingsError
from station.cli.options import DataOption, farm_folder
from station.cli.registry_options import RegistryOption
from station.server.registries import open_registry, registry_url, shown_url

ledger_app = typer.Typer(no_args_is_help=True, help="The ledger of what was applied.")


@ledger_app.command("check")
def ledger_check(
    kept: Annotated[
        str | None,
        typer.Option(metavar="HASH", help="A hash that an earlier check told, kept elsewhere: it must still be there."),
    ] = None,
    organisation: Annotated[
        str | None, typer.Option(help="The handle of one organisation.", show_default="all of them")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it for a program.")] = False,
    data: DataOption = None,
    registry: RegistryOption = None,
) -> None:
    """Read the ledger whole and say whether an entry was changed, taken out, put in or cut off; exit code 1 if so.

    Keep the hash that it tells somewhere else: whoever can write to the database could make all hashes anew.
    """
    folder = farm_folder(data)
    url = registry_url(registry, folder.registry_path)
    if registry is None and not folder.registry_path.exists():
        raise SettingsError(f"There is no registry at {folder.registry_path}: name the farm's folder with --data.")
    with closing(open_registry(url)) as opened:
        known = [each for each in opened.organisations() if organisation in (None, each.handle)]
        if organisation is not None and not known:
            raise SettingsError(f"The registry {shown_url(url)} knows no organisation {organisation}.")
        told: list[dict[str, object]] = []
        for each in known:
            ledger = opened.repositories(each.id, "headland ledger check").ledger
            found = ledger.check()
            kept_at = None if kept is None else ledger.seq_of(kept)
            told.append(
                {
                    "organisation": each.handle,
                    "entries": found.entries,
                    "hash": found.hash,
                    "broken_at": found.broken_at,
                    "kept_at": kept_at,
                }
            )
    is_whole = all(line["broken_at"] is None for line in told)
    is_known = kept is None or any(line["kept_at"] is not None for line in told)
    if as_json:
        typer.echo(json.dumps({"whole": is_whole, "kept_found": None if kept is None else is_known, "ledgers": told}))
    else:
        for line in told:
            typer.echo(_sentence(line))
        if not is_known:
            typer.echo("The kept hash is in no ledger: what it stood for was changed or taken out.")
    if not (is_whole and is_known):
        raise typer.Exit(1)


def _sentence(told: dict[str, object]) -> str:
    head = f"{told['organisation']}: {told['entries']} entries"
    if told["broken_at"] is not None:
        return f"{head}, BROKEN at entry {told['broken_at']}: it is not as it was written"
    if not told["entries"]:
        return f"{head}, nothing was written yet"
    kept = "" if told["kept_at"] is None else f", the kept hash is entry {told['kept_at']}"
    return f"{head}, whole, hash {told['hash']}{kept}"
