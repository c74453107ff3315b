"""Conditions of errors: each has one status and type at every operation of the API document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any, Final

import pytest

from headland.registry.models.models import Scope
from tests.api.auth.test_middleware import KeyedApi, serve_api
from tests.api.farm import HOUSE, fill_farm
from tests.api.server import UNLIMITED
from tests.registry.records import fill

#: Of the right form, and of nothing.
UNKNOWN: Final = "0" * 26
#: Operations whose answer is not about the thing in their path: an API repeats it to each of its ingest workers.
ABOUT_NO_THING: Final = {("post", "/v1/gateways/{gateway}/refresh")}
#: Parts that this farm does not have: their absence is said before all else.
ABSENT: Final = {"no-imports", "no-photos", "no-registrar", "no-days", "no-base-map"}
#: Doors that judge a file by its content and read no media type, and those of EPCIS, which prescribes 400.
FILES: Final = re.compile(
    r".*/import|/v1/photos|/v1/base-map|/v1/imports/.*|/epcis/(?:capture|events)|/v1/samples/.*/{address}"
)
#: Standards whose documents prescribe 400 for a parameter: theirs is another type.
STANDARDS: Final = ("/sta/", "/ogc", "/epcis/", "/brapi/")
#: Filters by a text that any record may have or have had: nothing found is an answer.
TEXTS: Final = {
    ("/v1/devices", "kind"), ("/v1/devices", "site"), ("/v1/latest", "kind"), ("/v1/latest", "site"),
    ("/v1/harvest-intervals", "crop"),
    ("/v1/quarantine", "gateway"), ("/v1/audit", "record"), ("/v1/germplasm", "crop"), ("/v1/alarms", "subject"),
    ("/v1/alarms", "rule"), ("/v1/authors", "author"), ("/v1/tonight", "subject"), ("/v1/export/farmos", "page[after]"),
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    status: int
    kind: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}: {self.status} {self.kind}"


@dataclass
class Farm:
    api: KeyedApi
    key: str
    document: dict[str, Any]

    def ask(self, method: str, path: str, values: dict[str, str], **more: Any) -> Asked:
        filled = re.sub(r"\{(\w+)\}", lambda match: values.get(match[1], values["*"]), path)
        headers = {"Authorization": f"Bearer {self.key}", **more.pop("headers", {})}
        if method in ("put", "delete"):
            headers["If-Match"] = '"1"'
        answer = self.api.client.request(method.upper(), filled, headers=headers, timeout=60, **more)
        kind = ""
        if answer.status_code >= 400:
            problem = answer.json()
            # BrAPI has a form of its own, with the same status.
            kind = str(problem.get("type", "brapi")).rpartition(":")[2]
            assert problem.get("status", answer.status_code) == answer.status_code
        return Asked(method, path, answer.status_code, kind)

    def operations(
        self, *, with_names: bool = False, with_body: bool = False
    ) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                if (
                    path == "/v1/live"
                    or (with_names and "{" not in path)
                    or (with_body and "requestBody" not in operation)
                ):
                    continue
                yield method, path, operation


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    with serve_api(tmp_path_factory.mktemp("conditions"), fill_farm(), limits=UNLIMITED) as api:
        fill(api.repositories)
        key = api.repositories.add_key("conditions", Scope.ADMIN)[1]
        document = api.client.get("/openapi.json", headers={"Authorization": f"Bearer {key}"}, timeout=120).json()
        yield Farm(api, key, document)


def test_an_unknown_id_and_one_of_a_wrong_form_are_the_same_problem_and_come_before_any_other(farm: Farm) -> None:
    wrong: list[str] = []
    for method, path, operation in farm.operations(with_names=True):
        if (method, path) in ABOUT_NO_THING:
            continue
        # Neither the parameters that it requires nor a body that it takes.
        body: dict[str, Any] = {"json": {"nosuch": 1}} if "requestBody" in operation else {}
        asked = [farm.ask(method, path, {"*": value}, **body) for value in (UNKNOWN, "nosuch", "no%20such!")]
        if {each.status for each in asked} != {404} or len({each.kind for each in asked}) != 1:
            wrong.extend(map(str, asked))
        if asked[0].kind != "brapi" and not asked[0].kind.startswith("unknown-") and asked[0].kind not in ABSENT:
            wrong.append(str(asked[0]))
    assert wrong == [], "\n".join(wrong)


def test_a_body_that_is_wrong_is_one_problem(farm: Farm) -> None:
    wrong: list[str] = []
    seen = 0
    for method, path, operation in farm.operations(with_body=True):
        if "{" in path or FILES.fullmatch(path):
            continue
        asked = [farm.ask(method, path, {"*": UNKNOWN}, json={"nosuch": 1})]
        if operation["requestBody"].get("required"):
            json_type = {"Content-Type": "application/json"}
            asked.append(farm.ask(method, path, {"*": UNKNOWN}, content=b"{", headers=json_type))
        seen += len(asked)
        # SensorThings prescribes 400 for a body, too.
        right = (400, "samples-refused") if path.startswith("/sta/") else (422, "bad-body")
        bad = [each for each in asked if (each.status, each.kind) not in (right, (422, "brapi"))]
        wrong += [str(each) for each in bad if each.kind not in ABSENT]
    assert wrong == [], "\n".join(wrong)
    assert seen > 60


def test_a_body_of_another_type_is_one_problem(farm: Farm) -> None:
    wrong = [
        str(asked)
        for method, path, operation in farm.operations(with_body=True)
        if not FILES.fullmatch(path) or path == "/epcis/capture"
        for asked in [farm.ask(method, path, {"*": UNKNOWN}, content=b"x", headers={"Content-Type": "text/x-none"})]
        if (asked.status, asked.kind) not in ((415, "unsupported-media-type"), (415, "brapi"))
    ]
    assert wrong == [], "\n".join(wrong)


def test_a_body_that_is_too_large_is_one_problem(farm: Farm) -> None:
    """The length that a client announces is enough: nothing is sent."""
    url = farm.api.client.base_url
    wrong = []
    for method, path, _ in farm.operations(with_body=True):
        connection = HTTPConnection(url.host, url.port, timeout=60)
        try:
            connection.putrequest(method.upper(), re.sub(r"\{\w+\}", UNKNOWN, path))
            connection.putheader("Authorization", f"Bearer {farm.key}")
            connection.putheader("Content-Type", "application/json")
            connection.putheader("Content-Length", str(10**12))
            connection.endheaders()
            answer = connection.getresponse()
            problem = json.loads(answer.read())
        finally:
            connection.close()
        if (answer.status, problem.get("type")) != (413, "urn:headland:problem:too-large"):
            wrong.append(f"{method} {path}: {answer.status} {problem}")
    assert wrong == [], "\n".join(wrong)


def test_a_wrong_parameter_is_one_problem_and_a_filter_that_names_nothing_another(farm: Farm) -> None:
    wrong: list[str] = []
    seen = 0
    for method, path, operation in farm.operations():
        if method != "get" or path.startswith(STANDARDS):
            continue
        values = {"*": UNKNOWN, "device": HOUSE}
        for parameter in (each for each in operation.get("parameters", ()) if each["in"] == "query"):
            name = parameter["name"]
            asked = farm.ask(method, path, values, params={name: "nosuch"})
            if (
                asked.kind in ABSENT
                or (asked.status, asked.kind) in ((422, "bad-parameter"), (400, "bad-cursor"))
                or (asked.status == 404 and asked.kind.startswith("unknown-"))
            ):
                seen += 1
            elif (path, name) not in TEXTS or (asked.status != 200 and asked.kind != "invalid-record"):
                wrong.append(f"{name}: {asked}")
    assert wrong == [], "\n".join(wrong)
    assert seen > 150


def test_standards_say_400_of_a_wrong_parameter_and_never_by_the_type_of_422(farm: Farm) -> None:
    asked = [
        farm.ask(method, path, {"*": UNKNOWN, "resource": "Things", "collection": "fields"}, params={name: "nosuch"})
        for method, path, operation in farm.operations()
        if method == "get" and path.startswith(STANDARDS)
        for name in (each["name"] for each in operation.get("parameters", ()) if each["in"] == "query")
    ]
    assert {each.status for each in asked} == {200, 400, 404}, sorted(map(str, asked))
    assert "bad-parameter" not in {each.kind for each in asked}
