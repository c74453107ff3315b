"""A notice to a browser by a scripted push service, which decrypts as the browser would."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from headland.alarms.notification.messages import trial_body_of
from headland.alarms.notification.web_push import decode, encode, make_key, read_key
from headland.network.address_policy import PUBLIC_ONLY, parse_networks
from headland.network.http_client import OutgoingClient
from headland.registry.models.alarms import AlarmRecipient, Notice, PushSubscription, RecipientKind
from station.server.notifications.sender import post_push, push_outcome
from tests.alarms.notification.test_web_push import decrypt

AUTH = bytes(range(16))


class PushService:
    """Answers with `status`, and keeps what it was sent."""

    def __init__(self) -> None:
        self.status = 201
        self.sent: list[tuple[dict[str, str], bytes]] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.sent.append((dict(self.headers), body))
                self.send_response(service.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def service() -> Iterator[PushService]:
    made = PushService()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def test_a_browser_reads_its_notice_and_the_push_service_a_signature_for_itself(service: PushService) -> None:
    browser, key = ec.generate_private_key(ec.SECP256R1()), read_key(make_key())
    point = browser.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    subscription = PushSubscription(endpoint=f"{service.url}/send/1", p256dh=encode(point), auth=encode(AUTH))
    address = msgspec.json.encode(subscription).decode()
    phone = AlarmRecipient(id="1", name="Li 的手机", kind=RecipientKind.PUSH, address=address, language="zh-CN")
    body = trial_body_of(phone, "own", "n1", 0)
    notice = Notice(id="n1", recipient="1", rule="", what="test", about=(), body=body, created_ms=0, due_ms=0)
    client = OutgoingClient(parse_networks("127.0.0.0/8"))
    assert post_push(client, address, key, notice).result == "delivered"
    ((headers, sent),) = service.sent
    shown = json.loads(decrypt(sent, browser, AUTH))
    assert (shown["language"], "Li 的手机" in shown["text"]) == ("zh-CN", True)
    assert "手机".encode() not in sent
    token = headers["Authorization"].removeprefix("vapid t=").partition(",")[0]
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decode(key.public_text))
    assert jwt.decode(token, public, ["ES256"], audience=service.url)["sub"].startswith("mailto:")
    assert (headers["Content-Encoding"], int(headers["TTL"]) > 0) == ("aes128gcm", True)
    service.status = 410
    gone = post_push(client, address, key, notice)
    assert (gone.result, gone.detail) == ("refused", "the browser ended its subscription: subscribe there again")
    # The one policy of outgoing requests holds for push services, too.
    assert post_push(OutgoingClient(PUBLIC_ONLY), address, key, notice).result == "refused"
    assert len(service.sent) == 2
    client.close()


def test_a_subscription_that_ended_is_not_tried_again() -> None:
    assert [push_outcome(status).result for status in (201, 410, 404, 413, 429, 503)] == [
        "delivered", "refused", "refused", "refused", "later", "later",
    ]  # fmt: skip
