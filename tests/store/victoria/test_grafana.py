"""Queries of the Grafana dashboards for VictoriaMetrics and for operations, run against a real server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from headland.store.victoria.store import open_victoria
from tests.store.test_grafana import CHANNELS, ROWS, VARIABLES, write_samples
from tests.victoria_server import VictoriaServer

FOLDER = Path(__file__).parents[3] / "docs" / "grafana"
SAMPLES, OPERATIONS = (
    json.loads((FOLDER / f"headland-{name}.json").read_text()) for name in ("victoriametrics", "operations")
)
#: On a day that no other test of the shared server writes to: labels are listed by the day.
START_MS = 1_546_300_800_000

pytestmark = pytest.mark.services("victoria-metrics")


@pytest.fixture(scope="module")
def server(victoria_server: VictoriaServer, tmp_path_factory: pytest.TempPathFactory) -> VictoriaServer:
    write_samples(open_victoria(victoria_server.url_of(tmp_path_factory.mktemp("grafana"))), START_MS)
    return victoria_server


def ask(server: VictoriaServer, path: str, **query: Any) -> Any:
    asked = Request(f"http://{server.host}:{server.port}/api/v1/{path}", data=urlencode(query, doseq=True).encode())
    with urlopen(asked, timeout=120) as answer:
        return json.loads(answer.read())["data"]


def queries_of(board: dict[str, Any]) -> list[Any]:
    queries = [(panel["title"], target["expr"]) for panel in board["panels"] for target in panel["targets"]]
    return [pytest.param(*query, id=f"{query[0]}-{number}") for number, query in enumerate(queries)]


def filled(query: str) -> str:
    for name, value in VARIABLES.items():
        query = query.replace(f"${name}", value)
    return query.replace("$__interval", "60s")


@pytest.mark.parametrize(("title", "query"), queries_of(SAMPLES))
def test_each_query_finds_what_was_stored(server: VictoriaServer, title: str, query: str) -> None:
    assert "$" not in filled(query)
    first_s, last_s = START_MS / 1000 + 60, START_MS / 1000 + ROWS - 1
    found = ask(server, "query_range", query=filled(query), start=first_s, end=last_s, step=60)["result"]
    if title == "Suspect and failed samples":
        assert {series["metric"]["__name__"] for series in found} == {
            f"greenhouse_{channel}.q" for channel in CHANNELS["greenhouse", "gh-1"]
        }
        assert all([float(value) for _, value in series["values"]] == [1.0] for series in found)
    else:
        (series,) = found
        values = [float(value) for _, value in series["values"]]
        assert len(values) == (ROWS - 61) // 60 + 1
        assert len(set(values)) == 1


def test_the_variables_list_organisations_and_their_devices(server: VictoriaServer) -> None:
    found = {}
    for variable in SAMPLES["templating"]["list"]:
        selector, label = filled(variable["query"]["query"]).removeprefix("label_values(").rstrip(")").rsplit(", ", 1)
        span = {"match[]": selector, "start": START_MS / 1000, "end": START_MS / 1000 + ROWS}
        found[variable["name"]] = sorted(ask(server, f"label/{label}/values", **span))
    assert found == {"organisation": ["coop", "other"], "greenhouse": ["gh-1"], "drone": ["uav-1"]}


@pytest.mark.parametrize(("title", "query"), queries_of(OPERATIONS))
def test_a_server_takes_each_query_about_operations(server: VictoriaServer, title: str, query: str) -> None:
    # That the metrics exist is compared with a farm's own (tests/docs/test_on_a_farm.py).
    assert title
    assert ask(server, "query", query=query, time=START_MS / 1000)["resultType"] == "vector"
