"""`headland verify`: check of a proof document, without a network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from headland.errors import SettingsError
from station.cli.exit_codes import ExitCode


def verify(
    proof: Annotated[Path, typer.Argument(help="Proof document of a lot, as its public page or the API gives it.")],
    log_keys: Annotated[
        list[str] | None,
        typer.Option(
            "--key",
            metavar="KEY",
            help="Public key that you trust, of the log or of a witness, as one word: name+hash+key. Can be repeated."
            " Without one of the log, the document's own is used.",
        ),
    ] = None,
    kept: Annotated[
        Path | None,
        typer.Option(
            "--kept", metavar="FILE", help="Checkpoint that you kept earlier: detects a log that was written anew."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Verify a proof document offline: text, entry, path in the log, signatures, and a checkpoint that you kept.

    Exit code 0 if every check that could be made passed; 1 if one failed; 2 if a file is not what it should be; 3 if
    the document does not lead from the checkpoint you kept to its own.
    """
    from headland.proof.checkpoint import InvalidCheckpoint, read_checkpoint, read_key
    from headland.proof.proof_document import InvalidProof, has_failed, read_proof, verify_proof

    try:
        document = read_proof(_read(proof))
        keys = [read_key(text) for text in log_keys or ()]
        signed = None if kept is None else read_checkpoint(_read(kept).decode(errors="replace"))
    except (InvalidProof, InvalidCheckpoint) as error:
        raise SettingsError(str(error)) from error
    checks = verify_proof(document, keys, signed)
    failed = has_failed(checks)
    is_undecided = kept is not None and any(check.name == "kept" and check.passed is None for check in checks)
    if as_json:
        told = [{"name": check.name, "passed": check.passed, "detail": check.detail} for check in checks]
        typer.echo(json.dumps({"passed": not failed and not is_undecided, "checks": told}))
    else:
        for check in checks:
            word = {True: "ok", False: "FAILED", None: "not checked"}[check.passed]
            typer.echo(f"{check.name:<11} {word:<12} {check.detail}")
    if failed:
        raise typer.Exit(ExitCode.FAILED)
    if is_undecided:
        raise typer.Exit(ExitCode.UNDECIDED)


def _read(path: Path) -> bytes:
    from headland.proof.proof_document import MOST_BYTES

    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.") from error
