import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

import api
import headland
from api.http.problems import STATUS_BY_KIND, status_of
from headland.analysis.inputs.errors import AnalysisError, PreconditionError
from headland.store.memory import MemoryStore
from headland.store.port import DeviceRecord
from tests.api.farm import HOUSE
from tests.api.server import own_app, serve

SERIES = f"/v1/devices/{HOUSE}/series"


def problem(client: httpx.Client, path: str, params: Mapping[str, Any] | None = None) -> Any:
    response = client.get(path, params=params)
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    assert body["title"]
    assert body["detail"]
    return body


@pytest.mark.parametrize(
    ("path", "params", "status", "kind"),
    [
        ("/nowhere", {}, 404, "about:blank"),
        ("/dashboard/nothing.js", {}, 404, "about:blank"),
        ("/v1/devices/gh-7", {}, 404, "urn:headland:problem:unknown-device"),
        (SERIES, {"channel": "sunshine_h"}, 404, "urn:headland:problem:unknown-channel"),
        (SERIES, {}, 422, "urn:headland:problem:bad-parameter"),
        (SERIES, {"channel": "co2_ppm", "max_points": 0}, 422, "urn:headland:problem:bad-parameter"),
        (SERIES, {"channel": "co2_ppm", "start": "yesterday"}, 422, "urn:headland:problem:bad-parameter"),
        (SERIES, {"channel": "co2_ppm", "start": "2026-11-24T08:00:00"}, 422, "urn:headland:problem:bad-parameter"),
        (SERIES, {"channel": "co2_ppm", "start": "9" * 18}, 422, "urn:headland:problem:bad-parameter"),
        (SERIES, {"channel": "co2_ppm", "start": 10, "end": 10}, 400, "urn:headland:problem:bad-window"),
        (f"/v1/devices/{HOUSE}/application", {"swath_m": "nan"}, 422, "urn:headland:problem:bad-parameter"),
        (f"/v1/devices/{HOUSE}/application", {"swath_m": "0"}, 422, "urn:headland:problem:bad-parameter"),
        ("/v1/devices/..%2f..", {}, 404, "about:blank"),
    ],
)
def test_every_mistake_is_a_problem(
    client: httpx.Client, path: str, params: Mapping[str, Any], status: int, kind: str
) -> None:
    body = problem(client, path, params)
    assert (body["status"], body["type"]) == (status, kind)


def test_a_wrong_parameter_is_named(client: httpx.Client) -> None:
    body = problem(client, SERIES, {"channel": "co2_ppm", "start": "yesterday"})
    assert [error["parameter"] for error in body["errors"]] == ["start"]
    assert "2026-11-24T08:00:00Z" in body["detail"]


def test_the_refusal_of_an_unknown_channel_lists_the_channels(client: httpx.Client) -> None:
    assert "co2_ppm" in problem(client, SERIES, {"channel": "sunshine_h"})["detail"]


@pytest.mark.parametrize("path", ["/v1/devices", "/", f"/v1/devices/{HOUSE}/latest", "/dashboard/index.html"])
def test_the_refusal_of_a_method_lists_the_allowed_methods(client: httpx.Client, path: str) -> None:
    response = client.delete(path)
    assert response.status_code == 405
    assert response.headers["content-type"] == "application/problem+json"
    assert "GET" in response.headers["allow"]


def test_an_internal_error_reveals_no_details() -> None:
    class BrokenStore(MemoryStore):
        def devices(self, organisation: str, device: str | None = None) -> list[DeviceRecord]:
            raise RuntimeError(f"secret of {organisation} and {device}")

    app = own_app(BrokenStore())
    with serve(app) as client:
        body = problem(client, "/v1/devices")
    assert body["status"] == 500
    assert "secret" not in str(body)


#: What clients have been promised: the status of each kind of analysis error.
PROMISED: dict[str, set[int]] = {
    "above-the-ceiling": {400},
    "no-correction": {400},
    "no-person": {400},
    "two-corrections": {400},
    "ambiguous-plan": {409},
    "certificate-valid": {409},
    "empty-greenhouse": {404},
    "harvested-in-interval": {409},
    "interval-not-known": {409},
    "interval-runs": {409},
    "lot-simulated": {409},
    "lot-used-up": {409},
    "impossible-amount": {422},
    "missing-input": {400},
    "no-amount": {409},
    "no-cell": {404},
    "no-climate-model": {409},
    "no-design": {400},
    "no-flight": {400},
    "no-harvest-telemetry": {409},
    "no-implement": {409},
    "no-nitrogen": {400},
    "no-pdf": {501},
    "no-place": {400},
    "no-plan": {409},
    "no-prescription": {400, 409},
    "no-product": {400},
    "no-rates": {400},
    "no-registry": {404},
    "no-stages": {404},
    "no-season": {409},
    "no-season-dates": {409},
    "no-such-equipment": {409},
    "no-such-hour": {400},
    "no-track": {409},
    "no-width": {409},
    "no-week": {400},
    "not-a-greenhouse": {404},
    "nothing-left": {409},
    "other-field": {400},
    "other-person": {400},
    "other-unit": {400},
    "plots-outside": {400},
    "outside-of-rule": {400},
    "pass-under-way": {409},
    "sample-label": {409},
    "samples-let-go": {400},
    "too-many-cells": {400},
    "too-many-samples": {400},
    "two-plans": {400},
    "unknown-channel": {404},
    "unknown-device": {404},
    "unknown-pass": {404},
    "unknown-prescription": {400},
    "unknown-site": {404},
    "unknown-week": {404},
    "weight-far-off": {400},
    "unknown-zone": {404},
    "week-not-begun": {400},
}


def raised_errors() -> Iterator[AnalysisError]:
    """Yield an error of each class and kind that a module constructs; its kind must be a literal."""
    classes = {error.__name__: error for error in (AnalysisError, PreconditionError)}
    for package in (headland, api):
        for path in sorted(Path(*package.__path__).rglob("*.py")):
            text = path.read_text()
            if not any(name in text for name in classes):
                continue
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in classes:
                    kind = node.args[0]
                    assert isinstance(kind, ast.Constant), f"{path}:{node.lineno}"
                    yield classes[node.func.id](str(kind.value), "", "")


def test_every_kind_of_analysis_error_keeps_its_status() -> None:
    statuses: dict[str, set[int]] = {}
    for error in raised_errors():
        statuses.setdefault(error.kind, set()).add(status_of(error))
    assert statuses == PROMISED


def test_the_table_names_no_kind_that_nothing_raises() -> None:
    assert STATUS_BY_KIND.keys() == {e.kind for e in raised_errors() if not isinstance(e, PreconditionError)}
