"""Keys, members and the audit log over HTTP, as an administrator uses them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from headland.registry.db.tables import access_tables, farm_tables
from headland.registry.db.tables.farm_tables import audit
from headland.registry.models.models import Scope
from tests.api.auth.test_middleware import KeyedApi, serve_api
from tests.api.farm import NOW_MS
from tests.api.live.streams import feed_of


@pytest.fixture
def keyed_api(tmp_path: Path) -> Iterator[KeyedApi]:
    with serve_api(tmp_path) as created:
        yield created


def test_a_key_is_returned_once_permits_its_scope_and_ends_when_it_is_revoked(keyed_api: KeyedApi) -> None:
    created = keyed_api.ask("POST", "/v1/keys", Scope.ADMIN, json={"name": "farm app", "scope": "read"})
    assert (created.status_code, created.headers["cache-control"]) == (201, "no-store")
    headers = {"Authorization": f"Bearer {created.json()['key']}"}
    assert keyed_api.client.get("/v1/devices", headers=headers).status_code == 200
    listed = keyed_api.ask("GET", "/v1/keys", Scope.ADMIN)
    assert created.json()["key"] not in listed.text
    known = keyed_api.ask("GET", created.headers["location"], Scope.ADMIN).json()
    assert (known["name"], known["scope"], known["last_used_ms"]) == ("farm app", "read", NOW_MS)
    assert keyed_api.ask("DELETE", created.headers["location"], Scope.ADMIN).status_code == 204
    assert keyed_api.client.get("/v1/devices", headers=headers).status_code == 401
    assert keyed_api.ask("GET", created.headers["location"], Scope.ADMIN).status_code == 404


def test_a_key_that_is_already_expired_is_refused(keyed_api: KeyedApi) -> None:
    key_order = {"name": "late", "expires_ms": NOW_MS - 1}
    assert keyed_api.ask("POST", "/v1/keys", Scope.ADMIN, json=key_order).status_code == 400
    assert keyed_api.ask("POST", "/v1/keys", Scope.ADMIN, json={"name": "read"}).status_code == 409


def test_the_audit_log_lists_changes_in_pages_and_is_unbroken(keyed_api: KeyedApi) -> None:
    member = keyed_api.ask(
        "POST", "/v1/members", Scope.ADMIN, json={"subject": "idp|7", "name": "Fang", "role": "read"}
    ).json()
    keyed_api.ask("PUT", f"/v1/members/{member['id']}", Scope.ADMIN, json={**member, "role": "write"})
    log = keyed_api.ask("GET", "/v1/audit", Scope.ADMIN, params={"record": member["id"], "limit": 1}).json()
    assert [entry["action"] for entry in log["items"]] == ["change"]
    change = log["items"][0]
    assert (change["before"]["role"], change["after"]["role"], change["kind"]) == ("read", "write", "member")
    assert change["who"] == f"key:{keyed_api.keys[Scope.ADMIN].partition('.')[0]}"
    more = {"record": member["id"], "cursor": log["next"]}
    rest = keyed_api.ask("GET", "/v1/audit", Scope.ADMIN, params=more).json()
    assert ([entry["action"] for entry in rest["items"]], rest["next"]) == (["add"], None)
    checked = keyed_api.ask("GET", "/v1/audit/check", Scope.ADMIN).json()
    assert (checked["broken_at"], checked["hash"]) == (None, change["hash"])
    with keyed_api.registry._database.writing() as connection:
        connection.execute(sa.update(audit).where(audit.c.seq == rest["items"][0]["seq"]).values(who="nobody"))
    assert keyed_api.ask("GET", "/v1/audit/check", Scope.ADMIN).json()["broken_at"] == rest["items"][0]["seq"]


def test_a_session_manages_keys_from_the_dashboard(keyed_api: KeyedApi) -> None:
    keyed_api.client.post("/v1/session", json={"key": keyed_api.keys[Scope.ADMIN]})
    assert keyed_api.client.post("/v1/keys", json={"name": "from the page"}).status_code == 403
    here = {"Sec-Fetch-Site": "same-origin"}
    assert keyed_api.client.post("/v1/keys", json={"name": "from the page"}, headers=here).status_code == 201


def test_a_key_that_is_revoked_ends_its_live_streams(tmp_path: Path) -> None:
    with serve_api(tmp_path, live=feed_of(heartbeat_s=0.05)) as keyed_api:
        created = keyed_api.ask("POST", "/v1/keys", Scope.ADMIN, json={"name": "screen"}).json()
        headers = {"Authorization": f"Bearer {created['key']}"}
        with keyed_api.client.stream("GET", "/v1/live", headers=headers, timeout=120) as stream:
            lines = stream.iter_lines()
            assert next(line for line in lines if line == "event: heartbeat")
            assert keyed_api.ask("DELETE", f"/v1/keys/{created['id']}", Scope.ADMIN).status_code == 204
            assert "event: latest" not in list(lines)


def test_a_key_that_expires_makes_none_that_lasts_longer(keyed_api: KeyedApi) -> None:
    soon_ms = NOW_MS + 60_000
    _, soon = keyed_api.repositories.add_key("soon", Scope.ADMIN, soon_ms)
    headers = {"Authorization": f"Bearer {soon}"}
    for number, expires_ms in enumerate((None, soon_ms + 1)):
        order = {"name": f"longer {number}", "scope": "admin", "expires_ms": expires_ms}
        answer = keyed_api.client.post("/v1/keys", headers=headers, json=order)
        assert (answer.status_code, answer.json()["type"]) == (400, "urn:headland:problem:expires-later")
    order = {"name": "as long", "scope": "read", "expires_ms": soon_ms}
    assert keyed_api.client.post("/v1/keys", headers=headers, json=order).status_code == 201
    lasting = keyed_api.ask("POST", "/v1/keys", Scope.ADMIN, json={"name": "for ever", "scope": "read"})
    assert lasting.status_code == 201


def test_a_record_that_was_changed_in_the_database_is_named_by_the_check(keyed_api: KeyedApi) -> None:
    farm = keyed_api.ask("POST", "/v1/farms", Scope.WRITE, json={"name": "Hill farm"}).json()
    record, _ = keyed_api.repositories.add_key("quiet", Scope.READ)
    clean = keyed_api.ask("GET", "/v1/audit/check", Scope.ADMIN).json()
    assert (clean["broken_at"], clean["altered"]) == (None, [])
    with keyed_api.registry._database.writing() as connection:
        connection.execute(
            sa.update(access_tables.api_keys).where(access_tables.api_keys.c.id == record.id).values(scope="admin")
        )
        connection.execute(
            sa.update(farm_tables.farms).where(farm_tables.farms.c.id == farm["id"]).values(name="Other")
        )
    checked = keyed_api.ask("GET", "/v1/audit/check", Scope.ADMIN).json()
    assert checked["broken_at"] is None
    assert sorted(checked["altered"]) == [f"api key {record.id}", f"farm {farm['id']}"]
