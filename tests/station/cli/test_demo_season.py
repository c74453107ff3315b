"""`headland demo cooperative-season`: a small season, whose sums equal the ledger, with its papers."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from station.cli.app import app


def test_a_small_season_is_played_to_its_papers_and_adds_up(tmp_path: Path) -> None:
    papers, farm = tmp_path / "papers", tmp_path / "farm"
    words = ["demo", "cooperative-season", "--papers", str(papers), "--data", str(farm)]
    words += ["--members", "3", "--plots", "6", "--passes", "2", "--statements", "0"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    told = json.loads((papers / "season.json").read_text(encoding="utf-8"))
    assert set(told["differences"].values()) == {0}
    assert (told["figures"]["members"], told["figures"]["plots"]) == (3, 6)
    # Two flights over plots of 10.8 mu, of which the swaths cover 98 %; the second is too soon over two thirds of the
    # width: it is charged nowhere.
    assert abs(told["figures"]["charged_mu"] - 10.6) < 0.1
    assert abs(told["figures"]["repeated_mu"] - 7.2) < 0.4
    assert {path.suffix for path in papers.glob("trial-zh.*")} == {".pdf", ".html", ".csv"}
    assert CliRunner().invoke(app, words).exit_code != 0  # the farm is there: a season begins with a new one
