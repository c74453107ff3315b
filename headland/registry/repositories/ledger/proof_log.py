"""Merkle log of an organisation's ledger: its tiles, signed checkpoints and proofs, and the logs it witnesses.

The ledger is the only record; the tiles are hashes of its entries. A checkpoint is signed only where the log still
leads from the last one that was signed: a registry that was written anew is not signed by its own station.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import Any, Final

import sqlalchemy as sa

from headland.errors import DataDamaged
from headland.proof.checkpoint import (
    LOG_KEY,
    WITNESS_KEY,
    Checkpoint,
    InvalidCheckpoint,
    PublicKey,
    SignedCheckpoint,
    SigningKey,
    is_signed_by,
    make_seed,
    read_checkpoint,
    read_key,
    sign_checkpoint,
)
from headland.proof.leaves import leaf_of
from headland.proof.merkle import NodeReader, hash_leaf, prove_consistency, prove_inclusion, root_at
from headland.proof.tiles import TileWriter, node_reader
from headland.proof.witness import OTHER_CHECKPOINT, Refusal, add_signatures, cosign, keep_signatures, refusal_of
from headland.registry.db.audit import lock_organisation
from headland.registry.db.tables.farm_tables import ledger
from headland.registry.db.tables.proof_tables import log_checkpoints, log_keys, log_tiles, witnessed_logs
from headland.registry.models.errors import InvalidRecord, NotFound
from headland.registry.repositories.context import RepositoryContext, log
from headland.registry.repositories.ledger.entries import LedgerEntry
from headland.registry.repositories.ledger.ledger import Ledger
from headland.registry.repositories.ledger.ledger_audit import LedgerAudit, audit_entries
from headland.registry.repositories.ledger.witnesses import Witnesses

#: Names of logs and witnesses begin so: there is no host, a station may have none.
_ORIGIN: Final = "headland.local"
_PAGE: Final = 500


class ProofLog:
    """Merkle log of one organisation. Raises RetryLater while the database is away."""

    def __init__(self, context: RepositoryContext, book: Ledger) -> None:
        self._context = context
        self._ledger = book
        self.witnesses = Witnesses(context)

    def origin(self) -> str:
        """Return the name of the log, as its checkpoints have it."""
        return self._name("log")

    def log_key(self) -> SigningKey:
        """Return the key of the log; it is made at the first call."""
        return self._key("log", LOG_KEY)

    def witness_key(self) -> SigningKey:
        """Return the key by which this organisation witnesses the logs of others."""
        return self._key("witness", WITNESS_KEY)

    def passport_key(self) -> SigningKey:
        """Return the key by which this organisation signs product passports."""
        return self._key("passport", LOG_KEY)

    def newest(self) -> str | None:
        """Return the newest checkpoint that was signed, None before the first; nothing is written."""
        with self._context.database.reading() as connection:
            note = self._newest_note(connection)
        return None if note is None else self._shown(note)

    def witness_keys(self, note: str) -> tuple[PublicKey, ...]:
        """Return the keys of the named witnesses that co-signed a checkpoint."""
        signed = read_checkpoint(note)
        return tuple(key for key in self.witnesses.list() if is_signed_by(signed, key))

    def checkpoint(self) -> str:
        """Return a signed checkpoint of the whole ledger, with the signatures of witnesses where it has some.

        Raises DataDamaged where the log does not lead from the last checkpoint to here.
        """
        context = self._context
        key, witnesses = self.log_key(), self.witnesses.list()
        with context.database.writing() as connection:
            lock_organisation(connection, context.organisation)
            size = self._grow(connection)
            newest = self._newest_note(connection)
            read = self._reader(connection)
            if newest is not None:
                last = read_checkpoint(newest).checkpoint
                if last.size > size or root_at(read, last.size) != last.root:
                    raise DataDamaged(
                        f"The ledger contradicts its own checkpoint of {last.size} entries: it was altered afterwards."
                        " Restore a backup of the registry, and run: headland ledger check"
                    )
                if last.size == size:
                    return keep_signatures(newest, key.public, witnesses)
            note = sign_checkpoint(Checkpoint(key.name, size, root_at(read, size)), key)
            values = {"size": size, "time_ms": context.now_ms(), "note": note}
            connection.execute(log_checkpoints.insert().values(organisation=context.organisation, **values))
        return note

    def checkpoints(self) -> list[SignedCheckpoint]:
        """Return the checkpoints that were signed, in the order of their sizes."""
        mine = log_checkpoints.c.organisation == self._context.organisation
        query = sa.select(log_checkpoints.c.note).where(mine).order_by(log_checkpoints.c.size)
        with self._context.database.reading() as connection:
            return [read_checkpoint(note) for note in connection.execute(query).scalars()]

    def add_cosignatures(self, note: str) -> None:
        """Add the signatures of named witnesses to the checkpoint they were made for, one of each.

        What an earlier version took without verification leaves the checkpoint. Raises InvalidCheckpoint for a text
        that is none, and InvalidRecord where it is another one or a line is of nobody whom the organisation has named.
        """
        given = read_checkpoint(note)
        key, witnesses = self.log_key().public, self.witnesses.list()
        mine = log_checkpoints.c.organisation == self._context.organisation
        which = mine & (log_checkpoints.c.size == given.checkpoint.size)
        with self._context.database.writing() as connection:
            lock_organisation(connection, self._context.organisation)
            own = connection.execute(sa.select(log_checkpoints.c.note).where(which)).scalar_one_or_none()
            if own is None:
                raise InvalidRecord(OTHER_CHECKPOINT)
            try:
                merged = add_signatures(own, note, key, witnesses)
            except InvalidCheckpoint as error:
                raise InvalidRecord(str(error)) from error
            connection.execute(log_checkpoints.update().where(which).values(note=merged))

    def prove(self, seq: int, size: int) -> list[bytes]:
        """Return the path from an entry to the tree of the first `size` entries."""
        with self._context.database.reading() as connection:
            return prove_inclusion(self._reader(connection), seq - 1, size)

    def prove_growth(self, old_size: int, size: int) -> list[bytes]:
        """Return the path from the tree of `old_size` entries to that of `size`."""
        with self._context.database.reading() as connection:
            return prove_consistency(self._reader(connection), old_size, size)

    def tile(self, level: int, number: int) -> bytes:
        """Return the hashes of a tile as far as it is stored, nothing where it is not."""
        with self._context.database.reading() as connection:
            return self._read_tile(connection, level, number)

    def audit(self, kept: Sequence[Checkpoint] = ()) -> LedgerAudit:
        """Audit the whole ledger against every checkpoint it signed, and those that somebody kept."""
        own = [each.checkpoint for each in self.checkpoints()]
        return audit_entries(self._context.organisation, self._entries(), [*own, *kept])

    def watch(self, log_key: PublicKey) -> None:
        """Begin to witness the log of a key.

        A log that is witnessed keeps its key: raises InvalidRecord for another one.
        """
        if log_key.kind != LOG_KEY:
            raise InvalidRecord("The key is one of a witness: give that of a log.")
        with self._context.database.writing() as connection:
            lock_organisation(connection, self._context.organisation)
            row = connection.execute(self._watched(log_key.name)).one_or_none()
            if row is not None:
                if row.key != log_key.text():
                    raise InvalidRecord(f"The log {log_key.name} is witnessed with another key already.")
                return
            values = {"origin": log_key.name, "key": log_key.text()}
            connection.execute(witnessed_logs.insert().values(organisation=self._context.organisation, **values))
            log(self._context, connection, "witnessed log", log_key.name, "add")

    def witness(self, note: str, old_size: int, path: Sequence[bytes]) -> tuple[Refusal | None, int, str]:
        """Co-sign a checkpoint of a log that is witnessed.

        Return why it was refused or None, the size of the newest checkpoint that was signed, and the signature line.
        Raises NotFound for an unknown log.
        """
        key = self.witness_key()
        given = read_checkpoint(note)
        with self._context.database.writing() as connection:
            lock_organisation(connection, self._context.organisation)
            row = connection.execute(self._watched(given.checkpoint.origin)).one_or_none()
            if row is None:
                raise NotFound("witnessed log", given.checkpoint.origin)
            last = None if row.note is None else read_checkpoint(row.note)
            last_size = 0 if last is None else last.checkpoint.size
            refusal = refusal_of(given, read_key(row.key), last, old_size, path)
            if refusal is not None:
                if refusal == "fork":
                    log(self._context, connection, "fork of a witnessed log", given.checkpoint.origin)
                return refusal, last_size, ""
            now_ms = self._context.now_ms()
            mine = witnessed_logs.c.organisation == self._context.organisation
            which = mine & (witnessed_logs.c.origin == given.checkpoint.origin)
            connection.execute(witnessed_logs.update().where(which).values(note=note, time_ms=now_ms))
        return None, given.checkpoint.size, cosign(given, key, now_ms // 1000)

    def _watched(self, origin: str) -> sa.Select[tuple[str, str | None]]:
        mine = witnessed_logs.c.organisation == self._context.organisation
        return sa.select(witnessed_logs.c.key, witnessed_logs.c.note).where(mine, witnessed_logs.c.origin == origin)

    def _entries(self) -> Iterator[LedgerEntry]:
        seq = 0
        while page := self._ledger.read(after_seq=seq, limit=_PAGE):
            yield from page
            seq = page[-1].seq

    def _key(self, name: str, kind: int) -> SigningKey:
        organisation = self._context.organisation
        query = sa.select(log_keys.c.seed).where(log_keys.c.organisation == organisation, log_keys.c.name == name)
        with self._context.database.reading() as connection:
            seed = connection.execute(query).scalar_one_or_none()
        if seed is None:
            with self._context.database.writing() as connection:
                lock_organisation(connection, organisation)
                seed = connection.execute(query).scalar_one_or_none()
                if seed is None:
                    seed = base64.b64encode(make_seed()).decode()
                    connection.execute(log_keys.insert().values(organisation=organisation, name=name, seed=seed))
                    log(self._context, connection, "signing key", name, "add")
        return SigningKey(self._name(name), kind, base64.b64decode(seed))

    def _name(self, use: str) -> str:
        return f"{_ORIGIN}/{use}/{self._context.organisation}"

    def _grow(self, connection: sa.Connection) -> int:
        """Add the leaves of entries that the tiles do not have yet; return the number of leaves."""
        organisation = self._context.organisation
        mine = log_tiles.c.organisation == organisation
        newest = sa.select(log_tiles.c.level, sa.func.max(log_tiles.c.number)).where(mine).group_by(log_tiles.c.level)
        heads = {int(row[0]): int(row[1]) for row in connection.execute(newest)}
        writer = TileWriter({at: (number, self._read_tile(connection, at, number)) for at, number in heads.items()})
        entries = sa.select(ledger.c.seq, ledger.c.kind, ledger.c.body, ledger.c.hash, ledger.c.leaf_sha256)
        entries = entries.where(ledger.c.organisation == organisation).order_by(ledger.c.seq).limit(_PAGE)
        stored = set(heads.items())
        if writer.size:
            last = connection.execute(entries.where(ledger.c.seq == writer.size)).one_or_none()
            if last is None or _leaf_hash(last) != self._reader(connection)(0, writer.size - 1):
                raise DataDamaged(f"Entry {writer.size} of the ledger is not as it was: restore a backup.")
        while page := connection.execute(entries.where(ledger.c.seq > writer.size)).all():
            for row in page:
                if row.seq != writer.size + 1:
                    raise DataDamaged(f"Entry {writer.size + 1} of the ledger is missing: restore a backup.")
                writer.append(_leaf_hash(row))
            for (level, number), hashes in writer.changed.items():
                which = mine & (log_tiles.c.level == level) & (log_tiles.c.number == number)
                if (level, number) in stored:
                    connection.execute(log_tiles.update().where(which).values(hashes=hashes))
                else:
                    values = {"level": level, "number": number, "hashes": hashes}
                    connection.execute(log_tiles.insert().values(organisation=organisation, **values))
                    stored.add((level, number))
            writer.changed.clear()
        return writer.size

    def _shown(self, note: str) -> str:
        return keep_signatures(note, self.log_key().public, self.witnesses.list())

    def _newest_note(self, connection: sa.Connection) -> str | None:
        mine = log_checkpoints.c.organisation == self._context.organisation
        query = sa.select(log_checkpoints.c.note).where(mine).order_by(log_checkpoints.c.size.desc()).limit(1)
        return connection.execute(query).scalar_one_or_none()

    def _reader(self, connection: sa.Connection) -> NodeReader:
        return node_reader(lambda level, number: self._read_tile(connection, level, number))

    def _read_tile(self, connection: sa.Connection, level: int, number: int) -> bytes:
        mine = log_tiles.c.organisation == self._context.organisation
        which = mine & (log_tiles.c.level == level) & (log_tiles.c.number == number)
        hashes = connection.execute(sa.select(log_tiles.c.hashes).where(which)).scalar_one_or_none()
        return b"" if hashes is None else bytes(hashes)


def _leaf_hash(row: sa.Row[*tuple[Any, ...]]) -> bytes:
    if row.leaf_sha256 is not None:
        return bytes.fromhex(row.leaf_sha256)
    return hash_leaf(leaf_of(row.kind, row.body, row.hash).content())
