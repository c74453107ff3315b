"""Captured EPCIS documents are there with all their events or not at all, and belong to one organisation."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from headland.registry.registry import open_registry
from headland.registry.repositories.harvest.epcis_events import CapturedEvent, CaptureOrder
from headland.registry.repositories.harvest.epcis_query import EventQuery, TermCondition

ROOT = Path(__file__).resolve().parents[4]
#: Dies where the events are written and the document with its job is not.
DIE = """
import os, signal, sys
from headland.registry.registry import open_registry
from headland.registry.repositories.harvest import epcis_events
from tests.registry.repositories.harvest.test_epcis_events import ORDER, made
registry = open_registry(sys.argv[1])
class Dying:
    def __getattr__(self, name):
        if name == "insert":
            os.kill(os.getpid(), signal.SIGKILL)
        return getattr(real, name)
real = epcis_events.epcis_captures
epcis_events.epcis_captures = Dying()
registry.repositories(registry.organisation("local").id, "test").epcis.capture_document(made(9), ORDER)
"""
ORDER = CaptureOrder(header="{}")


def made(count: int) -> list[CapturedEvent]:
    """Return events that one name is in."""
    terms = (("epc", "urn:x:1"),)
    return [
        CapturedEvent(event_id=f"urn:e:{n}", type="ObjectEvent", biz_step="", event_ms=n, body="{}", terms=terms)
        for n in range(count)
    ]


def test_a_capture_that_is_killed_left_nothing_and_its_repetition_doubles_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/registry.sqlite"
    registry = open_registry(url)
    organisation = registry.add_organisation("local", "Our farm", "test").id
    registry.close()
    died = subprocess.run([sys.executable, "-c", DIE, url], cwd=ROOT, timeout=120, check=False)
    assert died.returncode == -signal.SIGKILL
    registry = open_registry(url)
    epcis = registry.repositories(organisation, "test").epcis
    named = EventQuery(terms=(TermCondition(names=("epc",)),))
    assert (epcis.query(named), epcis.captures()) == ([], [])
    first, new = epcis.capture_document(made(9), ORDER)
    again, none = epcis.capture_document(made(9), ORDER)
    assert (new, none, again.events) == (9, 0, first.events)
    assert (epcis.count(named, 100), len(epcis.captures())) == (9, 2)
    assert [each.id for each in epcis.captures(limit=1)] == [again.id]
    registry.close()


def test_events_and_captures_of_another_organisation_are_not_there(tmp_path: Path) -> None:
    registry = open_registry(f"sqlite:///{tmp_path}/registry.sqlite")
    ours, theirs = (
        registry.repositories(registry.add_organisation(name, name, "test").id, "test").epcis
        for name in ("local", "neighbour")
    )
    document, _ = ours.capture_document(made(3), ORDER)
    assert (theirs.find_all("urn:e:1"), theirs.query(EventQuery()), theirs.values(["epc"])) == ([], [], [])
    assert (theirs.captures(), theirs.find_capture(document.id)) == ([], None)
    assert theirs.capture(made(3)) == ["urn:e:0", "urn:e:1", "urn:e:2"]
    assert (ours.values(["epc"]), ours.count(EventQuery(), 9)) == (["urn:x:1"], 3)
    registry.close()
