"""Apps are told by signed posts of what is new, each thing once, through a real HTTP server."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from headland.contract.gateway_state import GatewayState, SpoolState
from headland.contract.records import Clock, Event
from headland.network.address_policy import parse_networks
from headland.registry.models.alarms import Alarm, Severity
from headland.registry.models.errors import InvalidRecord
from headland.registry.models.models import Farm, Field
from headland.registry.models.webhooks import Webhook, WebhookEvent
from headland.registry.registry import Registry, open_registry
from headland.registry.repositories.alarms import AlarmUpdate
from headland.registry.repositories.delivery.webhooks import WebhookCursors
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.runtime.item_failures import ItemFailures
from headland.store.memory import MemoryStore
from headland.store.port import StoredEvent, WriteBatch
from station.server.notifications import webhook_publisher
from station.server.notifications.sender import NotificationSender
from station.server.notifications.webhook_publisher import BACK_MS, WebhookPublisher
from tests.alarms.rounds.test_clock_steps import STEPS_MS
from tests.api.farm import DRONE, HOUSE, NOW_MS, OTHER, OWN, START_MS, fill_farm, points_of
from tests.station.server.notifications.test_channels import web_server

ALL = tuple(event for event in WebhookEvent if event is not WebhookEvent.TEST)


class Office:
    """A registry and a store, a keeper that looks for what is new, and a courier that tells."""

    def __init__(self, folder: Path) -> None:
        self.now_ms = NOW_MS
        self.registry: Registry = open_registry(f"sqlite:///{folder}/registry.sqlite", lambda: self.now_ms)
        self.repositories: OrganisationRepositories = self.registry.repositories(
            self.registry.add_organisation(OWN, OWN, "test").id, "test"
        )
        self.store = MemoryStore()
        self.online: dict[str, bool | None] = {"gw-1": True, "gw-2": None}
        self.courier = NotificationSender(
            self.registry, OWN, None, None, lambda: self.now_ms, policy=parse_networks("127.0.0.0/8")
        )

    def keeper(self) -> WebhookPublisher:
        return WebhookPublisher(self.registry, self.store, OWN, self.repositories, self.gateways, ItemFailures())

    def gateways(self) -> list[GatewayState]:
        return [
            GatewayState(id=name, online=online, last_status_ms=1, software="", epoch="e", spool=SpoolState())
            for name, online in self.online.items()
        ]

    def hook(self, url: str, *events: WebhookEvent, name: str = "app") -> Webhook:
        return self.repositories.webhooks.add(Webhook(name=name, url=url, events=events or ALL))

    def happen(self, time_ms: int, kind: str = "mode", organisation: str = OWN) -> None:
        event = Event(t=time_ms, device=DRONE, kind=kind, device_kind="drone", site="home", clock=Clock.GPS)
        self.store.write(WriteBatch(points_of([]), [StoredEvent(organisation, event)]))

    def tell(self, keeper: WebhookPublisher) -> int:
        keeper.round(self.now_ms)
        return self.courier.deliver()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    with closing(made.registry):
        yield made


def told(heard: list[tuple[dict[str, str], bytes]]) -> list[tuple[str, Any]]:
    return [(body["event"], body["data"]) for body in (json.loads(sent) for _, sent in heard)]


def alarm(office: Office, **changes: Any) -> Alarm:
    values: dict[str, Any] = {
        "id": office.repositories.alarms.new_id(), "rule": "frost", "subject": HOUSE, "kind": "greenhouse",
        "site": "home",
        "severity": Severity.CRITICAL, "by_station": True, "standing": ("station",), "began_ms": office.now_ms,
        "raised_ms": office.now_ms, "noted_ms": office.now_ms, "what": "air_temperature_degc",
        "value": 1.2, "unit": "degC",
    }  # fmt: skip
    made = Alarm(**{**values, **changes})
    office.repositories.alarms.save(AlarmUpdate(alarms={made.id: made}))
    return made


@pytest.mark.parametrize("where", ["making", "storing"])
def test_an_event_that_cannot_be_queued_stops_no_other_and_is_tried_again_also_after_a_restart(
    office: Office, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    make, save = webhook_publisher.make_notice, WebhookCursors.save

    def make_or_fail(*call: Any) -> Any:
        return 1 / 0 if call[3].get("kind") == "evil" else make(*call)

    def save_or_fail(self: Any, cursors: Any, notices: Any) -> None:
        if any("evil" in notice.body for notice in notices):
            raise ValueError("a text with a NUL")
        save(self, cursors, notices)

    with web_server(204) as (url, heard):
        office.hook(url, WebhookEvent.DEVICE_EVENT)
        keeper = office.keeper()
        office.tell(keeper)
        office.now_ms += 60_000
        for kind in ("one", "evil", "two"):
            office.happen(NOW_MS + 30_000, kind)
        with monkeypatch.context() as patch:
            if where == "making":
                patch.setattr(webhook_publisher, "make_notice", make_or_fail)
            else:
                patch.setattr(WebhookCursors, "save", save_or_fail)
            office.tell(keeper)
            office.tell(keeper)
            assert keeper.unqueued == 1
        assert [data["kind"] for _, data in told(heard)] == ["one", "two"]
        office.now_ms += 11_000
        keeper = office.keeper()
        office.tell(keeper)
        office.tell(keeper)
        assert [data["kind"] for _, data in told(heard)] == ["one", "two", "evil"]
        assert (keeper.unqueued, keeper.dropped) == (0, 0)


def test_each_event_of_a_device_is_told_once_and_signed_also_over_a_restart(office: Office) -> None:
    office.happen(NOW_MS - 10)  # before anybody asked
    with web_server(204) as (url, heard):
        hook = office.hook(url, WebhookEvent.DEVICE_EVENT)
        office.tell(office.keeper())
        assert heard == []
        office.now_ms += 60_000
        office.happen(NOW_MS + 30_000, "armed")
        office.happen(NOW_MS + 30_000, "armed", OTHER)
        keeper = office.keeper()
        office.tell(keeper)
        office.tell(keeper)
        office.happen(NOW_MS + 10_000, "late")  # a gateway that was away for a while
        office.tell(office.keeper())
        assert [(event, data["kind"]) for event, data in told(heard)] == [
            ("device_event", "armed"), ("device_event", "late"),
        ]  # fmt: skip
        headers, body = heard[0]
        secret = office.repositories.webhooks.secret(hook.id)
        signed = headers["headland-timestamp"].encode() + b"." + body
        assert headers["headland-signature"] == "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def test_alarms_and_gateways_are_told_when_they_change(office: Office) -> None:
    alarm(office, raised_ms=NOW_MS - 10, noted_ms=NOW_MS - 10)
    office.now_ms += 1
    with web_server(204) as (url, heard):
        office.hook(url)
        keeper = office.keeper()
        office.tell(keeper)
        assert heard == []
        office.now_ms += 15_000
        stands = alarm(office, rule="heat")
        gone = alarm(office, rule="dry", ended_ms=office.now_ms)
        office.online.update({"gw-1": False, "gw-2": True})
        office.tell(keeper)
        assert sorted((event, data.get("rule", data.get("gateway"))) for event, data in told(heard)) == [
            ("alarm_ended", gone.rule), ("alarm_raised", gone.rule), ("alarm_raised", stands.rule),
            ("gateway_offline", "gw-1"),
        ]  # fmt: skip
        heard.clear()
        office.now_ms += 15_000
        alarm(
            office, id=stands.id, rule="heat", raised_ms=stands.raised_ms, ended_ms=office.now_ms, ended_why="cleared"
        )
        office.online["gw-1"] = True
        office.tell(office.keeper())
        assert sorted(event for event, _ in told(heard)) == ["alarm_ended", "gateway_online"]
        assert office.keeper().round(office.now_ms) == 0


@pytest.mark.parametrize("step_ms", [step_ms for step_ms in STEPS_MS if step_ms < 0])
def test_events_and_alarms_are_told_after_a_clock_was_set_back(office: Office, step_ms: int) -> None:
    with web_server(204) as (url, heard):
        office.hook(url, WebhookEvent.ALARM_RAISED, WebhookEvent.ALARM_ENDED, WebhookEvent.DEVICE_EVENT)
        keeper = office.keeper()
        office.tell(keeper)
        office.now_ms += 1000
        ended = alarm(office, standing=(), ended_ms=office.now_ms, ended_why="cleared")
        office.tell(keeper)
        office.now_ms += step_ms
        office.tell(keeper)
        raised = alarm(office, subject="second")
        over = alarm(office, subject="third", standing=(), ended_ms=office.now_ms, ended_why="cleared")
        office.happen(office.now_ms, "after")
        office.now_ms += 1000
        office.tell(keeper)
    said = [(event, data.get("id", data.get("kind"))) for event, data in told(heard)]
    assert sorted(said) == sorted(
        [
            *((event, each.id) for each in (ended, over) for event in ("alarm_raised", "alarm_ended")),
            ("alarm_raised", raised.id),
            ("device_event", "after"),
        ]
    )


def test_a_pass_that_nobody_declared_is_told_once_it_is_over(office: Office) -> None:
    office.store = fill_farm(NOW_MS + 1000)
    ring = ((9.999, -0.001), (10.003, -0.001), (10.003, 0.001), (9.999, 0.001), (9.999, -0.001))
    farm = office.repositories.farms.add(Farm(name="Home"))
    field = office.repositories.fields.add(Field(farm=farm.id, name="North", geometry=((ring,),)))
    with web_server(204) as (url, heard):
        office.hook(url, WebhookEvent.PASS_DETECTED)
        office.tell(office.keeper())
        office.now_ms = NOW_MS + 500_000
        office.tell(office.keeper())
        assert heard == []  # it may go on yet
        office.now_ms = NOW_MS + 1_000_000
        office.tell(office.keeper())
        office.tell(office.keeper())
        ((event, data),) = told(heard)
        assert (event, data["field"], data["device"]) == ("pass_detected", field.id, DRONE)
        assert NOW_MS < data["start_ms"] < data["end_ms"] < NOW_MS + 1000 + (NOW_MS - START_MS)


def test_what_nobody_takes_waits_then_is_dead_and_others_are_told_all_the_same(office: Office) -> None:
    with web_server(503) as (away, tried), web_server(410) as (gone, refused), web_server(204) as (here, heard):
        hooks = [office.hook(url, WebhookEvent.DEVICE_EVENT, name=url) for url in (away, gone, here)]
        office.now_ms += 1000
        office.happen(office.now_ms)
        office.tell(office.keeper())
        assert [len(each) for each in (tried, refused, heard)] == [1, 1, 1]
        posts = [office.repositories.webhook_cursors.posts(hook.id)[0] for hook in hooks]
        assert [post.state for post in posts] == ["waiting", "dead", "delivered"]
        assert posts[0].due_ms > office.now_ms
        office.now_ms = posts[0].due_ms
        office.courier.deliver()
        assert (len(tried), tried[0][1]) == (2, tried[1][1])
        office.repositories.webhooks.delete(hooks[0].id, hooks[0].version)
        office.now_ms += BACK_MS
        office.courier.deliver()
        assert office.repositories.webhook_cursors.posts(hooks[0].id)[0].state == "dead"
        assert len(tried) == 2


@pytest.mark.parametrize(
    "url",
    ["ftp://app.example/", "https://", "https://user:word@app.example/", "http://169.254.169.254/latest", "http://[fe80::1]/",
     "http://a b/", "https://app.example:0/", "javascript:alert(1)"],
)  # fmt: skip
def test_a_url_that_nothing_should_be_posted_to_is_refused(office: Office, url: str) -> None:
    with pytest.raises(InvalidRecord):
        office.hook(url)
