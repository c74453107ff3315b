"""Alarm rules, alarms and notifications over HTTP, and the simulation of a rule on past data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from headland.alarms.notification.delivery_policy import DeliveryOutcome, record_attempt
from headland.registry.models.alarms import Alarm, Notice, NoticeState, Severity
from headland.registry.registry import open_registry
from headland.registry.repositories.alarms import AlarmUpdate
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.store.memory import MemoryStore
from station.server.notifications.sender import unreachable_kinds
from tests.api.farm import HOUSE, NOW_MS, OWN, START_MS, fill_farm, write_series
from tests.api.server import body_of, own_app, serve

MINUTE = 60_000
HEAT = {
    "name": "heat",
    "kind": "greenhouse",
    "any_of": [[{"what": "air_temperature_degc", "above": 24.0, "hysteresis": 1.0}]],
    "for_s": 60,
    "clear_for_s": 60,
}
RECIPIENT = {"name": "app", "kind": "webhook", "address": "https://example.org/hook"}


class AlarmApi:
    """The API and what is behind it."""

    def __init__(self, client: httpx.Client, repositories: OrganisationRepositories, store: MemoryStore) -> None:
        self.client, self.repositories, self.store = client, repositories, store

    def post(self, path: str, body: Any = None, status: int = 200, **query: Any) -> Any:
        return body_of(self.client.post(path, json=body, params=query), status)

    def get(self, path: str, **query: Any) -> Any:
        return body_of(self.client.get(path, params=query))

    def raise_alarm(self, number: int, **more: Any) -> Alarm:
        at_ms = START_MS + number * MINUTE
        alarm = Alarm(
            id=self.repositories.alarms.new_id(), rule="heat", subject=f"gh-{number}", kind="greenhouse", site="home",
            severity=Severity.WARNING, by_station=True, standing=("station",), began_ms=at_ms, raised_ms=at_ms,
            noted_ms=at_ms, **more,
        )  # fmt: skip
        self.repositories.alarms.save(AlarmUpdate(alarms={alarm.id: alarm}))
        return alarm


@pytest.fixture
def alarm_api(tmp_path: Path) -> Iterator[AlarmApi]:
    registry = open_registry(f"sqlite:///{tmp_path}/registry.sqlite", lambda: NOW_MS)
    repositories = registry.repositories(registry.add_organisation(OWN, "Our farm", "test").id, "test")
    store = fill_farm()
    app = own_app(store, now_ms=lambda: NOW_MS, registry=registry)
    with serve(app) as client:
        yield AlarmApi(client, repositories, store)
    registry.close()


def test_a_rule_is_stored_changed_at_its_version_and_deleted(alarm_api: AlarmApi) -> None:
    rule = alarm_api.post("/v1/alarm-rules", HEAT, 201)
    assert alarm_api.get("/v1/alarm-rules")["items"] == [rule]
    stale = alarm_api.client.put(
        f"/v1/alarm-rules/{rule['id']}", json={**HEAT, "for_s": 300}, headers={"If-Match": '"9"'}
    )
    assert stale.status_code == 412
    changed = alarm_api.client.put(f"/v1/alarm-rules/{rule['id']}", json={**HEAT, "for_s": 300, "version": 1})
    assert (changed.status_code, changed.json()["for_s"]) == (200, 300.0)
    assert alarm_api.client.delete(f"/v1/alarm-rules/{rule['id']}", headers={"If-Match": '"2"'}).status_code == 204
    assert alarm_api.get("/v1/alarm-rules")["items"] == []


def test_a_group_of_alarms_is_acknowledged_at_once_and_the_same_again_changes_nothing(alarm_api: AlarmApi) -> None:
    alarms = [alarm_api.raise_alarm(number) for number in range(200)]
    first = alarms[0].id
    alarm_api.post(f"/v1/alarms/{first}/acknowledge", {"note": "mine"})
    group = {"alarms": [each.id for each in alarms], "note": "all vents are shut"}
    answer = alarm_api.post("/v1/alarm-acknowledgements", group)["items"]
    assert [each["id"] for each in answer] == group["alarms"]
    assert {each["acknowledged_by"] for each in answer} == {"api"}
    assert [each["note"] for each in answer] == ["mine", *["all vents are shut"] * 199]
    assert alarm_api.post("/v1/alarm-acknowledgements", {**group, "note": "again"})["items"] == answer


def test_a_group_with_an_unknown_alarm_is_refused_as_a_whole_and_its_size_is_bounded(alarm_api: AlarmApi) -> None:
    alarm = alarm_api.raise_alarm(1)
    unknown = {"alarms": [alarm.id, "0" * 26]}
    assert alarm_api.post("/v1/alarm-acknowledgements", unknown, 404)["type"] == "urn:headland:problem:unknown-alarm"
    assert alarm_api.get(f"/v1/alarms/{alarm.id}")["acknowledged_ms"] is None
    for wrong in ([], [alarm.id] * 501, ["no id"]):
        assert alarm_api.post("/v1/alarm-acknowledgements", {"alarms": wrong}, 422)["status"] == 422


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"any_of": [[{"what": "air_temperature_degc"}]]}, "exactly one of below and above"),
        ({"any_of": [[{"what": "warmth", "above": 1}]]}, "neither a channel"),
        ({"any_of": [[{"what": "vpd_kpa", "above": 1}], [{"what": "gateway_offline", "above": 0}]]}, "two rules"),
        ({"any_of": [[{"what": "rain_on", "above": 0, "hours": 5, "of_hours": 4}]]}, "are impossible"),
        ({"for_s": 0, "clear_for_s": 0}, "noise would cause many alarms"),
    ],
)
def test_an_inconsistent_rule_is_refused_with_a_sentence(
    alarm_api: AlarmApi, change: dict[str, Any], sentence: str
) -> None:
    assert sentence in alarm_api.post("/v1/alarm-rules", {**HEAT, **change}, 400)["detail"]


def test_the_secret_of_a_webhook_is_returned_once_and_is_in_no_record(alarm_api: AlarmApi) -> None:
    recipient = alarm_api.post("/v1/alarm-recipients", RECIPIENT, 201)
    first, second = (alarm_api.post(f"/v1/alarm-recipients/{recipient['id']}/secret")["secret"] for _ in range(2))
    assert first != second
    assert alarm_api.repositories.alarm_recipients.secret(recipient["id"]) == second
    assert "secret" not in alarm_api.client.get("/v1/alarm-recipients").text
    assert (
        alarm_api.post("/v1/alarm-recipients", {**RECIPIENT, "name": "b", "address": "ftp://x"}, 400)["status"] == 400
    )


def test_alarms_are_listed_in_pages_acknowledged_and_snoozed(alarm_api: AlarmApi) -> None:
    alarms = [alarm_api.raise_alarm(number) for number in range(5)]
    alarm_api.raise_alarm(9, ended_ms=NOW_MS, ended_why="cleared")
    alarm_ids: list[str] = []
    cursor: str | None = None
    while True:
        query = {"state": "active", "limit": 2, **({} if cursor is None else {"cursor": cursor})}
        page = alarm_api.get("/v1/alarms", **query)
        alarm_ids += [alarm["id"] for alarm in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert alarm_ids == [alarm.id for alarm in alarms[::-1]]
    assert len(alarm_api.get("/v1/alarms")["items"]) == 6
    assert [alarm["subject"] for alarm in alarm_api.get("/v1/alarms", subject="gh-3")["items"]] == ["gh-3"]
    path = f"/v1/alarms/{alarms[0].id}"
    read = {"If-Match": alarm_api.client.get(path).headers["etag"]}
    assert alarm_api.client.post(f"{path}/acknowledge", json={"note": "mine"}, headers=read).status_code == 200
    late = alarm_api.client.post(f"{path}/acknowledge", json={"note": "too late"}, headers=read)
    assert (late.status_code, late.json()["type"]) == (412, "urn:headland:problem:changed-meanwhile")
    assert alarm_api.post(f"{path}/acknowledge", {"note": "vents are open"})["acknowledged_ms"] == NOW_MS
    assert alarm_api.post(f"{path}/snooze", {"until_ms": NOW_MS + 1})["snoozed_until_ms"] == NOW_MS + 1
    second = alarm_api.post(f"{path}/acknowledge", {"note": "mine, too", "only_first": True}, status=409)
    assert (second["type"], second["acknowledged_by"]) == ("urn:headland:problem:acknowledged-meanwhile", "api")
    assert second["acknowledged_ms"] == NOW_MS
    shown = alarm_api.get(path)
    assert (shown["note"], shown["acknowledged_by"], shown["ended_ms"]) == ("vents are open", "api", None)
    assert (
        alarm_api.post(f"/v1/alarms/{'0' * 26}/acknowledge", status=404)["type"] == "urn:headland:problem:unknown-alarm"
    )
    assert alarm_api.client.get("/v1/alarms", params={"cursor": "what"}).status_code == 400


def test_a_dead_notification_is_listed_and_retried(alarm_api: AlarmApi) -> None:
    notice = Notice(
        id=alarm_api.repositories.alarms.new_id(), recipient="0" * 26, rule="heat", what="raised", about=(), body="{}",
        created_ms=NOW_MS, due_ms=NOW_MS, attempts=16, state=NoticeState.DEAD, error="it answered 500",
    )  # fmt: skip
    alarm_api.repositories.alarms.save(AlarmUpdate(notices=[notice]))
    assert alarm_api.get("/v1/alarm-notices", state="dead")["items"][0]["error"] == "it answered 500"
    alarm_api.post(f"/v1/alarm-notices/{notice.id}/replay", status=202)
    assert [one.id for one in alarm_api.repositories.alarms.due_by_recipient(NOW_MS, each=5)] == [notice.id]
    alarm_api.post(f"/v1/alarm-notices/{notice.id}/replay", status=404)


def test_a_test_of_a_recipient_is_queued_once_and_its_delivery_is_shown(alarm_api: AlarmApi) -> None:
    recipient = alarm_api.post("/v1/alarm-recipients", RECIPIENT, 201)["id"]
    (before,) = alarm_api.get("/v1/alarm-recipients/delivery")["items"]
    assert (before["newest"], before["delivered_ms"], before["dead"], before["cannot_send"]) == (None, None, 0, None)
    sent = alarm_api.post(f"/v1/alarm-recipients/{recipient}/test", status=202)
    assert (sent["what"], sent["state"], sent["recipient"]) == ("test", "waiting", recipient)
    again = alarm_api.post(f"/v1/alarm-recipients/{recipient}/test", status=409)
    assert again["type"] == "urn:headland:problem:test-under-way"
    (due,) = alarm_api.repositories.alarms.due_by_recipient(NOW_MS, each=5)
    refused = DeliveryOutcome("refused", "no mail server is configured: set HEADLAND_MAIL_URL")
    alarm_api.repositories.alarms.update_notice(record_attempt(due, refused, NOW_MS))
    shown = alarm_api.get(f"/v1/alarm-notices/{due.id}")
    assert (shown["state"], shown["error_zh"]) == ("dead", "站点服务未配置邮件服务器，请设置 HEADLAND_MAIL_URL")
    (after,) = alarm_api.get("/v1/alarm-recipients/delivery")["items"]
    assert (after["newest"], after["dead"], after["waiting"]) == (shown, 1, 0)
    alarm_api.post(f"/v1/alarm-recipients/{'0' * 26}/test", status=404)


def test_a_recipient_that_the_station_cannot_reach_says_why(tmp_path: Path) -> None:
    registry = open_registry(f"sqlite:///{tmp_path}/registry.sqlite", lambda: NOW_MS)
    registry.add_organisation(OWN, "Our farm", "test")
    app = own_app(now_ms=lambda: NOW_MS, registry=registry, unreachable=unreachable_kinds(None, has_broker=True))
    robot = "https://oapi.dingtalk.com/robot/send?access_token=abc"
    with serve(app) as client:
        for body in (
            {"name": "Li", "kind": "email", "address": "li@example.org"},
            {"name": "group", "kind": "webhook", "address": robot},
            {"name": "away", "kind": "mqtt", "enabled": False},
        ):
            assert client.post("/v1/alarm-recipients", json=body).status_code == 201
        items = client.get("/v1/alarm-recipients/delivery").json()["items"]
    registry.close()
    assert [(item["cannot_send"], item["robot"]) for item in items] == [
        ("no_mail_server", None),
        (None, "dingtalk"),
        ("disabled", None),
    ]


def test_a_rule_that_is_not_stored_is_simulated_and_checked_as_one_that_is(alarm_api: AlarmApi) -> None:
    day = START_MS - 86_400_000
    write_series(
        alarm_api.store,
        OWN,
        "home",
        "greenhouse",
        HOUSE,
        day + MINUTE * np.arange(180),
        {"air_temperature_degc": np.where(np.arange(180) // 30 % 2, 30.0, 20.0)},
    )
    answer = alarm_api.post("/v1/alarm-rules/replay", HEAT, start=day, end=START_MS)
    assert (answer["rule"], answer["alarms"], answer["devices"][0]["judged"]) == ("heat", 3, 180)
    assert alarm_api.get("/v1/alarm-rules")["items"] == []
    alarm_api.post("/v1/alarm-rules", HEAT, 201)
    assert alarm_api.post("/v1/alarm-rules/replay", HEAT, start=day, end=START_MS)["alarms"] == 3
    wrong = {**HEAT, "any_of": [[{"what": "air_temperature_degc"}]]}
    assert "below and above" in alarm_api.post("/v1/alarm-rules/replay", wrong, 400)["detail"]
    alarm_api.post("/v1/alarm-rules/replay", HEAT, 400, start=0, end=START_MS)


def test_a_simulation_returns_the_alarms_that_would_have_been_raised_and_notifies_nobody(alarm_api: AlarmApi) -> None:
    temperatures = np.concatenate((np.full(60, 20.0), np.full(60, 30.0), np.full(60, 20.0)))
    day = START_MS - 86_400_000
    write_series(
        alarm_api.store,
        OWN,
        "home",
        "greenhouse",
        HOUSE,
        day + MINUTE * np.arange(180),
        {"air_temperature_degc": temperatures},
    )
    rule = alarm_api.post("/v1/alarm-rules", HEAT, 201)
    answer = alarm_api.post(f"/v1/alarm-rules/{rule['id']}/replay", start=day, end=START_MS)
    assert answer["alarms"] == 1
    device = answer["devices"][0]
    assert (device["device"], device["judged"], device["reason"]) == (HOUSE, 180, None)
    alarm = device["alarms"][0]
    assert [(alarm[name] - day) // MINUTE for name in ("began_ms", "raised_ms", "ended_ms")] == [60, 61, 121]
    assert (alarm["value"], alarm["threshold"], alarm["unit"]) == (30.0, 24.0, "degC")
    empty = alarm_api.post(f"/v1/alarm-rules/{rule['id']}/replay", start=day - 86_400_000, end=day)
    assert empty["devices"][0]["reason"] == "insufficient_data"
    assert (alarm_api.repositories.alarms.newest(), alarm_api.repositories.alarms.notices()) == ([], [])


def test_a_rule_of_gateways_has_no_history(alarm_api: AlarmApi) -> None:
    gateways = {"name": "offline", "any_of": [[{"what": "gateway_offline", "above": 0.5}]]}
    rule = alarm_api.post("/v1/alarm-rules", gateways, 201)
    assert alarm_api.post(f"/v1/alarm-rules/{rule['id']}/replay", status=400)["type"].endswith("no-history")


def test_an_alarm_says_the_farms_limit_where_its_gateway_has_another(alarm_api: AlarmApi) -> None:
    rule = alarm_api.post("/v1/alarm-rules", HEAT, 201)
    by_gateway = {"by_gateway": True, "what": "air_temperature_degc", "condition": "above", "unit": "degC"}
    same = alarm_api.raise_alarm(1, **by_gateway, threshold=24.0)
    own = alarm_api.raise_alarm(2, **by_gateway, threshold=40.0)
    other = alarm_api.raise_alarm(3, threshold=40.0, what="air_temperature_degc", condition="above")

    def limits() -> list[float | None]:
        items = {item["id"]: item for item in alarm_api.get("/v1/alarms")["items"]}
        return [items[alarm.id]["rule_limit"] for alarm in (same, own, other)]

    assert limits() == [None, 24.0, None]
    read = alarm_api.client.get(f"/v1/alarms/{own.id}")
    assert read.json()["rule_limit"] == 24.0
    edited = {**HEAT, "any_of": [[{"what": "air_temperature_degc", "above": 40.0}]]}
    answer = alarm_api.client.put(f"/v1/alarm-rules/{rule['id']}", json={**edited, "version": rule["version"]})
    assert answer.status_code == 200, answer.text
    assert limits() == [40.0, None, None]
    # Who read it with another limit of the rule reads it again before it is acknowledged.
    headers = {"If-Match": read.headers["ETag"]}
    assert alarm_api.client.post(f"/v1/alarms/{own.id}/acknowledge", headers=headers).status_code == 412
    assert alarm_api.post(f"/v1/alarms/{own.id}/acknowledge")["rule_limit"] is None
