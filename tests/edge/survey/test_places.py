"""A bare temperature or humidity is of the air only where nothing else of its device says otherwise."""

from __future__ import annotations

import json
from typing import Any

import pytest

from edge.posts.uplinks import read_uplink
from edge.survey.found import found_sources
from edge.survey.places import open_place
from edge.survey.proposals import propose, propose_sources
from edge.survey.survey import BrokerSurvey
from headland.contract.gateway_orders import SurveyBroker
from headland.contract.posts.uplinks import UplinkServer
from tests.edge.posts.test_uplinks import things_stack

AIR = "air_temperature_degc"
HUMID = "relative_humidity_pct"


def survey(**devices: dict[str, Any]) -> BrokerSurvey:
    found = BrokerSurvey()
    for name, values in devices.items():
        found.add(f"farm/{name}/data", json.dumps(values).encode(), retained=False)
    return found


def choices(found: BrokerSurvey) -> dict[str, tuple[str, ...]]:
    """Return the channels that are proposed for each name: several where the choice is left open."""
    return {
        each.key: each.choices or (each.channel,)
        for source in propose_sources(found.topics)
        for each in source.channels
    }


@pytest.mark.parametrize(
    ("values", "name", "expected"),
    [
        ({"temperature_c": 16.4, "soil_moisture_pct": 38}, "temperature_c", ("soil_temperature_degc", AIR)),
        ({"temp_c": 16.4, "moisture_pct": 38, "ec_ms_cm": 0.8}, "temp_c", ("soil_temperature_degc", AIR)),
        (
            {"temperature_c": 16.4, "humidity_pct": 38, "ec_ms_cm": 0.8},
            "humidity_pct",
            ("substrate_moisture_pct", HUMID),
        ),
        ({"temperature_c": 9.5, "wind_speed_m_s": 3, "rain_mm": 1}, "temperature_c", ("outside_temperature_degc", AIR)),
        ({"humidity_pct": 80, "wind_speed_m_s": 3}, "humidity_pct", ("outside_humidity_pct", HUMID)),
        ({"temperature_c": 9.5, "turbidity_pct": 3}, "temperature_c", ("water_temperature_degc", AIR)),
        # Known by the other values: the soil's is stated itself, or the instrument is in the air.
        ({"temperature_c": 16.4, "soil_temperature_c": 12, "soil_moisture_pct": 38}, "temperature_c", (AIR,)),
        ({"temperature_c": 16.4, "co2_ppm": 400, "soil_moisture_pct": 38}, "temperature_c", (AIR,)),
        ({"temperature_c": 16.4, "humidity_pct": 60}, "temperature_c", (AIR,)),
        # Named by itself.
        ({"air_temperature_c": 16.4, "soil_moisture_pct": 38}, "air_temperature_c", (AIR,)),
    ],
)
def test_a_bare_number_is_left_open_by_what_its_device_measures(
    values: dict[str, Any], name: str, expected: tuple[str, ...]
) -> None:
    assert choices(survey(node=values))[name] == expected


@pytest.mark.parametrize(
    ("name", "others", "about"),
    [
        ("t", ["soil_moisture"], "soil"),
        ("T", ["moisture"], "soil"),
        ("温度", ["土壤湿度"], "soil"),
        ("温度", ["风速"], "outside"),
        ("temperature", ["water_level"], "water"),
        ("temperature", ["illuminance", "battery"], None),
        ("空气温度", ["土壤湿度"], None),
        ("indoor temperature", ["wind speed"], None),
    ],
)
def test_words_of_both_languages_tell_a_place(name: str, others: list[str], about: str | None) -> None:
    found = open_place(AIR, name, "node", [(each, "") for each in others])
    assert (None if found is None else found.about) == about


@pytest.mark.parametrize(
    ("device", "about"), [("soil-1", "soil"), ("土壤 3", "soil"), ("pond", "water"), ("north", None)]
)
def test_the_name_of_a_device_leaves_it_open_and_settles_nothing(device: str, about: str | None) -> None:
    found = open_place(AIR, "temperature", device, [])
    assert (None if found is None else found.about) == about
    assert found is None or AIR in found.channels


def test_several_nodes_with_one_key_are_not_settled_by_that_which_is_clear() -> None:
    found = survey(
        climate={"temperature_c": 21, "humidity_pct": 60}, probe={"temperature_c": 16, "soil_moisture_pct": 38}
    )
    assert choices(found)["temperature_c"] == ("soil_temperature_degc", AIR)
    text = propose(found.topics)
    assert '# from = "temperature_c"' in text
    assert "probe is about soil, and nothing says which it is: soil_temperature_degc or air_temperature_degc" in text
    [source] = [each for each in found_sources(found.topics, SurveyBroker(host="h")) if each.unclear]
    [number] = source.unclear
    assert (number.about, number.channel, number.unit, len(number.choices)) == ("soil", "", "degC", 2)


def test_an_uplink_of_a_soil_probe_is_proposed_with_both_places() -> None:
    posted = read_uplink(UplinkServer.THINGS_STACK, things_stack({"temperature_c": 16.4, "moisture_pct": 38.0}), ())
    assert (
        "temperature_c (16.4): of soil channel=soil_temperature_degc,degC,temperature_c; "
        "or of the air channel=air_temperature_degc,degC,temperature_c"
    ) in posted.unmapped
    assert "air_temperature_degc" not in {each.name for each in posted.records}
