"""A gateway is enrolled by code, sends over mutual TLS, renews its certificate and is revoked, with mosquitto."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

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
from headland.units_of_time import DAY_MS
from station.local.folder import INGEST_USER
from tests.api.farm import OWN
from tests.api.open_authenticator import OpenAuthenticator
from tests.edge.contents import content
from tests.edge.ingest_stand_in import StandInIngest
from tests.station.local.enrolment.enrolled_farm import EnrolledFarm, enrolled_farm
from tests.waiting import WaitUntil

pytestmark = [
    pytest.mark.services("mosquitto"),
    # paho leaves a socket whose handshake failed to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[EnrolledFarm]:
    with enrolled_farm(tmp_path) as running:
        yield running


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
