"""Damaged, deleted and replaced files of a registry: never an empty registry instead, and never a start that fails."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from headland.errors import HeadlandError, RetryLater
from headland.registry.db import database
from headland.registry.db.sqlite_file import RegistryDamaged
from headland.registry.models.models import Farm
from headland.registry.registry import Registry, inspect_registry, open_registry
from station.server.organisation import ensure_organisation
from station.server.workers.registry_workers import OnceDone
from tests.registry.records import fill
from tests.waiting import wait_until


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Open again at once."""
    monkeypatch.setattr(database, "_TRY_EVERY_S", 0.0)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A filled registry, closed, as bytes."""
    path = tmp_path_factory.mktemp("registry") / "r.sqlite"
    with closing(open_registry(f"sqlite:///{path}")) as registry:
        fill(registry.repositories(registry.add_organisation("local", "Ours", "test").id, "test"))
    return path.read_bytes()


@pytest.fixture
def path(tmp_path: Path, whole: bytes) -> Path:
    made = tmp_path / "r.sqlite"
    made.write_bytes(whole)
    return made


@pytest.fixture
def opened(path: Path) -> Iterator[Registry]:
    with closing(open_registry(f"sqlite:///{path}", deferred=True)) as registry:
        yield registry


def farms_of(registry: Registry) -> list[str]:
    return [farm.name for farm in ensure_organisation(registry, "local", "test").farms.all()]


def test_whatever_bit_of_the_file_is_flipped_the_start_goes_on_and_no_empty_registry_takes_its_place(
    path: Path, whole: bytes
) -> None:
    damaged = 0
    for _ in range(60):
        seed = random.SystemRandom().getrandbits(32)
        print(f"seed {seed}")
        bit = random.Random(seed).randrange(8 * len(whole))
        spoiled = bytearray(whole)
        spoiled[bit // 8] ^= 1 << bit % 8
        for ending in ("-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
        path.write_bytes(spoiled)
        with closing(open_registry(f"sqlite:///{path}", deferred=True)) as registry:
            beginning = OnceDone("beginning", partial(ensure_organisation, registry, "local", "test"))
            beginning.start()
            beginning.stop()
            try:
                assert registry.info().organisations >= 1
            except HeadlandError:
                damaged += 1
        assert path.stat().st_size >= len(whole) - 4096
    assert damaged < 60


def test_a_malformed_file_is_left_as_it_is_and_its_replacement_is_used_without_a_restart(
    path: Path, whole: bytes, tmp_path: Path
) -> None:
    spoiled = whole[:4096] + bytes(range(256)) * 16 + whole[8192:]
    path.write_bytes(spoiled)
    with pytest.raises(RegistryDamaged, match="Put a back-up"):
        inspect_registry(f"sqlite:///{path}")
    with closing(open_registry(f"sqlite:///{path}", deferred=True)) as registry:
        for _ in range(3):
            with pytest.raises(RetryLater, match="Put a back-up"):
                registry.info()
        assert path.read_bytes() == spoiled
        restored = tmp_path / "back-up.sqlite"
        restored.write_bytes(whole)
        restored.replace(path)
        assert farms_of(registry)


def test_a_deleted_file_is_written_again_with_everything_in_it(opened: Registry, path: Path) -> None:
    ensure_organisation(opened, "local", "test").farms.add(Farm(name="Late"))
    before = farms_of(opened)
    path.unlink()
    assert farms_of(opened) == before
    assert "deleted" in opened.info().damage[0]
    opened.close()
    with closing(open_registry(f"sqlite:///{path}")) as again:
        assert farms_of(again) == before
        assert [note.kind for note in again.acknowledge_damage(7, "me")] == ["deleted"]
        assert again.info().damage == ()


def test_a_registry_whose_folder_is_gone_does_not_begin_again_without_its_records(tmp_path: Path, whole: bytes) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    path = folder / "r.sqlite"
    path.write_bytes(whole)
    with closing(open_registry(f"sqlite:///{path}", deferred=True)) as registry:
        before = farms_of(registry)
        for each in folder.iterdir():
            each.unlink()
        folder.rmdir()
        for _ in range(2):
            with pytest.raises(RetryLater, match="is gone"):
                registry.info()
        folder.mkdir()
        assert farms_of(registry) == before


def test_a_file_that_replaces_an_open_one_is_used_and_the_old_one_is_kept(
    opened: Registry, path: Path, whole: bytes, tmp_path: Path
) -> None:
    ensure_organisation(opened, "local", "test").farms.add(Farm(name="Late"))
    other = tmp_path / "other.sqlite"
    other.write_bytes(whole)
    os.replace(other, path)  # noqa: PTH105 - as an operator does
    assert "Late" not in farms_of(opened)
    (note,) = opened.damage()
    assert note.kind == "replaced"
    with closing(open_registry(f"sqlite:///{path.parent / note.kept[0]}")) as before:
        assert "Late" in farms_of(before)


def test_work_that_fails_at_the_start_is_done_as_soon_as_it_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("station.server.workers.registry_workers._TRY_EVERY_S", 0.01)
    tries: list[int] = []

    def work() -> None:
        tries.append(1)
        if len(tries) < 4:
            raise RetryLater("not yet") if len(tries) % 2 else KeyError("a damaged record")

    beginning = OnceDone("beginning", work)
    beginning.start()
    wait_until(lambda: len(tries) == 4 and not beginning.threads())
    beginning.stop()
    assert len(tries) == 4
