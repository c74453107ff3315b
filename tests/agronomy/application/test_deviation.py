import numpy as np
import pytest

from headland.agronomy.application.deviation import CAUSES, CLASSES, Conditions, label_regions, measure_deviation

SHAPE = (6, 8)


def conditions(**more: object) -> Conditions:
    usual: dict[str, object] = {
        "covers": np.ones(SHAPE, np.int64),
        "edge_m": np.full(SHAPE, np.inf),
        "refill_m": np.full(SHAPE, np.inf),
        "speed_m_s": np.full(SHAPE, 6.0),
        "wind_m_s": np.full(SHAPE, 2.0),
        "flow_per_min": np.full(SHAPE, 18.0),
        "hopper_kg": np.full(SHAPE, 30.0),
        "dry": np.zeros(SHAPE, np.bool_),
    }
    return Conditions(**{**usual, **more})  # type: ignore[arg-type]


def classes_and_causes(rate: np.ndarray, known: Conditions) -> tuple[np.ndarray, np.ndarray]:
    deviation = measure_deviation(rate, np.full(SHAPE, 100.0), known, 2.0, 5.0)
    assert deviation is not None
    return deviation.classes, deviation.causes


@pytest.mark.parametrize(
    ("rate", "kind"),
    [(0.0, "far_under"), (49.9, "far_under"), (50.0, "under"), (89.9, "under"), (90.0, "on_target"),
     (110.0, "on_target"), (110.1, "over"), (149.9, "over"), (150.1, "double")],
)  # fmt: skip
def test_a_class_is_a_share_of_the_plan(rate: float, kind: str) -> None:
    rates = np.full(SHAPE, 100.0)
    rates[2, 3] = rate
    assert CLASSES[classes_and_causes(rates, conditions())[0][2, 3]] == kind


@pytest.mark.parametrize(
    ("rate", "name", "value", "cause"),
    [
        (70.0, "refill_m", 3.0, "refill"),
        (70.0, "hopper_kg", 0.4, "empty_hopper"),
        (70.0, "dry", True, "empty_hopper"),
        (70.0, "edge_m", 0.0, "boundary"),
        (70.0, "wind_m_s", 4.5, "wind"),
        (0.0, "covers", 0, "not_covered"),
        (180.0, "covers", 2, "overlap"),
        (70.0, "speed_m_s", 8.5, "speed"),
        (140.0, "speed_m_s", 4.0, "speed"),
        (70.0, "flow_per_min", 12.0, "flow"),
        (140.0, "flow_per_min", 25.0, "flow"),
        # A cause that would do the opposite is none.
        (70.0, "speed_m_s", 4.0, "pattern"),
        (70.0, "covers", 2, "pattern"),
    ],
)
def test_a_cause_follows_from_the_conditions_of_the_cell(rate: float, name: str, value: object, cause: str) -> None:
    rates = np.full(SHAPE, 100.0)
    rates[2, 3] = rate
    usual = conditions()
    changed = getattr(usual, name).copy()
    changed[2, 3] = value
    assert CAUSES[classes_and_causes(rates, conditions(**{name: changed}))[1][2, 3]] == cause


def test_a_pass_that_is_low_throughout_is_miscalibrated() -> None:
    deviation = measure_deviation(np.full(SHAPE, 85.0), np.full(SHAPE, 100.0), conditions(), 2.0, 5.0)
    assert deviation is not None
    assert set(np.unique(deviation.causes)) == {CAUSES.index("calibration")}
    assert deviation.mean_deviation_pct == pytest.approx(-15.0)
    assert [deviation.mean_absolute_ha, deviation.rms_ha, deviation.on_target_share] == pytest.approx([15.0, 15.0, 0.0])
    (region,) = deviation.regions
    assert region.area_m2 == pytest.approx(6 * 8 * 4.0)
    assert region.planned - region.applied == pytest.approx(15.0 * 6 * 8 * 4.0 / 10_000)


def test_without_a_known_rate_there_is_no_deviation() -> None:
    assert measure_deviation(np.full(SHAPE, np.nan), np.full(SHAPE, 100.0), conditions(), 2.0, 5.0) is None
    rates = np.full(SHAPE, 100.0)
    rates[0, 0] = np.nan
    assert classes_and_causes(rates, conditions())[0][0, 0] == 0


def test_cells_of_a_class_that_touch_by_their_sides_are_one_region() -> None:
    classes = np.array([[1, 1, 0, 2], [0, 1, 0, 2], [3, 0, 1, 2], [3, 3, 1, 1]], np.uint8)
    labels = label_regions(classes)
    assert (labels > 0).tolist() == (classes > 0).tolist()
    assert labels[0, 0] == labels[1, 1]
    assert labels[2, 2] == labels[3, 3] != labels[0, 0]
    assert labels[0, 3] == labels[2, 3] != labels[3, 3]
    assert len(np.unique(labels[labels > 0])) == 4
    # A ring is one region whichever way it is closed.
    ring = np.ones((5, 5), np.uint8)
    ring[1:4, 1:4] = 0
    assert len(np.unique(label_regions(ring))) == 2


def test_one_rate_over_zones_is_never_between_the_swaths() -> None:
    planned = np.repeat([60.0, 100.0, 140.0], 8)[None, :].repeat(12, axis=0)
    flat = np.full(planned.shape, 100.0) + 3.0 * np.sin(np.arange(12) * 2.0)[:, None]
    wide = {name: np.broadcast_to(getattr(conditions(), name)[0, 0], planned.shape) for name in Conditions.__slots__}
    deviation = measure_deviation(flat, planned, Conditions(**wide), 2.0, 5.0)
    assert deviation is not None
    assert {region.cause for region in deviation.regions} == {"rate_not_varied"}
    # A rate that follows the plan at the wrong level is a calibration; one of no shape at all is not known.
    for rates, cause in ((planned * 0.8, "calibration"), (planned * np.linspace(0.4, 1.6, 12)[:, None], "not_known")):
        found = measure_deviation(rates, planned, Conditions(**wide), 2.0, 5.0)
        assert found is not None
        assert {region.cause for region in found.regions} == {cause}


def test_stripes_of_a_swath_are_between_the_swaths_also_where_a_plan_has_one_rate() -> None:
    shape = (24, 20)
    stripes = 100.0 + 40.0 * np.sin(np.arange(24) * 2.0 * np.pi / 5.0)[:, None].repeat(20, axis=1)
    wide = {name: np.broadcast_to(getattr(conditions(), name)[0, 0], shape) for name in Conditions.__slots__}
    deviation = measure_deviation(stripes, np.full(shape, 100.0), Conditions(**wide), 1.0, 5.0)
    assert deviation is not None
    # The outermost half swath is the boundary's.
    inner = deviation.causes[2:-2]
    assert set(inner[inner > 0].tolist()) == {CAUSES.index("pattern")}
    # Half of a field at half the rate, for no known reason, is not a matter of swaths.
    half = np.full(shape, 100.0)
    half[:, 12:] = 60.0
    deviation = measure_deviation(half, np.full(shape, 100.0), Conditions(**wide), 1.0, 5.0)
    assert deviation is not None
    assert {region.cause for region in deviation.regions} == {"not_known"}
