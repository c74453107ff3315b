"""Routes of the ledger's Merkle log: checkpoint, proofs and tiles, and the co-signatures of witnesses."""

from __future__ import annotations

import base64
from typing import Annotated, Any, Final

from fastapi import Path as PathParameter
from fastapi import Query, Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.problems import ProblemError, declare_problems
from api.http.records import Sent
from api.http.responses import reply
from api.http.router import Router
from api.schemas.model import fill
from api.schemas.traceability.proof import (
    CheckpointBody,
    CosignatureBody,
    CosignedCheckpoint,
    GrowthBody,
    InclusionBody,
    LogKeysBody,
    NamedWitness,
    WatchedLog,
    WitnessesBody,
    WitnessKey,
    WitnessRequest,
)
from headland.analysis.inputs.scope import OrgScope
from headland.errors import DataDamaged
from headland.proof.checkpoint import InvalidCheckpoint, PublicKey, read_checkpoint, read_key
from headland.proof.leaves import leaf_of
from headland.proof.merkle import HASH_BYTES
from headland.proof.tiles import read_tile_name
from headland.registry.repositories.ledger.entries import SEALED, leaf_hash_of
from headland.registry.repositories.ledger.proof_log import ProofLog

_OCTETS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The hashes of the tile in a row.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_REFUSALS: Final = {
    "signature": (403, "The checkpoint has no valid signature of the log that is witnessed."),
    "size": (409, "Send the path from the checkpoint of {size} entries, the last one that was co-signed."),
    "fork": (
        422,
        "The log does not lead from its checkpoint of {size} entries to this one: keep both, they are proof.",
    ),
}

router = Router(prefix="/v1/ledger", tags=["passes"], responses=declare_problems(400, 404, 409, 422, 503))


@router.get("/checkpoint", response_model=CheckpointBody)
def get_checkpoint(request: Request, scope: ScopeOf) -> Response:
    """Return a signed checkpoint of the whole ledger: whoever keeps one can prove any later change of what it covers.

    409 where the ledger contradicts an earlier checkpoint: it was altered.
    """
    note = _sign(_log_of(scope))
    now = read_checkpoint(note).checkpoint
    return reply(request, fill(CheckpointBody, now, checkpoint=note, root=_encode(now.root)))


@router.get("/log-keys", response_model=LogKeysBody)
def get_log_keys(request: Request, scope: ScopeOf) -> Response:
    """Return the public keys by which this organisation's checkpoints and co-signatures are verified."""
    log = _log_of(scope)
    return reply(request, LogKeysBody(log=log.log_key().public.text(), witness=log.witness_key().public.text()))


@router.get("/growth", response_model=GrowthBody)
def get_growth(
    request: Request,
    scope: ScopeOf,
    old_size: Annotated[int, Query(description="Entries of the earlier checkpoint.", ge=0, le=2**53 - 1)],
    size: Annotated[int | None, Query(description="Entries of the later one; else all.", ge=0, le=2**53 - 1)] = None,
) -> Response:
    """Return the path that proves an earlier checkpoint to be the beginning of a later one."""
    log = _log_of(scope)
    newest = read_checkpoint(_sign(log)).checkpoint.size
    end = newest if size is None else size
    if not old_size <= end <= newest:
        sentence = f"The log has {newest} entries: ask for a growth within them, the earlier size first."
        raise ProblemError(400, "outside-of-log", "Size outside of the log", sentence)
    path = [_encode(each) for each in log.prove_growth(old_size, end)]
    return reply(request, GrowthBody(old_size=old_size, size=end, path=path))


@router.get("/entries/{seq}/inclusion", response_model=InclusionBody)
def get_inclusion(request: Request, scope: ScopeOf, seq: Annotated[int, PathParameter(ge=1, le=2**53 - 1)]) -> Response:
    """Return the path that proves an entry to be in the log of the newest checkpoint."""
    repositories = scope.repositories
    log = repositories.proof_log
    size = read_checkpoint(_sign(log)).checkpoint.size
    entries = repositories.ledger.read(after_seq=seq - 1, limit=1)
    if not entries or entries[0].seq != seq or seq > size:
        raise ProblemError(
            404, "unknown-entry", "No such entry", f"The ledger has {size} entries: ask for one of them."
        )
    entry = entries[0]
    is_closed = entry.kind == SEALED or entry.leaf_sha256 is not None
    body_sha256 = "" if is_closed else leaf_of(entry.kind, entry.body, entry.hash).body_sha256
    return reply(
        request,
        fill(
            InclusionBody,
            entry,
            size=size,
            body_sha256=body_sha256,
            entry_sha256=entry.hash,
            leaf_sha256=leaf_hash_of(entry).hex(),
            path=[_encode(each) for each in log.prove(seq, size)],
        ),
    )


@router.get("/tile/{name:path}", response_class=Response, responses=_OCTETS)
def get_tile(scope: ScopeOf, name: Annotated[str, PathParameter(max_length=80)]) -> Response:
    """Return a tile of the log, named as C2SP tlog-tiles names it: `0/x001/234.p/17`."""
    tile = read_tile_name(name)
    if tile is not None:
        log = _log_of(scope)
        _sign(log)
        hashes = log.tile(tile.level, tile.number)[: tile.width * HASH_BYTES]
        if len(hashes) == tile.width * HASH_BYTES:
            return Response(hashes, media_type="application/octet-stream")
    raise ProblemError(
        404, "unknown-tile", "No such tile", "The log has no such tile: see its checkpoint for its size."
    )


@router.get("/witnesses", response_model=WitnessesBody)
def list_witnesses(request: Request, scope: ScopeOf) -> Response:
    """List the witnesses whose signatures this organisation's checkpoints show."""
    keys = _log_of(scope).witnesses.list()
    return reply(request, WitnessesBody(items=[fill(NamedWitness, key, key=key.text()) for key in keys]))


@router.post("/witnesses", status_code=204)
def name_witness(scope: ScopeOf, named: Sent[WitnessKey]) -> Response:
    """Name a witness by its public key: from now on its signatures are taken and shown."""
    _log_of(scope).witnesses.add(_read_key(named.key))
    return Response(status_code=204)


@router.delete("/witnesses/{name:path}", status_code=204)
def remove_witness(scope: ScopeOf, name: Annotated[str, PathParameter(max_length=200)]) -> Response:
    """Take the trust of a witness back: its signatures are neither taken nor shown any more."""
    _log_of(scope).witnesses.remove(name)
    return Response(status_code=204)


@router.post("/witnessed", status_code=204)
def watch_log(scope: ScopeOf, watched: Sent[WatchedLog]) -> Response:
    """Begin to witness the log of another organisation or station."""
    _log_of(scope).watch(_read_key(watched.key))
    return Response(status_code=204)


@router.post("/witnessed/cosign", response_model=CosignatureBody, responses=declare_problems(403))
def cosign_checkpoint(request: Request, scope: ScopeOf, asked: Sent[WitnessRequest]) -> Response:
    """Co-sign a newer checkpoint of a witnessed log, after the proof that the log only grew.

    409 names the size from which the path must lead. 422: the log was forked, which the audit log records.
    """
    _read_note(asked.checkpoint)
    path = [base64.b64decode(each) for each in asked.path]
    refusal, size, line = _log_of(scope).witness(asked.checkpoint, asked.old_size, path)
    if refusal is not None:
        status, sentence = _REFUSALS[refusal]
        text = sentence.format(size=size)
        raise ProblemError(status, f"witness-{refusal}", "Checkpoint not co-signed", text, {"size": size})
    return reply(request, CosignatureBody(signature=line))


@router.post("/cosignatures", status_code=204)
def add_cosignatures(scope: ScopeOf, signed: Sent[CosignedCheckpoint]) -> Response:
    """Add the signatures of named witnesses to a checkpoint of this log: later proofs have them, too.

    400 for a line that is no signature of a witness that this organisation has named.
    """
    _read_note(signed.checkpoint)
    _log_of(scope).add_cosignatures(signed.checkpoint)
    return Response(status_code=204)


def _log_of(scope: OrgScope) -> ProofLog:
    return scope.repositories.proof_log


def _sign(log: ProofLog) -> str:
    try:
        return log.checkpoint()
    except DataDamaged as error:
        raise ProblemError(409, "ledger-altered", "Ledger altered", str(error)) from error


def _read_key(text: str) -> PublicKey:
    try:
        return read_key(text)
    except InvalidCheckpoint as error:
        raise ProblemError(400, "no-key", "Invalid public key", str(error)) from error


def _read_note(text: str) -> None:
    try:
        read_checkpoint(text)
    except InvalidCheckpoint as error:
        raise ProblemError(400, "no-checkpoint", "Invalid checkpoint", str(error)) from error


def _encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
