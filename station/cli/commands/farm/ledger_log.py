"""`headland ledger checkpoint`, `witness` and `cosign`: signed checkpoints, also between stations without a network."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headland.errors import SettingsError
from headland.network.addresses import hide_secrets
from station.cli.exit_codes import ExitCode
from station.cli.options import DataOption, RegistryOption, farm_folder

if TYPE_CHECKING:
    from headland.registry.repositories.ledger.proof_log import ProofLog

OrganisationOption = Annotated[str, typer.Option(help="Handle of the organisation.")]
_SAYS = {
    "signature": "it has no valid signature of the log that is witnessed",
    "size": "send the path from the checkpoint of {size} entries: headland ledger checkpoint --old-size {size}",
    "fork": "FORK: the log does not lead from its checkpoint of {size} entries to this one. Keep both, they are proof",
}


def ledger_checkpoint(
    old_size: Annotated[
        int | None,
        typer.Option(min=0, help="Print a request to a witness, with the path from its last checkpoint of this size."),
    ] = None,
    is_key_asked: Annotated[bool, typer.Option("--keys", help="Print the public keys of log and witness.")] = False,
    organisation: OrganisationOption = "local",
    data: DataOption = None,
    registry: RegistryOption = None,
) -> None:
    """Sign and print a checkpoint of the ledger. Keep it elsewhere: it proves any later change of what it covers."""
    from headland.proof.checkpoint import read_checkpoint

    with _open(organisation, data, registry) as log:
        if is_key_asked:
            typer.echo(f"log      {log.log_key().public.text()}\nwitness  {log.witness_key().public.text()}")
            return
        note = log.checkpoint()
        if old_size is not None:
            size = read_checkpoint(note).checkpoint.size
            if old_size > size:
                raise SettingsError(f"The ledger has {size} entries: give --old-size within them.")
            lines = [base64.b64encode(each).decode() for each in log.prove_growth(old_size, size)]
            note = "\n".join([f"old {old_size}", *lines, "", note])
    typer.echo(note, nl=False)


def ledger_witness(
    request: Annotated[Path, typer.Argument(help="File that `headland ledger checkpoint --old-size` printed there.")],
    key: Annotated[
        str | None, typer.Option(metavar="KEY", help="Public key of the log, at its first checkpoint: name+hash+key.")
    ] = None,
    organisation: OrganisationOption = "local",
    data: DataOption = None,
    registry: RegistryOption = None,
) -> None:
    """Co-sign a checkpoint of another station's log, and print the signature line for `headland ledger cosign` there.

    Exit code 1 where it is refused: a wrong signature, a path from another size, or a log that was forked.
    """
    from headland.proof.checkpoint import InvalidCheckpoint, read_checkpoint, read_key
    from headland.registry.models.errors import InvalidRecord, NotFound

    old_size, path, note = _read_request(request)
    with _open(organisation, data, registry) as log:
        try:
            read_checkpoint(note)
            if key is not None:
                log.watch(read_key(key))
            refusal, size, line = log.witness(note, old_size, path)
        except NotFound as error:
            raise SettingsError("This log is not witnessed yet: name its public key with --key.") from error
        except (InvalidCheckpoint, InvalidRecord) as error:
            raise SettingsError(str(error)) from error
    if refusal is not None:
        typer.echo(f"Not co-signed: {_SAYS[refusal].format(size=size)}.")
        raise typer.Exit(ExitCode.FAILED)
    typer.echo(line, nl=False)


def ledger_cosign(
    signature: Annotated[Path, typer.Argument(help="File with the lines that witnesses printed.")],
    witnesses: Annotated[
        list[str] | None,
        typer.Option(
            "--witness", metavar="KEY", help="Public key of a witness, at its first signature. Can be repeated."
        ),
    ] = None,
    organisation: OrganisationOption = "local",
    data: DataOption = None,
    registry: RegistryOption = None,
) -> None:
    """Add the signatures of named witnesses to the newest checkpoint: later proofs have them, too."""
    from headland.proof.checkpoint import InvalidCheckpoint, read_key
    from headland.registry.models.errors import InvalidRecord

    with _open(organisation, data, registry) as log:
        try:
            for text in witnesses or ():
                log.witnesses.add(read_key(text))
            log.add_cosignatures(log.checkpoint() + _text(signature))
        except (InvalidCheckpoint, InvalidRecord) as error:
            raise SettingsError(str(error)) from error


@contextmanager
def _open(organisation: str, data: Path | None, registry: str | None) -> Iterator[ProofLog]:
    from headland.registry.models.errors import NotFound
    from station.server.storage.registries import open_registry, registry_url

    folder = farm_folder(data)
    url = registry_url(registry, folder.registry_path)
    if registry is None and not folder.registry_path.exists():
        raise SettingsError(f"No registry at {folder.registry_path}: name the farm's folder with --data.")
    with closing(open_registry(url)) as opened:
        try:
            owner = opened.organisation(organisation)
        except NotFound as error:
            raise SettingsError(f"The registry {hide_secrets(url)} has no organisation {organisation}.") from error
        yield opened.repositories(owner.id, "headland ledger").proof_log


def _read_request(path: Path) -> tuple[int, list[bytes], str]:
    head, _, note = _text(path).partition("\n\n")
    first, *lines = head.split("\n")
    word, _, number = first.partition(" ")
    if word != "old":
        raise SettingsError(f"{path} is no request to a witness: make it with --old-size.")
    try:
        return int(number[:20]), [base64.b64decode(line, validate=True) for line in lines], note
    except (ValueError, binascii.Error) as error:
        raise SettingsError(f"{path} is no request to a witness: make it with --old-size.") from error


def _text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(64 * 1024)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read as text.") from error
