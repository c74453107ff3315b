"""Files of the product that a request passes, traced in the thread that serves it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Final

import pytest

from headland.registry.registry import Registry
from headland.registry.repositories.repository import Repository
from tests.api.farm import fill_farm
from tests.api.registry_api import RegistryApi
from tests.api.spread_field import serve_spread_field
from tests.api.walked_requests import as_applied, certificate, climate

ROOT: Final = Path(__file__).parents[2]
PRODUCT: Final = tuple(f"{ROOT}/{name}/" for name in ("api", "headland", "ingest", "station"))
REPOSITORIES: Final = f"{ROOT}/headland/registry/repositories/"


@dataclass
class Walk:
    """Files that the threads of requests entered, and the repositories that they made."""

    files: set[str] = field(default_factory=set)
    repositories: int = 0
    organisations: int = 0

    @property
    def rooms(self) -> set[str]:
        """Files of the repositories alone."""
        return {name for name in self.files if name.startswith(REPOSITORIES)}


class Tracer:
    """Notes calls in the worker threads that begin after it was installed; the event loop is not traced."""

    def __init__(self) -> None:
        self.walk: Walk | None = None

    def __call__(self, frame: FrameType, event: str, _value: object) -> None:
        walk = self.walk
        if walk is None or event != "call" or "AnyIO" not in threading.current_thread().name:
            return
        code = frame.f_code
        if code.co_filename.startswith(PRODUCT):
            walk.files.add(code.co_filename)
            if code is Repository.__init__.__code__:
                walk.repositories += 1
            walk.organisations += code is Registry.organisation.__code__

    @contextmanager
    def walking(self) -> Iterator[Walk]:
        """Yield the walk of the requests within the block."""
        self.walk = walk = Walk()
        try:
            yield walk
        finally:
            self.walk = None


@pytest.fixture(scope="module")
def tracer() -> Iterator[Tracer]:
    before, made = threading.getprofile(), Tracer()
    threading.setprofile(made)
    yield made
    threading.setprofile(before)


@pytest.fixture(scope="module")
def farm_api(tmp_path_factory: pytest.TempPathFactory, tracer: Tracer) -> Iterator[RegistryApi]:
    assert tracer.walk is None
    with serve_spread_field(tmp_path_factory.mktemp("walks"), fill_farm()) as served:
        yield served


#: Files of the product, files of the repositories, and repositories made, at most. Before repositories were made at
#: first use the requests passed 67, 63 and 56 files, 28 or 29 of them repositories, and made 40, 80 and 200 of those.
#: Since then maps have a tail of droplets and cells an interval (two files), and sensors are judged by the sun, their
#: place and their own course, in both languages (six).
BOUNDS: Final = [(as_applied, 47, 6, 6), (climate, 46, 5, 6), (certificate, 36, 11, 12)]


@pytest.mark.parametrize(
    ("make", "files", "rooms", "repositories"), BOUNDS, ids=["as-applied", "climate", "certificate"]
)
def test_a_request_passes_the_files_of_what_it_asks_and_reads_the_organisation_once(
    farm_api: RegistryApi,
    tracer: Tracer,
    make: Callable[[RegistryApi], Callable[[], None]],
    files: int,
    rooms: int,
    repositories: int,
) -> None:
    ask = make(farm_api)
    with tracer.walking() as walk:
        ask()
    passed = "\n".join(sorted(name.removeprefix(f"{ROOT}/") for name in walk.files))
    assert 20 < len(walk.files) <= files, passed
    assert 0 < len(walk.rooms) <= rooms, passed
    assert 0 < walk.repositories <= repositories
    assert walk.organisations == 1  # the access of these tests does not know the id: with a key it is 0
