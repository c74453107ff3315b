"""Rows of a member of the cooperative: the own plots and passes are seen, and nothing else, on any path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from headland.agronomy.geometry.local_plane import Plane
from headland.contract.records import ChannelInfo, Descriptor
from headland.registry.models.cooperative import AccountEntry, AccountKind, SeasonStatement, StatementRunRecord
from headland.registry.models.lots import Harvest, Lot
from headland.registry.models.models import Field, Member, Pass, Scope, Season
from headland.registry.models.people import Holding, HoldingKind, Person, PersonRole
from headland.registry.models.plant_protection import EvidenceClass
from headland.store.memory import MemoryStore
from tests.agronomy.harvest.simulated_harvest import harvest
from tests.api.auth.test_middleware import KeyedApi, serve_api
from tests.api.auth.test_organisation_separation import Organisation, requests_with_ids
from tests.api.farm import DRONE, HOUSE, NOW_MS, OWN, START_MS, WEATHER, fill_farm, write_series
from tests.api.server import UNLIMITED, body_of
from tests.registry.records import PLOT, fill

DAY_MS = 86_400_000
COMBINE = "machine-h7"


def cut(store: MemoryStore, start_ms: int) -> None:
    """Cut seven strips of the plot with a combine."""
    points = harvest(0, faults=False).points
    few = slice(0, 600)
    latitude, longitude = Plane(31.95, 119.17).to_degrees(points.east_m[few], points.north_m[few])
    columns = {
        "latitude_deg": latitude,
        "longitude_deg": longitude,
        "working_width_m": points.width_m[few],
        "ground_speed_m_s": points.speed_m_s[few],
        "harvest_flow_kg_min": points.flow_kg_s[few] * 60.0,
    }
    write_series(store, OWN, "home", "machine", COMBINE, start_ms + points.time_ms[few], columns)
    channels = {"harvest_flow_kg_min": ChannelInfo(unit="kg/min")}
    store.describe(
        OWN, "gw-1", Descriptor(device=COMBINE, kind="machine", site="home", name="Combine", channels=channels)
    )


@dataclass(frozen=True)
class Village:
    """A cooperative with a member who has a key, and what only others may read."""

    api: KeyedApi
    key: str
    person: Person
    plot: Field
    own: Pass
    before: Pass
    others: Organisation


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Village]:
    store = fill_farm()
    for start_ms in (START_MS + 1000, START_MS - DAY_MS):
        cut(store, start_ms)
    with serve_api(tmp_path_factory.mktemp("village"), store, limits=UNLIMITED) as api:
        repositories = api.repositories
        filled = fill(repositories)
        theirs = repositories.passes.declare(
            Pass(field=filled["fields"].id, device=DRONE, start_ms=START_MS + 5, end_ms=START_MS + 9000, note="secret")
        )
        repositories.ledger.append("as_applied", filled["fields"].id, theirs.id, {"amount": 4711.25})
        zhao = filled["people"].id
        entry = repositories.accounts.add(
            AccountEntry(person=zhao, kind=AccountKind.DELIVERY, time_ms=START_MS, amount_fen=1, note="private note")
        )
        made = repositories.statements.add(
            StatementRunRecord(
                tariff=filled["tariffs"].id, tariff_version=1, start_ms=START_MS, end_ms=START_MS + 1, people=1,
                charged_fen=8_675_309, area_m2=1, digest="d",
            ),
            [SeasonStatement(run="", person=zhao, start_ms=0, end_ms=1, balance_fen=-8_675_309, area_m2=1)],
        )  # fmt: skip
        dispute = {"person": zhao, "latitude_deg": 1.0, "longitude_deg": 1.0, "text": "quarrel", "evidence": {}}
        repositories.ledger.append("dispute", filled["fields"].id, theirs.id, dispute)
        person = repositories.people.add(Person(name="Wang", number="1"))
        plot = repositories.fields.add(Field(farm=filled["farms"].id, name="Own plot", geometry=PLOT))
        repositories.holdings.add(Holding(field=plot.id, person=person.id, kind=HoldingKind.LEASE, start_ms=START_MS))
        declared = [
            repositories.passes.declare(Pass(field=plot.id, device=DRONE, start_ms=start_ms, end_ms=start_ms + 60_000))
            for start_ms in (START_MS, START_MS - DAY_MS)
        ]
        ids = [record.id for name, record in filled.items() if name != "farms"] + [theirs.id, declared[1].id]
        ids += [entry.id, made.run.id, made.statements[0].id]
        names = [HOUSE, WEATHER]
        marks = [
            *ids,
            *names,
            "North",
            "Zhao",
            "13899990000",
            "4711.25",
            "gw-1",
            "first ripe truss",
            "secret",
            "private note",
        ]
        marks += ["8675309", "quarrel", "private note"]
        yield Village(
            api,
            repositories.add_key("member", Scope.ADMIN, person=person.id)[1],
            person,
            plot,
            declared[0],
            declared[1],
            # A path is asked with a few of the ids; none of all the marks may be in an answer.
            Organisation("", repositories, [theirs.id, filled["fields"].id, zhao, *ids[-4:]], names, marks),
        )


@pytest.mark.long
def test_no_path_shows_or_changes_anything_of_others_with_a_members_key(village: Village) -> None:
    headers = {"Authorization": f"Bearer {village.key}", "If-Match": "*"}
    repositories = village.api.repositories
    before, statuses = (repositories.check_audit(), repositories.ledger.check()), set()
    for method, path, identifiers in requests_with_ids(village.api, village.others):
        body: dict[str, Any] = {} if method == "GET" else {"json": {}}
        answer = village.api.client.request(method, path, headers=headers, timeout=120, **body)
        statuses.add(answer.status_code)
        assert answer.status_code < 500, (method, path, answer.text[:300])
        text = answer.text
        for word in identifiers:
            text = text.replace(word, "")
        assert not [mark for mark in village.others.marks if mark not in path and mark in text], (method, path, text)
    assert {200, 403, 404} <= statuses
    assert 429 not in statuses  # it would be no answer to what was asked
    assert (repositories.check_audit(), repositories.ledger.check()) == before


def test_a_member_sees_the_own_plot_and_its_pass_since_the_share_began(village: Village) -> None:
    headers = {"Authorization": f"Bearer {village.key}"}

    def ask(path: str) -> Any:
        return body_of(village.api.client.get(path, headers=headers, timeout=120))

    assert [field["id"] for field in ask("/v1/fields")["items"]] == [village.plot.id]
    assert [person["name"] for person in ask("/v1/people")["items"]] == ["Wang"]
    window = f"start={START_MS - 2 * DAY_MS}&end={START_MS + DAY_MS}"
    listed = ask(f"/v1/fields/{village.plot.id}/passes?{window}")["items"]
    assert [item["id"] for item in listed] == [village.own.id]
    assert ask(f"/v1/passes/{village.own.id}")["id"] == village.own.id
    session = ask("/v1/session")
    assert (session["role"], session["person"], session["scope"]) == ("member", village.person.id, "read")
    answer = village.api.client.get(f"/v1/passes/{village.before.id}", headers=headers)
    assert answer.status_code == 404
    assert ask("/v1/base-map")["kind"] is None  # the ground under the map of a dispute
    client = village.api.client
    for method in ("PUT", "DELETE"):
        changed = client.request(method, "/v1/base-map", headers=headers, content=b"{}")
        assert changed.status_code == 403, method
    for path in ("/v1/live", "/v1/export", "/sta/v1.1/Things", "/ogc/collections/fields/items", "/v1/ledger"):
        refused = village.api.client.get(path, headers=headers)
        assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (403, "role"), path


def test_a_former_holder_reads_the_passes_of_the_own_time_and_no_longer_the_field(village: Village) -> None:
    repositories = village.api.repositories
    person = repositories.people.add(Person(name="Former"))
    headers = {"Authorization": f"Bearer {repositories.add_key('former', Scope.READ, person=person.id)[1]}"}
    former = repositories.fields.add(
        Field(farm=village.plot.farm, name="Former plot", geometry=PLOT, owner="the holder after")
    )
    share = Holding(field=former.id, person=person.id, kind=HoldingKind.LEASE, end_ms=NOW_MS + 1)
    share = repositories.holdings.add(share)
    flown = repositories.passes.declare(
        Pass(field=former.id, device=DRONE, start_ms=START_MS, end_ms=START_MS + 60_000)
    )

    def ask(path: str) -> Any:
        return village.api.client.get(path, headers=headers, timeout=120)

    assert [each["id"] for each in ask("/v1/fields").json()["items"]] == [former.id]
    assert ask(f"/v1/fields/{former.id}").json()["owner"] == "the holder after"
    repositories.holdings.change(msgspec.structs.replace(share, end_ms=NOW_MS))
    for path in ("/v1/fields", f"/v1/fields/{former.id}"):
        assert "the holder after" not in ask(path).text, path
    assert ask("/v1/fields").json()["items"] == []
    assert ask(f"/v1/fields/{former.id}").status_code == 404
    window = f"start={START_MS}&end={NOW_MS}"
    assert [each["id"] for each in ask(f"/v1/fields/{former.id}/passes?{window}").json()["items"]] == [flown.id]
    assert ask(f"/v1/passes/{flown.id}").status_code == 200
    assert [each["end_ms"] for each in ask("/v1/holdings").json()["items"]] == [NOW_MS]


def test_a_member_reads_the_yield_of_the_own_plot_since_the_share_began_and_of_no_other(village: Village) -> None:
    repositories, client = village.api.repositories, village.api.client
    member = {"Authorization": f"Bearer {village.key}"}
    day = datetime.fromtimestamp(START_MS / 1000.0, UTC).date()
    seasons = {
        name: repositories.seasons.add(
            Season(field=village.plot.id, name=name, crop="wheat", harvest_date=harvested)
        ).id
        for name, harvested in {"own": day, "of the tenant before": day - timedelta(days=2)}.items()
    }
    weighed = []
    for number, time_ms in enumerate((START_MS + 5000, START_MS - DAY_MS)):
        record = Harvest(
            field=village.plot.id, crop="wheat", time_ms=time_ms, grams=3_000_000, author="Li",
            evidence=EvidenceClass.MEASURED,
        )  # fmt: skip
        lot = Lot(code=f"M{number}", product="wheat", crop="wheat", time_ms=time_ms, grams=1)
        weighed.append(repositories.lots.record_harvest(record, lot)[0].id)

    def ask(path: str, in_field: str = village.plot.id, **query: Any) -> Any:
        return client.get(f"/v1/fields/{in_field}/{path}", params=query, headers=member, timeout=120)

    window: dict[str, Any] = {"start": START_MS - 2 * DAY_MS, "end": START_MS + DAY_MS}
    every = village.api.ask("GET", f"/v1/fields/{village.plot.id}/harvest-passes", Scope.READ, params=window).json()
    assert [each["device"] for each in every["items"]] == [COMBINE, COMBINE]
    (own,) = ask("harvest-passes", **window).json()["items"]
    assert own["start_ms"] > START_MS
    found = ask("yield", **window, format="summary").json()
    assert [each["passes"] for each in found["machines"]] == [[own["id"]]]
    assert found["weighing"]["harvests"] == weighed[:1]
    assert found["sensor_t"] == pytest.approx(own["sensor_t"], rel=0.05)
    assert [each["season"] for each in ask("yield/seasons").json()["items"]] == [seasons["own"]]
    assert [each["season"] for each in ask("yield/stability").json()["seasons"]] == [seasons["own"]]
    assert ask("yield", season=seasons["own"]).status_code == 200
    assert ask("yield", season=seasons["of the tenant before"]).status_code == 404
    others = village.others.ids[1]
    theirs = repositories.seasons.add(Season(field=others, name="theirs", crop="wheat", harvest_date=day)).id
    assert ask("yield", season=theirs).status_code == 404
    assert ask("yield/against-applied", pass_id=village.others.ids[0], **window).status_code == 404
    assert ask("yield/against-applied", pass_id=village.before.id, **window).status_code == 404
    for path in ("harvest-passes", "yield", "yield/seasons", "yield/stability"):
        assert ask(path, others).status_code == 404, path
    assert ask("yield/against-applied", others, pass_id=village.own.id, **window).status_code == 404
    for path in ("/v1/harvests", f"/v1/harvests?field={village.plot.id}", "/v1/lots", "/v1/seasons"):
        assert client.get(path, headers=member).status_code == 403, path


def test_a_role_limits_a_key_whatever_its_scope_and_a_deleted_person_has_none(village: Village) -> None:
    repositories, client = village.api.repositories, village.api.client

    def key_of(role: PersonRole) -> tuple[Person, dict[str, str]]:
        person = repositories.people.add(Person(name=f"The {role}", role=role))
        return person, {"Authorization": f"Bearer {repositories.add_key(role, Scope.ADMIN, person=person.id)[1]}"}

    person, pilot = key_of(PersonRole.PILOT)
    assert client.get("/v1/people", headers=pilot).status_code == 403
    assert client.get("/v1/fields", headers=pilot).status_code == 200
    assert client.post("/v1/products", headers=pilot, json={}).status_code == 403
    assert client.post("/v1/notes", headers=pilot, json={}).status_code == 422
    _, agronomist = key_of(PersonRole.AGRONOMIST)
    assert client.post("/v1/products", headers=agronomist, json={}).status_code == 422
    assert client.post("/v1/people", headers=agronomist, json={}).status_code == 403
    contacts = [item["contacts"] for item in client.get("/v1/people", headers=agronomist).json()["items"]]
    assert not any(contacts)
    _, manager = key_of(PersonRole.MANAGER)
    assert client.post("/v1/people", headers=manager, json={}).status_code == 422
    assert any(item["contacts"] for item in client.get("/v1/people", headers=manager).json()["items"])
    repositories.people.delete(person.id, person.version)
    assert village.api.registry.authenticate(pilot["Authorization"].removeprefix("Bearer ")) is None


def test_a_deactivated_person_has_no_access_until_activated_and_keeps_what_names_them(village: Village) -> None:
    repositories, client, registry = village.api.repositories, village.api.client, village.api.registry
    made = village.api.ask("POST", "/v1/people", Scope.ADMIN, json={"name": "Chen", "role": "member"})
    assert (made.status_code, made.json()["active"]) == (201, True)
    person = made.json()
    share = {"field": village.plot.id, "person": person["id"], "kind": "lease", "start_ms": 0, "end_ms": START_MS}
    assert village.api.ask("POST", "/v1/holdings", Scope.ADMIN, json=share).status_code == 201
    key = repositories.add_key("Chen", Scope.READ, person=person["id"])[1]
    begun = registry.begin_session(key)
    assert begun is not None
    repositories.members.add(Member(subject="idp|chen", name="Chen", role=Scope.READ, person=person["id"]))

    def accesses() -> list[bool]:
        found = registry.authenticate(key), registry.resume_session(begun[1])
        return [*(each is not None for each in found), bool(registry.memberships("idp|chen"))]

    def put(**changes: Any) -> Any:
        path = f"/v1/people/{person['id']}"
        now = village.api.ask("GET", path, Scope.ADMIN).json()
        return body_of(village.api.ask("PUT", path, Scope.ADMIN, json={**now, **changes}))

    assert accesses() == [True, True, True]
    assert put(active=False)["active"] is False
    assert accesses() == [False, False, False]
    assert client.get("/v1/fields", headers={"Authorization": f"Bearer {key}"}).status_code == 401
    assert [each.person for each in repositories.holdings.all(person=person["id"])] == [person["id"]]
    body = {"name": "another", "scope": "read", "person": person["id"]}
    refused = village.api.ask("POST", "/v1/keys", Scope.ADMIN, json=body)
    assert (refused.status_code, "deactivated" in refused.json()["detail"]) == (400, True)
    put(active=True)
    assert accesses() == [True, True, True]


def test_people_are_imported_after_a_preview_all_or_none(village: Village) -> None:
    def send(text: str, *, dry_run: bool = False) -> Any:
        return village.api.ask(
            "POST", f"/v1/people/import?dry_run={str(dry_run).lower()}", Scope.ADMIN, content=text.encode(), timeout=120
        )

    repositories = village.api.repositories
    before = len(repositories.people.list())
    table = "name,number,field,share\nSun,81,Own plot,1/2\nQian,82,Own plot,1/2\n"
    preview = send(table, dry_run=True)
    assert (preview.status_code, preview.json()["stored"], len(preview.json()["people"])) == (200, False, 2)
    assert send(table + "Zhou,83,Nowhere,1\n").json()["faults"][0]["row"] == 3
    # The third share is more than the field: nobody of the table is added.
    assert send(table + "Zhou,83,Own plot,1/9\n").status_code == 400
    assert len(repositories.people.list()) == before
    stored = send(table)
    assert stored.status_code == 201, stored.text
    assert [holding["parts"] for holding in stored.json()["holdings"]] == [1, 1]
    assert len(repositories.people.list()) == before + 2
    assert send(table).json()["known"] == 4
