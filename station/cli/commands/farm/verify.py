"""`headland verify`: check of a proof document, without a network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from headland.errors import SettingsError
from station.cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from headland.proof.checkpoint import PublicKey

_NO_VERDICT: Final = (
    "No verdict: nothing failed, and anybody can make such a document with a key of his own. Ask the issuer for the key"
    " of its log, by phone or on paper (it prints it by: headland ledger checkpoint --keys), and give it with --key."
)
_NOTHING_WRONG: Final = "No verdict: nothing failed, and what you asked for was not shown. See what was not checked."


def verify(
    proof: Annotated[Path, typer.Argument(help="Proof document of a lot, as its public page or the API gives it.")],
    log_keys: Annotated[
        list[str] | None,
        typer.Option(
            "--key",
            metavar="KEY",
            help="Public key of the issuer's log, as one word: name+hash+key. Have it from the issuer, not from the"
            " document: without it there is no verdict. Can be repeated.",
        ),
    ] = None,
    witness_keys: Annotated[
        list[str] | None,
        typer.Option(
            "--witness",
            metavar="KEY",
            help="Public key of a witness that you trust: it must have co-signed. Can be repeated: one of them must.",
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

    Exit code 0 if everything that you asked for passed; 1 if a check failed; 2 if a file or key is not what it should
    be; 3 without a verdict: no --key was given, no --witness has co-signed, or nothing leads from what you kept.
    """
    from headland.proof.checkpoint import LOG_KEY, WITNESS_KEY, InvalidCheckpoint, read_checkpoint
    from headland.proof.proof_document import InvalidProof, read_proof, verdict_of, verify_proof

    try:
        document = read_proof(_read(proof))
        keys = _keys(log_keys, LOG_KEY, "--key takes that of a log: give this one with --witness")
        witnesses = _keys(witness_keys, WITNESS_KEY, "--witness takes that of a witness: give this one with --key")
        signed = None if kept is None else read_checkpoint(_read(kept).decode(errors="replace"))
    except (InvalidProof, InvalidCheckpoint) as error:
        raise SettingsError(str(error)) from error
    checks = verify_proof(document, keys, signed, witnesses)
    verdict = verdict_of(checks)
    remedy = "" if verdict != "none" else _NOTHING_WRONG if keys else _NO_VERDICT
    if as_json:
        told = [{"name": check.name, "passed": check.passed, "detail": check.detail} for check in checks]
        typer.echo(json.dumps({"passed": verdict == "ok", "verdict": verdict, "remedy": remedy, "checks": told}))
    else:
        for check in checks:
            word = {True: "ok", False: "FAILED", None: "not checked"}[check.passed]
            typer.echo(f"{check.name:<11} {word:<12} {check.detail}")
        if remedy:
            typer.echo(remedy)
    if verdict != "ok":
        raise typer.Exit(ExitCode.FAILED if verdict == "failed" else ExitCode.UNDECIDED)


def _keys(texts: list[str] | None, kind: int, otherwise: str) -> list[PublicKey]:
    from headland.proof.checkpoint import read_key

    keys = [read_key(text) for text in texts or ()]
    wrong = next((key for key in keys if key.kind != kind), None)
    if wrong is not None:
        raise SettingsError(f"The key of {wrong.name} is of the other kind: {otherwise}.")
    return keys


def _read(path: Path) -> bytes:
    from headland.proof.proof_document import MOST_BYTES

    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.") from error
