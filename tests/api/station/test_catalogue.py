"""The catalogue of the API: what a page or an app needs to name, round and offer values."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from api.app import create_app
from api.auth.permissions import is_open_to, required_scope
from headland.contract.indices import INDICES, METHOD_LABELS
from headland.contract.quantities import QUANTITIES
from headland.contract.units import UNITS
from headland.registry.models.people import PersonRole
from headland.store.memory import MemoryStore
from tests.api.server import serve


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with serve(create_app(MemoryStore(), organisation="local", readiness=list, counters=dict)) as client:
        yield client


def test_it_has_every_unit_channel_and_index_with_names_in_both_languages(client: httpx.Client) -> None:
    answer = client.get("/v1/catalogue").json()
    assert [row["symbol"] for row in answer["units"]] == list(UNITS)
    assert [row["name"] for row in answer["channels"]] == list(QUANTITIES)
    assert [row["name"] for row in answer["indices"]] == list(INDICES)
    for row in (*answer["channels"], *answer["indices"]):
        assert all(row["labels"].values()), row
        assert row["unit"] in UNITS
    assert {row["symbol"] for row in answer["units"] if not all(row["labels"].values())} == {"1"}


def test_a_value_of_it_is_named_rounded_and_offered(client: httpx.Client) -> None:
    answer = client.get("/v1/catalogue").json()
    channels = {row["name"]: row for row in answer["channels"]}
    indices = {row["name"]: row for row in answer["indices"]}
    assert channels["relative_humidity_pct"]["decimals"] == 0
    assert channels["latitude_deg"]["decimals"] == 6
    assert channels["pump_on"]["watched"]
    assert channels["gps_hdop_ratio"]["diagnostic"]
    vpd = indices["vpd_kpa"]
    assert (vpd["unit"], vpd["decimals"], vpd["section"], vpd["chart"]) == ("kPa", 2, "air", "deficit")
    assert vpd["labels"] == {"en": "Vapour pressure deficit (VPD)", "zh": "饱和水汽压差（VPD）"}
    assert (vpd["method"], vpd["method_labels"]) == ("vapour_pressure_deficit", METHOD_LABELS[vpd["method"]])
    assert (vpd["alarmable"], vpd["bandable"], vpd["summable"]) == (True, True, False)
    # The mean of a quantity has the quantity's name, unit and texts.
    air = indices["air_temperature_degc"]
    assert (air["unit"], air["labels"]) == ("degC", channels["air_temperature_degc"]["labels"])


def test_whoever_has_it_is_sent_nothing_again(client: httpx.Client) -> None:
    first = client.get("/v1/catalogue")
    assert (first.status_code, first.headers["Cache-Control"]) == (200, "no-cache")
    again = client.get("/v1/catalogue", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_every_role_may_read_it_and_nobody_change_it() -> None:

    for role in (None, *PersonRole):
        assert is_open_to(role, "GET", "/v1/catalogue")
    scope = required_scope("GET", "/v1/catalogue")
    assert scope is not None
    assert scope.value == "read"
