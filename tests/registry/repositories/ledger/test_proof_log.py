"""The log of a ledger proves its entries, signs no rewritten history, and witnesses the logs of others."""

from __future__ import annotations

import base64

import pytest
import sqlalchemy as sa

from headland.errors import DataDamaged
from headland.proof.checkpoint import (
    WITNESS_KEY,
    InvalidCheckpoint,
    SigningKey,
    is_signed_by,
    make_seed,
    read_checkpoint,
)
from headland.proof.leaves import leaf_of
from headland.proof.merkle import hash_leaf, verify_consistency, verify_inclusion
from headland.proof.witness import cosign
from headland.registry.db.tables.farm_tables import ledger, ledger_heads
from headland.registry.db.tables.proof_tables import log_checkpoints
from headland.registry.models.errors import InvalidRecord, NotFound
from headland.registry.repositories.ledger.entries import LedgerEntry
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
    with pytest.raises(InvalidRecord, match="an administrator names a witness by its public key first"):
        log.add_cosignatures(second + line)
    log.witnesses.add(witness.witness_key().public)
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


def test_a_log_shows_one_valid_signature_of_each_witness_that_was_named(repositories: OrganisationRepositories) -> None:
    log = repositories.proof_log
    write(repositories, 0, 3)
    note = log.checkpoint()
    signed = read_checkpoint(note)
    county, state = (SigningKey(f"test/{name}", WITNESS_KEY, make_seed()) for name in ("county", "state"))
    log.witnesses.add(county.public)
    log.witnesses.add(county.public)
    namesake = SigningKey(county.name, WITNESS_KEY, make_seed())
    noise = f"— w0 {base64.b64encode(bytes(76)).decode()}\n"
    for junk in (noise, cosign(signed, state, 1), cosign(signed, namesake, 1), note.splitlines()[-1][:-4] + "AAA=\n"):
        with pytest.raises((InvalidRecord, InvalidCheckpoint)):
            log.add_cosignatures(note + junk)
        with pytest.raises((InvalidRecord, InvalidCheckpoint)):
            log.add_cosignatures(note + cosign(signed, county, 1) + junk)
    assert log.checkpoint() == note
    for time_s in (5, 9, 7):
        log.add_cosignatures(note + cosign(signed, county, time_s))
    log.add_cosignatures(note)
    assert log.checkpoint() == note + cosign(signed, county, 9)
    log.witnesses.add(state.public)
    log.add_cosignatures(note + cosign(signed, state, 3))
    assert log.checkpoint() == log.newest() == note + cosign(signed, county, 9) + cosign(signed, state, 3)
    assert log.witness_keys(log.checkpoint()) == (county.public, state.public)
    log.witnesses.remove(county.name)
    assert log.checkpoint() == note + cosign(signed, state, 3)
    with pytest.raises(NotFound):
        log.witnesses.remove(county.name)


def test_junk_that_an_earlier_version_took_is_not_shown_and_keeps_no_witness_out(
    repositories: OrganisationRepositories,
) -> None:
    log = repositories.proof_log
    write(repositories, 0, 3)
    note = log.checkpoint()
    county = SigningKey("test/county", WITNESS_KEY, make_seed())
    earlier = cosign(read_checkpoint(note), county, 1)
    noise = [f"— w{n} {base64.b64encode(bytes([n]) * 76).decode()}\n" for n in range(30)]
    noise.append(f"— {log.origin()} {base64.b64encode(bytes(68)).decode()}\n")
    with repositories._context.database.writing() as connection:
        connection.execute(log_checkpoints.update().values(note=note + "".join([*noise[:15], earlier, *noise[15:30]])))
    assert log.checkpoint() == log.newest() == note
    # A witness of before has its signature back when it is named.
    log.witnesses.add(county.public)
    assert log.checkpoint() == note + earlier
    log.add_cosignatures(note + cosign(read_checkpoint(note), county, 2))
    assert log.checkpoint() == note + cosign(read_checkpoint(note), county, 2)
    assert log.checkpoints()[0].lines == read_checkpoint(log.checkpoint()).lines


def test_a_witness_has_one_key_and_there_is_room_for_each(
    repositories: OrganisationRepositories, neighbour: OrganisationRepositories
) -> None:
    witnesses = repositories.proof_log.witnesses
    for number in range(16):
        witnesses.add(SigningKey(f"test/{number}", WITNESS_KEY, make_seed()).public)
    assert len(witnesses.list()) == 16
    assert neighbour.proof_log.witnesses.list() == ()
    for wrong, why in (
        (SigningKey("test/3", WITNESS_KEY, make_seed()), "has another key already"),
        (SigningKey("test/16", WITNESS_KEY, make_seed()), "There are 16 witnesses already"),
        (repositories.proof_log.log_key(), "is one of a log"),
    ):
        with pytest.raises(InvalidRecord, match=why):
            witnesses.add(wrong.public)
    assert "witness" in {entry.kind for entry in repositories.audit_entries()}
