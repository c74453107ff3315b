"""Source types of other distributions: one that works, and each way to fail."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge.agent.agent import run_agent
from edge.agent.settings import load_settings
from edge.agent.sources.factory import build_source
from edge.agent.sources.runner import SourceRunner
from edge.agent.status import read_status
from headland.errors import SettingsError
from tests.edge.sinks import ListSink
from tests.waiting import WaitUntil

HEAD = '[gateway]\nid = "gw-1"\nsite = "home"\ndata_dir = "data"\nclock = "ntp"\n[broker]\nport = 1\n'
TABLE = '[[source]]\ntype = "soilnet"\nname = "soil"\ndepth_m = 0.3\n'
GOOD = """\
import threading
from edge.plugins import DeviceId, GatewayIdentity, PluginSettings, Reading, Sink, SourceType

class SoilnetSettings(PluginSettings, frozen=True, kw_only=True, tag_field="type", tag="soilnet"):
    depth_m: float

class Soilnet:
    def __init__(self, settings, gateway):
        self.name, self._settings, self._gateway = settings.name, settings, gateway
        self._stop = threading.Event()
    def run(self, sink):
        device = DeviceId("soil-1", "soil", self._gateway.site)
        values = {"soil_temperature_degc": self._settings.depth_m}
        sink.reading(Reading(device, self._gateway.clock, 1_790_000_000_000, values))
        self._stop.wait(10)
    def stop(self):
        self._stop.set()
    def counters(self):
        return {"rows": 1}

source_type = SourceType(SoilnetSettings, Soilnet)
"""

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return a function that installs a distribution with a source type, as pip does."""

    def put(code: str, owner: str = "headland-soilnet", entry: str = "soilnet = {module}:source_type") -> None:
        module = owner.replace("-", "_") + "_" + tmp_path.name.replace("-", "_")
        folder = tmp_path / owner
        info = folder / f"{owner.replace('-', '_')}-1.0.dist-info"
        info.mkdir(parents=True)
        (folder / f"{module}.py").write_text(code)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {owner}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[headland.sources]\n{entry.format(module=module)}\n")
        monkeypatch.syspath_prepend(str(folder))

    return put


def edge_toml(folder: Path, *tables: str) -> Path:
    path = folder / "edge.toml"
    path.write_text(HEAD + "".join(tables or (TABLE,)))
    return path


def test_an_installed_distribution_adds_a_source_type(install: Install, tmp_path: Path, wait_until: WaitUntil) -> None:
    install(GOOD)
    settings = load_settings(edge_toml(tmp_path), {})
    runner = SourceRunner(settings.source[0], settings)
    sink = ListSink()
    runner.start(sink)
    wait_until(lambda: sink.readings)
    status = runner.status()
    runner.request_stop()
    runner.join(120)
    assert (status.name, status.type, status.counters) == ("soil", "soilnet", {"rows": 1})
    assert sink.readings[0].values == {"soil_temperature_degc": 0.3}
    assert (sink.readings[0].clock, sink.readings[0].source.site) == ("ntp", "home")


def test_a_mistake_in_its_settings_is_reported_with_its_line(install: Install, tmp_path: Path) -> None:
    install(GOOD)
    with pytest.raises(SettingsError, match=r"^edge\.toml:11: source\[0\]\.depth_m must be a number, not \"deep\"$"):
        load_settings(edge_toml(tmp_path, TABLE.replace("0.3", '"deep"')), {})
    with pytest.raises(SettingsError, match=r"^edge\.toml:9: source\[0\]\.type must be .* or \"soilnet\", not \"x\"$"):
        load_settings(edge_toml(tmp_path, TABLE.replace('"soilnet"', '"x"'), TABLE), {})


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("import nothing_of_that_name", "of headland-soilnet cannot be loaded: ModuleNotFoundError: No module named"),
        ("raise RuntimeError('no licence')", "of headland-soilnet cannot be loaded: RuntimeError: no licence"),
        ("source_type = 7", "of headland-soilnet is not an edge.plugins.SourceType"),
        (
            GOOD.replace('tag="soilnet"', 'tag="other"'),
            "is not an edge.plugins.SourceType whose PluginSettings have the tag",
        ),
        (GOOD.replace(", Soilnet)", ", lambda *_: 1 / 0)"), "'soil' of type 'soilnet' cannot be created: ZeroDivision"),
    ],
)
def test_a_broken_plug_in_gives_one_sentence_and_no_crash_of_the_others(
    install: Install, tmp_path: Path, wait_until: WaitUntil, code: str, sentence: str
) -> None:
    install(code)
    settings = load_settings(
        edge_toml(tmp_path, TABLE, '[[source]]\ntype = "mavlink"\nname = "d"\nurl = "udpout:h:1"\n'), {}
    )
    with pytest.raises(SettingsError) as caught:
        build_source(settings.source[0], settings).run(ListSink())
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    stop = threading.Event()
    agent = threading.Thread(target=run_agent, args=(settings, stop))
    agent.start()
    wait_until(lambda: (tmp_path / "data" / "status.json").exists())
    stop.set()
    agent.join(120)
    broken, other = read_status(tmp_path / "data").sources
    assert (broken.type, other.type) == ("soilnet", "mavlink")
    assert sentence in broken.last_error


def test_an_exception_in_counters_or_stop_does_not_end_the_gateway(install: Install, tmp_path: Path) -> None:
    code = GOOD.replace('return {"rows": 1}', "return {}[0]").replace("self._stop.set()", "raise OSError(5)")
    install(code.replace("self._stop.wait(10)", "pass"))
    settings = load_settings(edge_toml(tmp_path), {})
    runner = SourceRunner(settings.source[0], settings)
    assert runner.status().last_error == "KeyError: 0"
    runner.request_stop()


def test_two_distributions_with_one_type_are_refused(install: Install, tmp_path: Path) -> None:
    install(GOOD)
    install(GOOD, "other-soilnet")
    settings = load_settings(edge_toml(tmp_path), {})
    with pytest.raises(SettingsError, match="is provided by headland-soilnet and by other-soilnet: uninstall one"):
        build_source(settings.source[0], settings).run(ListSink())


def test_the_check_command_reports_a_broken_plug_in(install: Install, tmp_path: Path) -> None:
    from station.cli.app import app

    install("raise RuntimeError('no licence')")
    done = CliRunner().invoke(app, ["edge", "check", "-c", str(edge_toml(tmp_path))])
    assert done.exit_code == 1
    assert "  soil: soilnet" in done.output
    assert (
        "headland: source type 'soilnet' of headland-soilnet cannot be loaded: RuntimeError: no licence" in done.output
    )


def test_an_unused_plug_in_is_never_loaded(install: Install, tmp_path: Path) -> None:
    install("import sys; sys.soilnet_was_loaded = True")
    load_settings(edge_toml(tmp_path, ""), {})
    assert not hasattr(sys, "soilnet_was_loaded")
