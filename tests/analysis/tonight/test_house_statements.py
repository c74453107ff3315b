from collections.abc import Sequence

import pytest

from headland.analysis.tonight.house_statements import HouseLimits, house_statements
from headland.analysis.tonight.statements import OutlookStatement
from headland.registry.repositories.forecasts import Forecast, QuantityForecast
from headland.units_of_time import DAY_MS, HOUR_MS

ORIGIN_MS = 1_795_752_000_000
Hours = Sequence[float | None]
WARM: Hours = [15.0] * 24
DRY: Hours = [60.0] * 24


def forecast(
    made: dict[str, Hours],
    measured: dict[str, Hours] | None = None,
    days_ago: int = 0,
    before: dict[str, Hours] | None = None,
) -> Forecast:
    quantities = {
        name: QuantityForecast(
            made=list(hours), low=[None] * 24, high=[None] * 24, as_now=None,
            as_yesterday=list((before or {}).get(name, [None] * 24)),
            measured=list((measured or {}).get(name, [None] * 24)),
        )
        for name, hours in made.items()
    }  # fmt: skip
    origin_ms = ORIGIN_MS - days_ago * DAY_MS
    return Forecast(house="greenhouse-1", origin_ms=origin_ms, made_ms=origin_ms, quantities=quantities)


def house(
    leaf: Hours = (3.0,) * 24, cover: Hours = (3.0,) * 24, air: Hours = WARM, humidity: Hours = DRY
) -> dict[str, Hours]:
    return {
        "leaf_condensation_margin_k": leaf,
        "cover_condensation_margin_k": cover,
        "air_temperature_degc": air,
        "relative_humidity_pct": humidity,
    }


def said(kind: str, made: dict[str, Hours], past: Sequence[Forecast] = ()) -> OutlookStatement:
    return next(one for one in house_statements(forecast(made), past) if one.kind == kind)


def test_a_quiet_night_has_low_levels_and_no_advice() -> None:
    statements = house_statements(forecast(house()), ())
    assert {statement.level for statement in statements} == {"low"}
    assert [statement.occurs for statement in statements] == [False] * 4
    assert all(statement.advice is None and statement.start_ms is None for statement in statements)


def test_leaves_and_cover_are_told_apart_and_a_wet_cover_alone_is_less_trouble() -> None:
    wet_cover = house(cover=[1.0] * 20 + [-2.0] * 4)
    assert said("leaf_condensation", wet_cover).level == "low"
    cover = said("cover_condensation", wet_cover)
    assert (cover.level, cover.occurs, cover.value, cover.hours) == ("moderate", True, -2.0, 4)
    leaf = said("leaf_condensation", house(leaf=[1.5] * 6 + [-0.1] + [1.5] * 17))
    assert (leaf.level, leaf.start_ms, leaf.end_ms) == ("high", ORIGIN_MS + 6 * HOUR_MS, ORIGIN_MS + 7 * HOUR_MS)
    assert leaf.advice is not None
    assert (leaf.advice.rule, leaf.advice.until_ms) == ("dry_the_air", ORIGIN_MS + 6 * HOUR_MS)


def test_a_cover_that_is_not_known_is_a_question_whatever_an_earlier_forecast_took_for_it() -> None:
    statements = house_statements(forecast(house(cover=[-9.0] * 24)), (), HouseLimits(is_cover_known=False))
    cover = next(one for one in statements if one.kind == "cover_condensation")
    assert (cover.level, cover.reason, cover.occurs, cover.advice) == ("unknown", "cover_not_known", None, None)


@pytest.mark.parametrize(
    ("least", "level", "occurs"),
    [(4.1, "low", False), (3.9, "moderate", False), (2.0, "moderate", False), (1.9, "high", True)],
)
def test_frost_is_told_by_the_rules_limit_and_watched_two_kelvin_above(least: float, level: str, occurs: bool) -> None:
    frost = said("frost", house(air=[10.0] * 23 + [least]))
    assert (frost.level, frost.occurs, frost.value) == (level, occurs, least)


def test_a_long_warm_wet_night_is_grey_mould_weather_and_a_short_one_is_not() -> None:
    long = said("disease", house(leaf=[3.0] * 6 + [-0.5] * 18, air=[18.0] * 24))
    assert long.level != "low"
    assert (long.value, long.start_ms) == (18.0, ORIGIN_MS + 6 * HOUR_MS)
    short = said("disease", house(leaf=[3.0] * 22 + [-0.5] * 2, air=[18.0] * 24))
    assert (short.level, short.occurs, short.value) == ("low", False, 2.0)


def test_humid_air_over_leaves_that_are_known_to_be_warm_is_no_wetness() -> None:
    warm = house(leaf=[0.9] * 24, humidity=[97.0] * 24, air=[18.0] * 24)
    assert (said("leaf_condensation", warm).hours, said("disease", warm).value) == (0, 0.0)


def test_a_wet_period_that_has_begun_counts_from_its_beginning() -> None:
    made = house(leaf=[-0.5] * 4 + [3.0] * 20, air=[18.0] * 24)
    assert said("disease", made).level == "low"
    before = forecast(made, before=house(leaf=[3.0] * 12 + [-0.5] * 12, air=[18.0] * 24))
    begun = next(one for one in house_statements(before, ()) if one.kind == "disease")
    assert (begun.level, begun.value, begun.start_ms) == ("high", 4.0, ORIGIN_MS)


def test_too_little_is_said_and_not_filled() -> None:
    assert {(one.level, one.reason, one.value) for one in house_statements(None, ())} == {
        ("unknown", "no_forecast", None)
    }
    holes = said("frost", house(air=[10.0] * 19 + [None] * 5))
    assert (holes.level, holes.reason, holes.occurs, holes.advice) == ("unknown", "insufficient_data", None, None)
    known = said("frost", house(air=[10.0] * 20 + [None] * 4))
    assert known.level == "low"


def test_the_record_counts_what_was_said_against_what_came() -> None:
    frosty, mild = house(air=[10.0] * 23 + [1.0]), house(air=[10.0] * 23 + [5.0])
    past = [
        forecast(frosty, frosty, 4),
        forecast(frosty, mild, 3),
        forecast(mild, frosty, 2),
        forecast(mild, mild, 1),
        forecast(mild, None, 5),  # nothing was measured: it cannot be compared
    ]
    record = said("frost", mild, past).record
    assert (record.n, record.right, record.missed, record.false_alarms) == (4, 2, 1, 1)
    assert record.mean_abs_error == pytest.approx(2.0)
    assert record.chance is None
    assert not record.is_enough


def test_the_chance_is_the_share_of_past_errors_with_which_it_would_come() -> None:
    # Said 5 degC each time; it was 4 K colder on three of ten days, and as said on the others.
    made = house(air=[10.0] * 23 + [5.0])
    past = [
        forecast(made, house(air=[10.0] * 23 + [1.0 if days_ago <= 3 else 5.0]), days_ago)
        for days_ago in range(10, 0, -1)
    ]
    record = said("frost", made, past).record
    assert record.n == 10
    assert record.chance == pytest.approx(0.3)


def test_a_record_is_of_the_last_thirty() -> None:
    made = house()
    record = said("frost", made, [forecast(made, made, days_ago) for days_ago in range(40, 0, -1)]).record
    assert (record.n, record.right) == (30, 30)
