"""A farm with mosquitto for gateways by certificate, and thieves' connections to it."""

from __future__ import annotations

import base64
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from headland.clock import wall_clock_ms
from headland.network.enrolment.code import read_code
from headland.network.enrolment.keys import make_key, make_request, sign
from headland.network.enrolment.messages import EnrolmentPapers, EnrolmentRequest, RenewalRequest, SealedPapers
from station.local.broker import prepare_broker
from station.local.broker_listener import BrokerAddress, Listener
from station.local.enrolment.listener import own_tls_files
from station.local.folder import FarmFolder, FarmState
from station.local.gateway_registration import FolderRegistrar
from station.local.gateways import broker_users
from station.server.files import write_whole
from tests.ports import find_free_port, listens
from tests.waiting import wait_until

_PATIENCE_S = 60.0
_CONNACK = b"\x20"


@dataclass(eq=False)
class Card:
    """What a gateway's card holds, and so its thief: a certificate and its key in a file."""

    gateway: str
    certificate: str
    key: bytes
    path: Path


class CertificateFarm:
    """A farm's folder, its registrar with a clock of its own, and the gateways' port of its running broker."""

    def __init__(self, folder: FarmFolder, port: int, cards: Path) -> None:
        self.folder = folder
        self.shift_ms = 0
        self.registrar = FolderRegistrar(folder, lambda: wall_clock_ms() + self.shift_ms)
        self._port = port
        self._cards = cards

    def code(self, gateway: str) -> str:
        return self.registrar.give_code(gateway, "home", "localhost", "http://localhost").code

    def enrol(self, code_text: str, key: bytes) -> Card:
        code = read_code(code_text)
        request = make_request(key)
        signature = code.sign(request.encode())
        sealed = self.registrar.enrol(EnrolmentRequest(code_id=code.id, request=request, signature=signature))
        opened = code.open_sealed(_decoded(sealed), request.encode())
        assert opened is not None
        papers = msgspec.json.decode(opened, type=EnrolmentPapers)
        return self._card(papers.gateway, papers.certificate, key)

    def renew(self, card: Card, key: bytes | None = None) -> Card:
        key = make_key() if key is None else key
        request = make_request(key)
        asked = RenewalRequest(
            certificate=card.certificate, request=request, signature=sign(card.key, request.encode())
        )
        return self._card(card.gateway, self.registrar.renew(asked).certificate, key)

    def connect(self, card: Card) -> ssl.SSLSocket | None:
        """Return a session that the broker has accepted, None where it refused the certificate."""
        context = ssl.create_default_context(cafile=str(self.folder.enrolment_dir / "ca.pem"))
        context.load_cert_chain(card.path)
        plain = socket.create_connection(("localhost", self._port), _PATIENCE_S)
        try:
            session = context.wrap_socket(plain, server_hostname="localhost")
        except OSError:
            plain.close()
            return None
        try:
            session.sendall(_connect_packet(card.gateway))
            if session.recv(1) == _CONNACK and session.recv(3)[2] == 0:
                return session
        except OSError:
            pass
        session.close()
        return None

    def accepts(self, card: Card) -> bool:
        """Tell whether the broker accepts a session with a card."""
        session = self.connect(card)
        if session is not None:
            session.close()
        return session is not None

    def refuses(self, card: Card) -> bool:
        """Tell whether the broker refuses a session with a card."""
        return not self.accepts(card)

    def has_rights(self, gateway: str) -> bool:
        """Tell whether a login of this name may publish or read anything."""
        return f"user {gateway}\n" in (self.folder.broker_dir / "acl").read_text()

    def _card(self, gateway: str, certificate: str, key: bytes) -> Card:
        self._cards.mkdir(exist_ok=True)
        path = self._cards / f"{len(list(self._cards.iterdir()))}.pem"
        path.write_bytes(certificate.encode() + key)
        return Card(gateway, certificate, key, path)


@contextmanager
def certificate_farm(root: Path) -> Iterator[CertificateFarm]:
    """Run mosquitto for a farm in `root` that enrols gateways."""
    folder = FarmFolder(root / "farm")
    with enrolling_broker(folder) as broker, folder.hold():
        folder.write_state(broker.state("http://localhost"))
        yield CertificateFarm(folder, broker.tls_port, root / "cards")


@dataclass(frozen=True, slots=True)
class EnrollingBroker:
    """A running mosquitto: its port on this machine, that of gateways, and its process."""

    port: int
    tls_port: int
    pid: int

    def state(self, api_url: str) -> FarmState:
        """Return what a farm with this broker writes of itself."""
        return FarmState(
            api_url=api_url, broker_host="127.0.0.1", broker_port=self.port, broker="mosquitto",
            pids={"broker": self.pid},
        )  # fmt: skip


@contextmanager
def enrolling_broker(folder: FarmFolder) -> Iterator[EnrollingBroker]:
    """Run mosquitto with the logins of a farm, and its port for gateways by certificate."""
    port, tls_port = find_free_port(), find_free_port()
    tls = own_tls_files(folder, f"127.0.0.1:{tls_port}", None, [], wall_clock_ms())
    listener = Listener(host="127.0.0.1", port=tls_port, tls=tls)
    write_whole(folder.broker_address_path, msgspec.json.encode(BrokerAddress(port=port, listener=listener)))
    command = prepare_broker("mosquitto", folder.broker_dir, port, broker_users(folder), listener)
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as broker:
        try:
            wait_until(lambda: listens(tls_port) and _answers(port))
            yield EnrollingBroker(port, tls_port, broker.pid)
        finally:
            broker.kill()


def has_ended(session: ssl.SSLSocket) -> bool:
    """Wait for the end of a session; it may be told why before."""
    session.settimeout(_PATIENCE_S)
    try:
        while session.recv(100):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


def _answers(port: int) -> bool:
    """Tell whether the broker answers: before that, the signal to read its files again would end it."""
    try:
        with socket.create_connection(("127.0.0.1", port), _PATIENCE_S) as plain:
            plain.sendall(_connect_packet("nobody"))
            return plain.recv(1) == _CONNACK
    except OSError:
        return False


def _decoded(sealed: SealedPapers) -> bytes:
    return base64.b64decode(sealed.sealed)


def _connect_packet(name: str) -> bytes:
    """Return CONNECT of MQTT 3.1.1 with a clean session, as login by certificate has it."""
    head = b"\x00\x04MQTT\x04\x02\x00\x3c" + len(name).to_bytes(2, "big") + name.encode()
    return bytes([0x10, len(head)]) + head
