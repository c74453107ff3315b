"""The station's two threads: rules are judged and notices delivered, and a recipient that is away hears it later."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from headland.alarms.notification.delivery_policy import DeliveryOutcome
from headland.alarms.rules.default_rules import BROKER_RECIPIENT, add_default_rules, load_default_rules
from headland.alarms.rules.targets import STATION
from headland.clock import wall_clock_ms
from headland.clock.station_clock.station_clock import StationClock
from headland.contract.gateway_state import GatewayState, RecentTrouble, SpoolState
from headland.contract.records import ChannelInfo, Descriptor
from headland.registry.models.alarms import AlarmRecipient, AlarmRule, AlarmTest, Notice, NoticeState, RecipientKind
from headland.registry.registry import Registry, open_registry
from headland.registry.repositories.alarms import AlarmRepository, AlarmUpdate
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.store.memory import MemoryStore
from headland.store.port import Points, SeriesKey, WriteBatch, WriteResult
from headland.units_of_time import MINUTE_MS
from station.server.commit_listeners import CommitListeners
from station.server.notifications.channels import MailSettings
from station.server.notifications.sender import NotificationSender
from station.server.organisation import ensure_organisation
from station.server.serve import station_values
from station.server.workers.alarm_worker import AlarmWorker, gateway_values
from tests.alarms.rounds.test_clock_steps import STEPS_MS
from tests.clock.machine import YEAR_MS, ClockedMachine
from tests.examples import some_long
from tests.runtime.test_supervised_thread import RAISED
from tests.station.smtp_peer import serve_mail

WaitUntil = Callable[..., None]
HANDLE = "local"
NO_COMMIT = (
    WriteBatch(Points([], np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0), np.empty(0, np.uint8))),
    WriteResult(0),
)
AIR = "air_temperature_degc"


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    opened = open_registry(f"sqlite:///{tmp_path}/registry.sqlite")
    yield opened
    opened.close()


def estate_with(registry: Registry, *rules: AlarmRule) -> OrganisationRepositories:
    repositories = ensure_organisation(registry, HANDLE, "test")
    for rule in rules:
        repositories.alarm_rules.add(rule)
    repositories.alarm_recipients.add(AlarmRecipient(name="Li", kind=RecipientKind.EMAIL, address="li@example.org"))
    return repositories


def cold_house(store: MemoryStore | None = None) -> MemoryStore:
    """A house that has been at 1 degC for ten minutes until now."""
    store = MemoryStore() if store is None else store
    times = wall_clock_ms() - 10_000 * np.arange(60, -1, -1, dtype=np.int64)
    key = SeriesKey(HANDLE, "home", "greenhouse", "gh-1", AIR)
    columns = np.zeros(61, np.int32), times, np.full(61, 1.0), np.ones(61, np.uint8)
    store.write(WriteBatch(Points([key], *columns)))
    told = Descriptor(device="gh-1", kind="greenhouse", site="home", name="1", channels={AIR: ChannelInfo(unit="degC")})
    store.describe(HANDLE, "gw-1", told)
    return store


def test_a_frost_reaches_a_mailbox_and_a_mail_server_that_is_away_gets_it_when_it_is_back(
    registry: Registry, wait_until: WaitUntil, free_port: int
) -> None:
    repositories = estate_with(registry)
    keeper = AlarmWorker(registry, cold_house(), HANDLE, None)
    keeper.start()
    away = NotificationSender(registry, HANDLE, MailSettings("127.0.0.1", free_port, "a@example.org", "smtp"), None)
    wait_until(lambda: repositories.alarms.notices())
    assert away.deliver() == 1
    notice = repositories.alarms.notices()[0]
    assert (notice.rule, notice.state, notice.attempts) == ("frost", NoticeState.WAITING, 1)
    assert "ConnectionRefusedError" in notice.error
    keeper.stop()
    with serve_mail() as server:
        mail = MailSettings("127.0.0.1", server.port, "a@example.org", "smtp")
        back = NotificationSender(registry, HANDLE, mail, None, lambda: wall_clock_ms() + 11_000)
        back.start()
        wait_until(lambda: server.mails)
        wait_until(lambda: repositories.alarms.notices()[0].state is NoticeState.DELIVERED)
        back.stop()
    assert b"Subject: Critical: Frost in the greenhouse at gh-1" in server.mails[0][0]
    counts = back.counters()
    assert [counts[f"notices_{name}"] for name in ("delivered", "later", "refused")] == [1, 0, 0]


def test_new_data_reaches_a_recipient_at_once_and_no_period_is_waited_for(
    registry: Registry, wait_until: WaitUntil, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("station.server.workers.alarm_worker._REST_S", 0.05)
    monkeypatch.setattr("station.server.workers.alarm_worker._REST_FACTOR", 0.0)
    monkeypatch.setattr("station.server.notifications.sender._CHECK_EVERY_S", 3600.0)
    monkeypatch.setattr("station.server.workers.alarm_worker._EVALUATE_EVERY_S", 3600.0)
    monkeypatch.setattr("station.server.workers.alarm_worker._LOOK_EVERY_S", 3600.0)
    repositories = estate_with(registry)
    with serve_mail() as server:
        mail = MailSettings("127.0.0.1", server.port, "a@example.org", "smtp")
        sender = NotificationSender(registry, HANDLE, mail, None)
        store = MemoryStore()
        worker = AlarmWorker(registry, store, HANDLE, None, on_notices=sender.wake)
        commits = CommitListeners(lambda *_: None)
        commits.add(worker.wake)
        worker.start()
        sender.start()
        wait_until(lambda: worker.counters()["alarm_rounds"] == 1)
        cold_house(store)
        commits.on_commit(*NO_COMMIT)
        wait_until(lambda: server.mails)
        wait_until(lambda: repositories.alarms.notices()[0].state is NoticeState.DELIVERED)
        worker.stop()
        sender.stop()


def test_a_lease_is_not_written_each_round(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    estate_with(registry)
    writes: list[str] = []
    acquire = AlarmRepository.acquire_lease

    def count(self: AlarmRepository, holder: str, for_ms: int) -> bool:
        writes.append(holder)
        return acquire(self, holder, for_ms)

    monkeypatch.setattr(AlarmRepository, "acquire_lease", count)
    worker = AlarmWorker(registry, MemoryStore(), HANDLE, None)
    assert [worker.evaluate() for _ in range(3)] == [True] * 3
    assert len(writes) == 1


def test_only_one_of_two_processes_judges_and_the_other_takes_over(registry: Registry) -> None:
    estate_with(registry)
    store = cold_house()
    one, two = (AlarmWorker(registry, store, HANDLE, None) for _ in range(2))
    assert (one.evaluate(), two.evaluate()) == (True, False)
    one.release()
    assert two.evaluate()


def test_gateways_that_cannot_be_asked_are_taken_as_they_were(registry: Registry) -> None:
    offline = AlarmTest(what="gateway_offline", above=0.5)
    repositories = estate_with(registry, AlarmRule(name="offline", any_of=((offline,),), for_s=0.0, clear_for_s=60.0))
    answers: list[Sequence[GatewayState]] = [[told(online=False)]]
    keeper = AlarmWorker(registry, MemoryStore(), HANDLE, lambda: answers[0])
    keeper.evaluate()
    assert [alarm.subject for alarm in repositories.alarms.active()] == ["gw-1"]
    silent = dict.fromkeys(
        ("refused_messages", "conflicting_samples", "differing_records", "turns", "lost_records"), 0.0
    )
    always = {"gateway_status_age_s": 60.0, **{f"gateway_{name}": value for name, value in silent.items()}}
    assert gateway_values(told(online=False), 61_000) == {"gateway_offline": 1.0, **always}
    known = gateway_values(told(online=True), 61_000)
    assert (known["gateway_offline"], known["gateway_spool_records"], known["gateway_spool_age_s"]) == (0.0, 7.0, 31.0)
    assert gateway_values(told(online=None), 61_000) == always


@pytest.mark.parametrize("step_ms", some_long(STEPS_MS))
@pytest.mark.parametrize("in_doubt", [True, False])
def test_a_step_of_the_clock_keeps_no_alarm_of_a_gateway_from_being_raised_or_ended(
    registry: Registry, step_ms: int, in_doubt: bool
) -> None:
    repositories = estate_with(registry)
    add_default_rules(repositories, has_broker=False)
    now, loss, up_s = [wall_clock_ms()], [0], [1000.0]
    worker = AlarmWorker(
        registry,
        MemoryStore(),
        HANDLE,
        lambda: [msgspec.structs.replace(told(online=True), loss=loss[0])],
        now_ms=lambda: now[0],
        in_doubt=lambda: in_doubt,
        up_s=lambda: up_s[0],
    )

    def active(minutes: int) -> list[str]:
        for _ in range(minutes):
            now[0], up_s[0] = now[0] + MINUTE_MS, up_s[0] + 60.0
            assert worker.evaluate()
        return [alarm.rule for alarm in repositories.alarms.active() if alarm.rule == "gateway-loss"]

    assert active(3) == []
    now[0] += step_ms
    loss[0] = 5
    assert active(1) == ["gateway-loss"]
    now[0] -= step_ms
    assert active(1) == ["gateway-loss"]
    loss[0] = 0
    assert active(3) == []


def test_a_clock_in_doubt_is_an_alarm_of_the_station(registry: Registry) -> None:
    repositories = estate_with(registry)
    add_default_rules(repositories, has_broker=False)
    machine = ClockedMachine()
    clock = StationClock(None, sources=machine.sources())
    worker = AlarmWorker(
        registry, MemoryStore(), HANDLE, None, now_ms=clock.now_ms, in_doubt=clock.in_doubt,
        station_values=partial(station_values, clock, None), up_s=lambda: machine.up_s,
    )  # fmt: skip

    def active(seconds: int) -> list[tuple[str, str, str]]:
        for _ in range(0, seconds, 15):
            machine.run(15)
            worker.evaluate()
        return [(alarm.rule, alarm.subject, alarm.kind) for alarm in repositories.alarms.active()]

    assert active(120) == []
    machine.step_ms = -YEAR_MS
    assert active(90) == [("clock-in-doubt", STATION, STATION)]
    machine.step_ms = 0
    assert active(90) == []


@pytest.mark.parametrize(
    ("rule", "trouble"),
    [
        ("gateway-identity", {"recent": RecentTrouble(alternations=2)}),
        ("gateway-identity", {"recent": RecentTrouble(other_content=1)}),
        ("gateway-conflicts", {"recent": RecentTrouble(conflicting=600)}),
        ("gateway-refused", {"recent": RecentTrouble(quarantined=1)}),
        ("gateway-loss", {"loss": 1531}),
    ],
)
def test_what_delivery_has_to_tell_raises_an_alarm(registry: Registry, rule: str, trouble: dict[str, Any]) -> None:
    repositories = estate_with(registry)
    add_default_rules(repositories, has_broker=False)
    known = repositories.alarm_rules.list(name=rule)[0]
    repositories.alarm_rules.change(msgspec.structs.replace(known, for_s=0.0))
    gateway = msgspec.structs.replace(told(online=True), **trouble)
    worker = AlarmWorker(registry, MemoryStore(), HANDLE, lambda: [told(online=True)])
    worker.evaluate()
    assert [alarm.rule for alarm in repositories.alarms.active()] == []
    worker.release()
    AlarmWorker(registry, MemoryStore(), HANDLE, lambda: [gateway]).evaluate()
    assert [(alarm.rule, alarm.subject) for alarm in repositories.alarms.active()] == [(rule, "gw-1")]


def told(*, online: bool | None) -> GatewayState:
    spool = SpoolState(records=7, oldest_ms=30_000)
    return GatewayState(id="gw-1", online=online, last_status_ms=1000, software="", epoch="", spool=spool)


def test_the_rules_that_come_along_are_put_in_place_once(registry: Registry) -> None:
    repositories = ensure_organisation(registry, HANDLE, "test")
    assert add_default_rules(repositories, has_broker=True) == len(load_default_rules()) == 20
    frost = repositories.alarm_rules.list(name="frost")[0]
    repositories.alarm_rules.delete(frost.id, 1)
    broker = repositories.alarm_recipients.list(name=BROKER_RECIPIENT)[0]
    repositories.alarm_recipients.delete(broker.id, 1)
    assert add_default_rules(repositories, has_broker=True) == 0
    assert (repositories.alarm_rules.list(name="frost"), repositories.alarm_recipients.list()) == ([], [])
    assert all(rule.source and rule.text and rule.text_zh for rule in load_default_rules())


def notice_to(recipient: AlarmRecipient, number: int) -> Notice:
    return Notice(
        id=f"{number:026d}", recipient=recipient.id, rule="frost", what="raised", about=(),
        body='{"title":"t","text":"x"}', created_ms=1, due_ms=1,
    )  # fmt: skip


@pytest.mark.parametrize(
    "error", [e for e in RAISED if not isinstance(e, KeyboardInterrupt)], ids=lambda error: type(error).__name__
)
def test_a_recipient_that_breaks_the_sender_stops_no_other(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    repositories = ensure_organisation(registry, HANDLE, "test")
    addresses = ("a@example.org", "evil@example.org", "z@example.org")
    recipients = [
        repositories.alarm_recipients.add(AlarmRecipient(name=address, kind=RecipientKind.EMAIL, address=address))
        for address in addresses
    ]
    notices = [notice_to(recipient, number) for number, recipient in enumerate(recipients)]
    repositories.alarms.save(AlarmUpdate(notices=notices))

    def send(_settings: MailSettings, recipient: AlarmRecipient, _notice: Notice) -> DeliveryOutcome:
        if recipient.address.startswith("evil"):
            raise error
        return DeliveryOutcome("delivered")

    monkeypatch.setattr("station.server.notifications.sender.send_mail", send)
    sender = NotificationSender(registry, HANDLE, MailSettings("127.0.0.1", 1, "a@example.org", "smtp"), None)
    assert sender.deliver() == 3
    states = {notice.id: (notice.state.value, notice.attempts) for notice in repositories.alarms.notices()}
    assert [states[notice.id] for notice in notices] == [("delivered", 1), ("waiting", 1), ("delivered", 1)]
