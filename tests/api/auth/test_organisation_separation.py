"""Separation of two organisations in one registry and store: a key reads and changes nothing of the other."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
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
from tests.api.auth.test_middleware import KeyedApi, serve_api
from tests.api.farm import DRONE, HOUSE, OTHER, START_MS, WEATHER, fill_farm, write_series
from tests.api.server import UNLIMITED
from tests.every_case import IS_EVERY_CASE_SENT
from tests.registry.records import fill

SIGN = 8.0078125  # a value that only the other organisation's greenhouse has
MARKED = "gh-secret"


@dataclass(frozen=True)
class Organisation:
    """One organisation: a key that opens all of it, its ids, and what nobody else may ever read."""

    key: str
    repositories: OrganisationRepositories
    ids: list[str]
    names: list[str]
    marks: list[str]
    id_by_kind: dict[str, str] = field(default_factory=dict)


def fill_organisation(repositories: OrganisationRepositories, names: list[str], marks: list[str]) -> Organisation:
    id_by_kind = {kind: record.id for kind, record in fill(repositories).items()}
    ids = list(id_by_kind.values())
    alarm = Alarm(
        id=repositories.alarms.new_id(), rule="frost", subject=names[0], kind="greenhouse", site="home",
        severity=Severity.CRITICAL, by_station=True, standing=("station",), began_ms=START_MS, raised_ms=START_MS,
        what="air_temperature_degc", value=1.2, unit="degC", text="heat it", text_zh="加温", simulated=False,
    )  # fmt: skip
    repositories.alarms.save(AlarmUpdate(alarms={alarm.id: alarm}))
    repositories.farms.add(repositories.farms.list()[0].__class__(name=f"Farm of {names[0]}"))
    ids.append(alarm.id)
    id_by_kind["alarms"] = alarm.id
    key = repositories.add_key("walk", Scope.ADMIN)[1]
    return Organisation(key, repositories, ids, names, [*ids, *names, *marks], id_by_kind)


@pytest.fixture(scope="module")
def organisations(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[KeyedApi, Organisation, Organisation]]:
    store = fill_farm()
    times = START_MS + 1000 * np.arange(400)
    write_series(store, OTHER, "away", "greenhouse", MARKED, times, {"air_temperature_degc": np.full(400, SIGN)})
    store.describe(OTHER, "gw-secret", Descriptor(device=MARKED, kind="greenhouse", site="away", name=MARKED))
    with serve_api(tmp_path_factory.mktemp("walls"), store, limits=UNLIMITED) as keyed_api:
        other = keyed_api.registry.repositories(
            keyed_api.registry.add_organisation(OTHER, "Their farm", "test").id, "test"
        )
        mine = fill_organisation(
            keyed_api.repositories, [HOUSE, DRONE, WEATHER], ["gw-1", "gw-2", "Our farm", "番茄一号棚", "AP8B"]
        )
        theirs = fill_organisation(other, [MARKED, "gh-9"], ["gw-secret", str(SIGN), "Their farm"])
        yield keyed_api, mine, theirs


def choose_ids(organisation: Organisation, path: str, turn: int) -> list[str]:
    """Return the ids to put in a path of one kind of record: the id of that kind, and three others in turn.

    CI puts every id in every path (`HEADLAND_EVERY_CASE=1`), as is done here where the path's kind has no record.
    """
    collection = path.partition("/{")[0].rpartition("/")[2].replace("-", "_")
    own = [id_ for kind, id_ in organisation.id_by_kind.items() if collection.startswith(kind) or kind in collection]
    if IS_EVERY_CASE_SENT or not own:
        return organisation.ids
    others = itertools.islice(itertools.cycle(organisation.ids), 3 * turn, 3 * turn + 3)
    return [*dict.fromkeys([*own, *others])]


def requests_with_ids(keyed_api: KeyedApi, organisation: Organisation) -> Iterator[tuple[str, str, set[str]]]:
    """Yield every method and path of the document with each id of a side in it, and what was put in."""
    document = keyed_api.ask("GET", "/openapi.json", Scope.ADMIN, timeout=120).json()
    texts = [
        *organisation.ids[:2],
        *organisation.names,
        "gw-1",
        "7",
        "Things",
        f"Things('{organisation.names[0]}')/Datastreams",
    ]
    turns = itertools.count()
    for path, methods in document["paths"].items():
        parts = path.split("/")
        placeholders = [place for place, part in enumerate(parts) if "{" in part]
        for method in methods:
            if required_scope(method.upper(), path) is RequiredScope.NOTHING or path == "/v1/live":
                continue
            # What can be no id of such a thing is refused before anybody looks for it.
            parameters = [parameter for parameter in methods[method].get("parameters", ()) if parameter["in"] == "path"]
            is_record = any(parameter["schema"].get("pattern") == ID_PATTERN for parameter in parameters)
            chosen: list[tuple[str, ...]] = [
                (text,) for text in (choose_ids(organisation, path, next(turns)) if is_record else texts)
            ]
            if len(placeholders) > 1:
                chosen = list(
                    itertools.product(organisation.names[:1] + organisation.ids[:3], repeat=len(placeholders))
                )
            for identifiers in chosen if placeholders else [()]:
                filled = dict(zip(placeholders, identifiers, strict=True))
                yield method.upper(), "/".join(filled.get(n, part) for n, part in enumerate(parts)), set(identifiers)


def queries(organisation: Organisation) -> dict[str, list[str]]:
    names = ("device", "field", "farm", "house", "greenhouse", "site", "pass", "season", "product", "implement")
    return {name: [organisation.names[0], *organisation.ids] for name in names}


@pytest.mark.parametrize("direction", ["from home", "to home"])
@pytest.mark.long
def test_no_route_shows_or_changes_anything_of_another_organisation(
    organisations: tuple[KeyedApi, Organisation, Organisation], direction: str
) -> None:
    keyed_api, mine, theirs = organisations
    asker, owner = (mine, theirs) if direction == "from home" else (theirs, mine)
    headers = {"Authorization": f"Bearer {asker.key}"}
    before = owner.repositories.check_audit()
    seen: set[int] = set()
    for method, path, identifiers in requests_with_ids(keyed_api, owner):
        body: dict[str, Any] = {} if method == "GET" else {"json": {}}
        answer = keyed_api.client.request(method, path, headers={**headers, "If-Match": "*"}, timeout=120, **body)
        seen.add(answer.status_code)
        assert answer.status_code < 500, (method, path, answer.text[:300])
        text = answer.text
        for word in identifiers:
            text = text.replace(word, "")  # a refusal may repeat what was asked for
        for mark in owner.marks:
            assert mark in path or mark in asker.marks or mark not in text, (method, path, mark)
    assert {200, 404} <= seen
    assert owner.repositories.check_audit() == before


@pytest.mark.long
@pytest.mark.parametrize("direction", ["from home", "to home"])
def test_no_query_parameter_reaches_another_organisation(
    organisations: tuple[KeyedApi, Organisation, Organisation], direction: str
) -> None:
    keyed_api, mine, theirs = organisations
    asker, owner = (mine, theirs) if direction == "from home" else (theirs, mine)
    headers = {"Authorization": f"Bearer {asker.key}"}
    document = keyed_api.ask("GET", "/openapi.json", Scope.ADMIN, timeout=120).json()
    query_count = 0
    for path, methods in document["paths"].items():
        if "{" in path or "get" not in methods or path == "/v1/live":
            continue
        for parameter in methods["get"].get("parameters", ()):
            for value in queries(owner).get(parameter["name"], ()) if parameter["in"] == "query" else ():
                text = keyed_api.client.get(path, params={parameter["name"]: value}, headers=headers).text.replace(
                    value, ""
                )
                query_count += 1
                assert not [mark for mark in owner.marks if mark not in asker.marks and mark in text], (path, value)
    assert query_count


def test_the_live_stream_contains_only_the_own_organisation(
    organisations: tuple[KeyedApi, Organisation, Organisation],
) -> None:
    keyed_api, mine, theirs = organisations
    for asker, owner in ((mine, theirs), (theirs, mine)):
        devices = listen(keyed_api.client, asker.key)
        assert set(asker.names) & devices
        assert not set(owner.names) & devices


def listen(client: httpx.Client, key: str) -> set[str]:
    """Return the devices of the first values of a stream."""
    with client.stream("GET", "/v1/live", headers={"Authorization": f"Bearer {key}"}, timeout=120) as response:
        lines = response.iter_lines()
        for line in lines:
            if line.startswith("event: latest"):
                items = json.loads(next(lines).removeprefix("data: "))["items"]
                if items:
                    return {item["device"] for item in items}
    return set()


def test_readiness_and_metrics_hide_the_operator_from_another_organisation(
    organisations: tuple[KeyedApi, Organisation, Organisation],
) -> None:
    keyed_api, _, theirs = organisations
    headers = {"Authorization": f"Bearer {theirs.key}", "X-Forwarded-For": "203.0.113.9"}
    checks = keyed_api.client.get("/readyz", headers=headers).json()["checks"]
    assert {check["detail"] for check in checks} == {""}
    assert "headland_store_points" not in keyed_api.client.get("/metrics", headers=headers).text
