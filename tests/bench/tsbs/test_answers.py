"""The answers of each engine that is here, beside answers made sample by sample in plain Python."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.bench.tsbs.fleet import START_MS, make_telemetry
from tests.bench.tsbs.peers import ENGINES, OURS, Engine, missing
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


_NEEDS = {"victoriametrics": [pytest.mark.services("victoria-metrics")]}


def _marks(name: str) -> list[pytest.MarkDecorator]:
    """Return the marks of an engine: what the peers answer is a matter of the benchmark, which CI proves."""
    return [*_NEEDS.get(name, []), *([] if name == OURS else [pytest.mark.long])]


@pytest.fixture(scope="module", params=[pytest.param(name, marks=_marks(name)) for name in ENGINES])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    reason = missing().get(request.param)
    if reason is not None:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp(request.param)
    with closing(ENGINES[request.param](folder, TELEMETRY.trucks, EVERY_MS)) as engine:
        for batch in TELEMETRY.batches(2000):
            engine.load(engine.prepare(batch))
        engine.finish()
        engine.settle(TELEMETRY.end_ms)
        yield engine


@pytest.mark.parametrize("limits", [TSBS, MIDDLE], ids=["limits of TSBS", "middle limits"])
@pytest.mark.parametrize("name", NAMES)
def test_an_engine_answers_as_the_samples_themselves_do(engine: Engine, name: str, limits: Limits) -> None:
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
    assert OURS in ENGINES
