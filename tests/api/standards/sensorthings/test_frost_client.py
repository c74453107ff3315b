"""SensorThings read by FROST's own client: things, expansions, filters, and ten thousand observations in pages."""

from __future__ import annotations

from collections.abc import Iterator

import frost_sta_client as fsc
import numpy as np
import pytest
import requests

from tests.api.farm import DRONE, HOUSE, NOW_MS, OWN, START_MS, fill_farm, write_series
from tests.api.server import own_app, serve

#: The client's own words about a library of its own.
pytestmark = pytest.mark.filterwarnings("ignore:furl.pathstr:DeprecationWarning")

COUNT = 10_000
LEVEL = "water_level_m"


class Bearer(requests.auth.AuthBase):
    """Shows a key, as an app of this client would."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = "Bearer any"
        return request


class Keyed(fsc.AuthHandler):  # type: ignore[misc]  # it ships no types
    """FROST's way of adding what a request shows."""

    def add_auth_header(self) -> Bearer:
        return Bearer()


@pytest.fixture(scope="module")
def service() -> Iterator[fsc.SensorThingsService]:
    store = fill_farm()
    time_ms = START_MS + 100 * np.arange(COUNT)
    write_series(store, OWN, "home", "tank", "tank-1", time_ms, {LEVEL: np.arange(COUNT, dtype=np.float64)})
    app = own_app(store, now_ms=lambda: NOW_MS + 10**7)
    with serve(app) as client:
        yield fsc.SensorThingsService(f"{client.base_url}/sta/v1.1", auth_handler=Keyed())


def test_the_client_lists_entities_and_gets_one_by_id(service: fsc.SensorThingsService) -> None:
    assert sorted(thing.id for thing in service.things().query().list()) == [HOUSE, "tank-1", DRONE, "wx-1"]
    assert service.things().find("tank-1").name == "tank-1"


def test_the_client_expands_a_thing_with_its_datastreams(service: fsc.SensorThingsService) -> None:
    [tank] = service.things().query().filter("@iot.id eq 'tank-1'").expand("Datastreams").list()
    assert [stream.unit_of_measurement.symbol for stream in tank.datastreams] == ["m"]


def test_the_client_pages_through_ten_thousand_observations(service: fsc.SensorThingsService) -> None:
    [stream] = service.things().find("tank-1").get_datastreams().query().list()
    query = stream.get_observations().query().orderby("phenomenonTime", "asc").top(1000)
    results = [observation.result for observation in query.list()]
    assert results == list(range(COUNT))


def test_the_client_filters_by_result_and_time(service: fsc.SensorThingsService) -> None:
    [stream] = service.things().find("tank-1").get_datastreams().query().list()
    observations = stream.get_observations().query().filter("result ge 9990 and result lt 9995").list()
    assert sorted(observation.result for observation in observations) == [9990, 9991, 9992, 9993, 9994]
    late = stream.get_observations().query().filter("phenomenonTime ge 2026-11-24T08:16:39.000Z").list()
    assert sorted(observation.result for observation in late) == list(range(9990, COUNT))
