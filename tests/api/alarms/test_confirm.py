"""A person confirms a message: only what a service took, and only for the address that it went to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from headland.alarms.notification.delivery_policy import DeliveryOutcome, record_attempt
from headland.registry.models.models import Scope
from headland.registry.repositories.alarms import AlarmUpdate
from tests.api.auth.test_middleware import KeyedApi, serve_api
from tests.api.farm import NOW_MS

LI = {"name": "Li", "kind": "email", "address": "li@example.org"}


@pytest.fixture
def keyed_api(tmp_path: Path) -> Iterator[KeyedApi]:
    with serve_api(tmp_path) as created:
        yield created


def attempt(farm: KeyedApi, outcome: DeliveryOutcome) -> None:
    for due in farm.repositories.alarms.due_by_recipient(NOW_MS, each=5):
        farm.repositories.alarms.update_notice(record_attempt(due, outcome, NOW_MS))


def test_a_message_is_confirmed_once_a_service_took_it_and_anew_for_another_address(keyed_api: KeyedApi) -> None:
    def reach() -> str:
        return str(keyed_api.ask("GET", "/v1/alarm-recipients/reach", Scope.READ).json()["state"])

    known = keyed_api.ask("POST", "/v1/alarm-recipients", Scope.ADMIN, json=LI).json()
    path = f"/v1/alarm-recipients/{known['id']}"
    early = keyed_api.ask("POST", f"{path}/confirm", Scope.ADMIN)
    assert (early.status_code, early.json()["type"], reach()) == (
        409,
        "urn:headland:problem:nothing-arrived",
        "never_tried",
    )
    keyed_api.ask("POST", f"{path}/test", Scope.ADMIN)
    attempt(keyed_api, DeliveryOutcome("refused", "no"))
    assert (keyed_api.ask("POST", f"{path}/confirm", Scope.ADMIN).status_code, reach()) == (409, "failed")
    keyed_api.ask("POST", f"{path}/test", Scope.ADMIN)
    attempt(keyed_api, DeliveryOutcome("delivered"))
    assert reach() == "tried"
    assert keyed_api.ask("POST", f"{path}/confirm", Scope.WRITE).status_code == 403
    word = keyed_api.ask("POST", f"{path}/confirm", Scope.ADMIN).json()
    assert (word["reach"]["state"], word["reach"]["confirmed_ms"], word["reach"]["is_persons"], reach()) == (
        "confirmed",
        NOW_MS,
        True,
        "confirmed",
    )
    entry = keyed_api.ask("GET", "/v1/audit", Scope.ADMIN, params={"limit": 1}).json()["items"][0]
    assert (entry["kind"], entry["record"], entry["who"]) == (
        "alarm recipient confirmation", known["id"], word["reach"]["confirmed_by"],
    )  # fmt: skip
    # Its name may change; another address is somebody who has confirmed nothing, and nothing went there.
    named = keyed_api.ask("PUT", path, Scope.ADMIN, json={**known, "name": "Li Mei"}).json()
    assert reach() == "confirmed"
    moved = {**named, "address": "mei@example.org"}
    assert keyed_api.ask("PUT", path, Scope.ADMIN, json=moved).status_code == 200
    assert reach() == "tried"


def test_what_went_to_an_earlier_address_is_no_message_to_this_one(keyed_api: KeyedApi) -> None:
    known = keyed_api.ask("POST", "/v1/alarm-recipients", Scope.ADMIN, json=LI).json()
    keyed_api.ask("POST", f"/v1/alarm-recipients/{known['id']}/test", Scope.ADMIN)
    (due,) = keyed_api.repositories.alarms.due_by_recipient(NOW_MS, each=5)
    earlier = msgspec.structs.replace(due, id=keyed_api.repositories.alarms.new_id(), created_ms=NOW_MS - 1)
    taken = record_attempt(earlier, DeliveryOutcome("delivered"), NOW_MS)
    keyed_api.repositories.alarms.save(AlarmUpdate(notices=[taken]))
    answer = keyed_api.ask("POST", f"/v1/alarm-recipients/{known['id']}/confirm", Scope.ADMIN)
    assert answer.json()["type"] == "urn:headland:problem:nothing-arrived"


def test_a_failure_after_a_confirmation_is_said(keyed_api: KeyedApi) -> None:
    known = keyed_api.ask("POST", "/v1/alarm-recipients", Scope.ADMIN, json=LI).json()
    path = f"/v1/alarm-recipients/{known['id']}"
    keyed_api.ask("POST", f"{path}/test", Scope.ADMIN)
    attempt(keyed_api, DeliveryOutcome("delivered"))
    keyed_api.ask("POST", f"{path}/confirm", Scope.ADMIN)
    keyed_api.ask("POST", f"{path}/test", Scope.ADMIN)
    attempt(keyed_api, DeliveryOutcome("later", "there was no answer within 10 s"))
    fact = keyed_api.ask("GET", "/v1/alarm-recipients/reach", Scope.READ).json()
    assert (fact["state"], fact["confirmed"], fact["failing"]) == ("failed", 0, 1)
