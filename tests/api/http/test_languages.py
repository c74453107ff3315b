"""Errors are answered in the language that a request asks for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

import api
import headland
from api.http.languages import language_of
from api.http.problems import reply_problem
from docs.generator import problems
from headland.i18n import LANGUAGES, find_term, load_terms
from tests.api.registry_api import RegistryApi, serve_registry
from tests.floors.modules import ROOT

CHINESE = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}
ENGLISH = {"Accept-Language": "en-GB,en;q=0.7"}
ENGLISH_SENTENCE = re.compile(r"[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}")
IDENTIFIER = re.compile(r"\b[a-z0-9]+_[a-z0-9_]+\b|\$\.")


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryApi]:
    with serve_registry(tmp_path_factory.mktemp("languages")) as farm:
        yield farm


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("zh-CN", "zh"),
        ("zh", "zh"),
        ("zh-Hant-TW;q=0.4", "zh"),
        ("en;q=0.5, zh;q=0.9", "zh"),
        ("zh;q=0.5, en-GB", "en"),
        ("de, zh;q=0.3", "zh"),
        ("de", "en"),
        ("zh;q=0", "en"),
        ("zh;q=nan", "en"),
        ("*", "en"),
        ("zh" * 10_000, "en"),
    ],
)
def test_the_language_is_the_one_that_a_client_wants_most(accepted: str, language: str) -> None:
    assert language_of(accepted) == language


PLACE_OF_KIND = {
    "ProblemError": 1,
    "AnalysisError": 0,
    "PreconditionError": 0,
    "InvalidTarget": 0,
    "too_many_requests": 0,
}


def kinds_in(call: ast.Call) -> list[ast.expr]:
    """Return the kind that a call gives a problem, by its name or by its place."""
    name = getattr(call.func, "id", "")
    given = [keyword.value for keyword in call.keywords if keyword.arg == "kind" and "problem" in name]
    place = PLACE_OF_KIND.get(name)
    return given if place is None else [*given, *call.args[place : place + 1]]


def kinds_of_problems() -> set[str]:
    """Return the kinds that a module gives a problem, as literals."""
    kinds: set[str] = set()
    for package in (headland, api):
        for path in sorted(Path(*package.__path__).rglob("*.py")):
            text = path.read_text()
            if not any(name in text for name in (*PLACE_OF_KIND, "problem")):
                continue
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Call):
                    kinds |= {
                        str(kind.value) for kind in kinds_in(node) if isinstance(kind, ast.Constant) and kind.value
                    }
    return kinds - {""}


def test_every_kind_of_problem_has_a_text_in_both_languages() -> None:
    kinds = kinds_of_problems()
    assert len(kinds) > 60
    assert {kind for kind in kinds if not all(find_term("problems", kind, language) for language in LANGUAGES)} == set()


def test_every_problem_has_a_section_in_both_languages_at_the_address_that_its_answer_names() -> None:
    # Others are composed of the name of a kind of record.
    composed = {"unknown-alarm-recipient"}
    for language in LANGUAGES:
        sections = problems.to_markdown(language)
        for kind in kinds_of_problems() | set(load_terms()["problems"]) | composed:
            answer = orjson.loads(reply_problem(400, "Something.", kind=kind, language=language).body)
            assert answer["type"] == f"urn:headland:problem:{kind}"
            page, _, name = answer["help"].partition("#")
            assert f"## {name} {{#{name}}}" in sections
            assert name == kind or kind not in load_terms()["problems"]
            assert (find_term("problems", name, language) or "missing") in sections
            source = ROOT / "docs" / (page.removeprefix("/help/").rstrip("/") + ".md")
            assert re.search("generated: (zh_)?problems", source.read_text(encoding="utf-8"))
    assert "help" not in orjson.loads(reply_problem(404, "There is no resource.").body)


@pytest.mark.parametrize("kind", sorted(load_terms()["problems"]))
def test_a_problem_whose_sentence_nobody_translated_is_still_in_chinese(kind: str) -> None:
    response = reply_problem(400, "Something new that is in no catalogue.", kind=kind, title="New title", language="zh")
    body = orjson.loads(response.body)
    assert (response.headers["content-language"], response.headers["vary"]) == ("zh-CN", "Accept-Language")
    assert not ENGLISH_SENTENCE.search(body["title"] + body["detail"])
    assert re.search(r"[一-鿿]", body["title"]), body
    assert re.search(r"[一-鿿]", body["detail"]), body


def mistakes(farm: RegistryApi) -> Iterator[httpx.Response]:
    """Make each sort of mistake that a form or an address allows, in Chinese and in English."""
    field, recipient = farm.ids["fields"], farm.ids["alarm_recipients"]
    requests: list[tuple[str, str, Any]] = [
        ("GET", "/nowhere", None),
        ("DELETE", "/v1/latest", None),
        ("GET", "/v1/fields/01k9v4k8r0q3m8x5w7t2n6y4c1", None),
        ("GET", "/v1/devices/gh-9", None),
        ("GET", "/v1/devices/gh-9/series?start=yesterday", None),
        ("GET", "/v1/alarms?limit=0", None),
        ("GET", "/v1/alarms?state=maybe", None),
        ("GET", "/v1/alarms?cursor=x", None),
        ("GET", f"/v1/fields/{field}/passes?start=10&end=5", None),
        ("POST", "/v1/notes", {"author": "", "text": "", "time_ms": 1}),
        ("POST", "/v1/notes", {"text": 5}),
        ("POST", "/v1/notes", []),
        ("POST", "/v1/notes", {"author": "Li", "text": "x", "time_ms": 1, "colour": "red"}),
        ("POST", "/v1/notes", {"author": "Li", "text": "x", "time_ms": 1}),
        ("POST", "/v1/farms", {"name": ""}),
        ("POST", "/v1/farms", {"name": "x", "latitude_deg": 91}),
        ("POST", "/v1/farms", {"name": "x", "latitude_deg": 31}),
        ("POST", "/v1/products", {"name": "x", "kind": "soup"}),
        ("POST", "/v1/products", {"name": "x", "kind": "granular", "n_pct": 80, "k2o_pct": 80}),
        ("POST", "/v1/implements", {"name": "x", "kind": "spreader", "swath_m": 0}),
        ("POST", "/v1/seasons", {"field": "nothing", "crop": "wheat", "name": "x"}),
        ("POST", "/v1/alarm-rules", {"name": "x y"}),
        ("POST", "/v1/alarm-rules", {"name": "x", "any_of": [[{"what": "age_s"}]]}),
        ("POST", "/v1/alarm-recipients", {"name": "x", "kind": "webhook", "address": "ftp://example.org/"}),
        ("POST", "/v1/alarm-recipients", {"name": "x", "kind": "email", "address": "nobody"}),
        ("POST", "/v1/keys", {"name": "", "scope": "all"}),
        ("POST", "/v1/keys", {"name": "x", "scope": "read", "expires_ms": 5}),
        ("DELETE", f"/v1/alarm-recipients/{recipient}", None),
        ("DELETE", f"/v1/fields/{field}?version=1", None),
        ("POST", "/v1/fields/import", {"type": "FeatureCollection", "features": []}),
        ("POST", "/v1/fields/import", {"type": "Topology"}),
        ("GET", "/v1/gateways/nobody/delivery", None),
    ]
    for method, path, body in requests:
        for language in (ENGLISH, CHINESE):
            content = None if body is None else orjson.dumps(body)
            kind = "application/octet-stream" if path.endswith("import") else "application/json"
            yield farm.client.request(method, path, content=content, headers={"Content-Type": kind, **language})


def test_no_mistake_is_answered_with_an_english_sentence_or_a_name_of_the_code(farm: RegistryApi) -> None:
    seen = 0
    for response in mistakes(farm):
        body = response.json()
        told = f"{response.request.method} {response.request.url.path}: {body.get('title')} | {body.get('detail')}"
        assert 400 <= response.status_code < 500, told
        assert response.headers["vary"].count("Accept-Language") == 1, told
        named = [error["detail"] for error in body.get("errors", [])]
        texts = [body["title"], body["detail"], *named]
        assert not any(IDENTIFIER.search(text) for text in texts), told
        if response.headers["content-language"] == "zh-CN":
            seen += 1
            assert all(re.search(r"[一-鿿]", text) for text in texts), told
            assert not any(ENGLISH_SENTENCE.search(text) for text in texts), told
        else:
            assert response.headers["content-language"] == "en"
            assert not re.search(r"[一-鿿]", body["detail"].replace("东", "")), told
    assert seen > 30


def test_a_form_that_misses_its_author_names_it_as_the_form_does(farm: RegistryApi) -> None:
    body = {"author": "", "text": "x", "time_ms": 1, "field": farm.ids["fields"]}
    assert farm.client.post("/v1/notes", json=body, headers=CHINESE).json()["detail"] == "记录人：请填写。"
    assert farm.client.post("/v1/notes", json=body).json()["detail"] == "By: required."


@pytest.mark.parametrize(
    ("path", "body", "parameter", "told"),
    [
        ("/v1/notes", {"author": "", "text": "x", "time_ms": 1}, "author", "请填写"),
        ("/v1/notes", {"author": "Li", "text": "x"}, "time_ms", "请填写"),
        (
            "/v1/implements",
            {"name": "x", "kind": "spreader", "pattern": [{"offset_m": 1}]},
            "pattern[0].rate",
            "请填写",
        ),
        ("/v1/farms", {"name": "x", "latitude_deg": 91}, "latitude_deg", "不能大于 90.0"),
    ],
)
def test_a_fault_of_a_record_names_its_input_for_the_form(
    farm: RegistryApi, path: str, body: dict[str, Any], parameter: str, told: str
) -> None:
    errors = farm.client.post(path, json=body, headers=CHINESE).json()["errors"]
    assert errors == [{"parameter": parameter, "detail": told}]


def test_a_program_that_names_no_language_is_told_the_names_of_the_parameters(farm: RegistryApi) -> None:
    path, body = "/v1/farms", {"name": "x", "latitude_deg": 31}
    assert "longitude_deg" in farm.client.post(path, json=body).json()["detail"]
    assert farm.client.post(path, json=body, headers=ENGLISH).json()["detail"] == (
        "A position needs both longitude and latitude."
    )


def test_each_feature_of_a_refused_file_is_explained_in_chinese(farm: RegistryApi) -> None:
    ring = [[113.0, 30.0], [113.1, 30.0], [113.1, 30.1]]
    feature = {
        "type": "Feature",
        "properties": {"name": "东地"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    headers = {"Content-Type": "application/octet-stream", **CHINESE}
    refused = farm.client.post("/v1/fields/import", content=orjson.dumps(feature), headers=headers).json()
    assert refused["title"] == "导入被拒绝"
    assert [item["detail"] for item in refused["features"]] == [
        "第 1 个要素（东地）有一条边界线只有 3 个点：至少需要三个顶点，并重复第一个点。"
    ]
    assert refused["detail"] == refused["features"][0]["detail"]


def test_every_input_of_the_api_has_a_name_for_people(farm: RegistryApi) -> None:
    document = farm.client.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    names: set[str] = set()

    def collect(schema: dict[str, Any], seen: tuple[str, ...] = ()) -> None:
        reference = schema.get("$ref", "").rpartition("/")[2]
        if reference and reference not in seen:
            collect(schemas[reference], (*seen, reference))
        for name, inner in schema.get("properties", {}).items():
            names.add(name)
            collect(inner, seen)
        for inner in [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("prefixItems", ())]:
            collect(inner, seen)
        if isinstance(schema.get("items"), dict):
            collect(schema["items"], seen)

    for operation in (operation for methods in document["paths"].values() for operation in methods.values()):
        names |= {parameter["name"] for parameter in operation.get("parameters", ())}
        for content in operation.get("requestBody", {}).get("content", {}).values():
            collect(content.get("schema", {}))
    known = load_terms()["form_fields"].keys() | load_terms()["quantities"].keys()
    # Options of OData, JSON:API and EPCIS, which people never meet.
    options = r"\$|filter\[|page\[|Last-Event-ID|GS1-|[A-Z]{2,6}_|order(By|Direction)|eventCountLimit|maxEventCount"
    assert {name for name in names - known if not re.match(options, name)} == set()
