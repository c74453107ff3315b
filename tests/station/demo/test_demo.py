"""The command of demonstrations refuses what it cannot do before a farm starts; the ways themselves run on a farm."""

from __future__ import annotations

from pathlib import Path

import pytest

from station.demo.papers import mass_text
from tests.station.cli.command_line import call


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("nothing",), "choose one of hubei-greenhouses, jurong-wheat"),
        (("jurong-wheat", "--language", "fr"), "--language must be en or zh"),
        (("jurong-wheat", "--papers", "{file}"), "choose a folder with --papers"),
    ],
)
def test_a_wrong_word_ends_with_its_remedy(tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:
    file = tmp_path / "file"
    file.write_text("")
    done = call("demo", *(word.format(file=file) for word in words), environ={"HEADLAND_DATA": str(tmp_path)})
    assert done.returncode == 2
    assert sentence in done.stderr


def test_a_mass_is_exact_to_the_gram() -> None:
    assert [mass_text(grams) for grams in (1, 2500, 1_250_000)] == ["0.001 kg", "2.5 kg", "1,250 kg"]
