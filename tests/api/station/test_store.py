"""Store administration routes: only for the owner on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from api.app import create_app
from headland.errors import SettingsError
from headland.files.damage_notes import FileDamage
from headland.files.disk_space import DiskReading, save_readings, space_path
from headland.registry.models.models import Scope
from headland.store.core.store_work import RetentionDays, RetentionPreview, StoreJob, StoreWork
from headland.store.memory import MemoryStore
from headland.units_of_time import DAY_MS
from tests.api.open_authenticator import OpenAuthenticator
from tests.api.server import serve

TOKEN = {"X-Headland-Store-Token": "secret"}


class FakeStoreAdmin:
    """Store administration that records the requested work."""

    def __init__(self) -> None:
        self.asked: list[StoreWork] = []
        self.by = ""

    def admits(self, token: str) -> bool:
        return token == "secret"

    def damage(self) -> list[FileDamage]:
        return [FileDamage(kind="log", found_ms=1, sentence="torn", acknowledged_by=self.by)]

    def acknowledge(self, by: str) -> list[FileDamage]:
        self.by = by
        return self.damage()

    def preview(self, days: RetentionDays | None) -> RetentionPreview:
        kept = RetentionDays(raw_days=9) if days is None else days
        if kept.raw_days == 13:
            raise SettingsError("The retention is not valid.")
        return RetentionPreview(**msgspec.structs.asdict(kept), samples=70, before_ms=7, night_days=7)

    def keep(self, days: RetentionDays) -> RetentionPreview:
        self.kept = days
        return self.preview(days)

    def start(self, work: StoreWork) -> StoreJob:
        self.asked.append(work)
        return StoreJob(id=len(self.asked))

    def job(self, number: int) -> StoreJob | None:
        return StoreJob(id=number, state="done", sentences=["done"]) if number <= len(self.asked) else None


@pytest.fixture
def admin() -> FakeStoreAdmin:
    return FakeStoreAdmin()


@pytest.fixture
def client(admin: FakeStoreAdmin) -> Iterator[httpx.Client]:
    app = create_app(MemoryStore(), organisation="local", readiness=list, counters=dict, store_admin=admin)
    with serve(app) as client:
        yield client


def test_a_job_is_started_and_polled(client: httpx.Client, admin: FakeStoreAdmin) -> None:
    response = client.post("/v1/store/jobs", json={"kind": "backup", "path": "/x"}, headers=TOKEN)
    assert (response.status_code, response.json()["state"]) == (202, "running")
    assert admin.asked == [StoreWork(kind="backup", path="/x")]
    assert client.get("/v1/store/jobs/1", headers=TOKEN).json()["sentences"] == ["done"]
    assert client.get("/v1/store/jobs/2", headers=TOKEN).status_code == 404


@pytest.mark.parametrize("headers", [{}, {"X-Headland-Store-Token": "guessed"}])
def test_a_request_without_the_token_is_refused(
    client: httpx.Client, admin: FakeStoreAdmin, headers: dict[str, str]
) -> None:
    for answer in (
        client.post("/v1/store/jobs", json={"kind": "compact"}, headers=headers),
        client.get("/v1/store/jobs/1", headers=headers),
    ):
        assert answer.status_code == 403
        assert answer.headers["content-type"] == "application/problem+json"
    assert admin.asked == []


def test_an_unknown_job_is_refused(client: httpx.Client, admin: FakeStoreAdmin) -> None:
    for body in ({"kind": "wipe"}, {"kind": "info", "more": 1}, {"kind": "keep", "raw_days": 0}):
        assert client.post("/v1/store/jobs", json=body, headers=TOKEN).status_code == 422
    assert admin.asked == []


def test_the_routes_of_jobs_are_not_in_the_openapi_document(client: httpx.Client) -> None:
    assert not [path for path in client.get("/openapi.json").json()["paths"] if path.startswith("/v1/store/jobs")]


def test_an_administrator_lists_and_acknowledges_damage(client: httpx.Client, admin: FakeStoreAdmin) -> None:
    assert [item["sentence"] for item in client.get("/v1/store/damage").json()["items"]] == ["torn"]
    (item,) = client.post("/v1/store/damage/acknowledge").json()["items"]
    assert item["acknowledged_by"] == admin.by != ""


@pytest.mark.parametrize("scope", [Scope.READ, Scope.WRITE])
def test_damage_is_for_administrators(admin: FakeStoreAdmin, scope: Scope) -> None:
    app = create_app(
        MemoryStore(),
        organisation="local",
        readiness=list,
        counters=dict,
        store_admin=admin,
        authenticator=OpenAuthenticator("local", scope),
    )
    with serve(app, opened=False) as client:
        client.headers["Authorization"] = "Bearer any"
        assert client.get("/v1/store/damage").status_code == 403
        assert client.post("/v1/store/damage/acknowledge").status_code == 403
    assert admin.by == ""


def test_a_server_store_has_no_store_routes() -> None:
    app = create_app(MemoryStore(), organisation="local", readiness=list, counters=dict)
    with serve(app) as client:
        assert client.post("/v1/store/jobs", json={"kind": "info"}, headers=TOKEN).status_code == 404


def test_a_retention_is_previewed_and_set(client: httpx.Client, admin: FakeStoreAdmin) -> None:
    assert client.get("/v1/store/retention").json()["raw_days"] == 9
    previewed = client.get("/v1/store/retention", params={"raw_days": 40, "preview": True}).json()
    assert (previewed["raw_days"], previewed["samples"], previewed["before_ms"]) == (40, 70, 7)
    assert client.put("/v1/store/retention", json={"raw_days": 50}).json()["raw_days"] == 50
    assert admin.kept == RetentionDays(raw_days=50)
    assert client.put("/v1/store/retention", json={"raw_days": 13}).status_code == 422
    assert client.put("/v1/store/retention", json={"raw_days": 0}).status_code == 422


def test_only_administrators_see_and_set_the_retention() -> None:
    app = create_app(
        MemoryStore(),
        organisation="local",
        readiness=list,
        counters=dict,
        store_admin=FakeStoreAdmin(),
        authenticator=OpenAuthenticator("local", Scope.WRITE),
    )
    with serve(app, opened=False) as client:
        client.headers["Authorization"] = "Bearer any"
        assert client.get("/v1/store/retention").status_code == 403
        assert client.put("/v1/store/retention", json={}).status_code == 403
        assert client.post("/v1/clock/accept").status_code == 403
        # Without a clock of a station there is none to judge.
        assert client.get("/v1/clock").json()["in_doubt"] is None


def test_the_room_on_the_disk_is_told_with_its_history(tmp_path: Path) -> None:
    def ask(folder: Path | None) -> Any:
        app = create_app(
            MemoryStore(),
            organisation="local",
            readiness=list,
            counters=dict,
            authenticator=OpenAuthenticator("local"),
            farm_folder=folder,
        )
        with serve(app) as client:
            return client.get("/v1/store/space").json()

    space_path(tmp_path).parent.mkdir()
    assert ask(None)["at_ms"] is None
    assert ask(tmp_path)["at_ms"] is None
    readings = [
        DiskReading(at_ms=day * DAY_MS, farm_bytes=day * 10**6, free_bytes=10**8, total_bytes=10**9) for day in range(5)
    ]
    save_readings(tmp_path, readings)
    assert ask(tmp_path) == {
        "at_ms": 4 * DAY_MS,
        "free_bytes": 10**8,
        "total_bytes": 10**9,
        "farm_bytes": 4 * 10**6,
        "days_known": 4.0,
        "growth_bytes_day": 10**6,
        "days_left": 100.0,
        "is_nearly_full": False,
    }
