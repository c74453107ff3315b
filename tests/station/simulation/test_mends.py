"""Mutation check: where a mend of the spool is taken out, the simulation finds the loss; with it, it finds none."""

from collections.abc import Callable

import pytest

from edge.spool.numbering import epochs
from edge.spool.numbering.check import SpoolCheck
from edge.spool.numbering.epochs import Renewal
from edge.spool.queue import Spool
from edge.spool.schema import SpoolTotals
from headland.contract.records import EpochReason
from ingest.commit.batch_builder import CommitBatchBuilder
from ingest.quarantine import replays
from station.simulation.faults.catalogue import FAULTS
from station.simulation.world import RunSettings, run_world

Mutation = Callable[[pytest.MonkeyPatch], None]
_MOST_SEEDS = 20
#: Those of which a seed was found: others would change its steps.
_FIRST_FAULTS = tuple(FAULTS)[:36]
_STATION_FAULTS = tuple(FAULTS)[36:42]


def believe_every_ack(patch: pytest.MonkeyPatch) -> None:
    """A spool knows neither its machine nor what it published: only an ack above its last number is another's."""

    def judge_ack(_: SpoolCheck, totals: SpoolTotals, seq: int, _other_seq: int | None) -> Renewal | None:
        return Renewal(EpochReason.AHEAD, "", totals.epoch) if seq > totals.last_seq else None

    patch.setattr(SpoolCheck, "judge_ack", judge_ack)
    patch.setattr(epochs, "compare_places", lambda *_: None)
    patch.setattr(Spool, "is_unproven", property(lambda _: False))
    patch.setattr(CommitBatchBuilder, "_compare", lambda *_: None)


def miss_nothing(patch: pytest.MonkeyPatch) -> None:
    """A spool does not compare what it has with what it had."""
    patch.setattr(epochs, "_missing", lambda *_, **__: ())


def loses_unsaid(seed: int, fault: str) -> bool:
    result = run_world(RunSettings(seed, 12.0, (fault,)))
    return any("lost and not said" in line for line in result.sentences())


@pytest.mark.long
@pytest.mark.parametrize(
    ("fault", "mutation"),
    [("restore-spool", believe_every_ack), ("copy-card", believe_every_ack), ("flip-log", miss_nothing)],
)
def test_a_mend_that_is_taken_out_is_missed(fault: str, mutation: Mutation, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        mutation(patch)
        found = next((seed for seed in range(_MOST_SEEDS) if loses_unsaid(seed, fault)), None)
    assert found is not None
    assert not loses_unsaid(found, fault)


@pytest.mark.long
@pytest.mark.parametrize(
    ("run", "part", "name", "nothing"),
    [
        # What was refused of a renamed gateway's device was replayed, and then the store replaced by an older one.
        (RunSettings(57, 24.0, ("rename-gateway", "restore-store")), replays, "take_lost_replays", []),
        # What a log lost was reported; then ingest's file was deleted, and the store replaced by an empty one.
        (RunSettings(6060003, 24.0, _FIRST_FAULTS + _STATION_FAULTS), Spool, "shortened", ()),
    ],
    ids=["numbers of replays", "missing ranges in each status"],
)
def test_a_comparison_that_is_taken_out_is_missed(
    run: RunSettings, part: object, name: str, nothing: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(part, name, lambda *_: nothing)
        assert any("lost and not said" in line for line in run_world(run).sentences())
    assert run_world(run).sentences() == []
