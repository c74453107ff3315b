"""A gateway is enrolled by code, sends over mutual TLS, renews its certificate and is revoked, with mosquitto."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest
from fastapi import FastAPI

from api.app import create_app
from api.auth.limits import Limits
from api.auth.sessions_cache import AuthCache
from edge.agent.settings import load_settings
from edge.spool.queue import Spool
from edge.spool.settings import SpoolOwner
from edge.uplink.certificate import CertificateRenewal, enrol_gateway
from edge.uplink.settings import BrokerSettings
from edge.uplink.uplink import Uplink
from headland.clock import wall_clock_ms
from headland.errors import PeerRefused, RetryLater, SettingsError
from headland.network.enrolment.keys import make_key, make_request
from headland.registry.registry import open_registry
from headland.store.memory import MemoryStore
from headland.units_of_time import DAY_MS
from station.local.broker import prepare_broker
from station.local.broker_listener import BrokerAddress, Listener
from station.local.enrolment.listener import own_tls_files
from station.local.folder import INGEST_USER, FarmFolder, FarmState
from station.local.gateway_registration import FolderRegistrar
from station.local.gateways import broker_users
from station.server.files import write_whole
from tests.api.farm import NOW_MS, OWN
from tests.api.open_authenticator import OpenAuthenticator
from tests.api.server import serve
from tests.edge.contents import content
from tests.edge.ingest_stand_in import StandInIngest
from tests.ports import find_free_port, listens
from tests.waiting import WaitUntil, wait_until

pytestmark = [
    pytest.mark.services("mosquitto"),
    # paho leaves a socket whose handshake failed to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


class EnrolledFarm:
    """A farm's folder, its API, the port of its broker on this machine, and how far its clock is from the true one."""

    def __init__(self, folder: FarmFolder, app: FastAPI, client: httpx.Client, port: int, clock: list[int]) -> None:
        self.folder = folder
        self.app = app
        self.clock = clock
        self.client = client
        self.port = port
        self.url = str(client.base_url).rstrip("/")

    def code_of(self, name: str) -> str:
        answer = self.client.post(f"/v1/gateways/{name}/code", json={"host": "localhost", "station": self.url})
        assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store"), answer.text
        assert answer.json()["command"] == f"headland edge enrol {self.url} {answer.json()['code']}"
        return str(answer.json()["code"])


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[EnrolledFarm]:
    folder = FarmFolder(tmp_path / "farm")
    port, tls_port = find_free_port(), find_free_port()
    tls = own_tls_files(folder, f"127.0.0.1:{tls_port}", None, [], wall_clock_ms())
    listener = Listener(host="127.0.0.1", port=tls_port, tls=tls)
    write_whole(folder.broker_address_path, msgspec.json.encode(BrokerAddress(port=port, listener=listener)))
    command = prepare_broker("mosquitto", folder.broker_dir, port, broker_users(folder), listener)
    registry = open_registry(f"sqlite:///{folder.registry_path}", lambda: NOW_MS)
    registry.add_organisation(OWN, "Our farm", "test")
    clock = [0]
    registrar = FolderRegistrar(folder, lambda: wall_clock_ms() + clock[0])
    app = create_app(
        MemoryStore(),
        organisation=OWN,
        readiness=list,
        counters=dict,
        registry=registry,
        registrar=registrar,
        enrolment=registrar,
    )
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as broker, serve(app) as client, folder.hold():
        try:
            wait_until(lambda: listens(port))
            made = EnrolledFarm(folder, app, client, port, clock)
            pids = {"broker": broker.pid}
            folder.write_state(
                FarmState(api_url=made.url, broker_host="127.0.0.1", broker_port=port, broker="mosquitto", pids=pids)
            )
            yield made
        finally:
            broker.kill()
    registry.close()


def broker_of(folder: Path) -> BrokerSettings:
    return load_settings(folder / "edge.toml", os.environ).broker


def test_an_enrolled_gateway_sends_renews_and_is_revoked(
    farm: EnrolledFarm, tmp_path: Path, wait_until: WaitUntil
) -> None:
    card = tmp_path / "card"
    # Enrolled 50 days ago.
    farm.clock[0] = -50 * DAY_MS
    code = farm.code_of("barn")
    card.mkdir()
    owner = 12_345 if os.geteuid() == 0 else os.geteuid()
    os.chown(card, owner, -1)
    assert enrol_gateway(farm.url, code.lower(), card, data_dir=tmp_path / "the barn's spool") == "barn"
    assert {path.name for path in card.iterdir()} == {"barn.pem", "broker-ca.pem", "edge.toml"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in card.iterdir())
    assert {path.stat().st_uid for path in card.iterdir()} == {owner}
    assert load_settings(card / "edge.toml", os.environ).data_dir == tmp_path / "the barn's spool"
    with pytest.raises(PeerRefused):
        enrol_gateway(farm.url, code, tmp_path / "copied card")
    with pytest.raises(SettingsError, match="exists already"):
        enrol_gateway(farm.url, code, card)

    ingest = StandInIngest("127.0.0.1", farm.port, "barn", login=(INGEST_USER, farm.folder.secret(INGEST_USER)))
    spool = Spool(tmp_path / "spool.sqlite", SpoolOwner("barn", "home"), 50_000_000)
    settings = broker_of(card)
    assert (settings.password, settings.username) == (None, "barn")
    uplink = Uplink(settings, "barn", spool)
    uplink.start()
    assert spool.append([content(1)])
    uplink.wake()
    wait_until(lambda: ingest.seen)
    uplink.stop(0)

    tls = settings.tls
    assert tls is not None
    assert tls.renew_at == farm.url
    before = (card / "barn.pem").read_bytes()
    assert not CertificateRenewal(tls, lambda: wall_clock_ms() - 50 * DAY_MS).renew_if_due()
    with pytest.raises(RetryLater, match="too early for a new certificate: check the clocks"):
        CertificateRenewal(tls).renew_if_due()
    farm.clock[0] = 0
    assert CertificateRenewal(tls).renew_if_due()
    assert not CertificateRenewal(tls).renew_if_due()
    assert (card / "barn.pem").read_bytes() != before
    assert {path.name for path in card.iterdir()} == {"barn.pem", "broker-ca.pem", "edge.toml"}

    again = Uplink(settings, "barn", spool)
    again.start()
    wait_until(lambda: again.state().connected)
    again.stop(0)
    assert "user barn" in (farm.folder.broker_dir / "acl").read_text()
    assert farm.client.delete("/v1/gateways/barn/certificate").status_code == 204
    assert "user barn" not in (farm.folder.broker_dir / "acl").read_text()
    assert farm.client.delete("/v1/gateways/barn/certificate").status_code == 409

    def is_refused() -> bool:
        """Tell whether a new connection fails; the broker takes a moment to read its files."""
        revoked = Uplink(settings, "barn", spool)
        revoked.start()
        wait_until(lambda: revoked.state().connected or revoked.counters()["connect_failures"])
        connected = revoked.state().connected
        revoked.stop(0)
        return not connected

    wait_until(is_refused)
    ingest.close()
    spool.close()


@pytest.mark.parametrize(
    "body",
    [
        {"code_id": "AAAA", "request": "x", "signature": "0" * 64},
        {"code_id": "", "request": "", "signature": ""},
    ],
)
def test_a_wrong_enrolment_is_refused_without_a_key_and_says_nothing_of_codes(
    farm: EnrolledFarm, body: dict[str, str]
) -> None:
    answer = httpx.post(f"{farm.url}/v1/enrolments", json=body, timeout=120)
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:headland:problem:enrolment-refused")
    assert "unknown, was used or has expired" in answer.json()["detail"]


def test_a_code_needs_a_name_that_is_in_the_brokers_certificate(farm: EnrolledFarm) -> None:
    answer = farm.client.post("/v1/gateways/barn/code", json={"host": "elsewhere.example"})
    assert answer.status_code == 409
    assert "--broker-name elsewhere.example" in answer.json()["detail"]


def test_guesses_at_a_code_are_told_to_wait_and_the_true_card_is_still_let_in(
    farm: EnrolledFarm, tmp_path: Path
) -> None:
    code = farm.code_of("barn")
    farm.app.state.auth_cache = AuthCache(OpenAuthenticator(OWN), Limits())
    guess = {"code_id": code[:4], "request": make_request(make_key()), "signature": "0" * 64}
    with httpx.Client(timeout=120) as stranger:
        answers = [stranger.post(f"{farm.url}/v1/enrolments", json=guess) for _ in range(400)]
        junk = {"certificate": "x", "request": guess["request"], "signature": ""}
        renewal = stranger.post(f"{farm.url}/v1/enrolments/renewal", json=junk)
    counted = [answer.status_code for answer in answers]
    assert set(counted) == {403, 429}
    assert counted[:5] == [403] * 5
    assert counted[-1] == renewal.status_code == 429
    assert counted.count(403) < 100
    assert int(answers[-1].headers["retry-after"]) > 0
    assert "wait as Retry-After says" in answers[-1].json()["detail"]
    assert enrol_gateway(farm.url, code, tmp_path / "card") == "barn"
