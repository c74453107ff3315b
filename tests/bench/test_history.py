"""History of benchmark figures: what became worse by more than it varies."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.history import append_run, describe, find_falls, history_file, is_better_larger, read_runs


def record(**figures: float) -> dict[str, object]:
    return {"cores": 2, "load_1min": 0.1, "benchmarks": {"store": {"duckdb": figures}}}


def test_runs_are_appended_and_a_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "there" / "bench.jsonl"
    assert read_runs(path) == []
    append_run(path, record(read_ms=10.0), "abc")
    append_run(path, record(read_ms=20.0), "def+")
    with path.open("a") as file:
        file.write('{"commit": "gh')
    runs = read_runs(path)
    assert [run["commit"] for run in runs] == ["abc", "def+"]
    told, has_fallen = describe(runs, ["store", "never"])
    assert has_fallen
    assert told == [
        "store: abc (load 0.1) -> def+ (load 0.1): 1 worse by more than noise",
        "  store duckdb read_ms: 10.000 -> 20.000, 100% worse (noise 25%)",
        "never: one run, nothing to compare",
    ]


def test_a_rate_falls_and_a_time_grows_and_other_numbers_are_not_judged() -> None:
    before = record(stored_points_s=1000.0, took_s=10.0, share_ratio=1.0, cells=5.0, gone_ms=1.0)
    after = record(stored_points_s=700.0, took_s=9.0, share_ratio=0.5, cells=1.0, new_ms=9.0)
    falls = find_falls([before, after], "store")
    assert [fall.name for fall in falls] == ["store duckdb share_ratio", "store duckdb stored_points_s"]
    assert falls[0].worse == pytest.approx(1.0)
    # The other way round the time alone is worse, and by less than noise.
    assert find_falls([after, before], "store") == []
    assert [is_better_larger(name) for name in ("x_kB", "a_messages_s", "a_s", "count")] == [False, True, False, None]


def test_what_varies_from_run_to_run_has_to_fall_by_more() -> None:
    steady = [record(read_ms=value) for value in (100.0, 101.0, 99.0, 100.0, 115.0)]
    assert [fall.noise for fall in find_falls(steady, "store")] == [pytest.approx(0.1)]
    varying = [record(read_ms=value) for value in (100.0, 140.0, 70.0, 110.0, 150.0)]
    assert find_falls(varying, "store") == []


def test_the_history_is_outside_the_tree_and_can_be_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("HEADLAND_BENCH_HISTORY", raising=False)
    assert history_file().is_relative_to(Path.home() / ".local")
    monkeypatch.setenv("HEADLAND_BENCH_HISTORY", str(tmp_path / "x"))
    assert history_file() == tmp_path / "x"
