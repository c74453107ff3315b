"""No value of a parameter, however extreme, is answered with 500: every operation of the document is walked."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlencode

import pytest

from headland.registry.models.models import Greenhouse, Scope, Site
from tests.api.auth.test_middleware import KeyedApi, serve_api
from tests.api.farm import DRONE, HOUSE, NOW_MS, START_MS
from tests.api.server import UNLIMITED
from tests.every_case import IS_EVERY_CASE_SENT
from tests.registry.records import fill

#: First and last instants of calendars, and of the integers that programs use for instants.
INSTANTS = [
    "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59",
    "9998-01-01T00:00:00Z", "1900-01-01T00:00:00Z", "2200-01-01T00:00:00Z", "1969-12-31T23:59:59Z",
    253_402_300_799_999, -62_135_596_800_000, 0, -1, 2**31, 2**53, 2**63, -(2**63), 10**18 - 1,
]  # fmt: skip
NUMBERS = [
    0,
    -1,
    1,
    2**31 - 1,
    2**31,
    2**53,
    2**63,
    10**30,
    -(10**30),
    1e308,
    -1e308,
    1e-308,
    "nan",
    "inf",
    "-inf",
    "-0",
]
TEXTS = [
    "",
    "a" * 5000,
    "\u0000",
    "\r\nX: y",
    "'; DROP TABLE x; --",
    "%00",
    "\ud7ff",
    "..",
    "../../etc/passwd",
    "*",
    "-",
]
#: Of a value that so many operations have refused by a parameter of one name and schema no other is asked again.
ENOUGH_REFUSALS = 3


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeyedApi]:
    with serve_api(tmp_path_factory.mktemp("extremes"), limits=UNLIMITED) as created:
        yield created


@pytest.fixture(scope="module")
def connection(api: KeyedApi) -> Iterator[HTTPConnection]:
    with closing(HTTPConnection(str(api.client.base_url.host), api.client.base_url.port, timeout=120)) as kept:
        yield kept


@pytest.fixture(scope="module")
def ids(api: KeyedApi) -> dict[str, str]:
    """An id that exists, by the name of a path parameter; records by the path of their kind."""
    repositories = api.repositories
    known = {name: record.id for name, record in fill(repositories).items()}
    farm = repositories.farms.list(limit=1)[0]
    site = repositories.sites.add(
        Site(farm=farm.id, name="home", time_zone="Pacific/Auckland", longitude_deg=116.0, latitude_deg=40.0)
    )
    repositories.greenhouses.add(Greenhouse(farm=farm.id, site=site.id, name=HOUSE))
    return {
        **known, "device": HOUSE, "house": HOUSE, "greenhouse": HOUSE, "site": "home", "gateway": "gw-1",
        "message": "1", "drone": DRONE,
    }  # fmt: skip


def values_of(schema: dict[str, Any]) -> list[Any]:
    kinds = [schema, *schema.get("anyOf", ())]
    kinds += [kind["items"] for kind in kinds if kind.get("type") == "array" and "items" in kind]
    kinds += [each for kind in kinds for each in kind.get("anyOf", ())]
    if any(kind.get("format") == "date-time" for kind in kinds):
        return INSTANTS
    if any(kind.get("type") in ("integer", "number") for kind in kinds):
        return NUMBERS
    return TEXTS


def path_with(path: str, ids: dict[str, str]) -> list[str]:
    """Return a path with ids that exist, once for each device."""
    collection = path.split("/")[2].replace("-", "_") if path.startswith("/v1/") else ""
    known = {"greenhouses": HOUSE, "sites": ids["site"], "devices": HOUSE}

    def id_of(match: re.Match[str]) -> str:
        name = match[1]
        return str(ids.get(name) or known.get(collection) or ids.get(collection) or ids.get(name + "s") or "0" * 26)

    filled = re.sub(r"\{([a-z_]+)(?::[a-z_]+)?\}", id_of, path)
    return [filled, filled.replace(f"/{HOUSE}", f"/{DRONE}")] if "/devices/" in path else [filled]


def operations(api: KeyedApi) -> list[tuple[str, dict[str, Any]]]:
    paths = api.app.openapi()["paths"]
    return [(path, methods["get"]) for path, methods in paths.items() if "get" in methods and path != "/v1/live"]


@pytest.mark.timeout(600)  # of a busy machine; it sends thousands of requests
@pytest.mark.long
def test_no_extreme_value_of_a_query_is_answered_with_500(
    api: KeyedApi, connection: HTTPConnection, ids: dict[str, str]
) -> None:
    failed: list[str] = []
    asked = 0
    refused: Counter[str] = Counter()
    for template, operation in operations(api):
        parameters = [each for each in operation.get("parameters", ()) if each["in"] == "query"]
        for path in path_with(template, ids):
            for query, kind in queries_of(parameters):
                if refused[kind] >= ENOUGH_REFUSALS and not IS_EVERY_CASE_SENT:
                    continue
                asked += 1
                answer = ask(connection, api, path, query)
                refused[kind] += answer is not None and answer.status_code == 422
                if answer is None or (answer.status_code >= 500 and answer.status_code != 501):
                    failed.append(f"{path} {query}: {'reset' if answer is None else answer.text[:200]}")
    assert failed == []
    assert asked > 1500


def queries_of(parameters: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield each query, and its kind: what parameters of one name and schema have in common."""
    names = {parameter["name"] for parameter in parameters}
    for parameter in parameters:
        name, schema = parameter["name"], parameter["schema"]
        for value in values_of(schema):
            yield {name: value}, f"{name}={value} of {schema}"
            # Beside a start or an end that is far away, too.
            other = {"start": "end", "end": "start"}.get(name, "")
            if other in names:
                yield {name: value, other: START_MS}, f"{name}={value} and {other} of {schema}"
    if {"start", "end"} <= names:
        windows = [
            {"start": "0001-01-01T00:00:00Z", "end": "9999-12-31T23:59:59Z"},
            {"start": "0004-01-01T00:00:00Z", "end": "9996-01-01T00:00:00Z"},
        ]
        for by in ("hour", "day", "week", "stage"):
            windows.append({"start": "9996-01-01T00:00:00Z", "end": "9996-12-30T00:00:00Z", "by": by})
            windows.append({"start": "0004-01-01T00:00:00Z", "end": "0004-12-30T00:00:00Z", "by": by})
        yield from ((window, str(window)) for window in windows)


@dataclass(frozen=True, slots=True)
class PlainAnswer:
    """An answer of the API."""

    status_code: int
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


def ask(connection: HTTPConnection, api: KeyedApi, path: str, query: dict[str, Any]) -> PlainAnswer | None:
    """Return the answer, None where the connection was cut. With `http.client`, as httpx costs more than the answer."""
    headers = {"Authorization": f"Bearer {api.keys[Scope.READ]}"}
    try:
        connection.request("GET", f"{path}?{urlencode(query)}", headers=headers)
        answer = connection.getresponse()
        return PlainAnswer(answer.status, answer.read().decode())
    except (OSError, HTTPException):
        connection.close()  # the next request opens it again
        return None


@pytest.mark.parametrize(
    "path",
    [
        *(f"/v1/greenhouses/{HOUSE}/{name}" for name in (
            "overview", "condensation", "light", "disease", "irrigation", "compliance", "uniformity", "climate",
        )),
        "/v1/sites/home/weather",
    ],
)  # fmt: skip
@pytest.mark.parametrize("end", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
def test_the_end_of_the_calendar_is_refused_as_an_instant(
    api: KeyedApi, connection: HTTPConnection, ids: dict[str, str], path: str, end: str
) -> None:
    answer = ask(connection, api, path, {"end": end})
    assert answer is not None
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:headland:problem:bad-parameter"), answer.text
    assert ask(connection, api, path, {"end": NOW_MS}).status_code == 200  # type: ignore[union-attr] # it answers
