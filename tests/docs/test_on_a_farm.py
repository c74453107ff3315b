"""The blocks that the documentation marks `run: farm` work on a farm that was started as the tutorial says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api.ops.families import UNDESCRIBED
from headland.reports.certificate.sheet import FORMS
from station.demo.demonstration import DEMONSTRATIONS
from tests.docs.pages import DOCS, PAGES, RUN, blocks_of, name_of
from tests.reports.test_certificate import content_of, read_code
from tests.services.farm import SELDOM_S, Farm

pytestmark = [pytest.mark.long, pytest.mark.services("mosquitto", "jq", "curl"), pytest.mark.timeout(600)]

TUTORIAL_FARM = "http://127.0.0.1:8000"
#: The Chinese tutorials have the commands of the English ones (tests/docs/test_blocks.py), so they run once.
RUNNABLE = [page for page in PAGES if "zh" not in page.parts and any(block.mark == RUN for block in blocks_of(page))]


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    """The farm of the first tutorial, twice as fast, once its drone has flown a pass."""
    farm = Farm(tmp_path_factory.mktemp("docs") / "farm", "--speed", "60")
    try:
        farm.wait_ready(60)
        farm.wait_until(lambda: len(farm.get("/v1/devices")["items"]) == 4)
        field = next(item["id"] for item in farm.get("/v1/fields")["items"] if item["name"] == "jurong-wheat")
        farm.wait_until(lambda: farm.get(f"/v1/fields/{field}/passes")["items"], 120, SELDOM_S)
        farm.wait_until(lambda: is_registered(farm, "greenhouse-1"))
        # What the pages ask for is stored; what flies on would be half of the work of these tests.
        farm.suspend("sim-drone")
        yield farm
    finally:
        if farm.process.poll() is None:
            farm.stop()


def is_registered(farm: Farm, device: str) -> bool:
    """Tell whether the registry knows a device: it learns of one some seconds after the store."""
    address = f"{farm.folder.read_state().api_url}/v1/devices/{device}/place"
    return httpx.get(address, headers=farm.headers, timeout=120).status_code == 200


def test_the_pages_with_runnable_blocks_are_found() -> None:
    assert {
        DOCS / "tutorials" / name for name in ("first-farm.md", "first-pass.md", "first-greenhouse-week.md")
    } <= set(RUNNABLE)


@pytest.mark.parametrize("page", RUNNABLE, ids=name_of)
def test_the_blocks_of_a_page_run_in_their_order(page: Path, farm: Farm, tmp_path: Path) -> None:
    address = farm.folder.read_state().api_url
    key = farm.folder.api_key()
    environ = {
        **farm.environ,
        "AUTH": f"Authorization: Bearer {key}",
        "API": address,
        "HEADLAND_API_KEY": str(key),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }
    script = ["set -euo pipefail"]
    for block in blocks_of(page):
        if block.mark != RUN:
            continue
        text = block.text.replace(TUTORIAL_FARM, address)
        if block.language == "python":
            file = tmp_path / f"block-{len(script)}.py"
            file.write_text(text, encoding="utf-8")
            text = f"'{sys.executable}' '{file}'\n"
        script.append(f"echo '# {block.where}'\n{text}")
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    assert "parse error" not in done.stderr


@pytest.mark.parametrize("name", DEMONSTRATIONS)
def test_a_demonstration_ends_with_papers_and_a_proof(name: str, farm: Farm, tmp_path: Path) -> None:
    words = ["demo", name, "--data", str(farm.folder.root), "--papers", str(tmp_path), "--language", "zh"]
    done = farm.call(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "summary.txt").read_text() in done.stdout
    forms = FORMS if name == "hubei-greenhouses" else ()
    for form in forms:
        assert read_code(content_of((tmp_path / f"specimen-{form}.pdf").read_bytes())).startswith("SPECIMEN 样张")
    address = read_code(content_of((tmp_path / "shelf-card-a6.pdf").read_bytes()))
    page = httpx.get(address, headers={"Accept-Language": "zh-CN"}, follow_redirects=True, timeout=120)
    assert "模拟数据：此批次并不存在" in page.text
    assert "承诺达标合格证" not in page.text
    assert "kept        ok" in (tmp_path / "verify.txt").read_text()
    assert farm.get("/v1/certificates")["items"] == []


def test_every_metric_of_the_dashboard_for_operations_exists(farm: Farm) -> None:
    board = json.loads((DOCS / "grafana" / "headland-operations.json").read_text(encoding="utf-8"))
    asked = {
        name
        for panel in board["panels"]
        for target in panel["targets"]
        for name in re.findall(r"headland_\w+", target["expr"])
    }
    with farm.client() as client:
        exported = client.get("/metrics").text
    assert len(asked) > 15
    # A family is described before it has a sample: a gateway's latency needs a live one first.
    families = re.findall(r"(?m)^# TYPE (\w+)", exported)
    # Whatever a running farm counts is declared.
    assert UNDESCRIBED not in exported
    assert {name for name in asked if name not in families and not re.search(rf"(?m)^{name}[ {{]", exported)} == set()
