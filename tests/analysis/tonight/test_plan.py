"""No card orders an actuator two things at one time, and what yields says why; on a thousand nights."""

from __future__ import annotations

import itertools

import pytest

from headland.analysis.tonight.order_texts import advice_text, withheld_text
from headland.analysis.tonight.orders import PLACES, Order, Withheld
from headland.i18n import LANGUAGES
from headland.units_of_time import HOUR_MS
from tests.analysis.tonight.nights import OPPOSITES, Night, check_night, forecast_of, generated_night
from tests.analysis.tonight.places import WUHAN
from tests.examples import examples

#: 17:00 of Tuesday, 1 December 2026 in Wuhan.
ORIGIN_MS = 1_796_115_600_000


def test_a_thousand_nights_have_one_order_for_each_actuator_at_a_time() -> None:
    yielding = [check_night(generated_night(seed)) for seed in range(examples(1000))]
    assert sum(count > 0 for count in yielding) > len(yielding) / 20


def frosty_wet_night(near_degc: float = 3.5) -> Night:
    """Leaves wet from 17:00 to 07:00, frost from 02:00 to 06:00 and near it from 01:00 to 08:00."""
    air = [9.0] * 8 + [near_degc] + [1.0] * 4 + [near_degc] * 2 + [12.0] * 9
    ahead = {
        "air_temperature_degc": air, "relative_humidity_pct": [97.0] * 24,
        "leaf_condensation_margin_k": [-0.5] * 14 + [4.0] * 10, "cover_condensation_margin_k": [-3.0] * 14 + [4.0] * 10,
    }  # fmt: skip
    calm = {name: [15.0] * 24 for name in ahead}
    return Night(forecast_of(ORIGIN_MS, ahead, calm), ORIGIN_MS, WUHAN, ())


def test_vents_stay_closed_where_airing_would_bring_the_frost_and_the_plan_says_so() -> None:
    """A hand's width of the vents costs up to a kelvin of the air: of 3.0 degC it makes frost, of 3.5 it does not."""
    plan = frosty_wet_night(3.0).plan
    closed = [row for row in plan.orders if (row.actuator, row.direction) == ("vents", "close")]
    assert [(row.start_ms, row.end_ms) for row in closed] == [(ORIGIN_MS + 8 * HOUR_MS, ORIGIN_MS + 15 * HOUR_MS)]
    leaf = next(one for one in plan.statements if one.kind == "leaf_condensation")
    assert leaf.advice is not None
    (lost,) = [each for each in leaf.advice.withheld if each.order.actuator == "vents"]
    assert (lost.by, lost.holds, lost.order.start_ms) == ("frost", "close", ORIGIN_MS + 8 * HOUR_MS)


def test_a_wet_cover_is_aired_when_the_morning_is_warmer_not_at_sunrise() -> None:
    night = frosty_wet_night()
    (aired,) = [row for row in night.plan.orders if row.reasons == ("cover_condensation",)]
    sunrise = next(start for start, _ in night.ahead.lit or () if start > ORIGIN_MS)
    assert (aired.start_ms, aired.end_ms) == (sunrise + 2 * HOUR_MS, sunrise + 3 * HOUR_MS)


def test_vents_are_open_before_the_frost_closed_in_it_and_open_again_after_it() -> None:
    plan = frosty_wet_night().plan
    vents = [(row.direction, row.start_ms, row.end_ms, row.reasons) for row in plan.orders if row.actuator == "vents"]
    at = {hour: ORIGIN_MS + hour * HOUR_MS for hour in range(25)}
    assert [row[:3] for row in vents] == [
        ("open", at[0], at[9]), ("close", at[9], at[13]), ("open", at[13], at[14]), ("open", *vents[3][1:3]),
    ]  # fmt: skip
    assert [row[3] for row in vents] == [
        ("leaf_condensation",),
        ("frost",),
        ("leaf_condensation",),
        ("cover_condensation",),
    ]
    # Near frost leaves are aired: what keeps warm is closed before, the vents in the frost itself.
    (screens,) = [row for row in plan.orders if row.actuator == "screens"]
    assert (screens.direction, screens.start_ms, screens.end_ms) == ("close", at[6], at[15])


def test_what_yields_names_the_graver_reason_and_its_turn_in_both_languages() -> None:
    night = frosty_wet_night()
    leaf = next(one for one in night.plan.statements if one.kind == "leaf_condensation")
    assert leaf.advice is not None
    english, chinese = (advice_text(leaf.advice, WUHAN.time_zone, night.now_ms, one) for one in LANGUAGES)
    assert "Vents stay closed: risk of frost from Wed 02:00; ventilate after Wed 06:00." in english
    assert "风口保持关闭：周三 02:00 起有霜冻风险；周三 06:00 后再放风。" in chinese
    assert "Now until Wed 02:00: open the vents a hand's width." in english


def test_heat_now_does_not_wait_for_the_frost_of_the_night() -> None:
    night = frosty_wet_night()
    now = Night(night.forecast, night.now_ms, night.place, ("heat",))
    first = next(row for row in now.plan.orders if row.actuator == "vents")
    assert (first.direction, first.reasons[0]) == ("open", "alarm:heat")
    assert check_night(now) > 0


def test_of_two_alarms_that_contradict_the_frost_holds_and_the_other_says_so() -> None:
    night = frosty_wet_night()
    both = Night(night.forecast, night.now_ms, night.place, ("heat", "frost"))
    plan = both.plan
    (vents, *_) = [each for each in plan.withheld["heat"] if each.order.actuator == "vents"]
    assert (vents.holds, vents.by) == ("close", "alarm:frost")
    assert withheld_text(vents, WUHAN.time_zone, night.now_ms, "en").startswith("Vents stay closed: alarm “")
    assert not plan.withheld["frost"]


@pytest.mark.parametrize("direction", OPPOSITES)
def test_every_order_that_may_yield_has_its_texts(direction: str) -> None:
    actuator = {"open": "vents", "close": "vents", "on": "heating", "off": "heating", "apply": "spraying",
                "wait": "spraying", "give": "water", "withhold": "water"}[direction]  # fmt: skip
    order = Order(actuator, direction, ORIGIN_MS, ORIGIN_MS + HOUR_MS, ORIGIN_MS)  # type: ignore[arg-type]
    for by, language, hours_ago in itertools.product(PLACES, LANGUAGES, (0, 1)):
        each = Withheld(order, by, OPPOSITES[direction], ORIGIN_MS, ORIGIN_MS + HOUR_MS)  # type: ignore[arg-type]
        text = withheld_text(each, WUHAN.time_zone, ORIGIN_MS - hours_ago * HOUR_MS, language)
        assert "18:00" in text
