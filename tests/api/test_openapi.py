"""Property tests of the API against its OpenAPI document, with Schemathesis."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig

from api.app import create_app
from api.live.sources import StorePoll
from api.ops.readiness import Check
from headland.registry.models.models import Scope
from tests.api.fake_ingest import MESSAGE, FakeIngest
from tests.api.farm import DRONE, HOUSE, NOW_MS, OWN, START_MS, fill_farm
from tests.api.registry_api import fill_registry
from tests.api.server import UNLIMITED

FOLDER = tempfile.TemporaryDirectory()  # as long as the module, as the schema's examples need it
REGISTRY, ESTATE, IDS = fill_registry(Path(FOLDER.name))
KEY = ESTATE.add_key("schemathesis", Scope.ADMIN)[1]
SHOWN = {"Authorization": f"Bearer {KEY}"}

STORE = fill_farm()

APP = create_app(
    STORE,
    organisation=OWN,
    readiness=lambda: [Check("ingest", True, "connected")],
    counters=lambda: {"ingest_messages": 12.0},
    now_ms=lambda: NOW_MS,
    gateways=FakeIngest(),
    registry=REGISTRY,
    # A stream ends soon: called in the process, its client can only go when it is over.
    live=StorePoll(STORE, OWN, longest_s=0.03).feed,
    limits=UNLIMITED,
)

# 400 is what two parameters may earn that are right one by one: an end before a start. A change may meet a name that
# is taken (409), another version (412), or name none (428).
CONFIG = SchemathesisConfig.from_str(f"""
# As one of the document's own ways in, so that each operation is asked without it and with a wrong one, too.
[auth.openapi.key]
bearer = "{KEY}"
[dictionaries.devices]
values = ["{HOUSE}", "{DRONE}"]
[dictionaries.starts]
values = [{START_MS}, {START_MS + 200_000}]
[dictionaries.ends]
values = [{START_MS + 230_000}, {NOW_MS}]
[dictionaries.gateways]
values = ["gw-1", "gw-2"]
[dictionaries.messages]
values = [{MESSAGE.id}]
[dictionaries.things]
values = {[*IDS.values()]}
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
# What looks like a key mostly is none.
checks.positive_data_acceptance.expected-statuses = ["2xx", "401"]
""")

# A machine that is busy with the other half of the tests takes a while to write the document.
schema = schemathesis.openapi.from_asgi("/openapi.json", APP, config=CONFIG, headers=SHOWN, timeout=60)


@schema.parametrize()
@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
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
def test_answers_with_data_are_as_described(path: str, device: str, query: dict[str, Any]) -> None:
    window = {"start": START_MS, "end": NOW_MS}
    case = schema[path]["GET"].Case(path_parameters={"device": device}, query={**window, **query}, headers=SHOWN)
    assert case.call_and_validate().status_code == 200


@pytest.mark.parametrize("path", sorted(APP.openapi()["paths"]))
def test_every_route_documents_its_errors(path: str) -> None:
    for operation in APP.openapi()["paths"][path].values():
        assert operation["summary"]
        assert operation["description"]
        assert operation["tags"]
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                assert list(response["content"]) == ["application/problem+json"]


def test_the_document_has_a_schema_for_every_response() -> None:
    document = APP.openapi()
    assert {"Answer", "Series", "Problem", "DeviceList", "Latest"} <= document["components"]["schemas"].keys()
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_a_query_parameter_is_never_null() -> None:
    for methods in APP.openapi()["paths"].values():
        for operation in methods.values():
            assert "null" not in str([parameter["schema"] for parameter in operation.get("parameters", ())])
