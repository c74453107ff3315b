"""Power cuts under a spool: what was accepted is there, and no number means two records."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.edge.contents import content
from tests.examples import examples
from tests.power_cut.disk import Cut, Recording, cut_power, record
from tests.power_cut.spool_writer import number_of, open_spool

pytestmark = pytest.mark.services("gcc")


def recorded(tmp_path: Path) -> Recording:
    """What the writer did, from an empty folder to the end."""
    folder = tmp_path / "disk"
    folder.mkdir()
    recording = record("tests.power_cut.spool_writer", str(folder), folder=folder, scratch=tmp_path)
    assert recording.status == 0
    return recording


def numbers_after(cut: Cut) -> set[int]:
    """Open the image, check that no number means two records, and return the contents that are there."""
    lines = [line.split() for line in cut.acknowledged if line.startswith("sent")]
    sent = {(epoch, int(seq)): int(number) for _, epoch, seq, number in lines}
    spool = open_spool(cut.folder)
    numbers = {number_of(each.payload) for each in spool.oldest(0, 10_000)}
    assert spool.append([content(900 + number) for number in range(len(sent) + 1)])
    for after in spool.oldest(0, 10_000):
        number = number_of(after.payload)
        assert sent.get((spool.epoch, after.seq), number) == number, f"number {after.seq} means two records"
    spool.close()
    return numbers


def test_a_power_cut_loses_no_accepted_record_and_uses_no_number_twice(tmp_path: Path) -> None:
    cuts = 0
    for cut in cut_power(recorded(tmp_path), tmp_path, after_acks=examples(60), anywhere=examples(60), seed=1):
        cuts += 1
        words = [line.split() for line in cut.acknowledged]
        kept = {int(number) for word, number, *_ in words if word == "kept"}
        #: Record n of the first epoch holds content n - 1, and a confirmation reached one record further.
        confirmed = {number for word, seq, *_ in words if word == "gone" for number in range(int(seq) + 1)}
        assert kept - confirmed <= numbers_after(cut), cut.acknowledged[-3:]
    assert cuts >= 30


def test_a_check_file_that_is_never_synced_makes_no_number_mean_two_records(tmp_path: Path) -> None:
    cuts = cut_power(
        recorded(tmp_path),
        tmp_path,
        after_acks=examples(40),
        anywhere=examples(40),
        seed=2,
        ignored="spool.sqlite.check",
    )
    assert len([numbers_after(cut) for cut in cuts]) >= 20
