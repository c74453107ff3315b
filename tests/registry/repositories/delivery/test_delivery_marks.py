"""Marks of gateways' spools in the registry: they rise, are bounded, and belong to one organisation."""

from __future__ import annotations

import pytest

from headland.registry.models.models import Gateway
from headland.registry.registry import Registry
from headland.registry.repositories.delivery import delivery_marks


def test_marks_only_rise_and_belong_to_one_organisation(registry: Registry) -> None:
    ours = registry.repositories(registry.add_organisation("ours", "Ours", "t").id, "t")
    theirs = registry.repositories(registry.add_organisation("theirs", "Theirs", "t").id, "t")
    theirs.gateways.add(Gateway(name="gw-9", site="home"))
    ours.delivery_marks.save({("gw-1", "a"): 5, ("gw-1", "b"): 9, ("gw-9", "a"): 3})
    ours.delivery_marks.save({("gw-1", "a"): 4, ("gw-1", "b"): 12})
    assert ours.delivery_marks.load() == {("gw-1", "a"): 5, ("gw-1", "b"): 12}
    assert theirs.delivery_marks.load() == {}


def test_the_spools_of_a_gateway_are_bounded(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_marks, "MAX_EPOCHS", 3)
    ours = registry.repositories(registry.add_organisation("ours", "Ours", "t").id, "t")
    ours.delivery_marks.save({("gw-1", f"e{number}"): 1 for number in range(5)} | {("gw-2", "x"): 1})
    assert sorted(epoch for _, epoch in ours.delivery_marks.load()) == ["e2", "e3", "e4", "x"]


def test_accepting_a_loss_is_in_the_audit_log(registry: Registry) -> None:
    ours = registry.repositories(registry.add_organisation("ours", "Ours", "t").id, "key:hl_1")
    ours.delivery_marks.save({("gw-1", "a"): 5, ("gw-2", "a"): 7})
    assert (ours.delivery_marks.forget("gw-1"), ours.delivery_marks.forget("gw-1")) == (1, 0)
    assert ours.delivery_marks.load() == {("gw-2", "a"): 7}
    entry = ours.audit_entries("gw-1")[0]
    assert (entry.who, entry.action, entry.before) == ("key:hl_1", "delete", '{"a":5}')
    assert ours.check_audit().broken_at is None
