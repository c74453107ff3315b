"""MQTT decoders of other distributions: one installed by pip in a running gateway, and each way to fail."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge.agent.agent import run_agent
from edge.agent.settings import load_settings
from edge.agent.sources.factory import build_source
from edge.agent.status import SourceStatus, read_status
from edge.plugins import MessageRefusal
from edge.sources.mqtt.extension import ExtensionDecoder, load_decoder
from headland.errors import SettingsError
from tests.broker import Broker
from tests.edge.sinks import ListSink
from tests.edge.sources.mqtt.test_source import Publisher
from tests.waiting import WaitUntil

ACME = Path(__file__).parents[2] / "runtime" / "extensions" / "acme_decoder"
HEAD = '[gateway]\nid = "gw-1"\nsite = "home"\ndata_dir = "data"\nclock = "ntp"\n'

Install = Callable[[str], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return a function that installs a distribution whose decoder is `decode` of some code, as pip does."""

    def put(code: str) -> None:
        folder, module = tmp_path / "broken", "broken_" + tmp_path.name.replace("-", "_")
        info = folder / "headland_broken-1.0.dist-info"
        info.mkdir(parents=True)
        (folder / f"{module}.py").write_text(code)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: headland-broken\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[headland.mqtt_decoders]\nbroken = {module}:decode\n")
        monkeypatch.syspath_prepend(str(folder))

    return put


def table(decoder: str, port: int = 1) -> str:
    channel = '[[source.channel]]\nfrom = "temperature"\nchannel = "soil_temperature_degc"\n'
    keys = f'name = "{decoder}"\ndecoder = "{decoder}"\nport = {port}\ntopic = "{decoder}/+/up"\n'
    return f'[[source]]\ntype = "mqtt"\n{keys}{channel}'


def edge_toml(folder: Path, *tables: str, port: int = 1) -> Path:
    path = folder / "edge.toml"
    path.write_text(f"{HEAD}[broker]\nport = {port}\n{''.join(tables)}")
    return path


def test_a_decoder_installed_by_pip_reads_in_a_running_gateway_beside_those_that_fail(
    mosquitto: Broker, install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wait_until: WaitUntil
) -> None:
    offline = ("--no-index", "--no-deps", "--no-build-isolation", "--no-compile", "--disable-pip-version-check")
    pip = (sys.executable, "-m", "pip", "install", "--quiet", *offline, "--target", str(tmp_path / "site"), str(ACME))
    subprocess.run(pip, check=True, timeout=300)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    install("def decode(topic, payload, now_ms):\n    return 1 / 0\n")
    tables = [table(name, mosquitto.port) for name in ("acme", "broken", "missing")]
    path = edge_toml(tmp_path, *tables, port=mosquitto.port)
    stop, device = threading.Event(), Publisher(mosquitto)
    agent = threading.Thread(target=run_agent, args=(load_settings(path, {}), stop))
    agent.start()

    def sources() -> list[SourceStatus]:
        status = tmp_path / "data" / "status.json"
        return list(read_status(tmp_path / "data").sources) if status.exists() else []

    def have_read() -> bool:
        device.publish("acme/probe-7/up", bytes.fromhex("08fc0c1c"))
        device.publish("acme/probe-7/up", b"?")
        device.publish("broken/probe-7/up", b"?")
        counts = [source.counters for source in sources()]
        return len(counts) == 3 and counts[0].get("rows", 0) > 0 and counts[1].get("refused_decoder", 0) > 0

    try:
        wait_until(have_read)
        acme, broken, missing = sources()
    finally:
        stop.set()
        agent.join(120)
        device.close()
    assert (acme.counters["refused_decoder"], broken.counters["rows"]) == (0, 0)
    assert "MQTT decoder 'broken' of headland-broken failed at a message: ZeroDivisionError" in str(broken)
    assert "MQTT decoder 'missing' is not installed" in missing.last_error


def test_the_numbers_of_an_extension_are_converted_and_its_refusals_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(ACME))
    from acme_decoder import decode  # type: ignore[import-not-found] # it is installed by the test alone

    decoder = ExtensionDecoder(["acme/+/up"], "acme", "headland-acme", decode)
    (message,) = decoder.decode("acme/probe-7/up", bytes.fromhex("08fc0c1c"), 0)
    assert not isinstance(message, str)
    assert (message.name, [tuple(number) for number in message.measurements]) == (
        "probe-7",
        [("temperature", 23.0, "°C"), ("moisture", 31.0, "%")],
    )
    assert decoder.decode("acme/probe-7/up", b"?", 0) is MessageRefusal.SHAPE
    assert decoder.failure == ""


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("import nothing_of_that_name", "of headland-broken cannot be loaded: ModuleNotFoundError: No module named"),
        ("raise SystemExit(3)", "of headland-broken cannot be loaded: SystemExit: 3"),
        ("", "of headland-broken cannot be loaded: AttributeError"),
        ("decode = 7", "of headland-broken is no function of topic, payload and now_ms"),
    ],
)
def test_a_decoder_that_cannot_be_loaded_is_named_by_its_source_and_the_check(
    install: Install, tmp_path: Path, code: str, sentence: str
) -> None:
    from station.cli.app import app

    install(code)
    path = edge_toml(tmp_path, table("broken"))
    settings = load_settings(path, {})
    with pytest.raises(SettingsError) as caught:
        build_source(settings.source[0], settings).run(ListSink())
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    checked = CliRunner().invoke(app, ["edge", "check", "-c", str(path)])
    assert (checked.exit_code, sentence in checked.output) == (1, True)


@pytest.mark.parametrize(
    "answer",
    [
        "(part for part in ())",
        "7", "None", "['x']", "[None]", "[DecodedMessage(7, [])]", "[DecodedMessage('d', 7)]",
        "[DecodedMessage('d', [7])]",
        "[DecodedMessage('d', [], time_ms='now')]", "[DecodedMessage('d', [Measurement(None, 1.0)])]",
        "[DecodedMessage('d', [Measurement('t', 1.0, 7)])]", "[DecodedMessage('d', [], aliases=[7])]", "exit()",
    ],
)  # fmt: skip
def test_an_answer_that_is_no_message_is_a_refusal_that_names_the_distribution(install: Install, answer: str) -> None:
    code = f"def decode(topic, payload, now_ms):\n    return {answer}\n"
    install(f"from edge.plugins import DecodedMessage, Measurement\n{code}")
    decoder = load_decoder("broken", "broken/#")
    assert decoder.decode("broken/d", b"", 0) is MessageRefusal.DECODER
    assert decoder.failure.startswith("MQTT decoder 'broken' of headland-broken failed at a message: ")


def test_a_decoder_that_nobody_installed_is_said_and_format_and_decoder_exclude_each_other(tmp_path: Path) -> None:
    settings = load_settings(edge_toml(tmp_path, table("acme")), {})
    with pytest.raises(SettingsError, match="MQTT decoder 'acme' is not installed: install the distribution"):
        build_source(settings.source[0], settings).run(ListSink())
    for wrong in (table("acme").replace("decoder =", 'format = "json"\ndecoder ='), table("acme").replace("dec", "#")):
        with pytest.raises(SettingsError, match="needs format, or decoder with the name of an extension, and not both"):
            load_settings(edge_toml(tmp_path, wrong), {})
    with pytest.raises(SettingsError, match="decoder needs the topic of the devices"):
        load_settings(edge_toml(tmp_path, table("acme").replace("topic =", "#")), {})


@pytest.mark.parametrize(
    ("code", "state"), [("def decode(*_):\n    return []\n", "ok"), ("raise OSError('x')", "warning")]
)
def test_the_doctor_names_each_extension_with_its_distribution(install: Install, code: str, state: str) -> None:
    from station.doctor.finding import DiagnosticContext
    from station.doctor.machine import check_extensions
    from station.local.folder import FarmFolder

    context = DiagnosticContext(FarmFolder(Path()), "", "", None, None, None, None)
    assert not [finding for finding in check_extensions(context) if "headland-broken" in finding.condition]
    install(code)
    (finding,) = [finding for finding in check_extensions(context) if "headland-broken" in finding.condition]
    assert (finding.check, finding.state) == ("extension", state)
    assert "MQTT decoder 'broken' of headland-broken" in finding.condition
