"""The door to the store of a running station: for its owner on this machine, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from api.app import create_app
from api.ops.store_admin_port import StoreJob, StoreWork
from headland.store.memory import MemoryStore
from tests.api.served import serve

TOKEN = {"X-Headland-Store-Token": "secret"}


class PaperDesk:
    """A desk that does nothing and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[StoreWork] = []

    def admits(self, token: str) -> bool:
        return token == "secret"

    def start(self, work: StoreWork) -> StoreJob:
        self.asked.append(work)
        return StoreJob(id=len(self.asked))

    def job(self, number: int) -> StoreJob | None:
        return StoreJob(id=number, state="done", sentences=["so it is"]) if number <= len(self.asked) else None


@pytest.fixture
def desk() -> PaperDesk:
    return PaperDesk()


@pytest.fixture
def client(desk: PaperDesk) -> Iterator[httpx.Client]:
    app = create_app(MemoryStore(), organisation="local", readiness=list, counters=dict, store_admin=desk)
    with serve(app) as client:
        yield client


def test_a_job_is_begun_and_followed(client: httpx.Client, desk: PaperDesk) -> None:
    begun = client.post("/v1/store/jobs", json={"kind": "backup", "path": "/x"}, headers=TOKEN)
    assert (begun.status_code, begun.json()["state"]) == (202, "running")
    assert desk.asked == [StoreWork(kind="backup", path="/x")]
    assert client.get("/v1/store/jobs/1", headers=TOKEN).json()["sentences"] == ["so it is"]
    assert client.get("/v1/store/jobs/2", headers=TOKEN).status_code == 404


@pytest.mark.parametrize("headers", [{}, {"X-Headland-Store-Token": "guessed"}])
def test_nobody_comes_in_without_the_token(client: httpx.Client, desk: PaperDesk, headers: dict[str, str]) -> None:
    for answer in (
        client.post("/v1/store/jobs", json={"kind": "compact"}, headers=headers),
        client.get("/v1/store/jobs/1", headers=headers),
    ):
        assert answer.status_code == 403
        assert answer.headers["content-type"] == "application/problem+json"
    assert desk.asked == []


def test_work_that_is_not_known_is_refused(client: httpx.Client, desk: PaperDesk) -> None:
    for body in ({"kind": "wipe"}, {"kind": "info", "more": 1}, {"kind": "keep", "raw_days": 0}):
        assert client.post("/v1/store/jobs", json=body, headers=TOKEN).status_code == 422
    assert desk.asked == []


def test_the_door_is_not_described_to_apps(client: httpx.Client) -> None:
    assert not [path for path in client.get("/openapi.json").json()["paths"] if path.startswith("/v1/store")]


def test_a_store_that_is_a_server_has_no_such_door() -> None:
    app = create_app(MemoryStore(), organisation="local", readiness=list, counters=dict)
    with serve(app) as client:
        assert client.post("/v1/store/jobs", json={"kind": "info"}, headers=TOKEN).status_code == 404
