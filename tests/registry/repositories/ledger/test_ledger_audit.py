"""A ledger that was altered in any way is found out by whoever kept one checkpoint."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from headland.proof.checkpoint import Checkpoint, read_checkpoint, sign_checkpoint
from headland.proof.leaves import leaf_of
from headland.proof.merkle import NodeReader, hash_leaf, prove_consistency, root_of
from headland.proof.tiles import fold
from headland.proof.witness import are_of_one_log, refusal_of
from headland.registry.repositories.ledger.entries import START, LedgerEntry, hash_entry
from headland.registry.repositories.ledger.ledger_audit import audit_entries
from tests.proof.builder import KEY

Ledger = list[LedgerEntry]
Attack = Callable[[Ledger, random.Random], Ledger]


def make_ledger(chance: random.Random, count: int) -> Ledger:
    made = [
        LedgerEntry(
            seq=seq,
            time_ms=1_700_000_000_000 + seq * 1000 + chance.randrange(1000),
            who=f"key:hl_{chance.randrange(3)}",
            kind=chance.choice(("as_applied", "deviation", "weather", "release", "certificate")),
            field=f"field-{chance.randrange(4)}",
            pass_id=f"pass-{chance.randrange(6)}",
            body=json.dumps({"amount": chance.randrange(1000)}),
            hash="",
        )
        for seq in range(1, count + 1)
    ]
    return chained(made)


def chained(entries: Ledger) -> Ledger:
    """Number and hash entries anew, as somebody does who can write to the database."""
    previous, result = START, []
    for seq, entry in enumerate(entries, start=1):
        bare = msgspec.structs.replace(entry, seq=seq, hash="")
        previous = hash_entry("farm", bare, previous)
        result.append(msgspec.structs.replace(bare, hash=previous))
    return result


def change(entries: Ledger, chance: random.Random) -> Ledger:
    place = chance.randrange(len(entries))
    entry = entries[place]
    choices: list[dict[str, Any]] = [
        {"body": entry.body.replace('": ', '": 9')},
        {"time_ms": entry.time_ms + 1},
        {"who": entry.who + "x"},
        {"kind": "other"},
        {"field": "elsewhere"},
        {"pass_id": "another"},
        {"hash": "0" * 64},
    ]
    other = chance.choice(choices)
    return [*entries[:place], msgspec.structs.replace(entry, **other), *entries[place + 1 :]]


def delete(entries: Ledger, chance: random.Random) -> Ledger:
    place = chance.randrange(len(entries))
    return [*entries[:place], *entries[place + 1 :]]


def cut(entries: Ledger, chance: random.Random) -> Ledger:
    return entries[: chance.randrange(len(entries))]


def reorder(entries: Ledger, chance: random.Random) -> Ledger:
    one, other = sorted(chance.sample(range(len(entries)), 2))
    return [
        *entries[:one], entries[other], *entries[one + 1 : other], entries[one], *entries[other + 1 :]
    ]  # fmt: skip


def insert(entries: Ledger, chance: random.Random) -> Ledger:
    place = chance.randrange(len(entries))
    return [*entries[:place], chance.choice(entries), *entries[place:]]


def rewrite(entries: Ledger, chance: random.Random) -> Ledger:
    return make_ledger(chance, len(entries))


ATTACKS: list[Attack] = [change, delete, cut, reorder, insert, rewrite]


def checkpoint_of(entries: Ledger) -> Checkpoint:
    return Checkpoint(KEY.name, len(entries), root_of(hashes_of(entries)))


def hashes_of(entries: Ledger) -> list[bytes]:
    return [hash_leaf(leaf_of(entry.kind, entry.body, entry.hash).content()) for entry in entries]


def reader_of(entries: Ledger) -> NodeReader:
    hashes = hashes_of(entries)
    return lambda level, index: fold(hashes[index << level : (index + 1) << level])


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_one_kept_checkpoint_finds_any_attack_on_what_it_covers(attack: Attack) -> None:
    """Each attack twice: as it is, and with all hashes computed anew, after which the chain itself is whole."""
    chance = random.Random(attack.__name__)
    attacks = 0
    while attacks < 170:
        entries = make_ledger(chance, chance.randrange(2, 14))
        kept = checkpoint_of(entries)
        later = chained([*entries, *make_ledger(chance, chance.randrange(3))])
        assert audit_entries("farm", later, [kept]).is_whole
        altered = [*attack(entries, chance), *later[len(entries) :]]
        if attacks % 2:
            altered = chained(altered)
            assert audit_entries("farm", altered, []).is_whole
        if altered[: len(entries)] == entries:
            continue  # a wrong hash, computed anew, is the right one again; a last entry twice is one more entry
        attacks += 1
        assert not audit_entries("farm", altered, [kept]).is_whole, altered


def test_a_fork_to_two_witnesses_is_found_when_they_compare() -> None:
    """Each witness alone has nothing to complain about; one that is shown both histories refuses the second."""
    chance = random.Random(0)
    for _ in range(100):
        entries = make_ledger(chance, chance.randrange(2, 14))
        shared = chance.randrange(len(entries))
        forked = chained([*entries[:shared], *make_ledger(chance, chance.randrange(1, 6))])
        one, other = (read_checkpoint(sign_checkpoint(checkpoint_of(each), KEY)) for each in (entries, forked))
        assert refusal_of(one, KEY.public, None, 0, []) is refusal_of(other, KEY.public, None, 0, []) is None
        small, large = sorted((entries, forked), key=len)
        for history in (entries, forked):
            if len(history) >= len(small):
                path = prove_consistency(reader_of(history), len(small), min(len(history), len(large)))
                assert not are_of_one_log(one, other, path)
        first, second = sorted((one, other), key=lambda each: each.checkpoint.size)
        path = prove_consistency(reader_of(large), len(small), len(large))
        assert refusal_of(second, KEY.public, first, len(small), path) == "fork"
