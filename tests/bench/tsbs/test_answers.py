"""The answers of the store, beside answers made sample by sample in plain Python."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.bench.tsbs.fleet import START_MS, make_telemetry
from tests.bench.tsbs.headland_store import HeadlandStore
from tests.bench.tsbs.plain import Plain
from tests.bench.tsbs.questions import (
    MIDDLE,
    NAMES,
    TSBS,
    Answer,
    Limits,
    differences,
    make_questions,
)

TELEMETRY = make_telemetry(12, 1200, 120, 9)
EVERY_MS = 120_000


PLAIN = Plain(TELEMETRY)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HeadlandStore]:
    with closing(HeadlandStore(tmp_path_factory.mktemp("store"), TELEMETRY.trucks, EVERY_MS)) as engine:
        for batch in TELEMETRY.batches(2000):
            engine.load(engine.prepare(batch))
        engine.finish()
        engine.settle(TELEMETRY.end_ms)
        yield engine


@pytest.mark.parametrize("limits", [TSBS, MIDDLE], ids=["limits of TSBS", "middle limits"])
@pytest.mark.parametrize("name", NAMES)
def test_an_engine_answers_as_the_samples_themselves_do(engine: HeadlandStore, name: str, limits: Limits) -> None:
    for question in make_questions(name, 4, START_MS, TELEMETRY.end_ms, 3, limits):
        assert not differences(PLAIN.ask(question), engine.ask(question))


@pytest.mark.parametrize("name", NAMES)
def test_middle_limits_select_some_trucks_and_not_all(name: str) -> None:
    answers = [PLAIN.ask(question) for question in make_questions(name, 8, START_MS, TELEMETRY.end_ms, 3, MIDDLE)]
    assert any(answers)


def test_an_answer_of_other_numbers_or_names_differs() -> None:
    answer: Answer = [("truck_1", "Andy", 1.0), ("truck_2", "Seth", 2.0)]
    assert not differences(answer, list(reversed(answer)))
    assert not differences(answer, [("truck_1", "Andy", 1.0 + 1e-12), ("truck_2", "Seth", 2.0)])
    assert differences(answer, [("truck_1", "Andy", 1.001), ("truck_2", "Seth", 2.0)])
    assert differences(answer, [("truck_1", "Andy", 1.0), ("truck_3", "Seth", 2.0)])
    assert differences(answer, answer[:1])
