"""Edits of outlines over HTTP: a division keeps all ground, a strip has its width, and nothing is stored."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api.farm import EAST_DEG_M, NORTH_DEG_M


def ring(west_m: float, south_m: float, east_m: float, north_m: float) -> list[list[float]]:
    corners = ((west_m, south_m), (east_m, south_m), (east_m, north_m), (west_m, north_m), (west_m, south_m))
    return [[10.0 + x / EAST_DEG_M, 0.1 + y / NORTH_DEG_M] for x, y in corners]


def edit(client: httpx.Client, **sent: Any) -> Any:
    shape = {"type": "Polygon", "coordinates": [ring(0, 0, 200, 100), ring(20, 20, 40, 40)]}
    return client.post("/v1/fields/outline", json={"geometry": shape, **sent})


def test_a_field_is_divided_by_a_line_and_no_ground_is_lost(client: httpx.Client) -> None:
    across = [[10.0 + 120 / EAST_DEG_M, 0.09], [10.0 + 120 / EAST_DEG_M, 0.11]]
    answer = edit(client, split_by=across)
    assert answer.status_code == 200, answer.text
    areas = [part["area_m2"] for part in answer.json()["items"]]
    assert areas == pytest.approx([120 * 100 - 400, 80 * 100], rel=1e-4)
    (whole,) = edit(client).json()["items"]
    assert sum(areas) == pytest.approx(whole["area_m2"], rel=1e-6)
    beside = edit(client, split_by=[[11.0, 0.0], [11.0, 1.0]])
    assert (beside.status_code, beside.json()["type"]) == (400, "urn:headland:problem:invalid-record")


def test_a_strip_lies_within_its_width_of_every_edge_holes_included(client: httpx.Client) -> None:
    (strip,) = edit(client, strip_m=5).json()["items"]
    inside = (200 - 10) * (100 - 10) - (20 + 10) ** 2
    assert strip["area_m2"] == pytest.approx(200 * 100 - 400 - inside, rel=1e-3)


@pytest.mark.parametrize("more", [{}, {"strip_m": 5}, {"split_by": [[10.0, 0.0], [10.0, 1.0]]}])
def test_an_outline_that_is_not_in_degrees_is_refused_whatever_is_asked(client: httpx.Client, more: Any) -> None:
    metres = {"type": "Polygon", "coordinates": [[[0, 0], [1e303, 0], [1e303, 1e303], [0, 0]]]}
    answer = client.post("/v1/fields/outline", json={"geometry": metres, **more})
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:headland:problem:invalid-record")
