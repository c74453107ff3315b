"""Time and size of proofs in a log of a million entries, read from tiles."""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import random
import time

import msgspec

from headland.proof.checkpoint import LOG_KEY, Checkpoint, SigningKey, read_checkpoint, sign_checkpoint
from headland.proof.leaves import LedgerLeaf, leaf_of
from headland.proof.merkle import hash_leaf, prove_consistency, prove_inclusion, root_at
from headland.proof.proof_document import ProofDocument, has_failed, sha256_of, verify_proof
from headland.proof.tiles import TileWriter, node_reader


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    chance = random.Random(1)
    key = SigningKey("headland.test/log/bench", LOG_KEY, bytes(range(32)))
    stored: dict[tuple[int, int], bytes] = {}
    begun_s = time.perf_counter()
    writer = TileWriter({})
    for number in range(chosen.entries):
        writer.append(hash_leaf(_leaf(number).content()))
        if not number % 10_000:
            stored.update(writer.changed)
            writer.changed.clear()
    stored.update(writer.changed)
    grown_s = time.perf_counter() - begun_s
    begun_s = time.perf_counter()
    root = root_at(node_reader(lambda level, number: stored[level, number]), chosen.entries)
    root_s = time.perf_counter() - begun_s
    note = sign_checkpoint(Checkpoint(key.name, chosen.entries, root), key)
    proofs, took_s, verified_s = [], [], []
    for index in (chance.randrange(chosen.entries) for _ in range(20)):
        begun_s = time.perf_counter()
        path = prove_inclusion(node_reader(lambda level, number: stored[level, number]), index, chosen.entries)
        took_s.append(time.perf_counter() - begun_s)
        proof = ProofDocument(
            text=_text(index),
            kind="release",
            body=_body(index),
            entry_sha256=_leaf(index).entry_sha256,
            index=index,
            inclusion=tuple(path),
            checkpoint=note,
            keys=(key.public.text(),),
        )
        begun_s = time.perf_counter()
        checks = verify_proof(proof, [key.public])
        verified_s.append(time.perf_counter() - begun_s)
        if has_failed(checks):
            raise SystemExit(f"the proof of entry {index} does not hold")
        # The text and the entry's body are what is proven.
        proofs.append(len(msgspec.json.encode(msgspec.structs.replace(proof, text="", body=""))))
    begun_s = time.perf_counter()
    growth = prove_consistency(node_reader(lambda level, number: stored[level, number]), 654_321, chosen.entries)
    growth_s = time.perf_counter() - begun_s
    figures = {
        "entries": read_checkpoint(note).checkpoint.size,
        "proof_most_bytes": max(proofs),
        "growth_path_bytes": sum(len(base64.b64encode(each)) for each in growth),
        "prove_most_ms": 1000 * max(took_s),
        "verify_most_ms": 1000 * max(verified_s),
        "prove_growth_ms": 1000 * growth_s,
        "root_ms": 1000 * root_s,
        "grow_us_per_entry": 1e6 * grown_s / chosen.entries,
        "tiles_mb": sum(map(len, stored.values())) / 1e6,
    }
    print(json.dumps(figures) if chosen.json else "\n".join(f"{name:<28}{value:g}" for name, value in figures.items()))


def _text(number: int) -> str:
    return f"lot {number}"


def _body(number: int) -> str:
    return json.dumps({"sha256": sha256_of(_text(number))})


def _leaf(number: int) -> LedgerLeaf:
    return leaf_of("release", _body(number), hashlib.sha256(b"%d" % number).hexdigest())


if __name__ == "__main__":
    main()
