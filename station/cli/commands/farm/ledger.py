"""`headland ledger`: integrity check of the ledger of field passes."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from headland.errors import SettingsError
from headland.network.addresses import hide_secrets
from station.cli.commands.farm.ledger_log import ledger_checkpoint, ledger_cosign, ledger_witness
from station.cli.commands_app import Commands
from station.cli.exit_codes import ExitCode
from station.cli.options import DataOption, RegistryOption, farm_folder
from station.server.storage.registries import open_registry, registry_url

if TYPE_CHECKING:
    from headland.proof.checkpoint import Checkpoint

ledger_app = Commands(no_args_is_help=True, help="Check the ledger of applied treatments, and sign checkpoints of it.")
ledger_app.command("checkpoint")(ledger_checkpoint)
ledger_app.command("witness")(ledger_witness)
ledger_app.command("cosign")(ledger_cosign)


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
    checkpoints: Annotated[
        list[Path] | None,
        typer.Option(
            "--checkpoint",
            metavar="FILE",
            help="Signed checkpoint that you stored elsewhere; the entries must still agree with it. Can be repeated.",
        ),
    ] = None,
    organisation: Annotated[
        str | None, typer.Option(help="Handle of one organisation.", show_default="all organisations")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    data: DataOption = None,
    registry: RegistryOption = None,
) -> None:
    """Verify the hash chain of the ledger, and every checkpoint that was signed.

    Exit code 1 if an entry was changed, removed, inserted or cut off. Store the printed hash, or better a signed
    checkpoint, elsewhere: someone with write access to the database could compute all hashes anew.
    """
    kept = [_read_kept(path) for path in checkpoints or ()]
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
        unmatched = kept
        for owner in organisations:
            repositories = opened.repositories(owner.id, "headland ledger check")
            ledger = repositories.ledger
            checked = ledger.check()
            own_kept = [each for each in kept if each.origin == repositories.proof_log.origin()]
            audit = repositories.proof_log.audit(own_kept)
            unmatched = [each for each in unmatched if each not in own_kept]
            results.append(
                {
                    "organisation": owner.handle,
                    "entries": checked.entries,
                    "hash": checked.hash,
                    "broken_at": checked.broken_at,
                    "contradicted": list(audit.contradicted),
                    "anchors_contradicted": repositories.anchors.contradicted(),
                    "kept_at": ledger.seq_of(known_hash) if known_hash and owner.handle == keeper else None,
                }
            )
    faults = ("contradicted", "anchors_contradicted")
    is_whole = all(result["broken_at"] is None and not any(result[name] for name in faults) for result in results)
    is_whole = is_whole and not unmatched
    has_known = known_hash is None or any(result["kept_at"] is not None for result in results)
    if as_json:
        kept_found = None if known_hash is None else has_known
        typer.echo(json.dumps({"whole": is_whole, "kept_found": kept_found, "ledgers": results}))
    else:
        for result in results:
            typer.echo(_sentence(result))
        for each in unmatched:
            typer.echo(f"The checkpoint of {each.origin} is of no log in this registry.")
        if not has_known:
            typer.echo(f"The ledger of {keeper} has no hash given by --kept: its entry was changed or removed.")
    if not (is_whole and has_known):
        raise typer.Exit(ExitCode.FAILED)


def _read_kept(path: Path) -> Checkpoint:
    from headland.proof.checkpoint import InvalidCheckpoint, read_checkpoint

    try:
        return read_checkpoint(path.read_text(encoding="utf-8")[: 64 * 1024]).checkpoint
    except (OSError, UnicodeDecodeError, InvalidCheckpoint) as error:
        raise SettingsError(f"{path} is not a checkpoint: {error}") from error


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
    if result["contradicted"]:
        sizes = ", ".join(str(size) for size in cast("list[int]", result["contradicted"]))
        return f"{head}, ALTERED: they contradict the checkpoint of {sizes} entries"
    if result["anchors_contradicted"]:
        seqs = ", ".join(str(seq) for seq in cast("list[int]", result["anchors_contradicted"]))
        return f"{head}, ALTERED: the audit log or the EPCIS events contradict the anchors in entries {seqs}"
    if not result["entries"]:
        return f"{head}, the ledger is empty"
    known = "" if result["kept_at"] is None else f", the hash given by --kept is entry {result['kept_at']}"
    return f"{head}, intact, hash {result['hash']}{known}"
