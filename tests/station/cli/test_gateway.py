import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from msgspec.structs import replace
from paho.mqtt.enums import CallbackAPIVersion

from edge.agent.settings import EdgeSettings, load_settings
from headland.contract.topics import ack_topic, data_topic, meta_topic, senml_topic, status_topic
from station.local.broker import prepare_broker
from station.local.broker_listener import BrokerAddress, Listener, make_listener, tls_files
from station.local.folder import HOME_USER, FarmFolder, FarmState
from station.local.gateways import Gateways, broker_users
from station.local.plan import open_address
from station.server.files import write_whole
from tests.ports import find_free_port, listens
from tests.services.farm import Farm
from tests.station.certificates import Authority
from tests.station.cli.command_line import call
from tests.waiting import wait_until

pytestmark = [pytest.mark.services("mosquitto", "openssl")]
NOT_AUTHORISED = 135
NO_SUBSCRIBERS = 16


class Client:
    """A gateway's MQTT session with what its edge.toml says."""

    def __init__(self, settings: EdgeSettings, client_id: str = "") -> None:
        broker = settings.broker
        self.said: list[int] = []
        self.answers: list[int] = []
        self.ended: list[str] = []
        self.mqtt = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id, protocol=mqtt.MQTTv5, reconnect_on_failure=False
        )
        self.mqtt.username_pw_set(broker.username, broker.password)
        if broker.tls is not None:
            self.mqtt.tls_set(broker.tls.ca, broker.tls.cert, broker.tls.key)
        self.mqtt.on_connect = lambda _c, _u, _f, reason, _p: self.said.append(reason.value)
        self.mqtt.on_publish = lambda _c, _u, _mid, reason, _p: self.answers.append(reason.value)
        self.mqtt.on_disconnect = lambda _c, _u, _f, reason, _p: self.ended.append(str(reason))
        self.mqtt.connect(broker.host, broker.port)
        self.mqtt.loop_start()
        wait_until(lambda: self.said)

    def publish(self, topic: str) -> int:
        """Publish at QoS 1; return the broker's reason code."""
        known = len(self.answers)
        self.mqtt.publish(topic, b"x", qos=1)
        wait_until(lambda: len(self.answers) > known)
        return self.answers[-1]

    def close(self) -> None:
        self.mqtt.disconnect()
        self.mqtt.loop_stop()


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    """A farm whose broker lets gateways in over TLS, with an authority of its own."""
    folder = tmp_path_factory.mktemp("tls farm")
    authority = Authority(folder / "certificates")
    cert, key = authority.issue("broker")
    tls = ["--tls-cert", str(cert), "--tls-key", str(key), "--tls-ca", str(authority.ca)]
    made = Farm(folder / "farm", "--no-sim", "--listen", f"localhost:{find_free_port()}", *tls)
    made.wait_ready()
    yield made
    made.stop()


@pytest.fixture
def connect() -> Iterator[Callable[..., Client]]:
    clients: list[Client] = []

    def make(settings: EdgeSettings, client_id: str = "") -> Client:
        clients.append(Client(settings, client_id))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def add(farm: Farm, name: str, folder: Path) -> EdgeSettings:
    """Add a gateway and read back the settings that were written for it."""
    out = folder / f"{name}.toml"
    done = farm.call("gateway", "add", name, "--site", "north", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "The running broker applied the change" in done.stderr
    assert out.stat().st_mode & 0o077 == 0
    return load_settings(out, {})


def test_an_added_gateway_publishes_while_the_sessions_of_others_go_on(
    farm: Farm, tmp_path: Path, connect: Callable[..., Client]
) -> None:
    first = connect(add(farm, "gw-a", tmp_path))
    pids = farm.folder.read_state().pids
    second = connect(add(farm, "gw-b", tmp_path))
    assert second.publish(data_topic("gw-b")) == 0
    assert first.publish(data_topic("gw-a")) == 0
    assert first.said == [0]
    assert first.ended == []
    assert farm.folder.read_state().pids == pids
    assert farm.get("/readyz") is not None


def test_a_removed_gateway_is_put_out_and_not_let_in_again(
    farm: Farm, tmp_path: Path, connect: Callable[..., Client]
) -> None:
    settings, stays = add(farm, "gw-gone", tmp_path), connect(add(farm, "gw-stays", tmp_path))
    gone = connect(settings)
    assert gone.said == [0]
    done = farm.run("gateway", "remove", "gw-gone")
    assert done.returncode == 0, done.stderr
    wait_until(lambda: gone.ended)
    wait_until(lambda: connect(settings).said == [NOT_AUTHORISED])
    assert stays.ended == []
    assert stays.publish(status_topic("gw-stays")) == 0
    listed = farm.call("gateway", "list").stdout
    assert "gw-stays" in listed
    assert "gw-gone" not in listed


def test_a_gateway_reaches_no_topics_but_its_own(farm: Farm, tmp_path: Path, connect: Callable[..., Client]) -> None:
    settings = add(farm, "gw-own", tmp_path)
    own = connect(settings)
    for topic in (data_topic, status_topic):
        assert own.publish(topic("gw-own")) == 0
    assert own.publish(meta_topic("gw-own", "d")) == 0
    assert own.publish(senml_topic("gw-own", "d")) == 0
    foreign = [data_topic("gateway-1"), status_topic("gateway-1"), senml_topic("gateway-1", "d"), ack_topic("gw-own")]
    for topic_name in [*foreign, meta_topic("gateway-1", "d"), "$SYS/x", "elsewhere"]:
        # mosquitto 2.0 ends the connection after it has refused a publish: a new one each.
        assert connect(settings).publish(topic_name) == NOT_AUTHORISED, topic_name


def test_nobody_comes_in_without_the_right_password(farm: Farm, tmp_path: Path, connect: Callable[..., Client]) -> None:
    good = add(farm, "gw-known", tmp_path)
    for username, password in ((None, None), ("gw-known", "guess"), ("gw-unknown", good.broker.password)):
        assert connect(_with_broker(good, username=username, password=password)).said == [NOT_AUTHORISED]


def test_a_gateway_cannot_take_the_session_of_ingest(
    farm: Farm, tmp_path: Path, connect: Callable[..., Client]
) -> None:
    settings = add(farm, "gw-thief", tmp_path)
    log = farm.folder.logs_dir / "station.log"
    lost = log.read_text().count("connection to the broker was lost")
    assert connect(settings, "ingest-0").said == [0]
    rider = connect(add(farm, "gw-rider", tmp_path))
    assert rider.publish(data_topic("gw-rider")) == 0  # taken, and somebody still hears it
    assert log.read_text().count("connection to the broker was lost") == lost


def test_the_login_of_home_assistant_cannot_take_the_session_of_ingest_on_the_inner_listener(
    farm: Farm, tmp_path: Path, connect: Callable[..., Client]
) -> None:
    state, home = farm.folder.read_state(), add(farm, "gw-home", tmp_path)
    inner = {"host": state.broker_host, "port": state.broker_port, "tls": None}
    login = {"username": HOME_USER, "password": farm.folder.secret(HOME_USER)}
    log = farm.folder.logs_dir / "station.log"
    lost = log.read_text().count("connection to the broker was lost")
    for session in ("ingest-0", "ingest"):
        assert connect(_with_broker(home, **inner, **login), session).said == [0]
    rider = connect(add(farm, "gw-after", tmp_path))
    assert rider.publish(data_topic("gw-after")) == 0  # ingest is still subscribed
    assert log.read_text().count("connection to the broker was lost") == lost
    assert next(check for check in farm.get("/readyz")["checks"] if check["name"] == "ingest")["ok"]


def test_an_added_gateway_has_the_key_of_its_commit_acks(farm: Farm, tmp_path: Path) -> None:
    settings = add(farm, "gw-key", tmp_path)
    printed = farm.call("gateway", "ack-key", "gw-key")
    assert printed.stdout.strip() == settings.broker.ack_key == farm.folder.ack_key("gw-key")
    assert settings.broker.ack_key != farm.folder.ack_key("gw-own")


def test_the_printed_settings_pass_the_check_and_run(farm: Farm, tmp_path: Path) -> None:
    printed = farm.run("gateway", "add", "gw-real", "--host", "localhost")
    assert printed.returncode == 0, printed.stderr
    authority = printed.stderr.split("Copy ", 1)[1].split(" beside it as broker-ca.pem", 1)[0]
    toml = tmp_path / "edge.toml"
    toml.write_text(printed.stdout)
    (tmp_path / "broker-ca.pem").write_bytes(Path(authority).read_bytes())
    checked = farm.call("edge", "check", "-c", str(toml))
    assert checked.returncode == 0, checked.stderr
    assert "gateway gw-real sends to localhost:" in checked.stdout
    edge = farm.start("edge", "run", "-c", str(toml))
    try:
        wait_until(lambda: '"connected":true' in _status(tmp_path / "edge-data"))
    finally:
        edge.terminate()
        edge.communicate(timeout=120)


def test_a_name_that_is_taken_and_a_file_that_is_there_are_refused(farm: Farm, tmp_path: Path) -> None:
    add(farm, "gw-twice", tmp_path)
    twice = farm.call("gateway", "add", "gw-twice")
    assert twice.returncode == 2
    assert "headland gateway remove gw-twice" in twice.stderr
    there = farm.call("gateway", "add", "gw-other", "--out", str(tmp_path / "gw-twice.toml"))
    assert there.returncode == 2
    assert "already exists" in there.stderr
    assert "gw-other" not in farm.call("gateway", "list").stdout


def test_a_farm_does_not_open_to_the_network_without_tls(tmp_path: Path) -> None:
    done = call("up", "--data", str(tmp_path), "--listen", "0.0.0.0")
    assert done.returncode == 2
    assert "--insecure" in done.stderr


def test_a_gateway_added_before_the_first_start_finds_the_broker_then(tmp_path: Path) -> None:
    folder = FarmFolder(tmp_path)
    done = call("gateway", "add", "gw-early", "--data", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "the next `headland up` applies the change" in done.stderr
    (tmp_path / "edge.toml").write_text(done.stdout)
    settings = load_settings(tmp_path / "edge.toml", {})
    address = open_address(folder, None)
    assert (settings.broker.host, settings.broker.port) == ("127.0.0.1", address.port)
    with _broker_running(folder, address.port):
        client = wait_until(lambda: _try_connect(settings))
        assert client is not None
        assert client.said == [0]
        client.close()


def test_mutual_tls_lets_in_only_who_has_a_certificate(tmp_path: Path) -> None:
    authority, folder = Authority(tmp_path / "certificates"), FarmFolder(tmp_path / "farm")
    folder.create()
    cert, key = authority.issue("broker")
    tls = tls_files(cert, key, authority.ca, mutual=True)
    listener = make_listener(f"127.0.0.1:{find_free_port()}", tls, insecure=False)
    port = open_address(folder, listener).port
    toml = folder.root / "gw-m.toml"
    added = call("gateway", "add", "gw-m", "--out", str(toml), "--data", str(folder.root))
    assert "gw-m.pem and gw-m.key" in added.stderr
    for made in authority.issue("gw-m"):
        (folder.root / made.name).write_bytes(made.read_bytes())
    settings = load_settings(toml, {})
    with _broker_running(folder, port, listener):
        client = wait_until(lambda: _try_connect(settings))
        assert client is not None
        assert client.publish(data_topic("gw-m")) in (0, NO_SUBSCRIBERS)
        client.close()
        assert _is_turned_away(settings)


def test_the_option_for_mutual_tls_reaches_the_listener() -> None:
    done = call("up", "--listen", "127.0.0.1:1", "--tls-cert", "broker.pem", "--tls-key", "broker.key", "--tls-mutual")
    assert done.returncode == 2
    assert "--tls-mutual needs --tls-ca" in done.stderr


def test_a_farm_whose_broker_has_no_access_list_accepts_no_other_gateway(tmp_path: Path) -> None:
    folder = FarmFolder(tmp_path)
    folder.create()
    state = FarmState(
        api_url="", broker_host="127.0.0.1", broker_port=1, broker="iotcore", pids={"broker": os.getpid()}
    )
    with folder.hold():
        folder.write_state(state)
        done = call("gateway", "add", "gw-2", "--data", str(tmp_path))
    assert done.returncode == 2
    assert "no access list" in done.stderr
    assert Gateways(folder).all() == []


def test_a_process_that_is_not_the_broker_is_never_signalled(tmp_path: Path) -> None:
    folder = FarmFolder(tmp_path)
    folder.create()
    heard: list[Any] = []
    before = signal.signal(signal.SIGHUP, lambda *_: heard.append(1))
    pids = {"broker": os.getpid()}
    state = FarmState(api_url="", broker_host="127.0.0.1", broker_port=1, broker="mosquitto", pids=pids)
    try:
        with folder.hold():
            folder.write_state(state)
            assert call("gateway", "add", "gw-2", "--data", str(tmp_path)).returncode == 0
    finally:
        signal.signal(signal.SIGHUP, before)
    assert heard == []
    assert "user gw-2" in (folder.broker_dir / "acl").read_text()


def test_a_gateway_elsewhere_of_a_loopback_farm_is_told_how(tmp_path: Path) -> None:
    done = call("gateway", "add", "gw-2", "--host", "farm.example", "--data", str(tmp_path))
    assert done.returncode == 2
    assert "headland up --listen" in done.stderr
    assert Gateways(FarmFolder(tmp_path)).all() == []


def test_a_farm_keeps_its_door_in_mind_for_gateways_added_while_it_stands_still(tmp_path: Path) -> None:
    folder = FarmFolder(tmp_path)
    folder.create()
    address = BrokerAddress(port=4000, listener=Listener(host="192.0.2.7", port=1883))
    write_whole(folder.broker_address_path, b"")
    open_address(folder, address.listener)
    done = call("gateway", "add", "gw-2", "--data", str(tmp_path))
    assert 'host = "192.0.2.7"\nport = 1883\n' in done.stdout


@contextmanager
def _broker_running(folder: FarmFolder, port: int, listener: Listener | None = None) -> Iterator[None]:
    """Run the broker of a farm as `headland up` would, without the farm."""
    command = prepare_broker("mosquitto", folder.broker_dir, port, broker_users(folder), listener)
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: listens(port))
            yield
        finally:
            process.kill()


def _is_turned_away(settings: EdgeSettings) -> bool:
    """Tell whether a client without a certificate gets no answer: the handshake, or the first read after it, fails."""
    assert settings.broker.tls is not None
    answers: list[int] = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.tls_set(settings.broker.tls.ca)
    client.username_pw_set(settings.broker.username, settings.broker.password)
    client.on_connect = lambda _c, _u, _f, reason, _p: answers.append(reason.value)
    with suppress(OSError):
        client.connect(settings.broker.host, settings.broker.port)
        while client.loop(0.2) == mqtt.MQTT_ERR_SUCCESS and not answers:
            pass
    return answers == []


def _with_broker(settings: EdgeSettings, **changes: Any) -> EdgeSettings:
    return replace(settings, broker=replace(settings.broker, **changes))


def _try_connect(settings: EdgeSettings) -> Client | None:
    try:
        return Client(settings)
    except OSError:
        return None


def _status(folder: Path) -> str:
    try:
        return (folder / "status.json").read_text().replace(" ", "")
    except OSError:
        return ""
