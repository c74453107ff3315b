"""`headland key` on a registry: add, list, revoke; and the key that a farm keeps for whoever runs it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from headland.errors import SettingsError
from headland.registry.models.models import Scope
from headland.registry.registry import Registry, open_registry
from station.cli.app import app
from station.server.organisation import ensure_bootstrap_key, ensure_organisation


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    made = open_registry(f"sqlite:///{tmp_path}/registry.sqlite")
    ensure_organisation(made, "local", "test")
    yield made
    made.close()


def run(tmp_path: Path, *words: str) -> str:
    done = CliRunner().invoke(app, ["key", *words, "--registry", f"sqlite:///{tmp_path}/registry.sqlite"])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output.strip()


def test_a_key_is_made_listed_and_revoked(registry: Registry, tmp_path: Path) -> None:
    key = run(tmp_path, "add", "farm app", "--scope", "write", "--days", "30")
    access = registry.authenticate(key)
    assert access is not None
    assert (access.scope, access.organisation.handle) == (Scope.WRITE, "local")
    prefix = key.partition(".")[0]
    listed = run(tmp_path, "list")
    assert prefix in listed
    assert "farm app" in listed
    assert key not in listed
    run(tmp_path, "revoke", prefix)
    assert registry.authenticate(key) is None
    with pytest.raises(SettingsError, match="0 keys match"):
        run(tmp_path, "revoke", prefix)
    with pytest.raises(SettingsError, match="Organisations: local"):
        run(tmp_path, "list", "--organisation", "nobody")


def test_a_farm_keeps_one_key_in_its_file_and_makes_another_when_that_opens_nothing(
    registry: Registry, tmp_path: Path
) -> None:
    repositories, path = ensure_organisation(registry, "local", "test"), tmp_path / "api-key"
    ensure_bootstrap_key(registry, repositories, path)
    first = path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    ensure_bootstrap_key(registry, repositories, path)
    assert path.read_text() == first
    path.unlink()
    ensure_bootstrap_key(registry, repositories, path)
    second = path.read_text()
    # What was in a file that is gone may be anywhere: it opens nothing any more.
    assert registry.authenticate(first.strip()) is None
    run(tmp_path, "revoke", "this machine")
    ensure_bootstrap_key(registry, repositories, path)
    access = registry.authenticate(path.read_text().strip())
    assert path.read_text() != second
    assert access is not None
    assert access.scope is Scope.ADMIN
