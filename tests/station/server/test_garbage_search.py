"""Search for garbage: cycles are freed, what survives is left out, and once an hour everything is looked through."""

from __future__ import annotations

import gc
import weakref

from station.server.garbage_search import GarbageSearch


class Node:
    """Refers to itself."""

    def __init__(self) -> None:
        self.itself: Node | None = self


def test_what_a_search_leaves_is_out_of_the_next_ones_and_freed_by_that_of_the_hour() -> None:
    garbage = GarbageSearch()
    young, kept = Node(), Node()
    seen_young, seen_kept = weakref.ref(young), weakref.ref(kept)
    del young
    garbage.search()
    assert seen_young() is None
    assert len(gc.get_objects()) < gc.get_freeze_count() / 10
    del kept
    for _ in range(58):
        garbage.search()
    assert seen_kept() is not None
    garbage.search()
    assert seen_kept() is None


def test_what_was_left_out_is_still_freed_once_nothing_refers_to_it() -> None:
    garbage, node = GarbageSearch(), Node()
    seen = weakref.ref(node)
    garbage.search()
    node.itself = None
    del node
    assert seen() is None
