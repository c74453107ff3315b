"""edge.toml: accepted settings, and the sentence for each mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.agent.settings import EdgeSettings, load_settings
from edge.sources.mavlink.settings import MavlinkSettings
from edge.sources.modbus.settings import ModbusRtuSettings, ModbusSettings
from edge.sources.mqtt.settings import MqttSettings
from headland.contract.records import Clock
from headland.errors import SettingsError

SAMPLE = Path(__file__).parents[3] / "edge" / "edge.sample.toml"
GOOD = """\
[gateway]
id = "gw-1"
site = "home"
data_dir = "data"

[broker]
port = 1883

[[source]]
type = "modbus_tcp"
name = "house-1"
host = "127.0.0.1"
device = "gh-1"
registers = "greenhouse-sim.toml"

[[source]]
type = "mavlink"
name = "drone"
url = "udpin:127.0.0.1:14550"
"""


def load(folder: Path, text: str, **environ: str) -> EdgeSettings:
    path = folder / "edge.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path, environ)


def test_the_sample_is_valid_and_shows_the_defaults() -> None:
    settings = load_settings(SAMPLE, {})
    drone, house = settings.source
    assert isinstance(drone, MavlinkSettings)
    assert isinstance(house, ModbusSettings)
    assert drone.sprayer is not None
    assert house.registers is not None
    assert Path(house.registers).is_file()
    bare = EdgeSettings(gateway=settings.gateway)
    assert (settings.spool, settings.batch) == (bare.spool, bare.batch)
    assert (settings.broker.window, settings.broker.resend_s) == (bare.broker.window, bare.broker.resend_s)


def test_paths_start_at_the_files_folder(tmp_path: Path) -> None:
    settings = load(tmp_path, GOOD)
    assert settings.data_dir == tmp_path / "data"
    assert settings.clock is Clock.RTC
    (tmp_path / "greenhouse-sim.toml").write_text('[[register]]\nchannel = "co2_ppm"\naddress = 1\n')
    house = load(tmp_path, GOOD).source[0]
    assert isinstance(house, ModbusSettings)
    assert house.registers == str(tmp_path / "greenhouse-sim.toml")


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        GOOD,
        HEADLAND_BROKER_HOST="broker.example",
        HEADLAND_BROKER_PORT="8883",
        HEADLAND_BROKER_USERNAME="me",
        HEADLAND_BROKER_PASSWORD="secret",
        HEADLAND_GATEWAY_ID="gw-9",
        HEADLAND_DATA_DIR="/data",
    )
    broker = settings.broker
    assert (broker.host, broker.port, broker.username, broker.password) == ("broker.example", 8883, "me", "secret")
    assert (settings.gateway.id, settings.data_dir) == ("gw-9", Path("/data"))


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("port = 1883", "port = 70000", "edge.toml:7: broker.port must be 1..65535, not 70000"),
        ("port = 1883", "port = true", "edge.toml:7: broker.port must be a whole number (1..65535), not true"),
        ("port = 1883", 'port = "x"', 'edge.toml:7: broker.port must be a whole number (1..65535), not "x"'),
        ("port = 1883", "prot = 1883", "edge.toml:7: broker.prot is not known; did you mean port?"),
        ("port = 1883", "password = 7", "edge.toml:7: broker.password must be text in quotes"),
        ("port = 1883", "window = 0.5", "edge.toml:7: broker.window must be a whole number (1..1000), not 0.5"),
        ("port = 1883", 'tls = {ca = "no.pem"}', "edge.toml:7: broker.tls.ca: there is no file 'no.pem'"),
        ("port = 1883", 'tls = {cert = "a"}', "edge.toml:7: broker.tls.cert and broker.tls.key go together"),
        ("[broker]", "[broker2]", "edge.toml:6: broker2 is not known; did you mean broker?"),
        ("[broker]\nport = 1883", "broker = 3", "edge.toml:6: gateway.broker is not known; known here"),
        ('site = "home"\n', "", "edge.toml:1: gateway.site is missing"),
        ('"gw-1"', '"gw/1"', "edge.toml:2: gateway.id must be a name of letters, digits"),
        ('"gw-1"', '"gw-1', "edge.toml:2: Illegal character '\\n' (column 11)"),
        ("[gateway]", "[gateway", "edge.toml:1: Expected ']' at the end of a table declaration"),
        ('"home"', '"home"\nclock = "gps"', 'edge.toml:4: gateway.clock must be "ntp" or "rtc", not "gps"'),
        ('type = "modbus_tcp"', 'type = "modbus"', 'edge.toml:10: source[0].type must be "mavlink" or "modbus_tcp"'),
        ('type = "modbus_tcp"\n', "", "edge.toml:9: source[0].type is missing"),
        ('device = "gh-1"\n', "", "edge.toml:9: source[0]: name either device and registers, or [[source.node]]"),
        ('device = "gh-1"', 'device = "gh-1"\npoll_s = 0', "edge.toml:14: source[0].poll_s must be 0.05..3600, not 0"),
        ('"gh-1"', '"gh-1"\npolls = 1', "edge.toml:14: source[0].polls is not known; did you mean poll_s?"),
        ('name = "drone"', 'name = "house-1"', "edge.toml:18: source.name must be unique"),
        ("greenhouse-sim", "greenhouse-sin", "edge.toml:14: register map 'greenhouse-sin.toml' is neither in"),
        ("udpin:127.0.0.1:14550", "udp:1", "edge.toml:19: source[1].url must be text like"),
        (":14550", ":70000", "edge.toml:16: source[1]: 'udpin:127.0.0.1:70000' is not a MAVLink"),
        ("[[source]]\ntype", "[source]\ntype", "edge.toml:16: "),
    ],
)  # fmt: skip
def test_a_mistake_is_reported_with_its_line(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    assert old in GOOD
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, GOOD.replace(old, new, 1))
    assert str(caught.value).startswith(sentence)


def test_a_password_is_never_repeated(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, GOOD.replace("port = 1883", "password = 12345"))
    assert "12345" not in str(caught.value)


def test_two_sources_of_one_device_are_refused(tmp_path: Path) -> None:
    second = GOOD[GOOD.index("[[source]]") : GOOD.index('[[source]]\ntype = "mavlink"')].replace("house-1", "house-2")
    with pytest.raises(SettingsError, match=r"^edge.toml:24: source.device must be unique; two sources read 'gh-1'"):
        load(tmp_path, GOOD + second)


def test_a_mistake_in_the_environment_names_the_variable(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r'^HEADLAND_BROKER_PORT must be a whole number \(1..65535\), not "abc"$'):
        load(tmp_path, GOOD, HEADLAND_BROKER_PORT="abc")
    with pytest.raises(SettingsError, match=r"^HEADLAND_BROKER_PORT must be 1..65535, not 0$"):
        load(tmp_path, GOOD, HEADLAND_BROKER_PORT="0")


def test_a_mistake_in_a_register_map_names_the_maps_line(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('[[register]]\nchannel = "warmth"\naddress = 1\n')
    with pytest.raises(SettingsError, match=r"^own.toml:2: 'warmth' is not a channel"):
        load(tmp_path, GOOD.replace("greenhouse-sim", "own"))


def test_a_missing_file_or_one_that_is_no_text_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        load_settings(tmp_path / "none.toml", {})
    (tmp_path / "bad.toml").write_bytes(b"a = '\xff'")
    with pytest.raises(SettingsError, match="is not UTF-8 text: byte 5 is 0xff"):
        load_settings(tmp_path / "bad.toml", {})


BUSES = """\
[gateway]
id = "gw-1"
site = "home"
data_dir = "data"

[[source]]
type = "modbus_rtu"
name = "rs485"
url = "serial:/dev/ttyUSB0:9600"

[[source.node]]
device = "a"
registers = "xy-md02.toml"

[[source]]
type = "mqtt"
name = "tasmota"
format = "tasmota"

[[source.channel]]
from = "SHT3X/Temperature"
channel = "air_temperature_degc"
unit = "degF"

[[source.node]]
match = "x"
device = "b"
"""


def test_maps_and_certificates_are_found_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "xy-md02.toml").write_text('[[register]]\nchannel = "co2_ppm"\naddress = 1\n')
    (tmp_path / "ca.pem").write_text("")
    rtu, mqtt = load(tmp_path, BUSES.replace('"tasmota"\n\n', '"tasmota"\ntls = true\nca = "ca.pem"\n\n')).source
    assert isinstance(rtu, ModbusRtuSettings)
    assert isinstance(mqtt, MqttSettings)
    assert rtu.node[0].registers == str(tmp_path / "xy-md02.toml")
    assert mqtt.ca == str(tmp_path / "ca.pem")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('device = "b"', 'device = "a"', "edge.toml:27: source.device must be unique; two sources read 'a'"),
        ("xy-md02", "xy-md03", "edge.toml:13: register map 'xy-md03.toml' is neither in"),
        ('"degF"', '"ppm"', "edge.toml:20: source[1].channel[0]: 'ppm' cannot be converted to 'degC'"),
        ("air_temperature_degc", "warmth", "edge.toml:20: source[1].channel[0]: 'warmth' is not a channel"),
        ("from =", "form =", "edge.toml:21: source[1].channel[0].form is not known; did you mean from?"),
        ("match =", "name =", "edge.toml:26: source[1].node[0].name is not known; known here"),
        ('match = "x"\n', "", "edge.toml:25: source[1].node[0].match is missing"),
        ('format = "tasmota"', 'format = "shelly"', 'edge.toml:18: source[1].format must be "chirpstack" or'),
        (
            'format = "tasmota"',
            'format = "tasmota"\ntls = true\nca = "x"',
            "edge.toml:20: source.ca: there is no file 'x'",
        ),
        (":9600", ":9600:8N1", "edge.toml:9: source[0].url must be text like"),
    ],
)
def test_a_mistake_in_nested_tables_of_a_source_is_reported_with_its_line(
    tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    assert old in BUSES
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, BUSES.replace(old, new, 1))
    assert str(caught.value).startswith(sentence)


def test_traces_are_off_without_an_endpoint_and_the_environment_turns_them_on(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD).traces.export() is None
    settings = load(tmp_path, GOOD + "\n[traces]\nshare = 0.25\n", HEADLAND_TRACES="http://collector:4318/v1/traces")
    export = settings.traces.export()
    assert export is not None
    assert (export.endpoint, export.share, export.queue) == ("http://collector:4318/v1/traces", 0.25, 2048)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('endpoint = "collector:4318"', "traces.endpoint: 'collector:4318' is not the URL"),
        ("share = 1.5", "share"),
        ("queue = 1", "queue"),
        ("timeout_s = 0", "timeout_s"),
        ("rate = 1", "rate"),
    ],
)
def test_a_mistake_in_the_table_of_traces_is_named_with_its_line(tmp_path: Path, line: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load(tmp_path, f"{GOOD}\n[traces]\n{line}\n")
    assert sentence in str(refused.value)
    assert f"edge.toml:{(GOOD + chr(10) + '[traces]' + chr(10)).count(chr(10)) + 1}" in str(refused.value)
