"""Ids sort by creation and reveal nothing else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from headland.contract.records import is_name
from headland.registry.db.ids import IdMaker


def test_ids_sort_by_creation_also_within_a_millisecond_and_after_a_step_back() -> None:
    maker = IdMaker()
    made = [
        maker.make(time_ms) for time_ms in (1_790_000_000_000,) * 50 + (1_789_999_990_000,) * 50 + (1_790_000_000_001,)
    ]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert all(len(each) == 26 and is_name(each) for each in made)


def test_ids_of_threads_and_of_makers_are_never_the_same() -> None:
    makers = [IdMaker(), IdMaker()]
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda number: makers[number % 2].make(1_790_000_000_000), range(4000)))
    assert len(set(made)) == len(made)
