"""A proof document holds as it was given, and not after any change of it."""

from __future__ import annotations

import json
import random
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from headland.proof.checkpoint import LOG_KEY, WITNESS_KEY, SigningKey, read_checkpoint
from headland.proof.proof_document import InvalidProof, ProofDocument, has_failed, read_proof, verify_proof
from headland.proof.witness import cosign
from station.cli.app import app
from tests.proof.builder import KEY, SmallLog

LOG = SmallLog([f'{{"lot":"{number}"}}' for number in range(9)])


def states(proof: bytes, kept: str | None = None) -> dict[str, bool | None]:
    signed = None if kept is None else read_checkpoint(kept)
    return {check.name: check.passed for check in verify_proof(read_proof(proof), [KEY.public], signed)}


def test_a_proof_holds_for_every_entry_and_from_every_kept_checkpoint() -> None:
    for place in range(9):
        raw = msgspec.json.encode(LOG.proof(place, old_size=4))
        assert states(raw, LOG.checkpoint(4)) == {
            "text": True, "entry": True, "inclusion": True, "checkpoint": True, "witness": None, "kept": True
        }  # fmt: skip


def test_a_proof_in_a_log_of_a_million_entries_has_at_most_1500_bytes() -> None:
    # A path of a million entries has 20 hashes.
    proof = msgspec.structs.replace(LOG.proof(0), text="", body="", inclusion=(bytes(32),) * 20)
    assert len(msgspec.json.encode(proof)) < 1500


def test_no_change_of_a_proof_document_goes_unnoticed() -> None:
    whole = msgspec.json.decode(msgspec.json.encode(LOG.proof(5)))
    chance = random.Random(5)
    for name in ("text", "kind", "body", "entry_sha256", "checkpoint"):
        for _ in range(20):
            place = chance.randrange(len(whole[name]))
            letter = chr(ord(whole[name][place]) ^ chance.choice((1, 2, 4)))
            if name == "checkpoint" and letter == "\n":
                continue
            changed = {**whole, name: whole[name][:place] + letter + whole[name][place + 1 :]}
            try:
                checks = verify_proof(read_proof(json.dumps(changed).encode()), [KEY.public])
            except InvalidProof:
                continue
            assert has_failed(checks), (name, place)
    for index in (0, 4, 6, 8, 9, 10**9):
        checks = verify_proof(msgspec.structs.replace(LOG.proof(5), index=index))
        assert has_failed(checks)


def test_a_log_written_anew_fails_against_a_kept_checkpoint() -> None:
    anew = SmallLog([*LOG.texts[:2], "forged", *LOG.texts[3:]])
    raw = msgspec.json.encode(anew.proof(5, old_size=4))
    assert states(raw)["kept"] is None
    assert states(raw, LOG.checkpoint(4))["kept"] is False
    assert states(msgspec.json.encode(anew.proof(5)), LOG.checkpoint(9))["kept"] is False
    assert states(msgspec.json.encode(LOG.proof(5)), LOG.checkpoint(4))["kept"] is None
    other = SmallLog(LOG.texts, SigningKey("another.test/log", LOG_KEY, KEY.seed))
    assert states(msgspec.json.encode(LOG.proof(5)), other.checkpoint())["kept"] is False


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"\xff", b'{"format":"headland-proof/2"}', b"x" * 1_100_000])
def test_another_file_is_no_proof_document(raw: bytes) -> None:
    with pytest.raises(InvalidProof):
        read_proof(raw)


def run(folder: Path, proof: bytes, *options: str) -> Result:
    path = folder / "proof.json"
    path.write_bytes(proof)
    return CliRunner().invoke(app, ["verify", str(path), *options])


def test_the_command_tells_scripts_by_its_exit_code(tmp_path: Path) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_text(LOG.checkpoint(4))
    proof = msgspec.json.encode(LOG.proof(5, old_size=4))
    whole = run(tmp_path, proof, "--kept", str(kept), "--key", KEY.public.text())
    assert whole.exit_code == 0, whole.output
    assert "inclusion   ok           in a log of 9 entries" in whole.output
    assert run(tmp_path, proof.replace(b'\\"5\\"', b'\\"6\\"'), "--key", KEY.public.text()).exit_code == 1
    other = SigningKey(KEY.name, LOG_KEY, bytes(32)).public.text()
    assert run(tmp_path, proof, "--key", other).exit_code == 1
    told = run(tmp_path, msgspec.json.encode(LOG.proof(5)), "--kept", str(kept), "--json")
    assert told.exit_code == 3
    assert json.loads(told.output)["passed"] is False
    for wrong in (run(tmp_path, b"{}"), run(tmp_path, proof, "--key", "x"), run(tmp_path, proof, "--kept", "/none")):
        assert type(wrong.exception).__name__ == "SettingsError"


WITNESS = SigningKey("headland.test/witness/county", WITNESS_KEY, bytes(reversed(range(32))))


def cosigned(proof: ProofDocument, *witnesses: SigningKey) -> ProofDocument:
    """Return a proof with the lines and, as its own, the keys of witnesses."""
    note = proof.checkpoint
    lines = "".join(cosign(read_checkpoint(note), witness, 1_790_000_000) for witness in witnesses)
    keys = (*proof.keys, *(witness.public.text() for witness in witnesses))
    return msgspec.structs.replace(proof, checkpoint=note + lines, keys=keys)


def test_without_a_key_of_the_reader_there_is_no_verdict_and_it_is_said_how_to_get_one(tmp_path: Path) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_text(LOG.checkpoint(4))
    proof = cosigned(LOG.proof(5, old_size=4), WITNESS)
    for words in ([], ["--witness", WITNESS.public.text()], ["--kept", str(kept)]):
        told = run(tmp_path, msgspec.json.encode(proof), *words)
        assert told.exit_code == 3, told.output
        assert "not checked  signed by headland.test/log/farm+" in told.output
        assert "headland ledger checkpoint --keys" in told.output
    told = run(tmp_path, msgspec.json.encode(proof), "--json")
    assert (json.loads(told.stdout)["passed"], json.loads(told.stdout)["verdict"]) == (False, "none")
    # What fails without a key fails.
    assert run(tmp_path, msgspec.json.encode(msgspec.structs.replace(proof, text="another"))).exit_code == 1


def test_a_witness_counts_only_where_the_reader_gave_its_key(tmp_path: Path) -> None:
    invented = SigningKey("headland.test/witness/invented", WITNESS_KEY, bytes(32))
    key, named = ["--key", KEY.public.text()], ["--witness", WITNESS.public.text()]
    forged = msgspec.json.encode(cosigned(LOG.proof(5), invented))
    told = run(tmp_path, forged, *key)
    assert told.exit_code == 0
    assert (
        "witness     not checked  co-signed by headland.test/witness/invented, whose key you did not give"
        in told.output
    )
    told = run(tmp_path, forged, *key, *named)
    assert told.exit_code == 3
    assert "headland.test/witness/county did not co-sign it; co-signed by headland.test/witness/invented" in told.output
    both = msgspec.json.encode(cosigned(LOG.proof(5), invented, WITNESS))
    told = run(tmp_path, both, *key, *named)
    assert told.exit_code == 0
    assert "witness     ok           co-signed by headland.test/witness/county, whose key you gave" in told.output
    # One of several witnesses is enough; a key of the same name is not the same key.
    other = SigningKey(WITNESS.name, WITNESS_KEY, bytes(32)).public.text()
    assert run(tmp_path, both, *key, *named, "--witness", other).exit_code == 0
    assert run(tmp_path, both, *key, "--witness", other).exit_code == 3


def test_a_key_of_the_other_kind_is_named_and_not_used(tmp_path: Path) -> None:
    proof = msgspec.json.encode(LOG.proof(5))
    for words in (["--key", WITNESS.public.text()], ["--witness", KEY.public.text()]):
        told = run(tmp_path, proof, *words)
        assert type(told.exception).__name__ == "SettingsError"
        assert "is of the other kind" in str(told.exception)
