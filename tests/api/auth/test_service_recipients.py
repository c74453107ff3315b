"""A message service is a recipient whose address is a secret: no answer and no entry of a log has it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headland.network.address_policy import PUBLIC_ONLY
from headland.registry.models.models import Scope
from tests.api.auth.test_middleware import KeyedApi, serve_api

KEY, OTHER = "SMSKEY-12345", "SMSKEY-98765"
SHOWN = "smseagle://sms.farm.example/***"


@pytest.fixture
def keyed_api(tmp_path: Path) -> Iterator[KeyedApi]:
    with serve_api(tmp_path, webhooks_to=PUBLIC_ONLY) as created:
        yield created


def service(key: str = KEY, host: str = "sms.farm.example") -> dict[str, str]:
    return {"name": "SMS", "kind": "apprise", "address": f"smseagle://{key}@{host}/+8613800001111"}


def test_the_address_of_a_service_is_given_once_and_never_shown(keyed_api: KeyedApi) -> None:
    made = keyed_api.ask("POST", "/v1/alarm-recipients", Scope.ADMIN, json=service())
    assert (made.status_code, made.json()["address"]) == (201, SHOWN)
    known = made.json()
    path = f"/v1/alarm-recipients/{known['id']}"
    recipients = keyed_api.repositories.alarm_recipients
    assert recipients.secret(known["id"]) == service()["address"]
    # As it was shown, it stays what it is.
    off = keyed_api.ask("PUT", path, Scope.ADMIN, json={**known, "enabled": False}).json()
    assert (off["address"], recipients.secret(known["id"])) == (SHOWN, service()["address"])
    new = keyed_api.ask("PUT", path, Scope.ADMIN, json={**off, "address": service(OTHER)["address"]}).json()
    assert (new["address"], recipients.secret(known["id"])) == (SHOWN, service(OTHER)["address"])
    assert keyed_api.ask("POST", f"{path}/secret", Scope.ADMIN).status_code == 400
    assert recipients.secret(known["id"]) == service(OTHER)["address"]
    for asked in (path, "/v1/alarm-recipients", "/v1/audit", "/v1/alarm-recipients/delivery"):
        said = keyed_api.ask("GET", asked, Scope.ADMIN).text
        assert not any(secret in said for secret in (KEY, OTHER, "13800001111")), asked
    assert keyed_api.ask("GET", path, Scope.READ).json()["address"] == "***"


def test_another_kind_of_recipient_gets_a_secret_of_its_own(keyed_api: KeyedApi) -> None:
    known = keyed_api.ask("POST", "/v1/alarm-recipients", Scope.ADMIN, json=service()).json()
    hook = {**known, "kind": "webhook", "address": "https://app.example/alarms"}
    assert keyed_api.ask("PUT", f"/v1/alarm-recipients/{known['id']}", Scope.ADMIN, json=hook).status_code == 200
    assert keyed_api.repositories.alarm_recipients.secret(known["id"]).startswith("whsec_")


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("syslog://x", "bad-service"),
        ("dbus://", "bad-service"),
        ("exec://rm", "bad-service"),
        ("file:///etc/passwd", "bad-service"),
        ("smseagle://***", "bad-service"),
        (service(host="127.0.0.1")["address"], "inside-address"),
        (service(host="192.168.1.7")["address"], "inside-address"),
        (service(host="localhost")["address"], "inside-address"),
        (service(host="169.254.169.254")["address"], "inside-address"),
    ],
)
def test_a_service_of_this_machine_or_inside_is_refused_when_it_is_saved(
    keyed_api: KeyedApi, address: str, kind: str
) -> None:
    answer = keyed_api.ask("POST", "/v1/alarm-recipients", Scope.ADMIN, json={**service(), "address": address})
    assert (answer.status_code, answer.json()["type"]) == (400, f"urn:headland:problem:{kind}")
