"""End of a gateway's session at the running broker, which checks no certificate again while a session is open."""

from __future__ import annotations

import logging
import ssl
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from headland.clock import wall_clock_ms
from headland.network.enrolment.keys import make_key, make_request
from station.local.broker_listener import Listener
from station.local.enrolment.authority import CertificateAuthority, certificate_text, utc

if TYPE_CHECKING:
    from paho.mqtt.client import Client

_LOGGER = logging.getLogger(__name__)

_WITHIN_S: Final = 5.0
_TURN_S: Final = 0.1
#: The certificate by which the session is taken over, and whose key is deleted at once, is valid for so long.
_TAKE_OVER_DAYS: Final = 1 / 96
_EVERY_ADDRESS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def end_session(authority: CertificateAuthority, listener: Listener | None, gateway: str) -> None:
    """End the session that a gateway has open at the gateways' listener, after its certificates were revoked.

    The login is the client id there: who connects with the same name takes the session over, with all that waits in it.
    A broker that does not answer has no session, or is starting; the log says so.
    """
    if listener is None or listener.tls is None or not listener.tls.enrols:
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "session.pem"
        key = make_key()
        # The broker judges by this machine's clock.
        now = utc(wall_clock_ms())
        signed = authority.sign_gateway(gateway, make_request(key), now, days=_TAKE_OVER_DAYS)
        path.write_bytes(certificate_text(signed).encode() + key)
        client, connected = _client(gateway, str(authority.certificate_path), str(path))
        try:
            client.connect(_EVERY_ADDRESS.get(listener.host, listener.host), listener.port)
            until_s = time.monotonic() + _WITHIN_S
            while not connected.is_set() and time.monotonic() < until_s:
                client.loop(_TURN_S)
        except OSError:
            _LOGGER.debug("the broker cannot be reached", exc_info=True)
        finally:
            client.disconnect()
    is_ended = connected.is_set()
    if not is_ended:
        _LOGGER.warning("The broker did not answer when the session of %s was to be ended", gateway)


def _client(name: str, authority: str, certificate: str) -> tuple[Client, threading.Event]:
    from headland.network.mqtt_client import make_client

    client = make_client(name, connect_s=_WITHIN_S)
    context = ssl.create_default_context(cafile=authority)
    # The farm's own authority signs its own broker alone, by whatever name it is reached.
    context.check_hostname = False
    context.load_cert_chain(certificate)
    client.tls_set_context(context)
    connected = threading.Event()

    def on_connect(_client: Client, _data: object, _flags: object, reason: Any, _properties: object) -> None:
        if not reason.is_failure:
            connected.set()

    client.on_connect = on_connect
    return client, connected
