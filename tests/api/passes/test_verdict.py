"""Verdict on a pass: one sentence whose figures are those of map, comparison and remaining work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from headland.registry.models.models import Implement, ImplementKind
from headland.store.memory import MemoryStore
from tests.api.passes.test_pass_areas import MU_M2, add_field, ask, declare, fly
from tests.api.passes.test_pass_state import AT_WORK_S, WHOLE_S, flight
from tests.api.registry_api import RegistryApi
from tests.api.spread_field import box, serve_spread_field

#: Rows a swath of 5 m apart; the third and the fourth are never flown.
NORTH_M = 90_000.0
ROWS = (0, 1, 4, 5, 6)


def with_missed_rows(farm_api: RegistryApi, store: MemoryStore, rows: tuple[int, ...]) -> str:
    """Return a declared pass over the named ones of seven rows of a field."""
    device = f"uav-{len(rows)}"
    fly(store, device, [((0.0, NORTH_M + 5.0 * row), (190.0, NORTH_M + 5.0 * row)) for row in rows])
    field = add_field(farm_api, f"rows {len(rows)}", box(0.0, NORTH_M - 2.5, 190.0, NORTH_M + 32.5))
    return declare(farm_api, field, device=device)


def test_a_verdict_says_what_the_map_the_comparison_and_the_remaining_work_say(tmp_path: Path) -> None:
    store = MemoryStore()
    with serve_spread_field(tmp_path, store) as farm_api:
        path = f"/v1/passes/{with_missed_rows(farm_api, store, ROWS)}"
        verdict = ask(farm_api, "GET", f"{path}/verdict").json()
        cover = ask(farm_api, "GET", f"{path}/as-applied?format=summary").json()["cover"]
        deviation = ask(farm_api, "GET", f"{path}/deviation").json()
        rest = ask(farm_api, "GET", f"{path}/resume").json()
        for name in ("field_m2", "covered_m2", "skipped_m2"):
            assert verdict[name] == cover[name]
        assert verdict["on_target_m2"] == deviation["class_m2"]["on_target"]
        assert verdict["compared_m2"] == pytest.approx(sum(deviation["class_m2"].values()))
        assert (verdict["strips"], verdict["action"]) == (rest["lines"], "fly_rest")
        assert rest["lines"] == 2
        on_m2, all_m2 = verdict["on_target_m2"], verdict["compared_m2"]
        assert verdict["text"] == (
            f"{on_m2 / 1e4:.3f} ha of {all_m2 / 1e4:.3f} ha got within 10 % of the plan; 2 strips were missed."
        )
        assert verdict["text_zh"] == (
            f"{all_m2 / MU_M2:.2f} 亩中有 {on_m2 / MU_M2:.2f} 亩用量在计划的 ±10% 以内；漏施 2 条。"
        )
        assert "ha)." in verdict["because"]
        # With another plan it is another verdict, of the same ground.
        other = ask(farm_api, "GET", f"{path}/verdict", params={"planned_rate_ha": 1000.0}).json()
        assert other["on_target_m2"] == 0.0
        assert other["covered_m2"] == verdict["covered_m2"]


def test_a_pass_that_left_nothing_has_nothing_to_be_done(tmp_path: Path) -> None:
    store = MemoryStore()
    with serve_spread_field(tmp_path, store) as farm_api:
        path = f"/v1/passes/{with_missed_rows(farm_api, store, tuple(range(7)))}"
        verdict = ask(farm_api, "GET", f"{path}/verdict").json()
        assert (verdict["strips"], verdict["action"]) == (0, None)
        assert verdict["text"].endswith("; no strip was missed.")
        assert verdict["text_zh"].endswith("；没有漏施的作业幅。")


def test_a_pass_under_way_has_no_skipped_ground_in_its_verdict(tmp_path: Path) -> None:
    with flight(tmp_path, AT_WORK_S, AT_WORK_S + 30) as flown:
        verdict = flown.ask("/verdict", planned_rate_ha=700.0).json()
        assert verdict["state"] == "flying"
        names = ("skipped_m2", "strips", "action", "on_target_m2")
        assert {verdict[name] for name in names} == {None}
        assert verdict["covered_m2"] > 0
        assert verdict["text"].startswith("Still at work: ")
        assert not [word for word in ("missed", "skipped", "within") if word in json.dumps(verdict["text"])]
        assert verdict["because"] == ""


def test_an_interrupted_pass_says_what_is_left_and_not_what_was_missed(tmp_path: Path) -> None:
    with flight(tmp_path, AT_WORK_S, AT_WORK_S + 600) as flown:
        verdict = flown.ask("/verdict", planned_rate_ha=700.0).json()
        assert verdict["state"] == "interrupted"
        assert verdict["text"].startswith("Interrupted: ")
        assert verdict["text"].endswith("left to fly.")
        assert verdict["action"] == "fly_rest"


def test_without_a_swath_the_verdict_says_what_to_enter(tmp_path: Path) -> None:
    with flight(tmp_path, WHOLE_S, WHOLE_S + 600) as flown:
        # With a second spreader nobody knows which one it was.
        flown.api.repositories.implements.add(Implement(name="wide", kind=ImplementKind.SPREADER, swath_m=9.0))
        verdict = flown.api.client.get(f"/v1/passes/{flown.listed()['id']}/verdict").json()
        assert (verdict["reason"], verdict["covered_m2"], verdict["strips"]) == ("no_implement", None, None)
        assert "enter a swath" in verdict["text"]
        assert "请选择机具或填写作业幅宽" in verdict["text_zh"]
