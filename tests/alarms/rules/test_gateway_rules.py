"""The farm's rules for each gateway, and what a gateway does with them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from headland.alarms.rules.default_rules import load_default_rules
from headland.alarms.rules.gateway_rules import (
    RESEND_MS,
    Sending,
    SiteRules,
    number_to_send,
    rules_of,
    standing_of,
)
from headland.contract.alarm_rules import built_in_rules
from headland.contract.gateway_rules import MAX_RULES, MAX_RULES_BYTES, RulesContent, encode_rules
from headland.contract.gateway_state import RulesState
from headland.registry.models.alarms import AlarmRule, AlarmTest
from headland.registry.models.models import Device, Gateway, Site
from headland.registry.repositories.inactive_places import InactivePlaces

GATEWAY = Gateway(name="gw-1", site="home")
HOUSE = Device(name="gh-1", kind="greenhouse", gateway="gw-1", site="home", zone="zone-1")
OTHER = Device(name="gh-2", kind="greenhouse", gateway="gw-1", site="home", zone="zone-2")
SITE = Site(farm="farm", name="home", time_zone="Asia/Shanghai", latitude_deg=30.6, longitude_deg=114.3)
NONE = InactivePlaces()
NOW_MS = 1_795_507_200_000


def rule(**changes: Any) -> AlarmRule:
    test = AlarmTest(what="air_temperature_degc", below=changes.pop("below", 3.0))
    return AlarmRule(**{"name": "cold", "any_of": ((test,),), **changes})


def content_of(made: SiteRules) -> dict[str, Any]:
    content: dict[str, Any] = msgspec.json.decode(made.content)
    return content


def made(*rules: AlarmRule, inactive: InactivePlaces = NONE, site: Site | None = SITE) -> SiteRules:
    return rules_of(GATEWAY, rules, (HOUSE, OTHER), site, inactive)


def test_the_rules_that_come_with_headland_are_sent_as_they_are_built_in() -> None:
    sent = made(*load_default_rules())
    tables = {table["name"]: table for table in content_of(sent)["rules"]}
    for built_in in built_in_rules():
        assert tables[built_in["name"]] == msgspec.json.decode(msgspec.json.encode(built_in))
    assert {"frost", "condensation", "field-frost"} <= set(sent.at_gateway)
    assert sent.left_out == ()
    assert not {name for name in sent.at_gateway if name.startswith("gateway-")}
    weather = msgspec.structs.replace(OTHER, kind="weather")
    alone = rules_of(GATEWAY, load_default_rules(), (HOUSE, weather), SITE, NONE).station_only
    assert "dry-hot-wind" in alone
    assert sent.station_only == (), "a house without a weather station has no rule of one"


def test_equal_rules_have_one_revision_and_an_edit_has_another() -> None:
    assert made(rule()).revision == made(rule()).revision
    others = [made(rule(below=3.5)), made(rule(for_s=60.0)), made(), made(rule(), site=None), made(rule(text="x"))]
    assert len({each.revision for each in (made(rule()), *others)}) == 6
    # What only the station knows of a rule is no change for a gateway.
    assert made(rule(recipients=("Li",), text_zh="冷", version=9)).revision == made(rule()).revision


@pytest.mark.parametrize(
    ("changes", "devices"),
    [
        ({}, [None]),
        ({"site": "home"}, [None]),
        ({"site": "elsewhere"}, []),
        ({"enabled": False}, []),
        ({"device": "gh-1"}, ["gh-1"]),
        ({"device": "gh-9"}, []),
        ({"zone": "zone-1"}, ["gh-1"]),
        ({"zone": "zone-9"}, []),
        ({"zone": "zone-1", "device": "gh-2"}, []),
        ({"zone": "zone-1", "kind": "weather"}, []),
    ],
)
def test_a_rule_goes_to_the_gateway_of_the_devices_that_it_is_for(
    changes: dict[str, Any], devices: list[str | None]
) -> None:
    sent = made(rule(**changes))
    assert [table.get("device") for table in content_of(sent).get("rules", [])] == devices
    assert sent.at_gateway == (("cold",) if devices else ())


def test_what_only_the_station_evaluates_is_named() -> None:
    test = AlarmTest(what="air_temperature_degc", below=3.0)
    several = rule(any_of=((test, msgspec.structs.replace(test, what="relative_humidity_pct", below=30.0)),))
    hours = rule(any_of=((msgspec.structs.replace(test, hours=2.0, of_hours=3.0),),))
    offline = rule(any_of=((AlarmTest(what="gateway_offline", above=0.5),),))
    assert (made(several).at_gateway, made(several).station_only) == ((), ("cold",))
    assert made(hours).station_only == ("cold",)
    assert made(offline).station_only == (), "it is of gateways themselves"


def test_a_deactivated_site_has_no_rules_and_a_deactivated_house_is_named() -> None:
    assert "rules" not in content_of(made(rule(), inactive=InactivePlaces(sites=frozenset({"home"}))))
    of_house = made(rule(), inactive=InactivePlaces(devices=frozenset({"gh-2"})))
    assert content_of(of_house)["inactive"] == ["gh-2"]
    assert of_house.at_gateway == ("cold",)


def test_the_message_has_a_bound_and_what_finds_no_room_is_named() -> None:
    many = [rule(name=f"r-{number:03}", text="寒" * 200) for number in range(MAX_RULES + 50)]
    sent = made(*many)
    assert len(encode_rules("gw-1", 2**62, sent.content, "0" * 64)) <= MAX_RULES_BYTES
    assert len(sent.at_gateway) + len(sent.left_out) == len(many)
    assert 50 < len(sent.at_gateway) < MAX_RULES
    short = made(*[rule(name=f"r-{number:03}") for number in range(MAX_RULES + 50)])
    assert (len(short.at_gateway), len(short.left_out)) == (MAX_RULES, 50)
    assert len(msgspec.json.decode(short.content, type=RulesContent).rules) == MAX_RULES


CURRENT = made(rule())
OLD = made(rule(below=1.0)).revision
APPLIED = RulesState(reported=True, revision=CURRENT.revision, number=4, since_ms=7)
SENT: dict[str, Any] = {"sent_revision": CURRENT.revision, "sent_ms": 90}


@pytest.mark.parametrize(
    ("state", "standing", "since_ms"),
    [
        (RulesState(), "unknown", None),
        (RulesState(**SENT), "unknown", None),
        (RulesState(reported=True, own=True, **SENT), "own", None),
        (APPLIED, "applied", 7),
        (RulesState(reported=True), "waiting", None),
        (RulesState(reported=True, revision=OLD, since_ms=7, **SENT), "waiting", 90),
        (RulesState(reported=True, revision=OLD, sent_revision=OLD, sent_ms=90), "waiting", None),
        (RulesState(reported=True, rejected="not_signed", rejected_ms=95, **SENT), "refused", 95),
        (
            RulesState(reported=True, rejected="older", rejected_revision=CURRENT.revision, rejected_ms=95, **SENT),
            "refused",
            95,
        ),
        # It refused another message than the current one.
        (RulesState(reported=True, rejected="older", rejected_revision=OLD, rejected_ms=95, **SENT), "waiting", 90),
        # What it refused after it had the current rules takes nothing from them.
        (msgspec.structs.replace(APPLIED, rejected="older", rejected_revision=OLD), "applied", 7),
    ],
)
def test_the_answer_says_what_a_gateway_does_with_the_current_rules_and_guesses_nothing(
    state: RulesState, standing: str, since_ms: int | None
) -> None:
    answer = standing_of(GATEWAY, CURRENT, state)
    assert (answer.state, answer.since_ms, answer.reason) == (
        standing, since_ms, state.rejected if standing == "refused" else "",
    )  # fmt: skip


def test_rules_are_sent_once_and_again_where_the_gateway_lacks_them() -> None:
    sent = Sending(CURRENT.revision, NOW_MS)
    late_ms = NOW_MS + RESEND_MS
    lacks = RulesState(reported=True, revision=OLD, number=3)
    assert number_to_send(CURRENT, None, RulesState(), 5, NOW_MS) == 5
    assert number_to_send(CURRENT, sent, RulesState(), 6, late_ms) is None, "an older gateway never takes them"
    assert number_to_send(CURRENT, sent, APPLIED, 6, late_ms) is None
    assert number_to_send(CURRENT, sent, lacks, 6, late_ms - 1) is None
    assert number_to_send(CURRENT, sent, lacks, 6, late_ms) == 6
    assert number_to_send(CURRENT, sent, RulesState(trouble="not authorized"), 6, late_ms) == 6
    assert number_to_send(CURRENT, sent, lacks, 6, NOW_MS - 1) == 6, "a clock set back delays nothing"
    assert number_to_send(CURRENT, Sending(OLD, NOW_MS), lacks, 6, NOW_MS) == 6, "an edit goes at once"


def test_a_restored_registry_whose_numbers_begin_lower_is_heard_nevertheless() -> None:
    ahead = RulesState(reported=True, revision=OLD, number=900)
    assert number_to_send(CURRENT, None, ahead, 5, NOW_MS) == 901
    same = RulesState(reported=True, revision=CURRENT.revision, number=900)
    assert number_to_send(CURRENT, None, same, 5, NOW_MS) == 900


def test_a_rule_on_a_forecast_is_the_stations_alone_and_is_named() -> None:
    coming = AlarmTest(what="air_temperature_degc", below=0.0, within_h=12.0, chance_pct=30.0)
    made = rules_of(GATEWAY, [rule(), rule(name="to-come", any_of=((coming,),))], [HOUSE], SITE, NONE)
    assert (made.at_gateway, made.station_only) == (("cold",), ("to-come",))
    assert b"to-come" not in made.content
