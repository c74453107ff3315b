"""Checkpoints are signed notes that others can read, and a witness co-signs one history only."""

from __future__ import annotations

import base64
import random

import pytest

from headland.proof.checkpoint import (
    LOG_KEY,
    WITNESS_KEY,
    InvalidCheckpoint,
    PublicKey,
    SigningKey,
    is_signed_by,
    read_checkpoint,
    read_key,
    verify_signature,
)
from headland.proof.witness import are_of_one_log, cosign, refusal_of
from tests.proof.builder import KEY, SmallLog

LOG = SmallLog([f"lot {number}" for number in range(11)])
WITNESS = SigningKey("headland.test/witness/other", WITNESS_KEY, bytes(range(1, 33)))
#: A key and a note of the Go module `golang.org/x/mod/sumdb/note`, from its documentation.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_a_checkpoint_is_read_back_and_its_signature_holds() -> None:
    signed = read_checkpoint(LOG.checkpoint())
    assert (signed.checkpoint.origin, signed.checkpoint.size) == (KEY.name, 11)
    assert is_signed_by(signed, KEY.public)
    assert read_key(KEY.public.text()) == KEY.public


def test_a_signature_of_another_implementation_holds() -> None:
    key = read_key(GO_KEY)
    body, _, tail = GO_NOTE.partition("\n\n")
    packed = base64.b64decode(tail.split(" ")[2])
    assert packed[:4] == key.key_hash
    assert verify_signature(key.raw, packed[4:], (body + "\n").encode())
    assert not verify_signature(key.raw, packed[4:], body.encode())


def test_a_changed_letter_of_a_checkpoint_is_noticed() -> None:
    text = LOG.checkpoint()
    chance = random.Random(3)
    for place in chance.sample(range(len(text)), 80):
        other = text[:place] + chr(ord(text[place]) ^ 1) + text[place + 1 :]
        try:
            signed = read_checkpoint(other)
        except InvalidCheckpoint:
            continue
        assert not is_signed_by(signed, KEY.public)


def no_checkpoints() -> list[str]:
    text = LOG.checkpoint()
    line = text.splitlines()[-1]
    sizes = [text.replace("\n11\n", f"\n{size}\n") for size in ("011", "-1", "", "9" * 4000, "1e1")]
    return [
        "",
        "a\n1\n\n— x AAAA\n",
        text.partition("\n\n")[0] + "\n\n",
        text + line + "\n\nx",
        *sizes,
        text + line * 40,
    ]


@pytest.mark.parametrize("text", no_checkpoints())
def test_a_text_that_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(InvalidCheckpoint):
        read_checkpoint(text)


@pytest.mark.parametrize("text", ["", "name", "name+00000000+AAAA", KEY.public.text()[:-4] + "AAA=", "a b+" + GO_KEY])
def test_a_text_that_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidCheckpoint):
        read_key(text)


def test_a_log_signs_only_checkpoints_of_its_own_name() -> None:
    stranger = SigningKey("other.test/log", LOG_KEY, KEY.seed)
    body = read_checkpoint(LOG.checkpoint()).body
    assert not is_signed_by(read_checkpoint(f"{body}\n{stranger.sign_note(body)}"), stranger.public)


def test_a_witness_cosigns_a_log_that_grew_and_its_line_holds_beside_the_log_s() -> None:
    old, new = read_checkpoint(LOG.checkpoint(6)), read_checkpoint(LOG.checkpoint())
    assert refusal_of(old, KEY.public, None, 0, []) is None
    assert refusal_of(new, KEY.public, old, 6, LOG.consistency(6)) is None
    text = LOG.checkpoint() + cosign(new, WITNESS, 1_700_000_000)
    both = read_checkpoint(text)
    assert is_signed_by(both, KEY.public)
    assert is_signed_by(both, WITNESS.public)
    later = PublicKey(WITNESS.name, WITNESS_KEY, KEY.public.raw)
    assert not is_signed_by(both, later)


def test_a_witness_refuses_what_it_cannot_vouch_for() -> None:
    old, new = read_checkpoint(LOG.checkpoint(6)), read_checkpoint(LOG.checkpoint())
    other_key = SigningKey(KEY.name, LOG_KEY, bytes(32)).public
    assert refusal_of(new, other_key, old, 6, LOG.consistency(6)) == "signature"
    assert refusal_of(new, KEY.public, old, 5, LOG.consistency(5)) == "size"
    assert refusal_of(old, KEY.public, new, 11, []) == "size"
    assert refusal_of(new, KEY.public, old, 6, LOG.consistency(6)[:-1]) == "fork"
    forged = SmallLog([*LOG.texts[:3], "forged", *LOG.texts[4:]])
    assert refusal_of(read_checkpoint(forged.checkpoint()), KEY.public, old, 6, forged.consistency(6)) == "fork"


def test_a_fork_shown_to_two_witnesses_is_found_when_they_compare() -> None:
    forged = SmallLog([*LOG.texts[:8], "forged", "and more"])
    # Each witness has seen one history only, and has no reason to refuse it.
    for log in (LOG, forged):
        assert refusal_of(read_checkpoint(log.checkpoint()), KEY.public, None, 0, []) is None
    one, other = read_checkpoint(LOG.checkpoint()), read_checkpoint(forged.checkpoint())
    assert not are_of_one_log(one, other, LOG.consistency(10))
    assert not are_of_one_log(one, other, forged.consistency(9))
    assert are_of_one_log(one, read_checkpoint(LOG.checkpoint(9)), LOG.consistency(9))
