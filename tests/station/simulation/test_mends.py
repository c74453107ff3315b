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
from station.simulation.world import RunSettings, run_world

Mutation = Callable[[pytest.MonkeyPatch], None]
_MOST_SEEDS = 20


def believe_every_ack(patch: pytest.MonkeyPatch) -> None:
    """A spool knows neither its machine nor what it published: only an ack above its last number is another's."""

    def judge_ack(_: SpoolCheck, totals: SpoolTotals, seq: int) -> Renewal | None:
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
