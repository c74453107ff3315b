"""`headland ledger check` says whether the ledger is as it was written, and its exit code says it to scripts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from headland.registry.db.tables.farm_tables import ledger, organisations
from headland.registry.registry import Registry
from station.cli.app import app
from station.local.folder import FarmFolder
from station.server.storage.registries import open_registry, registry_url


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    folder = FarmFolder(tmp_path)
    folder.create()
    opened = open_registry(registry_url(None, folder.registry_path))
    opened.add_organisation("empty", "Empty", "test")
    book = opened.repositories(opened.add_organisation("local", "Our farm", "test").id, "test").ledger
    for number in range(3):
        book.append("as_applied", "field-1", f"pass-{number}", {"amount": 40.0 + number})
    yield opened
    opened.close()


def check(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["ledger", "check", "--data", str(folder), *options])


def entries(result: Result) -> list[dict[str, object]]:
    return list(json.loads(result.output)["ledgers"])


def test_a_whole_ledger_tells_its_entries_and_its_hash(registry: Registry, tmp_path: Path) -> None:
    result = check(tmp_path)
    assert result.exit_code == 0, result.output
    newest = registry.repositories(registry.organisation("local").id, "test").ledger.read()[-1]
    assert f"local: 3 entries, intact, hash {newest.hash}" in result.output
    assert "empty: 0 entries, the ledger is empty" in result.output
    assert [each["organisation"] for each in entries(check(tmp_path, "--json", "--organisation", "local"))] == ["local"]


def test_a_changed_entry_is_named_and_is_exit_code_1(registry: Registry, tmp_path: Path) -> None:
    with registry._database.writing() as connection:
        connection.execute(ledger.update().where(ledger.c.seq == 2).values(body='{"amount":1}'))
    result = check(tmp_path)
    assert result.exit_code == 1
    assert "local: 3 entries, BROKEN at entry 2" in result.output
    (told,) = entries(check(tmp_path, "--json", "--organisation", "local"))
    assert (told["entries"], told["broken_at"]) == (3, 2)


def test_a_hash_that_was_kept_elsewhere_shows_a_ledger_that_was_made_anew(registry: Registry, tmp_path: Path) -> None:
    organisation = registry.organisation("local").id
    book = registry.repositories(organisation, "test").ledger
    kept = book.check().hash
    book.append("as_applied", "field-1", "pass-9", {"amount": 50.0})
    grown = check(tmp_path, "--kept", kept)
    assert grown.exit_code == 0, grown.output
    assert "the hash given by --kept is entry 3" in grown.output
    with registry._database.writing() as connection:
        connection.execute(ledger.delete().where(ledger.c.organisation == organisation))
        connection.exec_driver_sql("DELETE FROM ledger_heads")
    book.append("as_applied", "field-1", "pass-0", {"amount": 1.0})
    assert check(tmp_path).exit_code == 0
    anew = check(tmp_path, "--kept", kept)
    assert anew.exit_code == 1
    assert "The ledger of local has no hash given by --kept" in anew.output


def test_a_kept_hash_must_be_in_the_ledger_of_its_own_organisation(registry: Registry, tmp_path: Path) -> None:
    true = registry.organisation("local")
    kept = registry.repositories(true.id, "test").ledger.check().hash
    # The true ledger is parked under another handle, and a forged one takes its place.
    with registry._database.writing() as connection:
        connection.execute(organisations.update().where(organisations.c.id == true.id).values(handle="archive"))
    forged = registry.repositories(registry.add_organisation("local", "Forged", "test").id, "test").ledger
    forged.append("as_applied", "field-1", "pass-0", {"amount": 1.0})
    result = check(tmp_path, "--kept", kept)
    assert result.exit_code == 1
    assert "The ledger of local has no hash given by --kept" in result.output
    assert check(tmp_path, "--kept", kept, "--organisation", "archive").exit_code == 0
    assert json.loads(check(tmp_path, "--kept", kept, "--json").output)["kept_found"] is False


def test_a_folder_without_a_registry_is_said_and_none_is_made(tmp_path: Path) -> None:
    result = check(tmp_path / "nowhere")
    assert result.exit_code != 0
    assert not (tmp_path / "nowhere").exists()


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["ledger", *words, "--data", str(folder)])


def test_a_signed_checkpoint_that_was_kept_shows_a_ledger_that_was_made_anew(
    registry: Registry, tmp_path: Path
) -> None:
    book = registry.repositories(registry.organisation("local").id, "test").ledger
    kept = tmp_path / "kept.txt"
    kept.write_text(run(tmp_path, "checkpoint").output)
    book.append("as_applied", "field-1", "pass-9", {"amount": 50.0})
    assert check(tmp_path, "--checkpoint", str(kept)).exit_code == 0
    with registry._database.writing() as connection:
        for table in ("ledger", "ledger_heads", "log_tiles", "log_checkpoints"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    for number in range(4):
        book.append("as_applied", "field-1", f"pass-{number}", {"amount": 1.0})
    assert check(tmp_path).exit_code == 0
    anew = check(tmp_path, "--checkpoint", str(kept))
    assert anew.exit_code == 1
    assert "ALTERED: they contradict the checkpoint of 3 entries" in anew.output
    (told,) = entries(check(tmp_path, "--checkpoint", str(kept), "--json", "--organisation", "local"))
    assert told["contradicted"] == [3]


def test_another_organisation_witnesses_a_ledger_through_files(registry: Registry, tmp_path: Path) -> None:
    there = ("--organisation", "empty")
    request, signature = tmp_path / "request.txt", tmp_path / "signature.txt"
    request.write_text(run(tmp_path, "checkpoint", "--old-size", "0").output)
    assert "name its public key with --key" in str(run(tmp_path, "witness", str(request), *there).exception)
    key = run(tmp_path, "checkpoint", "--keys").output.split()[1]
    first = run(tmp_path, "witness", str(request), "--key", key, *there)
    assert first.exit_code == 0, first.output
    signature.write_text(first.output)
    unknown = run(tmp_path, "cosign", str(signature))
    assert "is no signature of a witness that this organisation has named" in str(unknown.exception)
    named = run(tmp_path, "checkpoint", "--keys", *there).output.split()[3]
    assert run(tmp_path, "cosign", str(signature), "--witness", named).exit_code == 0
    assert run(tmp_path, "cosign", str(signature)).exit_code == 0
    assert first.output in run(tmp_path, "checkpoint").output
    again = run(tmp_path, "witness", str(request), *there)
    assert again.exit_code == 1
    assert "headland ledger checkpoint --old-size 3" in again.output
