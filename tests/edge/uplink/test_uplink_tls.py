"""TLS and mutual TLS with a real broker and real certificates."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.spool.queue import Spool
from edge.uplink.settings import BrokerSettings, TlsSettings
from edge.uplink.uplink import Uplink
from tests.broker import Broker
from tests.edge.certificates import make_certificates
from tests.edge.contents import content
from tests.edge.ingest_stand_in import StandInIngest
from tests.ports import find_free_port
from tests.waiting import WaitUntil

GATEWAY = "gw-1"
pytestmark = [
    pytest.mark.services("mosquitto", "openssl"),
    # paho leaves a socket whose handshake failed to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    make_certificates(folder, GATEWAY)
    return folder


@pytest.fixture
def secured(tmp_path: Path, certificates: Path) -> Iterator[tuple[Broker, int]]:
    """A broker with a plain port for everybody, and a TLS port for clients that our authority has signed."""
    port = find_free_port()
    lines = [
        f"listener {port} 127.0.0.1",
        f"cafile {certificates / 'ca.pem'}",
        f"certfile {certificates / 'broker.pem'}",
        f"keyfile {certificates / 'broker.key'}",
        "require_certificate true",
        "use_identity_as_username true",
    ]
    broker = Broker(tmp_path / "secured", lines=lines)
    broker.start()
    yield broker, port
    broker.kill()


def settings(port: int, folder: Path, *, who: str | None, ca: str = "ca", host: str = "localhost") -> BrokerSettings:
    cert, key = (None, None) if who is None else (str(folder / f"{who}.pem"), str(folder / f"{who}.key"))
    return BrokerSettings(host=host, port=port, tls=TlsSettings(ca=str(folder / f"{ca}.pem"), cert=cert, key=key))


def test_records_arrive_over_mutual_tls_under_the_name_in_the_certificate(
    secured: tuple[Broker, int], certificates: Path, spool: Spool, wait_until: WaitUntil
) -> None:
    broker, port = secured
    ingest = StandInIngest(broker.host, broker.port, GATEWAY)
    uplink = Uplink(settings(port, certificates, who="gateway"), GATEWAY, spool)
    uplink.start()
    # Large records: TLS buffers bytes that a select on the socket does not show.
    assert spool.append([content(number, rows=500) for number in range(1, 501)])
    uplink.wake()
    wait_until(lambda: spool.status().records == 0)
    uplink.stop()
    ingest.close()
    assert [seq for _, seq in ingest.seen] == list(range(1, 501))
    assert f"u'{GATEWAY}'" in broker.log


@pytest.mark.parametrize(
    ("who", "ca", "reason"),
    [
        (None, "ca", "perhaps it requires a certificate of this gateway"),
        ("stranger", "ca", "perhaps it does not trust the certificate"),
        ("gateway", "other-ca", "certificate verify failed"),
    ],
)
def test_without_the_right_certificate_no_record_is_sent_and_the_reason_is_reported(
    secured: tuple[Broker, int],
    certificates: Path,
    spool: Spool,
    wait_until: WaitUntil,
    who: str | None,
    ca: str,
    reason: str,
) -> None:
    broker, port = secured
    ingest = StandInIngest(broker.host, broker.port, GATEWAY)
    assert spool.append([content(1)])
    uplink = Uplink(settings(port, certificates, who=who, ca=ca), GATEWAY, spool)
    uplink.start()
    wait_until(lambda: uplink.counters()["connect_failures"] >= 2)
    state = uplink.state()
    uplink.stop(0)
    ingest.close()
    assert not state.connected
    assert reason in state.detail
    assert (ingest.messages, spool.status().records) == (0, 1)


def test_a_broker_under_another_name_than_in_its_certificate_is_refused(
    secured: tuple[Broker, int],
    certificates: Path,
    spool: Spool,
    wait_until: WaitUntil,
) -> None:
    _, port = secured
    uplink = Uplink(settings(port, certificates, who="gateway", host="127.0.0.2"), GATEWAY, spool)
    uplink.start()
    wait_until(lambda: "127.0.0.2" in uplink.state().detail)
    assert uplink.counters()["connect_failures"] >= 1
    uplink.stop(0)
