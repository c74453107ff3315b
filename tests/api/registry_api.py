"""An API with a filled registry: one farm with a field that has a pond, a product, a machine and a season."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from headland.registry.db.photo_files import PhotoFiles
from headland.registry.registry import Registry, open_registry
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.runtime.readiness import Check
from tests.api.farm import NOW_MS, OWN
from tests.api.server import body_of, own_app, serve
from tests.registry.records import fill


@dataclass(frozen=True, slots=True)
class RegistryApi:
    """An API with a filled registry: its client, its records, and their ids by repository."""

    client: httpx.Client
    registry: Registry
    repositories: OrganisationRepositories
    ids: dict[str, str]


@cache
def _filled() -> tuple[Path, str, dict[str, str]]:
    """Return a filled registry to copy, its organisation's id and its records' ids: filling outlasts most tests."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = Path(folder) / "registry.sqlite"
    registry = open_registry(f"sqlite:///{path}", lambda: NOW_MS - 1)  # before the records of a test
    organisation = registry.add_organisation(OWN, "Our farm", "test").id
    ids = {name: record.id for name, record in fill(registry.repositories(organisation, "test")).items()}
    registry.close()
    return path, organisation, ids


def fill_registry(folder: Path) -> tuple[Registry, OrganisationRepositories, dict[str, str]]:
    """Return a new registry in a folder, its repositories, and the id of the one record in each repository."""
    path, organisation, ids = _filled()
    shutil.copy(path, folder / "registry.sqlite")
    registry = open_registry(f"sqlite:///{folder}/registry.sqlite", lambda: NOW_MS)
    return registry, registry.repositories(organisation, "test"), dict(ids)


@contextmanager
def serve_registry(folder: Path, photos: PhotoFiles | None = None) -> Iterator[RegistryApi]:
    """Yield an API on a filled registry."""
    registry, repositories, ids = fill_registry(folder)
    app = own_app(
        readiness=lambda: [Check("ingest", True, "connected")], now_ms=lambda: NOW_MS, registry=registry, photos=photos
    )
    try:
        with serve(app) as client:
            yield RegistryApi(client, registry, repositories, ids)
    finally:
        registry.close()


def ask(farm_api: RegistryApi, path: str, **params: Any) -> Any:
    """Return the JSON of an answer."""
    return body_of(farm_api.client.get(path, params=params or None))
