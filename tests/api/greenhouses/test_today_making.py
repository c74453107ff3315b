"""A history that is being made, on the first page: what makes it tells when it is there, by a measured pace or not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import msgspec

from api.ops.file_imports import FileImports
from headland.contract.file_imports import FileImport, FileImportList, ImportProgress, PastProgress
from headland.errors import RetryLater
from headland.i18n import Language
from headland.units_of_time import DAY_MS, HOUR_MS
from tests.api.farm import HOUSE, NOW_MS, fill_farm
from tests.api.registry_api import fill_registry
from tests.api.server import own_app, serve

PAST = PastProgress(
    phase="writing", fraction=0.25, left_s=30.0, told_ms=NOW_MS - 1000, start_ms=NOW_MS - 14 * DAY_MS,
    days_written=15.0, days_total=42.0,
)  # fmt: skip
TABLE = FileImport(
    id="0" * 16, name="log.csv", bytes=1000, kind="table", state="running", by="me", created_ms=NOW_MS,
    changed_ms=NOW_MS, part_bytes=1000, parts=(1,), device=HOUSE,
    progress=ImportProgress(phase="storing", fraction=0.6, left_s=90.0, records_total=50, records_acked=10),
)  # fmt: skip


class ToldImports:
    """Imports that tell what a test says; None is an owner that does not answer."""

    def __init__(self) -> None:
        self.told: FileImportList | None = None

    def list(self, _language: Language) -> FileImportList:
        if self.told is None:
            raise RetryLater("The owner of the store does not answer.")
        return self.told


@contextmanager
def a_farm(tmp_path: Path) -> Iterator[Any]:
    registry, _, _ = fill_registry(tmp_path)
    imports = ToldImports()
    with serve(
        own_app(fill_farm(), registry=registry, imports=cast("FileImports", imports), now_ms=lambda: NOW_MS)
    ) as client:

        def ask(past: PastProgress | None = None, table: FileImport | None = None) -> dict[str, Any]:
            imports.told = FileImportList(items=() if table is None else (table,), free_bytes=0, next=None, past=past)
            assert client.get("/v1/imports").json()["past"] == (None if past is None else msgspec.to_builtins(past))
            made: dict[str, Any] = client.get("/v1/today").json()["making"]
            return made

        ask.imports, ask.client = imports, client  # type: ignore[attr-defined]
        yield ask
    registry.close()


def test_a_simulated_past_says_when_it_is_there_by_its_pace_and_no_time_without_one(tmp_path: Path) -> None:
    with a_farm(tmp_path) as ask:
        made = ask(PAST)
        assert (made["share"], made["eta_ms"]) == (0.25, NOW_MS - 1000 + 30_000)
        assert made["steps"]["forecast_ms"] == made["eta_ms"]
        made = ask(msgspec.structs.replace(PAST, left_s=None))
        assert (made["eta_ms"], made["steps"]["forecast_ms"]) == (None, None)
        assert made["text_zh"] == "正在生成模拟历史数据，多久能好正在测算"
        made = ask(msgspec.structs.replace(PAST, left_s=None, phase="stopped"))
        assert made["eta_ms"] is None
        assert "made on when the farm starts again" in made["text"]


def test_a_past_that_is_too_short_for_a_forecast_is_completed_by_live_data(tmp_path: Path) -> None:
    with a_farm(tmp_path) as ask:
        made = ask(msgspec.structs.replace(PAST, start_ms=NOW_MS - DAY_MS))
        assert made["eta_ms"] == NOW_MS - DAY_MS + 144 * HOUR_MS


def test_an_import_says_when_it_is_stored_but_not_that_it_is_enough(tmp_path: Path) -> None:
    with a_farm(tmp_path) as ask:
        made = ask(table=TABLE)
        assert (made["share"], made["eta_ms"]) == (0.6, NOW_MS + 90_000)
        assert made["steps"]["forecast_ms"] is None
        assert made["text"].startswith("log.csv is being imported")
        progress = cast("ImportProgress", TABLE.progress)
        for told in (
            None,
            msgspec.structs.replace(progress, phase="waiting"),
            msgspec.structs.replace(progress, left_s=None),
        ):
            made = ask(table=msgspec.structs.replace(TABLE, progress=told))
            assert made["eta_ms"] is None
            assert "log.csv" in made["text_zh"]


def test_a_table_of_another_device_and_an_owner_that_does_not_answer_leave_live_data(tmp_path: Path) -> None:
    with a_farm(tmp_path) as ask:
        live = ask()
        assert live["eta_ms"] == live["steps"]["forecast_ms"] > NOW_MS + HOUR_MS
        assert ask(table=msgspec.structs.replace(TABLE, device="elsewhere")) == live
        ask.imports.told = None
        assert ask.client.get("/v1/today").json()["making"] == live
