"""Each code block of the documentation is sound: settings load, JSON parses, Python and shell compile."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from edge.agent.settings import load_settings
from edge.sources.modbus.registers import load_map
from station.server.forecast_files.csv_table import load_map as load_forecast_map
from tests.docs.pages import DOCS, PAGES, RUN, RUN_RELEASE, RUN_STOPPED, Block, blocks_in, blocks_of, name_of
from tests.floors.modules import ROOT

GATEWAY = '[gateway]\nid = "gw-1"\nsite = "home"\ndata_dir = "/tmp"\n\n'
MARKS = {"", RUN, RUN_STOPPED, RUN_RELEASE, "toml: register map", "toml: forecast map"}


def where(block: Block) -> str:
    return block.where


@pytest.mark.parametrize("block", blocks_in("toml"), ids=where)
def test_settings_load(block: Block, tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    (tmp_path / "drone.key").write_text("a passphrase of a ground station")
    (tmp_path / "drone.key").chmod(0o600)
    if block.text.startswith("--8<--"):  # a sample: tests/edge/test_samples.py loads it
        assert (ROOT / block.text.split('"')[1]).is_file()
        return
    if block.mark == "toml: register map":
        path.write_text(block.text, encoding="utf-8")
        assert load_map(path).register
        return
    if block.mark == "toml: forecast map":
        path.write_text(block.text, encoding="utf-8")
        forecast, _ = load_forecast_map(path)
        assert forecast.table.column
        return
    text = block.text if "[gateway]" in block.text else GATEWAY + block.text
    path.write_text(text, encoding="utf-8")
    assert load_settings(path, {}).gateway.id


@pytest.mark.parametrize("block", blocks_in("json"), ids=where)
def test_json_parses(block: Block) -> None:
    json.loads(block.text)


@pytest.mark.parametrize("block", blocks_in("python"), ids=where)
def test_python_compiles(block: Block) -> None:
    compile(block.text, block.where, "exec")


@pytest.mark.parametrize("block", blocks_in("sh"), ids=where)
def test_a_shell_block_is_shell(block: Block) -> None:
    done = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_mark_of_a_block_is_one_that_is_tested() -> None:
    found = {block.mark: block.where for page in PAGES for block in blocks_of(page)}
    wire = ("golden: ", "senml: ")  # tests/contract/test_documents.py compares these with the golden vectors
    assert {mark: place for mark, place in found.items() if mark not in MARKS and not mark.startswith(wire)} == {}


@pytest.mark.parametrize("name", ["first-farm", "real-gateway", "first-pass", "first-greenhouse-week"])
def test_a_chinese_tutorial_has_the_commands_of_the_english_one(name: str) -> None:
    def commands(page: Path) -> list[str]:
        blocks = [block for block in blocks_of(page) if block.language in ("sh", "toml")]
        return [block.text.replace("lang=zh", "lang=en") for block in blocks]

    english, chinese = commands(DOCS / "tutorials" / f"{name}.md"), commands(DOCS / "zh" / f"{name}.md")
    assert [text.split() for text in chinese] == [text.split() for text in english], name_of(DOCS / "zh" / f"{name}.md")
