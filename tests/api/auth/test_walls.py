"""Two organisations in one registry and store: with the key of one, no route shows or changes anything of the other."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
import pytest

from api.auth.permissions import RequiredScope, required_scope
from api.routes.registry import ID_PATTERN
from headland.contract.records import Descriptor
from headland.registry.models.alarms import Alarm, Severity
from headland.registry.models.models import Scope
from headland.registry.repositories.alarms import AlarmUpdate
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from tests.api.auth.test_middleware import House, house
from tests.api.farm import DRONE, HOUSE, OTHER, START_MS, WEATHER, fill_farm, put
from tests.registry.records import fill

SIGN = 8.0078125  # a value that only the other organisation's greenhouse has
MARKED = "gh-secret"


@dataclass(frozen=True)
class Side:
    """One organisation: a key that opens all of it, its ids, and what nobody else may ever read."""

    key: str
    repositories: OrganisationRepositories
    ids: list[str]
    names: list[str]
    marks: list[str]


def side_of(repositories: OrganisationRepositories, names: list[str], marks: list[str]) -> Side:
    ids = [record.id for record in fill(repositories).values()]
    alarm = Alarm(
        id=repositories.alarms.new_id(), rule="frost", subject=names[0], kind="greenhouse", site="home",
        severity=Severity.CRITICAL, by_station=True, standing=("station",), began_ms=START_MS, raised_ms=START_MS,
        what="air_temperature_degc", value=1.2, unit="degC", text="heat it", text_zh="加温", simulated=False,
    )  # fmt: skip
    repositories.alarms.save(AlarmUpdate(alarms={alarm.id: alarm}))
    repositories.farms.add(repositories.farms.list()[0].__class__(name=f"Farm of {names[0]}"))
    ids.append(alarm.id)
    return Side(repositories.add_key("walk", Scope.ADMIN)[1], repositories, ids, names, [*ids, *names, *marks])


@pytest.fixture(scope="module")
def walls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Side, Side]]:
    store = fill_farm()
    times = START_MS + 1000 * np.arange(400)
    put(store, OTHER, "away", "greenhouse", MARKED, times, {"air_temperature_degc": np.full(400, SIGN)})
    store.describe(OTHER, "gw-secret", Descriptor(device=MARKED, kind="greenhouse", site="away", name=MARKED))
    with house(tmp_path_factory.mktemp("walls"), store) as own:
        other = own.registry.repositories(own.registry.add_organisation(OTHER, "Their farm", "test").id, "test")
        mine = side_of(own.repositories, [HOUSE, DRONE, WEATHER], ["gw-1", "gw-2", "Our farm", "番茄一号棚", "AP8B"])
        theirs = side_of(other, [MARKED, "gh-9"], ["gw-secret", str(SIGN), "Their farm"])
        yield own, mine, theirs


def addresses(own: House, side: Side) -> Iterator[tuple[str, str, set[str]]]:
    """Yield every method and path of the document with each id of a side in it, and what was put in."""
    document = own.ask("GET", "/openapi.json", Scope.ADMIN).json()
    texts = [*side.ids[:2], *side.names, "gw-1", "7", "Things", f"Things('{side.names[0]}')/Datastreams"]
    for path, methods in document["paths"].items():
        parts = path.split("/")
        holes = [place for place, part in enumerate(parts) if "{" in part]
        for method in methods:
            if required_scope(method.upper(), path) is RequiredScope.NOTHING or path == "/v1/live":
                continue
            # What can be no id of such a thing is refused before anybody looks for it.
            told = [one for one in methods[method].get("parameters", ()) if one["in"] == "path"]
            of_records = any(one["schema"].get("pattern") == ID_PATTERN for one in told)
            chosen: list[tuple[str, ...]] = [(text,) for text in (side.ids if of_records else texts)]
            if len(holes) > 1:
                chosen = list(itertools.product(side.names[:1] + side.ids[:3], repeat=len(holes)))
            for said in chosen if holes else [()]:
                filled = dict(zip(holes, said, strict=True))
                yield method.upper(), "/".join(filled.get(n, part) for n, part in enumerate(parts)), set(said)


def queries(side: Side) -> dict[str, list[str]]:
    names = ("device", "field", "farm", "house", "greenhouse", "site", "pass", "season", "product", "implement")
    return {name: [side.names[0], *side.ids] for name in names}


@pytest.mark.parametrize("direction", ["from home", "to home"])
def test_no_route_shows_or_changes_anything_of_another_organisation(
    walls: tuple[House, Side, Side], direction: str
) -> None:
    own, mine, theirs = walls
    asker, owner = (mine, theirs) if direction == "from home" else (theirs, mine)
    shown = {"Authorization": f"Bearer {asker.key}"}
    before = owner.repositories.check_audit()
    seen: set[int] = set()
    for method, path, said in addresses(own, owner):
        body: dict[str, Any] = {} if method == "GET" else {"json": {}}
        answer = own.client.request(method, path, headers={**shown, "If-Match": "*"}, timeout=60, **body)
        seen.add(answer.status_code)
        assert answer.status_code < 500, (method, path, answer.text[:300])
        told = answer.text
        for word in said:
            told = told.replace(word, "")  # a refusal may repeat what was asked for
        for mark in owner.marks:
            assert mark in path or mark in asker.marks or mark not in told, (method, path, mark)
    assert {200, 404} <= seen
    assert owner.repositories.check_audit() == before


@pytest.mark.parametrize("direction", ["from home", "to home"])
def test_no_question_finds_anything_of_another_organisation(walls: tuple[House, Side, Side], direction: str) -> None:
    own, mine, theirs = walls
    asker, owner = (mine, theirs) if direction == "from home" else (theirs, mine)
    shown = {"Authorization": f"Bearer {asker.key}"}
    document = own.ask("GET", "/openapi.json", Scope.ADMIN).json()
    asked = 0
    for path, methods in document["paths"].items():
        if "{" in path or "get" not in methods or path == "/v1/live":
            continue
        for parameter in methods["get"].get("parameters", ()):
            for value in queries(owner).get(parameter["name"], ()) if parameter["in"] == "query" else ():
                told = own.client.get(path, params={parameter["name"]: value}, headers=shown).text.replace(value, "")
                asked += 1
                assert not [mark for mark in owner.marks if mark not in asker.marks and mark in told], (path, value)
    assert asked


def test_the_live_stream_is_of_ones_own_organisation(walls: tuple[House, Side, Side]) -> None:
    own, mine, theirs = walls
    for asker, owner in ((mine, theirs), (theirs, mine)):
        devices = listen(own.client, asker.key)
        assert set(asker.names) & devices
        assert not set(owner.names) & devices


def listen(client: httpx.Client, key: str) -> set[str]:
    """Return the devices of the first values of a stream."""
    with client.stream("GET", "/v1/live", headers={"Authorization": f"Bearer {key}"}, timeout=10) as response:
        lines = response.iter_lines()
        for line in lines:
            if line.startswith("event: latest"):
                items = json.loads(next(lines).removeprefix("data: "))["items"]
                if items:
                    return {item["device"] for item in items}
    return set()


def test_the_registry_and_readiness_tell_another_organisation_nothing_of_the_house(
    walls: tuple[House, Side, Side],
) -> None:
    own, _, theirs = walls
    shown = {"Authorization": f"Bearer {theirs.key}", "X-Forwarded-For": "203.0.113.9"}
    checks = own.client.get("/readyz", headers=shown).json()["checks"]
    assert {check["detail"] for check in checks} == {""}
    assert "headland_store_points" not in own.client.get("/metrics", headers=shown).text
