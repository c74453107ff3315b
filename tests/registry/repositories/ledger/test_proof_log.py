"""The log of a ledger proves its entries, signs no rewritten history, and witnesses the logs of others."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from headland.errors import DataDamaged
from headland.proof.checkpoint import is_signed_by, read_checkpoint
from headland.proof.leaves import leaf_of
from headland.proof.merkle import hash_leaf, verify_consistency, verify_inclusion
from headland.registry.db.tables.farm_tables import ledger, ledger_heads
from headland.registry.models.errors import InvalidRecord, NotFound
from headland.registry.repositories.ledger.ledger import LedgerEntry
from headland.registry.repositories.organisation_repositories import OrganisationRepositories


def write(repositories: OrganisationRepositories, first: int, count: int) -> list[LedgerEntry]:
    book = repositories.ledger
    return [book.append("release", "", f"lot-{number}", {"n": number}) for number in range(first, first + count)]


def test_every_entry_is_proven_and_each_checkpoint_leads_to_the_next(repositories: OrganisationRepositories) -> None:
    log = repositories.proof_log
    entries = write(repositories, 0, 3)
    old = read_checkpoint(log.checkpoint())
    assert log.checkpoint() == log.checkpoint()
    entries += write(repositories, 3, 8)
    new = read_checkpoint(log.checkpoint())
    assert (old.checkpoint.size, new.checkpoint.size) == (3, 11)
    assert is_signed_by(new, log.log_key().public)
    for entry in entries:
        leaf = hash_leaf(leaf_of(entry.kind, entry.body, entry.hash).content())
        assert verify_inclusion(entry.seq - 1, 11, leaf, log.prove(entry.seq, 11), new.checkpoint.root)
    assert verify_consistency(3, 11, old.checkpoint.root, new.checkpoint.root, log.prove_growth(3, 11))
    assert log.audit([old.checkpoint]).is_whole
    assert log.audit().root == new.checkpoint.root


@pytest.mark.parametrize(
    "change",
    [
        ledger.update().where(ledger.c.seq == 2).values(body='{"n":99}'),
        ledger.update().where(ledger.c.seq == 5).values(body='{"n":99}'),
        ledger.delete().where(ledger.c.seq == 5),
        ledger.delete(),
    ],
)
def test_a_ledger_that_was_altered_in_the_database_contradicts_its_checkpoint(
    repositories: OrganisationRepositories, change: sa.Update | sa.Delete
) -> None:
    write(repositories, 0, 5)
    kept = read_checkpoint(repositories.proof_log.checkpoint()).checkpoint
    with repositories._context.database.writing() as connection:
        connection.execute(change)
    assert not repositories.proof_log.audit([kept]).is_whole
    assert repositories.proof_log.audit([kept]).contradicted == (5,)


def test_the_station_does_not_sign_a_ledger_that_was_written_anew(repositories: OrganisationRepositories) -> None:
    write(repositories, 0, 5)
    log = repositories.proof_log
    kept = read_checkpoint(log.checkpoint()).checkpoint
    with repositories._context.database.writing() as connection:
        connection.execute(ledger.delete())
        connection.execute(ledger_heads.delete())
    write(repositories, 100, 7)
    assert repositories.ledger.check().broken_at is None
    with pytest.raises(DataDamaged, match="Entry 5 of the ledger is not as it was"):
        log.checkpoint()
    with repositories._context.database.writing() as connection:
        connection.execute(sa.text("DELETE FROM log_tiles"))
    with pytest.raises(DataDamaged, match="contradicts its own checkpoint of 5 entries"):
        log.checkpoint()
    with repositories._context.database.writing() as connection:
        connection.execute(sa.text("DELETE FROM log_checkpoints"))
    log.checkpoint()
    assert log.audit().is_whole
    assert log.audit([kept]).contradicted == (5,)


def test_a_witness_cosigns_what_grew_and_refuses_a_fork(
    repositories: OrganisationRepositories, neighbour: OrganisationRepositories
) -> None:
    log, witness = repositories.proof_log, neighbour.proof_log
    write(repositories, 0, 4)
    first = log.checkpoint()
    with pytest.raises(NotFound):
        witness.witness(first, 0, [])
    witness.watch(log.log_key().public)
    witness.watch(log.log_key().public)
    assert witness.witness(first, 0, [])[:2] == (None, 4)
    write(repositories, 4, 3)
    second = log.checkpoint()
    assert witness.witness(second, 3, log.prove_growth(3, 7))[:2] == ("size", 4)
    refusal, size, line = witness.witness(second, 4, log.prove_growth(4, 7))
    assert (refusal, size) == (None, 7)
    log.add_cosignatures(second + line)
    assert is_signed_by(read_checkpoint(log.checkpoint()), witness.witness_key().public)
    with pytest.raises(InvalidRecord):
        log.add_cosignatures(first.replace("\n4\n", "\n5\n"))
    # The owner makes the log anew, with its own key.
    with repositories._context.database.writing() as connection:
        for table in ("log_tiles", "log_checkpoints", "ledger", "ledger_heads"):
            connection.execute(sa.text(f"DELETE FROM {table}"))
    write(repositories, 50, 9)
    assert witness.witness(log.checkpoint(), 7, log.prove_growth(7, 9))[:2] == ("fork", 7)
    assert neighbour.audit_entries()[0].kind == "fork of a witnessed log"


def test_organisations_have_logs_and_keys_of_their_own(
    repositories: OrganisationRepositories, neighbour: OrganisationRepositories
) -> None:
    write(repositories, 0, 4)
    assert read_checkpoint(neighbour.proof_log.checkpoint()).checkpoint.size == 0
    assert neighbour.proof_log.log_key().public.raw != repositories.proof_log.log_key().public.raw
    with pytest.raises(InvalidRecord, match="one of a witness"):
        neighbour.proof_log.watch(repositories.proof_log.witness_key().public)
