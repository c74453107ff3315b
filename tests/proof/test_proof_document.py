"""A proof document holds as it was given, and not after any change of it."""

from __future__ import annotations

import json
import random
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from headland.proof.checkpoint import LOG_KEY, SigningKey, read_checkpoint
from headland.proof.proof_document import InvalidProof, has_failed, read_proof, verify_proof
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
    assert run(tmp_path, proof.replace(b'\\"5\\"', b'\\"6\\"')).exit_code == 1
    other = SigningKey(KEY.name, LOG_KEY, bytes(32)).public.text()
    assert run(tmp_path, proof, "--key", other).exit_code == 1
    told = run(tmp_path, msgspec.json.encode(LOG.proof(5)), "--kept", str(kept), "--json")
    assert told.exit_code == 3
    assert json.loads(told.output)["passed"] is False
    for wrong in (run(tmp_path, b"{}"), run(tmp_path, proof, "--key", "x"), run(tmp_path, proof, "--kept", "/none")):
        assert type(wrong.exception).__name__ == "SettingsError"
