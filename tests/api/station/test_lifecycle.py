"""The routes that say what bounds everything that a station keeps."""

from __future__ import annotations

import sqlalchemy as sa

from headland.registry.db.tables.farm_tables import audit
from headland.registry.lifecycle import KINDS
from headland.registry.models.models import Scope
from headland.units_of_time import DAY_MS
from tests.api.auth.test_middleware import KeyedApi, keyed_api
from tests.api.farm import OWN

__all__ = ["keyed_api"]
PATH = "/v1/store/lifecycle"


def _headers(api: KeyedApi, scope: Scope, language: str = "en") -> dict[str, str]:
    return {"Authorization": f"Bearer {api.keys[scope]}", "Accept-Language": language}


def test_every_kind_is_listed_with_what_bounds_it_in_the_reader_s_language(keyed_api: KeyedApi) -> None:
    english = keyed_api.client.get(PATH, headers=_headers(keyed_api, Scope.READ)).json()["items"]
    chinese = keyed_api.client.get(PATH, headers=_headers(keyed_api, Scope.READ, "zh")).json()["items"]
    assert [item["kind"] for item in english] == [kind.slug for kind in KINDS]
    by_kind = {item["kind"]: item for item in english}
    assert (by_kind["audit"]["days"], by_kind["audit"]["is_chosen"], by_kind["audit"]["deleted"]) == (3650, False, 0)
    assert (by_kind["samples"]["days"], by_kind["evidence"]["bound"]) == (None, "never")
    assert {item["kind"]: item["name"] for item in chinese}["audit"] == "审计日志"
    assert all(item["bound_text"] and item["remains"] for item in english)


def test_a_preview_changes_nothing_and_an_administrator_sets_the_days(keyed_api: KeyedApi) -> None:
    admin, reader = _headers(keyed_api, Scope.ADMIN), _headers(keyed_api, Scope.READ)
    owner = keyed_api.registry.organisation(OWN).id
    with keyed_api.registry._database.writing() as connection:
        # Old sign-ins: the preview counts what is there, and checks nothing.
        newest_ms = connection.execute(sa.select(sa.func.max(audit.c.time_ms))).scalar_one()
        old = {"organisation": owner, "time_ms": newest_ms - 500 * DAY_MS, "who": "t", "action": "add"}
        for seq in (-2, -1):
            connection.execute(audit.insert().values(seq=seq, kind="session", record="k", hash=str(seq), **old))
    shown = keyed_api.client.get(f"{PATH}/audit?days=365", headers=reader).json()
    assert (shown["days"], shown["due"]) == (365, 2)
    assert shown["due_before_ms"] <= newest_ms - 364 * DAY_MS
    assert keyed_api.client.get(f"{PATH}/audit?for_ever=true", headers=reader).json()["due"] == 0
    assert keyed_api.client.get(f"{PATH}/audit", headers=reader).json()["days"] == 3650
    assert keyed_api.client.put(f"{PATH}/audit", headers=reader, json={"days": 365}).status_code == 403
    assert keyed_api.client.put(f"{PATH}/audit", headers=admin, json={"days": 3}).status_code == 400
    put = keyed_api.client.put(f"{PATH}/audit", headers=admin, json={"days": 365}).json()
    assert (put["days"], put["is_chosen"], put["due"]) == (365, True, 2)
    back = keyed_api.client.put(f"{PATH}/audit", headers=admin, json={"is_default": True}).json()
    assert (back["days"], back["is_chosen"]) == (3650, False)
    unknown = keyed_api.client.put(f"{PATH}/evidence", headers=admin, json={"days": 400})
    assert (unknown.status_code, unknown.json()["detail"]) == (
        404,
        "There is no retention of this kind: set the days of one of audit, alarms.",
    )
