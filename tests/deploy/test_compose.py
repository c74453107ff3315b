"""docker-compose.yml and what it mounts: valid, without secrets, and a broker that keeps gateways apart."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
import typer
import yaml  # type: ignore[import-untyped]  # its types are a distribution of their own
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from edge.agent.settings import load_settings
from headland.contract.topics import (
    ack_topic,
    data_topic,
    home_status_topic,
    home_value_topic,
    meta_topic,
    shard_of,
    status_topic,
)
from headland.store.influx.client import parse_influx_url
from headland.store.memory import MemoryStore
from ingest.settings import ALL_SHARDS, IngestSettings
from station.cli.app import app
from station.cli.commands.services.ingest_run import parse_shards
from station.server.homeassistant.bridge import HomeAssistantBridge
from station.server.homeassistant.discovery import discovery_topic
from tests.deploy.split_run import WORKERS, with_workers
from tests.machine import find_program
from tests.ports import find_free_port
from tests.waiting import WaitUntil, wait_until

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"


SHARED = {"broker", "station", "edge", "sim-drone", "sim-greenhouse"}
SPLIT = {"influxdb", "postgres", "ingest", "api"}


@pytest.fixture(scope="module", params=["small", "split"])
def compose(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What docker-compose makes of the file, without any settings and with those that make-env.sh writes."""
    env_file = tmp_path_factory.mktemp("compose") / "env"
    if request.param == "split":
        make_env(env_file)
    else:
        env_file.touch()
    return read_compose(env_file)


@pytest.mark.services("docker-compose")
def test_compose_describes_the_whole_farm(compose: dict[str, Any]) -> None:
    services = set(compose["services"])
    assert services in (SHARED, SHARED | SPLIT)
    # Two takers of one broker would each say what is stored.
    assert compose["services"]["station"]["deploy"]["replicas"] == (0 if services >= SPLIT else 1)


def test_the_workers_of_make_compose_split_test_share_all_shards_and_each_has_its_gateway(tmp_path: Path) -> None:
    shipped = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    services = with_workers(shipped, tmp_path)["services"]
    words = [services[name]["command"][-1].removeprefix("--shards=") for name in WORKERS]
    shares = [parse_shards(word) for word in words]
    assert sorted(shard for share in shares for shard in share) == sorted(ALL_SHARDS)
    for share, (_, gateway) in zip(shares, WORKERS.values(), strict=True):
        assert shard_of(gateway) in share
    assert [name for name in services if "HEADLAND_HOME_ASSISTANT" in services[name].get("environment", {})] == [
        "ingest"
    ]
    for gateway in ("gw-2", "gw-7"):
        settings = load_settings(tmp_path / f"{gateway}.toml", {"HEADLAND_BROKER_PASSWORD": "secret"})
        assert (settings.gateway.id, settings.broker.username if settings.broker else "") == (gateway, gateway)


@pytest.mark.services("docker-compose")
def test_the_split_deployment_has_the_passwords_that_were_made_and_no_others(tmp_path: Path) -> None:
    make_env(tmp_path / "env")
    made = dict(line.split("=", 1) for line in (tmp_path / "env").read_text(encoding="utf-8").splitlines())
    services = read_compose(tmp_path / "env")["services"]
    password, token = made["HEADLAND_POSTGRES_PASSWORD"], made["HEADLAND_INFLUX_TOKEN"]
    assert len({password, token, made["HEADLAND_INFLUX_PASSWORD"]}) == 3
    assert services["postgres"]["environment"]["POSTGRES_PASSWORD"] == password
    assert services["influxdb"]["environment"]["DOCKER_INFLUXDB_INIT_ADMIN_TOKEN"] == token
    assert services["influxdb"]["environment"]["DOCKER_INFLUXDB_INIT_PASSWORD"] == made["HEADLAND_INFLUX_PASSWORD"]
    assert services["api"]["environment"]["HEADLAND_REGISTRY_URL"].split("@")[0].endswith(f":{password}")
    assert (
        services["api"]["environment"]["HEADLAND_STORE_URL"] == services["ingest"]["environment"]["HEADLAND_STORE_URL"]
    )
    address = parse_influx_url(services["ingest"]["environment"]["HEADLAND_STORE_URL"])
    environment = services["influxdb"]["environment"]
    assert (address.url, address.token) == ("http://influxdb:8086", token)
    assert address.bucket == environment["DOCKER_INFLUXDB_INIT_BUCKET"]
    assert address.organisation == environment["DOCKER_INFLUXDB_INIT_ORG"]


@pytest.mark.services("docker-compose")
def test_without_passwords_the_databases_get_none_and_refuse_to_start(tmp_path: Path) -> None:
    (tmp_path / "env").write_text("COMPOSE_PROFILES=split\n", encoding="utf-8")
    services = read_compose(tmp_path / "env")["services"]
    assert services["postgres"]["environment"]["POSTGRES_PASSWORD"] == ""
    assert services["influxdb"]["environment"]["DOCKER_INFLUXDB_INIT_PASSWORD"] == ""


def test_passwords_are_made_once_for_their_owner_only_and_what_stood_there_stays(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("HEADLAND_PORT=9000\n", encoding="utf-8")
    make_env(env_file)
    text = env_file.read_text(encoding="utf-8")
    assert text.startswith("HEADLAND_PORT=9000\nCOMPOSE_PROFILES=split\n")
    assert env_file.stat().st_mode & 0o777 == 0o600
    again = subprocess.run([DEPLOY / "make-env.sh", env_file], capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert "already" in again.stderr
    assert env_file.read_text(encoding="utf-8") == text
    make_env(tmp_path / "other")
    assert not set(text.splitlines()[3:]) & set((tmp_path / "other").read_text(encoding="utf-8").splitlines())


@pytest.mark.services("docker-compose")
def test_the_commands_of_headland_have_options_that_there_are(compose: dict[str, Any]) -> None:
    commands = [
        service["command"] for service in compose["services"].values() if "headland" in (service.get("command") or [])
    ]
    assert len(commands) >= 3
    for _, *words in commands:
        group: Any = typer.main.get_command(app)
        while isinstance(group, typer.core.TyperGroup):
            group = group.commands[words.pop(0)]
        group.make_context("headland", words)


@pytest.mark.services("docker-compose")
def test_every_service_is_confined_and_watched(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert service["healthcheck"]["test"], name
        assert not service.get("privileged"), name
        assert all(port["host_ip"] == "127.0.0.1" for port in service.get("ports", [])), name


@pytest.mark.services("docker-compose")
def test_what_is_mounted_is_a_named_volume(compose: dict[str, Any]) -> None:
    mounts = [mount for service in compose["services"].values() for mount in service.get("volumes", [])]
    assert mounts
    assert {mount["type"] for mount in mounts} == {"volume"}
    assert {mount["source"] for mount in mounts} == set(compose["volumes"])


@pytest.mark.services("docker-compose")
def test_what_is_not_ours_does_not_run_as_root(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert "build" in service or service["user"] in ("influxdb", "postgres"), name


def make_env(env_file: Path) -> None:
    subprocess.run(["sh", DEPLOY / "make-env.sh", env_file], capture_output=True, check=True)


def read_compose(env_file: Path) -> dict[str, Any]:
    program = find_program("docker-compose")
    assert program is not None
    files: list[str | Path] = ["--file", ROOT / "docker-compose.yml", "--env-file", env_file]
    line = [program, *files, "config", "--format", "json"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("COMPOSE_", "HEADLAND_"))}
    done = subprocess.run(line, cwd=ROOT, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_file_that_the_help_pages_quote_is_in_the_image() -> None:
    copied = re.findall(r"(?m)^COPY (?!--)(.*) \S+$", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    folders = [source for line in copied for source in line.split()]
    allowed = [
        line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"
    ]
    pages = [path.read_text(encoding="utf-8") for path in (ROOT / "docs").rglob("*.md")]
    quoted = {name for text in pages for name in re.findall(r'--8<-- "([^":]+)', text)}
    assert len(quoted) > 10
    assert [name for name in quoted if not name.startswith(tuple(f"{one}/" for one in folders))] == []
    assert [name for name in quoted if not name.startswith(tuple(f"{one}/" for one in allowed))] == []


def test_no_image_runs_as_root_and_no_file_holds_a_secret() -> None:
    stages = re.split(r"^FROM ", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    run = [stage for stage in stages if "\nCMD" in stage]
    assert len(run) == 2
    assert all("\nUSER headland\n" in stage for stage in run)
    files = [path for path in DEPLOY.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "docker-compose.yml", *files)]
    assert not any(re.search(r"(?i)(password|token)\s*[:=]\s*['\"]?\w", text) for text in texts)


def test_the_gateway_settings_are_sound() -> None:
    settings = load_settings(DEPLOY / "edge.toml", {"HEADLAND_BROKER_PASSWORD": "x"})
    assert settings.gateway.id == settings.broker.username == "gw-1"
    assert all(getattr(source, "simulated", False) for source in settings.source)


class _DeployedBroker:
    """The broker as its container runs it, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.port, self.door = find_free_port(), find_free_port()
        self.folder = folder
        self.log = (folder / "log").open("wb")
        config = (DEPLOY / "mosquitto.conf").read_text(encoding="utf-8")
        config = config.replace("listener 1883", f"listener {self.port} 127.0.0.1")
        config = config.replace("listener 1884", f"listener {self.door} 127.0.0.1")
        config = config.replace("/var/lib/mosquitto", str(folder)).replace("/etc/headland", str(DEPLOY))
        if os.geteuid() == 0:
            config += "user root\n"
        (folder / "mosquitto.conf").write_text(config, encoding="utf-8")
        for user in ("ingest", "gw-1", "home-assistant"):
            (folder / user).mkdir()
        env = {
            "PATH": f"{os.environ['PATH']}:/usr/sbin",
            "HEADLAND_BROKER_PASSWORDS": str(folder / "passwd"),
            "HEADLAND_BROKER_LOGINS": str(folder),
            "HEADLAND_BROKER_CONFIG": str(folder / "mosquitto.conf"),
        }
        self.process = subprocess.Popen([DEPLOY / "broker.sh"], env=env, stdout=self.log, stderr=self.log)

    def password(self, user: str) -> str:
        return (self.folder / user / "password").read_text(encoding="utf-8").strip()

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(120)
        self.log.close()


@pytest.fixture
def deployed_broker(tmp_path: Path, wait_until: WaitUntil) -> Iterator[_DeployedBroker]:
    broker = _DeployedBroker(tmp_path)
    wait_until(lambda: _can_connect(broker))
    yield broker
    broker.close()


def _can_connect(broker: _DeployedBroker) -> bool:
    try:
        client = _Client(broker, "ingest", broker.password("ingest"))
    except OSError:
        return False
    with client:
        return client.answer == 0


class _Client:
    """An MQTT 5 client that is connected, or refused, when it is made."""

    def __init__(self, broker: _DeployedBroker, user: str, password: str, door: int = 0, client_id: str = "") -> None:
        self.reasons: list[int] = []
        self.heard: list[str] = []
        self.subscribed = 0
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id, protocol=mqtt.MQTTv5)
        self._client.username_pw_set(user, password)
        self._client.on_connect = lambda _client, _data, _flags, reason, _properties: self.reasons.append(reason.value)
        self._client.on_publish = lambda _client, _data, _mid, reason, _properties: self.reasons.append(reason.value)
        self._client.on_message = lambda _client, _data, message: self.heard.append(message.topic)
        self._client.on_subscribe = lambda *_: setattr(self, "subscribed", self.subscribed + 1)
        self._client.connect("127.0.0.1", door or broker.port)
        self.answer = self._next_reason()

    def __enter__(self) -> _Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()

    def publish(self, topic: str) -> int:
        """Publish at QoS 1 and return the broker's reason code."""
        self._client.publish(topic, b"x", qos=1)
        return self._next_reason()

    def subscribe(self, topic: str) -> None:
        """Subscribe, and wait until the broker has it: what is published before is heard by nobody."""
        wanted = self.subscribed + 1
        self._client.subscribe(topic, qos=1)
        wait_until(lambda: self._listened() and self.subscribed == wanted)

    def listen(self) -> list[str]:
        """Take what comes in within a moment; return the topics of all that was heard."""
        self._client.loop(0.05)
        return self.heard

    def _next_reason(self) -> int:
        wait_until(lambda: self.reasons or (self._listened() and self.reasons))
        return self.reasons.pop(0)

    def _listened(self) -> bool:
        self._client.loop(0.05)
        return True


NOT_AUTHORISED = ReasonCode(PacketTypes.PUBACK, "Not authorized").value


@pytest.mark.services("mosquitto")
def test_the_broker_of_compose_keeps_gateways_to_their_own_topics(deployed_broker: _DeployedBroker) -> None:
    with _Client(deployed_broker, "gw-1", deployed_broker.password("gw-1")) as gateway:
        own = [data_topic("gw-1"), status_topic("gw-1"), meta_topic("gw-1", "d")]
        assert [gateway.publish(topic) for topic in own] == [16, 16, 16]  # taken; nobody listens yet
    # mosquitto 2.0 ends the connection after it has refused a publish: a new one each.
    for foreign in (data_topic("gw-2"), status_topic("gw-2"), meta_topic("gw-2", "d"), ack_topic("gw-1")):
        with _Client(deployed_broker, "gw-1", deployed_broker.password("gw-1")) as gateway:
            assert gateway.publish(foreign) == NOT_AUTHORISED, foreign


@pytest.mark.services("mosquitto")
def test_ingest_hears_gateways_and_gateways_hear_their_acks(
    deployed_broker: _DeployedBroker, wait_until: WaitUntil
) -> None:
    with (
        _Client(deployed_broker, "ingest", deployed_broker.password("ingest")) as ingest,
        _Client(deployed_broker, "gw-1", deployed_broker.password("gw-1")) as gateway,
    ):
        ingest.subscribe("headland/v1/data/#")
        gateway.subscribe(ack_topic("gw-1"))
        ingest.listen()
        gateway.listen()
        gateway.publish(data_topic("gw-1"))
        assert wait_until(ingest.listen) == [data_topic("gw-1")]
        ingest.publish(ack_topic("gw-1"))
        assert wait_until(gateway.listen) == [ack_topic("gw-1")]


@pytest.mark.services("mosquitto")
def test_the_station_publishes_for_home_assistant_through_the_broker_of_compose(
    deployed_broker: _DeployedBroker, wait_until: WaitUntil
) -> None:
    home, config = home_value_topic("gh-1", "co2_ppm"), discovery_topic("homeassistant", "gh-1")
    with (
        _Client(deployed_broker, "ingest", deployed_broker.password("ingest")) as station,
        _Client(deployed_broker, "home-assistant", deployed_broker.password("home-assistant")) as assistant,
    ):
        assistant.subscribe("homeassistant/#")
        assistant.subscribe("headland/v1/home/#")
        assistant.listen()
        assert [station.publish(topic) for topic in (config, home, home_status_topic())] == [0, 0, 0]
        wait_until(lambda: set(assistant.listen()) == {config, home, home_status_topic()})
        assert assistant.publish("homeassistant/status") == 0
        assert assistant.publish(home) == NOT_AUTHORISED


@pytest.mark.services("mosquitto")
@pytest.mark.long
def test_a_station_whose_broker_refuses_home_assistants_topics_says_so(
    deployed_broker: _DeployedBroker, wait_until: WaitUntil
) -> None:
    # A login without the access list's lines, as that of a broker that was set up before them.
    settings = IngestSettings(
        host="127.0.0.1",
        port=deployed_broker.port,
        username="gw-1",
        password=deployed_broker.password("gw-1"),
        quarantine_path=deployed_broker.folder / "none.sqlite",
    )
    bridge = HomeAssistantBridge("homeassistant", MemoryStore(), "local", settings)
    bridge.start()
    try:
        wait_until(lambda: bridge.counters()["home_refused"] > 0)
        assert "does not let this login write" in bridge.check().detail
    finally:
        bridge.stop()


@pytest.mark.services("mosquitto")
def test_the_broker_of_compose_refuses_a_wrong_password(deployed_broker: _DeployedBroker) -> None:
    with _Client(deployed_broker, "gw-1", "guess") as stranger:
        assert stranger.answer == ReasonCode(PacketTypes.CONNACK, "Not authorized").value


@pytest.mark.services("mosquitto")
def test_who_comes_in_by_the_published_door_cannot_take_the_session_of_ingest(
    deployed_broker: _DeployedBroker, wait_until: WaitUntil
) -> None:
    ingest_password, password = deployed_broker.password("ingest"), deployed_broker.password("gw-1")
    with _Client(deployed_broker, "ingest", ingest_password, client_id="ingest-0") as ingest:
        ingest.subscribe("headland/v1/data/#")
        ingest.listen()
        with _Client(deployed_broker, "gw-1", password, deployed_broker.door, "ingest-0") as gateway:
            assert gateway.answer == 0
            gateway.publish(data_topic("gw-1"))
            assert wait_until(ingest.listen) == [data_topic("gw-1")]


def test_compose_publishes_the_door_for_gateways_only() -> None:
    published = re.findall(r"-1883}:(\d+)", (ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    door = (DEPLOY / "mosquitto.conf").read_text(encoding="utf-8").split("use_username_as_clientid true")[0]
    assert published == re.findall(r"^listener (\d+)", door, re.MULTILINE)[-1:]
