"""`headland ledger`: integrity check of the ledger of field passes."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Annotated

import typer

from headland.addresses import hide_secrets
from headland.errors import SettingsError
from station.cli.exit_codes import ExitCode
from station.cli.options import DataOption, RegistryOption, farm_folder
from station.server.storage.registries import open_registry, registry_url

ledger_app = typer.Typer(no_args_is_help=True, help="Check the ledger of applied treatments.")


@ledger_app.command("check")
def ledger_check(
    known_hash: Annotated[
        str | None,
        typer.Option(
            "--kept",
            metavar="HASH",
            help="Hash that an earlier check printed and that you stored elsewhere; the ledger of --organisation (local"
            " by default) must still contain it.",
        ),
    ] = None,
    organisation: Annotated[
        str | None, typer.Option(help="Handle of one organisation.", show_default="all organisations")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    data: DataOption = None,
    registry: RegistryOption = None,
) -> None:
    """Verify the hash chain of the ledger. Exit code 1 if an entry was changed, removed, inserted or cut off.

    Store the printed hash elsewhere: someone with write access to the database could compute all hashes anew.
    """
    folder = farm_folder(data)
    url = registry_url(registry, folder.registry_path)
    if registry is None and not folder.registry_path.exists():
        raise SettingsError(f"No registry at {folder.registry_path}: name the farm's folder with --data.")
    with closing(open_registry(url)) as opened:
        organisations = [known for known in opened.organisations() if organisation in (None, known.handle)]
        if organisation is not None and not organisations:
            raise SettingsError(f"The registry {hide_secrets(url)} has no organisation {organisation}.")
        keeper = _owner_of_kept([known.handle for known in organisations], organisation) if known_hash else None
        results: list[dict[str, object]] = []
        for owner in organisations:
            ledger = opened.repositories(owner.id, "headland ledger check").ledger
            checked = ledger.check()
            results.append(
                {
                    "organisation": owner.handle,
                    "entries": checked.entries,
                    "hash": checked.hash,
                    "broken_at": checked.broken_at,
                    "kept_at": ledger.seq_of(known_hash) if known_hash and owner.handle == keeper else None,
                }
            )
    is_whole = all(result["broken_at"] is None for result in results)
    has_known = known_hash is None or any(result["kept_at"] is not None for result in results)
    if as_json:
        kept_found = None if known_hash is None else has_known
        typer.echo(json.dumps({"whole": is_whole, "kept_found": kept_found, "ledgers": results}))
    else:
        for result in results:
            typer.echo(_sentence(result))
        if not has_known:
            typer.echo(f"The ledger of {keeper} has no hash given by --kept: its entry was changed or removed.")
    if not (is_whole and has_known):
        raise typer.Exit(ExitCode.FAILED)


def _owner_of_kept(handles: list[str], organisation: str | None) -> str:
    """Return the one organisation whose ledger must contain a kept hash: another's would prove nothing about it."""
    from station.server.organisation import FIRST_ORGANISATION

    if organisation is not None:
        return organisation
    if FIRST_ORGANISATION in handles or len(handles) != 1:
        return FIRST_ORGANISATION
    return handles[0]


def _sentence(result: dict[str, object]) -> str:
    head = f"{result['organisation']}: {result['entries']} entries"
    if result["broken_at"] is not None:
        return f"{head}, BROKEN at entry {result['broken_at']}: the entry or one before it was altered"
    if not result["entries"]:
        return f"{head}, the ledger is empty"
    known = "" if result["kept_at"] is None else f", the hash given by --kept is entry {result['kept_at']}"
    return f"{head}, intact, hash {result['hash']}{known}"
