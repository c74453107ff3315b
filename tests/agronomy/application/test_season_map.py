import numpy as np
import pytest

from headland.agronomy.application.season_map import SeasonMap
from headland.agronomy.geometry.grid import Grid


def test_maps_of_a_field_add_up_wherever_they_begin() -> None:
    season = SeasonMap(1.0)
    one, other = Grid(0.0, 0.0, 1.0, 4, 4), Grid(2.0, -1.0, 1.0, 3, 6)
    usable = np.ones((4, 4), np.uint8)
    season.add("north", one, np.full((4, 4), 2.0), usable)
    season.add("north", other, np.full((3, 6), 1.0), np.zeros((3, 6), np.uint8))
    tile = season.close("north")
    assert tile.amount == pytest.approx(16 * 2.0 + 18 * 1.0)
    # Two columns and two rows of the usable cells got both.
    assert tile.usable_amount == pytest.approx(16 * 2.0 + 4 * 1.0)
    assert (tile.usable_m2, tile.untreated_m2, tile.passes) == (16.0, 0.0, 2)
    with pytest.raises(KeyError):
        season.close("north")


def test_a_grid_between_the_lines_is_refused() -> None:
    season = SeasonMap(1.0)
    season.add("north", Grid(0.0, 0.0, 1.0, 2, 2), np.ones((2, 2)), np.ones((2, 2), np.uint8))
    with pytest.raises(ValueError, match="lines of one plane"):
        season.add("north", Grid(0.5, 0.0, 1.0, 2, 2), np.ones((2, 2)), np.ones((2, 2), np.uint8))
