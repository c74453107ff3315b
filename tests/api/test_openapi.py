"""Property tests of the API against its OpenAPI document, with Schemathesis."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.generation.meta import TestPhase

from api.app import create_app
from api.live.sources import StorePoll
from headland.registry.models.models import Scope
from headland.runtime.readiness import Check
from tests.api.fake_ingest import MESSAGE, FakeIngest
from tests.api.farm import DRONE, HOUSE, NOW_MS, OWN, START_MS, fill_farm
from tests.api.registry_api import fill_registry
from tests.api.server import UNLIMITED
from tests.every_case import IS_EVERY_CASE_SENT

#: All operations are one test: every case of them takes minutes on a busy machine.
pytestmark = pytest.mark.timeout(600)

#: Where not every case is sent: of so many operations one has the cases that are made from its schemas one after
#: another, each once for parameters of one name; the others have random ones. To make them all costs most of the time.
ONE_IN = 5
#: Ids that exist are drawn more often than random ones. 400 is what two parameters may cause that are valid alone: an
#: end before a start. A change may meet a name in use (409), another version (412), or name none (428).
SETTINGS = """
# As one of the document's own security schemes: each operation is also asked without it and with a wrong one.
[auth.openapi.key]
bearer = "{key}"
[dictionaries.devices]
values = ["{house}", "{drone}"]
[dictionaries.starts]
values = {starts}
[dictionaries.ends]
values = {ends}
[dictionaries.gateways]
values = ["gw-1", "gw-2"]
[dictionaries.messages]
values = [{message}]
[dictionaries.things]
values = {things}
[parameters]
"path.thing" = {{ dictionary = "things", probability = 0.8 }}
"path.gateway" = {{ dictionary = "gateways", probability = 0.8 }}
"path.message" = {{ dictionary = "messages", probability = 0.8 }}
"path.device" = {{ dictionary = "devices", probability = 0.8 }}
"query.start" = {{ dictionary = "starts", probability = 0.8 }}
"query.end" = {{ dictionary = "ends", probability = 0.8 }}
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "404", "409", "412", "428"]
[[operations]]
include-name = "POST /v1/session"
# Most of what looks like a key is none.
checks.positive_data_acceptance.expected-statuses = ["2xx", "401"]
[[operations]]
include-name = "GET /v1/fields/{{thing}}/recommendation"
# A yield that the schema permits may be more than this crop ever had: impossible-amount.
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "404", "422"]
{others}
"""
#: For operations whose schemas are not walked.
WITHOUT_COVERAGE = """
[[operations]]
include-name = {names}
phases.coverage.enabled = false
"""


@dataclass(frozen=True)
class Served:
    """An app over a filled store and registry, with a key."""

    app: FastAPI
    config: SchemathesisConfig
    headers: dict[str, str]

    @property
    def document(self) -> dict[str, Any]:
        return self.app.openapi()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    registry, repositories, ids = fill_registry(tmp_path_factory.mktemp("openapi"))
    key = repositories.add_key("schemathesis", Scope.ADMIN)[1]
    store = fill_farm()
    app = create_app(
        store,
        organisation=OWN,
        readiness=lambda: [Check("ingest", True, "connected")],
        counters=lambda: {"ingest_messages": 12.0},
        now_ms=lambda: NOW_MS,
        gateways=FakeIngest(),
        registry=registry,
        # A stream ends soon: called in the process, its client can only leave when it is over.
        live=StorePoll(store, OWN, longest_s=0.03).feed,
        limits=UNLIMITED,
    )
    settings_text = SETTINGS.format(
        key=key,
        house=HOUSE,
        drone=DRONE,
        starts=[START_MS, START_MS + 200_000],
        ends=[START_MS + 230_000, NOW_MS],
        message=MESSAGE.id,
        things=[*ids.values()],
        others="" if IS_EVERY_CASE_SENT else WITHOUT_COVERAGE.format(names=json.dumps(names_of_others(app))),
    )
    yield Served(app, SchemathesisConfig.from_str(settings_text), {"Authorization": f"Bearer {key}"})
    registry.close()


def names_of_others(app: FastAPI) -> list[str]:
    """Return the names of all operations but one of `ONE_IN`."""
    names = [f"{method.upper()} {path}" for path, methods in app.openapi()["paths"].items() for method in methods]
    return [name for number, name in enumerate(sorted(names)) if number % ONE_IN]


@pytest.fixture(scope="module")
def api_schema(served: Served) -> Any:
    # A busy machine takes a while to write the document.
    schema = schemathesis.openapi.from_asgi(
        "/openapi.json", served.app, config=served.config, headers=served.headers, timeout=120
    )
    sent: Counter[tuple[object, ...]] = Counter()

    # Here, as a case that is left out before it is an example costs a tenth of one that is left out later.
    @schema.hook
    def filter_case(_: Any, case: Any) -> bool:
        return not is_repeated(case, sent)

    return schema


@pytest.fixture(autouse=True)
def _node_id(request: pytest.FixtureRequest) -> None:
    """Provide the attribute that Schemathesis reads and pytest 9.2 renamed."""
    request.node._nodeid = request.node.nodeid


def is_repeated(case: Any, sent: Counter[tuple[object, ...]]) -> bool:
    """Return whether this scenario was sent for a parameter of this name, where not every case was asked for."""
    phase = case.meta.phase
    if phase.name != TestPhase.COVERAGE or IS_EVERY_CASE_SENT:
        return False
    data = phase.data
    place = (case.operation.label if data.parameter is None else data.parameter, data.parameter_location, data.scenario)
    sent[place] += 1
    return sent[place] > 1


#: Loaded when the test runs: its cases take seconds to make, which each worker would spend at collection.
schema = schemathesis.pytest.from_fixture("api_schema")


@schema.parametrize()
@settings(
    max_examples=5 if IS_EVERY_CASE_SENT else 2,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
@pytest.mark.long
def test_the_api_matches_its_document(case: Any) -> None:
    case.call_and_validate()


@pytest.mark.parametrize(
    ("path", "device", "query"),
    [
        ("/v1/devices/{device}/series", HOUSE, {"channel": ["co2_ppm", "air_temperature_degc"]}),
        ("/v1/devices/{device}/series", HOUSE, {"channel": ["leaf_temperature_degc"], "max_points": 3}),
        ("/v1/devices/{device}/series", DRONE, {"channel": ["latitude_deg"], "max_points": 3}),
        ("/v1/devices/{device}/events", DRONE, {"limit": 1}),
        ("/v1/devices/{device}/conflicts", HOUSE, {}),
        ("/v1/devices/{device}/application", DRONE, {"swath_m": 5}),
        ("/v1/devices/{device}/application", HOUSE, {"swath_m": 5}),
        ("/v1/greenhouses/{device}/climate", HOUSE, {}),
    ],
)
def test_answers_with_data_are_as_described(
    path: str, device: str, query: dict[str, Any], api_schema: Any, served: Served
) -> None:
    window = {"start": START_MS, "end": NOW_MS}
    case = api_schema[path]["GET"].Case(
        path_parameters={"device": device}, query={**window, **query}, headers=served.headers
    )
    assert case.call_and_validate().status_code == 200


def test_every_route_documents_its_errors(served: Served) -> None:
    for path, methods in served.document["paths"].items():
        for method, operation in methods.items():
            for part in ("summary", "description", "tags"):
                assert operation[part], (path, method, part)
            errors = {status: answer for status, answer in operation["responses"].items() if int(status) >= 400}
            for status, answer in errors.items():
                assert list(answer["content"]) == ["application/problem+json"], (path, method, status)


def test_the_document_has_a_schema_for_every_response(served: Served) -> None:
    schemas = served.document["components"]["schemas"]
    assert {"Answer", "Series", "Problem", "DeviceList", "Latest"} <= schemas.keys()
    assert "HTTPValidationError" not in schemas


def test_a_query_parameter_is_never_null(served: Served) -> None:
    for methods in served.document["paths"].values():
        for operation in methods.values():
            assert "null" not in str([parameter["schema"] for parameter in operation.get("parameters", ())])
