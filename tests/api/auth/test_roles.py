"""Roles by kind of record: the table of permissions against every operation of the API document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec
import pytest

from api.auth.permissions import PATH_PERMISSIONS, RequiredScope, is_open_to, required_scope
from headland.registry.models.access_table import (
    LEDGER_ENTRIES,
    TABLE,
    KindOfRecord,
    Right,
    Rights,
    Role,
    right_to_change,
    right_to_read,
)
from headland.registry.models.alarms import AlarmRecipient, RecipientKind
from headland.registry.models.cooperative import AccountEntry, AccountKind, SeasonStatement, StatementRunRecord
from headland.registry.models.models import Field, Member, Pass, Scope
from headland.registry.models.people import Contact, ContactChannel, Holding, HoldingKind, Person, PersonRole
from headland.registry.models.webhooks import Webhook, WebhookEvent
from headland.registry.repositories.ledger.entries import SEALED
from headland.registry.repositories.ledger.ledger_audit import audit_entries
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.registry.repositories.repository_row import ClosedRepository
from tests.alarms.notification.test_web_push import SUBSCRIPTION
from tests.api.auth.test_middleware import KeyedApi, serve_api
from tests.api.farm import DRONE, HOUSE, NOW_MS, START_MS, fill_farm
from tests.api.server import UNLIMITED
from tests.registry.records import PLOT, fill

#: Kinds that no role is refused, or of which the farm of these tests has nothing to show.
WITHOUT_MARKS = {
    KindOfRecord.GROUND,
    KindOfRecord.PUSH,
    KindOfRecord.LOST_MESSAGES,
    KindOfRecord.WITNESSES,
    KindOfRecord.PROOFS,
    KindOfRecord.GATEWAYS,
    KindOfRecord.IDENTITIES,
    KindOfRecord.ALARMS,
    KindOfRecord.SAMPLES,
}


@dataclass
class Farm:
    """A farm with one recognisable record of each kind, and a key of each role."""

    api: KeyedApi
    keys: dict[Role, str] = field(default_factory=dict)
    marks: dict[KindOfRecord, set[str]] = field(default_factory=dict)
    ids: dict[str, list[str]] = field(default_factory=dict)

    def headers(self, role: Role, **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[role]}", **more}

    def get(self, role: Role, path: str, **more: Any) -> httpx.Response:
        return self.api.client.get(path, headers=self.headers(role), timeout=120, **more)


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    with serve_api(tmp_path_factory.mktemp("roles"), fill_farm(), limits=UNLIMITED) as api:
        yield _fill(Farm(api))


def _fill(farm: Farm) -> Farm:
    repositories = farm.api.repositories
    records = fill(repositories)
    ground = repositories.fields.add(
        Field(farm=records["farms"].id, name="Mark-field", geometry=PLOT, owner="Mark-owner-text", site=None)
    )
    zhao = repositories.people.add(
        Person(
            name="Mark-person",
            number="Mark-7",
            contacts=(Contact(channel=ContactChannel.EMAIL, address="mark-contact@example.org"),),
        )
    )
    held = repositories.holdings.add(
        Holding(field=ground.id, person=zhao.id, kind=HoldingKind.LEASE, parts=1, of_parts=3)
    )
    flown = repositories.passes.declare(
        Pass(field=ground.id, device=DRONE, start_ms=START_MS, end_ms=START_MS + 60_000, note="mark-pass-note")
    )
    entry = repositories.accounts.add(
        AccountEntry(
            person=zhao.id, kind=AccountKind.DELIVERY, time_ms=START_MS, amount_fen=8_675_309, note="mark-entry"
        )
    )
    run = repositories.statements.add(
        StatementRunRecord(
            tariff=records["tariffs"].id, tariff_version=1, start_ms=START_MS, end_ms=START_MS + 1, people=1,
            charged_fen=7_775_309, area_m2=1, digest="d",
        ),
        [SeasonStatement(run="", person=zhao.id, start_ms=0, end_ms=1, balance_fen=-6_675_309, area_m2=1)],
    )  # fmt: skip
    ledger = repositories.ledger
    ledger.append("as_applied", ground.id, flown.id, {"amount": 4711.25})
    complaint = {"person": zhao.id, "latitude_deg": 1.0, "longitude_deg": 1.0, "text": "mark-quarrel", "evidence": {}}
    opened = ledger.append("dispute", ground.id, flown.id, complaint)
    outcome = {"dispute": opened.seq, "person": zhao.id, "outcome": "refund", "text": "mark-peace", "correction": None}
    ledger.append("dispute_outcome", ground.id, flown.id, outcome)
    ledger.append("subsidy_claim", ground.id, flown.id, {"fen": 5_550_901, "operator": "mark-operator"})
    ledger.append("weather", ground.id, flown.id, {"note": "after the sealed ones"})
    add = repositories.alarm_recipients.add
    add(AlarmRecipient(name="Mail", kind=RecipientKind.EMAIL, address="mark-mail@example.org"))
    add(AlarmRecipient(name="Hook", kind=RecipientKind.WEBHOOK, address="https://hook.example.org/mark-hook-path"))
    push = msgspec.structs.replace(SUBSCRIPTION, endpoint="https://fcm.googleapis.com/fcm/send/mark-push")
    add(AlarmRecipient(name="Phone", kind=RecipientKind.PUSH, address=msgspec.json.encode(push).decode()))
    hook = repositories.webhooks.add(
        Webhook(name="App", url="https://app.example/mark-app-path", events=(WebhookEvent.ALARM_RAISED,))
    )
    repositories.members.add(Member(subject="mark-subject", name="Li", role=Scope.READ))
    farm.marks = {
        KindOfRecord.FARM: {"Yangmai 25", "House 1"},
        KindOfRecord.INPUTS: {"Urea"},
        KindOfRecord.FIELDS: {"Mark-field"},
        KindOfRecord.PASSES: {"mark-pass-note", "4711.25"},
        KindOfRecord.NOTES: {"first ripe truss"},
        KindOfRecord.HARVESTS: set(),
        KindOfRecord.PEOPLE: {"Mark-person", "Mark-7", zhao.id, held.id},
        KindOfRecord.CONTACTS: {"mark-contact@example.org"},
        KindOfRecord.OWNERS: {"Mark-owner-text"},
        KindOfRecord.ACCOUNTS: {"8675309", "mark-entry", "6675309", entry.id},
        KindOfRecord.TARIFFS: {"2026 spraying", "7775309", "5550901", "mark-operator"},
        KindOfRecord.DISPUTES: {"mark-quarrel", "mark-peace", "dispute_outcome"},
        KindOfRecord.RECIPIENTS: {"Phone"},
        KindOfRecord.FORECAST_PROVIDERS: {"office@farm.example"},
        KindOfRecord.MAP_SOURCES: {"tile.openstreetmap.org"},
        KindOfRecord.ADDRESSES: {"mark-mail@example.org", "mark-hook-path", "mark-push", SUBSCRIPTION.auth},
        KindOfRecord.ACCESS: {"mark-app-path", "mark-subject"},
        # What is kept of a person has the marks of all other kinds.
        KindOfRecord.PERSON_DATA: set(),
    }
    farm.ids = {name: [record.id] for name, record in records.items()}
    farm.ids["fields"].append(ground.id)
    farm.ids["people"].append(zhao.id)
    farm.ids["person_data"] = [zhao.id]
    farm.ids["passes"] = [flown.id]
    farm.ids["accounts"] = [entry.id]
    farm.ids["statement_runs"] = [run.run.id]
    farm.ids["statements"] = [each.id for each in run.statements]
    farm.ids["alarm_recipients"] = [each.id for each in repositories.alarm_recipients.all()]
    farm.ids["push_subscriptions"] = farm.ids["alarm_recipients"]
    farm.ids["webhooks"].append(hook.id)
    farm.ids["entries"] = ["3", "4"]
    farm.ids["disputes"] = [str(opened.seq)]
    farm.ids["house"] = [HOUSE]

    def key_of(role: PersonRole) -> str:
        person = repositories.people.add(Person(name=f"The {role}", role=role))
        if role is PersonRole.MEMBER:
            own = repositories.fields.add(Field(farm=records["farms"].id, name="Own plot", geometry=PLOT))
            repositories.holdings.add(Holding(field=own.id, person=person.id, kind=HoldingKind.LEASE))
        return repositories.add_key(role, Scope.ADMIN, person=person.id)[1]

    farm.keys = {
        Role.MANAGER: farm.api.keys[Scope.ADMIN],
        Role.AGRONOMIST: key_of(PersonRole.AGRONOMIST),
        Role.PILOT: key_of(PersonRole.PILOT),
        Role.MEMBER: key_of(PersonRole.MEMBER),
        Role.READER: farm.api.keys[Scope.READ],
        Role.SENDER: farm.api.repositories.add_key("sender", Scope.SAMPLES)[1],
    }
    return farm


def _operations(farm: Farm) -> Iterator[tuple[str, str, str, dict[str, Any], list[str]]]:
    """Yield every operation that needs a key: method, path, path with ids, query, and the forms of its answer."""
    document = farm.api.ask("GET", "/openapi.json", Scope.ADMIN, timeout=120).json()
    known = {
        "start": START_MS, "end": NOW_MS, "field": farm.ids["fields"][-1], "device": DRONE,
        "farm": farm.ids["farms"][0],
        "pass_id": farm.ids["passes"][0], "latitude_deg": 31.951, "longitude_deg": 119.171, "old_size": 1,
        "house": HOUSE, "greenhouse": farm.ids["greenhouses"][0], "season": farm.ids["seasons"][0],
    }  # fmt: skip
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if required_scope(method.upper(), path) in (RequiredScope.NOTHING, RequiredScope.OPERATOR):
                continue
            if path == "/v1/live":
                continue
            asked = [each for each in operation.get("parameters", ()) if each["in"] == "query" and each.get("required")]
            query = {each["name"]: known.get(each["name"], "1") for each in asked}
            content = operation["responses"].get("200", {}).get("content", {})
            forms = [form for form in content if form in ("text/csv", "text/html")] or [""]
            for filled in _with_ids(farm, path):
                yield method.upper(), path, filled, query, ["application/json", *forms]


def _with_ids(farm: Farm, path: str) -> list[str]:
    parts = path.split("/")
    holes = [at for at, part in enumerate(parts) if "{" in part]
    if not holes:
        return [path]
    before = parts[holes[0] - 1].replace("-", "_")
    chosen = next((ids for kind, ids in farm.ids.items() if kind == before or before.endswith(kind)), [HOUSE, DRONE])
    return ["/".join(re.sub(r"\{\w+\}", an_id, part) for part in parts) for an_id in chosen]


@pytest.fixture(scope="module")
def refusals() -> list[tuple[Role, str, str, bool]]:
    """Return what was asked by whom, and whether their role was refused; `answers` fills it."""
    return []


@pytest.fixture(scope="module")
def answers(farm: Farm, refusals: list[tuple[Role, str, str, bool]]) -> dict[Role, list[tuple[str, str]]]:
    """Ask every operation with the key of every role; return what was asked and what was answered."""
    found: dict[Role, list[tuple[str, str]]] = {role: [] for role in Role}
    operations = list(_operations(farm))
    for role in Role:
        for method, template, path, query, forms in operations:
            is_read = method == "GET"
            if role is Role.MANAGER and not is_read:
                continue
            for form in dict.fromkeys(form for form in forms if form) if is_read else ("application/json",):
                body: dict[str, Any] = {} if is_read else {"json": {}}
                answer = farm.api.client.request(
                    method, path, params=query, headers=farm.headers(role, Accept=form), timeout=120, **body
                )
                assert answer.status_code < 500, (role, method, path, answer.text[:300])
                assert answer.status_code != 429, (role, method, path)
                text = answer.content.decode(errors="replace")
                for word in (path.rpartition("/")[2], *path.split("/"), *map(str, query.values())):
                    if len(word) > 20:
                        text = text.replace(word, "")  # an answer may repeat what was asked for
                found[role].append((f"{role} {method} {path} {form}", text))
                is_refused = answer.status_code == 403 and answer.json()["type"].endswith((":role", ":scope"))
                refusals.append((role, method, template, is_refused))
    return found


@pytest.mark.long
def test_what_the_table_closes_to_a_role_is_in_no_answer_of_any_operation(
    farm: Farm, answers: dict[Role, list[tuple[str, str]]]
) -> None:
    leaks = [
        (asked, kind, mark)
        for role in Role
        for kind, marks in farm.marks.items()
        # The marks are records of others: a role that reads its own ones reads none of them.
        if right_to_read(role, kind) is not Right.ALL
        for mark in marks
        for asked, text in answers[role]
        if mark in text
    ]
    assert leaks == []


@pytest.mark.long
def test_every_mark_is_in_an_answer_to_a_manager(farm: Farm, answers: dict[Role, list[tuple[str, str]]]) -> None:
    text = "\n".join(each for _, each in answers[Role.MANAGER])
    assert [mark for marks in farm.marks.values() for mark in marks if mark not in text] == []


@pytest.mark.long
@pytest.mark.usefixtures("answers")
def test_each_operation_refuses_the_roles_that_the_document_does_not_name(
    farm: Farm, refusals: list[tuple[Role, str, str, bool]]
) -> None:
    document = farm.api.ask("GET", "/openapi.json", Scope.ADMIN, timeout=120).json()
    named = {
        (method.upper(), path): set(operation["x-headland-roles"])
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if "x-headland-roles" in operation
    }
    wrong = [each for each in refusals if (each[0] in named[each[1], each[2]]) is each[3]]
    seen = {(role, method, path) for role, method, path, _ in refusals}
    assert wrong == []
    assert len(seen) > 4 * 300


def test_every_kind_that_a_role_does_not_read_is_marked_and_every_path_has_a_kind(farm: Farm) -> None:
    assert farm.marks.keys() | WITHOUT_MARKS == set(KindOfRecord)
    named = {entry.kind for entry in PATH_PERMISSIONS}
    parts = {KindOfRecord.CONTACTS, KindOfRecord.OWNERS, KindOfRecord.ADDRESSES, KindOfRecord.WITNESSES}
    assert named - {None} | parts == set(TABLE) == set(KindOfRecord)
    rows = OrganisationRepositories.rows()
    assert {row.kind for row in rows.values()} <= set(KindOfRecord)
    for role in Role:
        repositories = farm.api.registry.repositories(farm.api.repositories.organisation, "test", role=role)
        closed = {name for name in rows if isinstance(getattr(repositories, name), ClosedRepository)}
        assert closed == {
            name
            for name, row in rows.items()
            if right_to_read(role, row.kind) is Right.NONE and right_to_change(role, row.kind) is Right.NONE
        }


def test_a_pilot_reads_the_whole_chain_of_the_ledger_and_nothing_that_is_closed_in_it(farm: Farm) -> None:
    whole = farm.get(Role.MANAGER, "/v1/ledger").json()["items"]
    shown = farm.get(Role.PILOT, "/v1/ledger").json()["items"]
    assert [each["hash"] for each in shown] == [each["hash"] for each in whole]
    sealed = {each["kind"] for each, seen in zip(whole, shown, strict=True) if seen["kind"] == SEALED}
    assert sealed == {"dispute", "dispute_outcome", "subsidy_claim"}
    for each, seen in zip(whole, shown, strict=True):
        assert seen == each or (seen["who"], seen["field"], seen["pass_id"]) == ("", "", "")
    registry, organisation = farm.api.registry, farm.api.repositories.organisation
    pilot = registry.repositories(organisation, "test", role=Role.PILOT)
    checkpoint = [each.checkpoint for each in farm.api.repositories.proof_log.checkpoints()]
    note = farm.get(Role.PILOT, "/v1/ledger/checkpoint")
    assert note.status_code == 200
    checkpoint = [each.checkpoint for each in farm.api.repositories.proof_log.checkpoints()]
    entries = pilot.ledger.read()
    assert audit_entries(organisation, entries, checkpoint).is_whole
    forged = [msgspec.structs.replace(each, hash="0" * 64) if each.kind == SEALED else each for each in entries]
    assert not audit_entries(organisation, forged, []).is_whole
    for seq in (each["seq"] for each in shown if each["kind"] == SEALED):
        proof = farm.get(Role.PILOT, f"/v1/ledger/entries/{seq}/inclusion").json()
        assert (proof["kind"], proof["body_sha256"]) == (SEALED, "")
        assert (
            proof["leaf_sha256"] == farm.get(Role.READER, f"/v1/ledger/entries/{seq}/inclusion").json()["leaf_sha256"]
        )
    of_pass = farm.get(Role.PILOT, f"/v1/ledger?pass_id={farm.ids['passes'][0]}").json()["items"]
    assert {each["kind"] for each in of_pass} == {"as_applied", "weather"}


def test_an_entry_of_a_kind_that_nobody_named_is_sealed_for_all_but_managers(farm: Farm) -> None:
    assert "mark-new-kind" not in LEDGER_ENTRIES
    farm.api.repositories.ledger.append("mark-new-kind", "", "", {"new": "mark-new"})
    for role in (Role.AGRONOMIST, Role.PILOT, Role.READER):
        answer = farm.get(role, "/v1/ledger")
        assert (answer.status_code, "mark-new" in answer.text) == (200, False), role
    assert "mark-new" in farm.get(Role.MANAGER, "/v1/ledger").text


def test_a_recipients_address_is_shown_to_administrators_alone(farm: Farm) -> None:
    for path in ("/v1/alarm-recipients", *(f"/v1/alarm-recipients/{each}" for each in farm.ids["alarm_recipients"])):
        for role in (Role.AGRONOMIST, Role.PILOT, Role.READER):
            answer = farm.get(role, path)
            assert answer.status_code == 200
            for mark in (*farm.marks[KindOfRecord.ADDRESSES], "li@example.org"):
                assert mark not in answer.text, (role, path)
    assert "mark-mail@example.org" in farm.get(Role.MANAGER, "/v1/alarm-recipients").text


FCM = "https://fcm.googleapis.com/fcm/send/"


def _subscribe(farm: Farm, key: str, endpoint: str, **changes: str) -> httpx.Response:
    order = {
        "name": f"Phone {endpoint[-9:]}",
        "endpoint": endpoint,
        "p256dh": SUBSCRIPTION.p256dh,
        "auth": SUBSCRIPTION.auth,
        **changes,
    }
    return farm.api.client.post(
        "/v1/push-subscriptions", json=order, headers={"Authorization": f"Bearer {key}"}, timeout=120
    )


def test_a_key_ends_and_changes_the_browsers_that_it_subscribed_and_no_others(farm: Farm) -> None:
    one, other = (farm.api.repositories.add_key(name, Scope.WRITE)[1] for name in ("one", "other"))
    admin = farm.keys[Role.MANAGER]
    mine = _subscribe(farm, one, f"{FCM}of-one")
    theirs = _subscribe(farm, admin, f"{FCM}of-admin")
    assert (mine.status_code, theirs.status_code) == (201, 201)

    def end(key: str, made: httpx.Response) -> httpx.Response:
        path = f"/v1/push-subscriptions/{made.json()['recipient']}"
        return farm.api.client.delete(path, headers={"Authorization": f"Bearer {key}"}, timeout=120)

    for key, made in ((other, mine), (one, theirs), (farm.keys[Role.AGRONOMIST], theirs)):
        refused = end(key, made)
        assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (403, "not-own")
    # Who knows the address of a browser and not its secret does not take it over.
    secret = "AAAAAAAAAAAAAAAAAAAAAA"
    assert _subscribe(farm, other, f"{FCM}of-one", name="Taken", auth=secret).status_code == 403
    assert _subscribe(farm, other, f"{FCM}of-admin", name="Taken", auth=secret).status_code == 403
    assert _subscribe(farm, one, f"{FCM}of-one", name="Renamed").json()["recipient"] == mine.json()["recipient"]
    # Another person signs in with the same browser: it is theirs from now on.
    assert _subscribe(farm, other, f"{FCM}of-one").json()["recipient"] == mine.json()["recipient"]
    assert end(one, mine).status_code == 403
    assert end(other, mine).status_code == 204
    assert end(admin, theirs).status_code == 204


def test_a_browser_of_an_earlier_version_is_ended_by_an_administrator_or_taken_again(farm: Farm) -> None:
    add = farm.api.repositories.alarm_recipients.add
    old = msgspec.structs.replace(SUBSCRIPTION, endpoint=f"{FCM}of-before")
    known = add(AlarmRecipient(name="Old", kind=RecipientKind.PUSH, address=msgspec.json.encode(old).decode()))
    key = farm.api.repositories.add_key("old phone", Scope.WRITE)[1]
    headers = {"Authorization": f"Bearer {key}"}
    path = f"/v1/push-subscriptions/{known.id}"
    assert farm.api.client.delete(path, headers=headers).status_code == 403
    assert _subscribe(farm, key, old.endpoint).json()["recipient"] == known.id
    assert farm.api.client.delete(path, headers=headers).status_code == 204


@pytest.mark.parametrize(
    "host",
    ["attacker.example", "fcm.googleapis.com.attacker.example", "attackerpush.apple.com", "notify.windows.com.cn"],
)
def test_a_push_service_that_is_not_known_is_an_administrators_choice(farm: Farm, host: str) -> None:
    refused = _subscribe(farm, farm.keys[Role.AGRONOMIST], f"https://{host}/collect")
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (400, "unknown-push-service")
    made = _subscribe(farm, farm.keys[Role.MANAGER], f"https://{host}/collect")
    assert made.status_code == 201, made.text
    known = farm.api.repositories.alarm_recipients.get(made.json()["recipient"])
    farm.api.repositories.alarm_recipients.delete(known.id, known.version)


@pytest.mark.parametrize(
    "host",
    ["fcm.googleapis.com", "updates.push.services.mozilla.com", "web.push.apple.com", "wns2-sg2p.notify.windows.com"],
)
def test_the_push_services_of_the_browsers_are_known(farm: Farm, host: str) -> None:
    made = _subscribe(farm, farm.keys[Role.AGRONOMIST], f"https://{host}/x/known-one")
    assert made.status_code == 201, made.text
    known = farm.api.repositories.alarm_recipients.get(made.json()["recipient"])
    farm.api.repositories.alarm_recipients.delete(known.id, known.version)


#: Paths of kinds of which a member reads the own.
OWN_PATHS = ("people", "holdings", "fields", "statements", "accounts", "deliveries", "disputes", "passes/p-1")


def test_who_reads_the_own_alone_is_let_in_by_the_table_and_to_named_paths_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for path in OWN_PATHS:
        assert is_open_to(PersonRole.MEMBER, "GET", f"/v1/{path}"), path
        assert not is_open_to(PersonRole.MEMBER, "GET", f"/v1/{path}/new-thing"), path
        assert not is_open_to(PersonRole.MEMBER, "GET", f"/v1/{path}/{'0' * 26}/new-thing"), path
        permission = next(entry for entry in PATH_PERMISSIONS if entry.covers(f"/v1/{path}"))
        assert permission.kind is not None
        rights = TABLE[permission.kind]
        monkeypatch.setitem(
            TABLE,
            permission.kind,
            Rights((*rights.reads[:3], Right.NONE, rights.reads[4], rights.reads[5]), rights.changes),
        )
        assert not is_open_to(PersonRole.MEMBER, "GET", f"/v1/{path}"), path
        monkeypatch.undo()
    for path, kind in (("ledger", KindOfRecord.PROOFS), ("notes", KindOfRecord.NOTES)):
        assert not is_open_to(PersonRole.MEMBER, "GET", f"/v1/{path}")
        rights = TABLE[kind]
        monkeypatch.setitem(
            TABLE, kind, Rights((*rights.reads[:3], Right.ALL, rights.reads[4], rights.reads[5]), rights.changes)
        )
        assert is_open_to(PersonRole.MEMBER, "GET", f"/v1/{path}")
        monkeypatch.undo()


@pytest.mark.parametrize(
    "path",
    ["gateways", "gateways/gw-1/code", "gateways/gw-1/delivery/marks", "devices/house-1/owner", "ledger/witnesses/w-1"],
)
def test_what_decides_whose_word_counts_is_changed_by_whom_the_table_names(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert required_scope("POST", f"/v1/{path}") is RequiredScope.ADMIN
    for kind in (KindOfRecord.IDENTITIES, KindOfRecord.WITNESSES):
        rights = TABLE[kind]
        monkeypatch.setitem(TABLE, kind, Rights(rights.reads, (Right.ALL, Right.ALL, *rights.changes[2:])))
    assert required_scope("POST", f"/v1/{path}") is RequiredScope.WRITE
