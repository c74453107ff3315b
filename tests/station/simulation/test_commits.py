"""The simulated commit thread: works run in the order in which they were given, also those that nobody waits for."""

from __future__ import annotations

import pytest

from station.simulation.machines.disk import ProcessKilled
from station.simulation.machines.ingest_process import Commits


def test_a_result_is_there_after_the_works_before_it() -> None:
    commits, done = Commits(), list[str]()
    commits.submit(done.append, "marks")
    batch = commits.submit(done.append, "batch")
    commits.submit(done.append, "after")
    batch.result()
    assert done == ["marks", "batch"]
    assert commits.is_busy


def test_what_nobody_waits_for_is_done_up_to_the_commit_under_way() -> None:
    commits, done = Commits(), list[str]()
    commits.submit(done.append, "marks")
    batch = commits.submit(done.append, "batch")
    commits.submit(done.append, "after")
    commits.run(batch)
    assert done == ["marks"]
    commits.run(None)
    assert done == ["marks", "batch", "after"]
    assert not commits.is_busy


def test_the_error_of_a_work_is_that_of_its_result_and_a_kill_ends_the_process() -> None:
    def fail(error: BaseException) -> None:
        raise error

    commits = Commits()
    commits.submit(fail, OSError("full"))
    commits.run(None)
    with pytest.raises(OSError, match="full"):
        commits.submit(fail, OSError("full")).result()
    commits.submit(fail, ProcessKilled())
    with pytest.raises(ProcessKilled):
        commits.run(None)
