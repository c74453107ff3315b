"""Recipients and webhooks: whom an administrator names, what other keys see of them, and what the audit log says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headland.network.address_policy import parse_networks
from headland.registry.models.alarms import Notice, NoticeState
from headland.registry.models.models import Scope
from headland.registry.repositories.alarms import AlarmUpdate
from tests.api.auth.test_middleware import KeyedApi, serve_api
from tests.api.fake_ingest import MESSAGE
from tests.api.farm import NOW_MS
from tests.network.test_http_target import BROKEN_URLS, OTHER_NUMBERS

SECRET_URL = "https://hooks.example/services/T0/B0/TOKENSECRET?key=hunter2"


@pytest.fixture
def keyed_api(tmp_path: Path) -> Iterator[KeyedApi]:
    with serve_api(tmp_path) as created:
        yield created


def recipient(address: str, name: str = "app", kind: str = "webhook") -> dict[str, str]:
    return {"name": name, "kind": kind, "address": address}


def test_only_an_administrator_names_a_recipient_and_others_do_not_see_the_secret_of_its_url(
    keyed_api: KeyedApi,
) -> None:
    refused = keyed_api.ask("POST", "/v1/alarm-recipients", Scope.WRITE, json=recipient(SECRET_URL))
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:headland:problem:scope")
    made = keyed_api.ask("POST", "/v1/alarm-recipients", Scope.ADMIN, json=recipient(SECRET_URL))
    assert (made.status_code, made.json()["address"]) == (201, SECRET_URL)
    path = f"/v1/alarm-recipients/{made.json()['id']}"
    mailbox = recipient("li@example.org", "Li", "email")
    assert keyed_api.ask("POST", "/v1/alarm-recipients", Scope.ADMIN, json=mailbox).status_code == 201
    for scope, shown, mail in (
        (Scope.READ, "https://hooks.example/***", "***"),
        (Scope.WRITE, "https://hooks.example/***", "***"),
        (Scope.ADMIN, SECRET_URL, "li@example.org"),
    ):
        listed = keyed_api.ask("GET", "/v1/alarm-recipients", scope).json()["items"]
        assert {item["address"] for item in listed} == {shown, mail}
        assert keyed_api.ask("GET", path, scope).json()["address"] == shown
    for method, target in (("PUT", path), ("DELETE", f"{path}?version=1"), ("POST", f"{path}/secret")):
        assert keyed_api.ask(method, target, Scope.WRITE, json=made.json()).status_code == 403


@pytest.mark.parametrize("path", ["/v1/alarm-recipients", "/v1/webhooks"])
def test_a_url_to_which_nothing_can_be_sent_is_refused_by_both_kinds(keyed_api: KeyedApi, path: str) -> None:
    for number, url in enumerate([*BROKEN_URLS, *OTHER_NUMBERS, "http://user:pw@host.example/"]):
        body: dict[str, Any] = dict(recipient(url, f"n{number}"))
        if path == "/v1/webhooks":
            body = {"name": f"n{number}", "url": url, "events": ["alarm_raised"]}
        answer = keyed_api.ask("POST", path, Scope.ADMIN, json=body)
        assert answer.status_code in (400, 422), url
        assert answer.json()["type"] in (
            "urn:headland:problem:bad-url",
            "urn:headland:problem:bad-body",
            "urn:headland:problem:invalid-record",
        ), answer.text


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("169.254.169.254", 400),
        ("[::ffff:169.254.169.254]", 400),
        ("127.0.0.1", 400),
        ("localhost", 400),
        ("[64:ff9b::7f00:1]", 400),
        ("10.0.0.1", 400),
        ("192.168.1.20:8123", 201),
        ("[::ffff:192.168.1.20]", 201),
        ("app.example", 201),
        ("1.1.1.1", 201),
    ],
)
def test_an_address_inside_is_refused_unless_its_network_is_permitted(tmp_path: Path, host: str, status: int) -> None:
    webhook = {"name": "app", "url": f"http://{host}/", "events": ["alarm_raised"]}
    with serve_api(tmp_path, webhooks_to=parse_networks("192.168.1.0/24")) as keyed_api:
        for path, body in (("/v1/alarm-recipients", recipient(f"http://{host}/")), ("/v1/webhooks", webhook)):
            answer = keyed_api.ask("POST", path, Scope.ADMIN, json=body)
            assert answer.status_code == status, answer.text
            if status == 400:
                assert answer.json()["type"] == "urn:headland:problem:inside-address"


def test_what_a_recipients_server_said_is_shown_to_administrators_only(keyed_api: KeyedApi) -> None:
    repositories = keyed_api.repositories
    notice = Notice(
        id=repositories.alarms.new_id(), recipient="0" * 26, rule="heat", what="raised", about=(), body="{}",
        created_ms=NOW_MS, due_ms=NOW_MS, attempts=16, state=NoticeState.DEAD, error="ConnectError: no connection",
    )  # fmt: skip
    repositories.alarms.save(AlarmUpdate(notices=[notice]))
    said = {
        scope: keyed_api.ask("GET", "/v1/alarm-notices", scope).json()["items"][0]["error"]
        for scope in (Scope.READ, Scope.WRITE, Scope.ADMIN)
    }
    assert said[Scope.ADMIN] == "ConnectError: no connection"
    assert said[Scope.READ] == said[Scope.WRITE] == "not accepted by the recipient; an administrator's key shows why"


def test_a_new_signing_secret_is_in_the_audit_log_without_the_secret(keyed_api: KeyedApi) -> None:
    made = keyed_api.ask("POST", "/v1/alarm-recipients", Scope.ADMIN, json=recipient(SECRET_URL)).json()
    hook = {"name": "app", "url": "https://app.example/", "events": ["alarm_raised"]}
    webhook = keyed_api.ask("POST", "/v1/webhooks", Scope.ADMIN, json=hook).json()
    for path in (f"/v1/alarm-recipients/{made['id']}", f"/v1/webhooks/{webhook['id']}"):
        secret = keyed_api.ask("POST", f"{path}/secret", Scope.ADMIN).json()["secret"]
        log = keyed_api.ask("GET", "/v1/audit", Scope.ADMIN, params={"limit": 1})
        entry = log.json()["items"][0]
        assert (entry["action"], entry["record"], entry["before"], entry["after"]) == (
            "change", path.rpartition("/")[2], None, None,
        )  # fmt: skip
        assert entry["kind"] in ("alarm recipient secret", "webhook secret")
        assert secret not in log.text
    assert keyed_api.ask("GET", "/v1/audit/check", Scope.ADMIN).json()["broken_at"] is None


def test_a_deleted_quarantine_message_and_a_sign_in_are_in_the_audit_log(keyed_api: KeyedApi) -> None:
    message = MESSAGE.id
    assert keyed_api.ask("DELETE", f"/v1/quarantine/{message}", Scope.WRITE).status_code == 403
    assert keyed_api.ask("DELETE", f"/v1/quarantine/{message}", Scope.ADMIN).status_code == 204
    assert keyed_api.client.post("/v1/session", json={"key": keyed_api.keys[Scope.READ]}).status_code == 200
    keyed_api.client.cookies.clear()
    newest = keyed_api.ask("GET", "/v1/audit", Scope.ADMIN, params={"limit": 2}).json()["items"]
    assert [(entry["action"], entry["kind"]) for entry in newest] == [
        ("add", "session"),
        ("delete", "quarantined message"),
    ]
    assert newest[1]["record"] == str(message)
    checked = keyed_api.ask("GET", "/v1/audit/check", Scope.ADMIN).json()
    assert (checked["broken_at"], checked["altered"]) == (None, [])
