"""A notice leaves as a signed POST, as an e-mail, as an MQTT message; what is refused and what may be tried again."""

from __future__ import annotations

import email
import email.header
import email.policy
import hashlib
import hmac
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from headland.alarms.notification.delivery_policy import (
    MOST_ATTEMPTS,
    DeliveryOutcome,
    record_attempt,
    retry_wait_s,
    sign,
)
from headland.errors import SettingsError
from headland.network.address_policy import parse_networks
from headland.network.http_client import OutgoingClient
from headland.registry.models.alarms import AlarmRecipient, Notice, NoticeState, RecipientKind
from ingest.settings import IngestSettings
from station.server.notifications.channels import MailSettings, parse_mail_url, post_webhook, publish_notice, send_mail
from tests.broker import Broker
from tests.station.certificates import Authority
from tests.station.smtp_peer import serve_mail

WaitUntil = Callable[..., None]
BODY = json.dumps({"v": 1, "title": "CRITICAL: frost at gh-1 - 棚内气温接近冰点", "text": "gh-1 (home): 1.2 °C"})
NOTICE = Notice(
    id="01k9v4k8r0q3m8x5w7t2n6y4c1", recipient="1", rule="frost", what="raised", about=("a",), body=BODY,
    created_ms=1_795_507_200_000, due_ms=1_795_507_200_000,
)  # fmt: skip
LI = AlarmRecipient(name="Li", kind=RecipientKind.EMAIL, address="li@example.org")


@contextmanager
def web_server(status: int) -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """Yield the URL of a server that answers with `status`, and what it was sent."""
    heard: list[tuple[dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), name="test-hook", daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/hook", heard
        finally:
            server.shutdown()
            thread.join(120)


def outgoing(networks: str = "127.0.0.0/8") -> closing[OutgoingClient]:
    return closing(OutgoingClient(parse_networks(networks)))


def hook(url: str) -> AlarmRecipient:
    return AlarmRecipient(name="app", kind=RecipientKind.WEBHOOK, address=url)


def test_a_signature_is_what_openssl_makes_of_the_time_and_the_body() -> None:
    # printf '1795507200.{}' | openssl dgst -sha256 -hmac Jefe
    expected = "d4fdb510ad003c715b15362950057736c032e9f57a259cbcb28434caa672aa6c"
    assert sign("Jefe", 1_795_507_200, b"{}") == f"v1={expected}"
    assert sign("Jefe", 1_795_507_201, b"{}") != f"v1={expected}"


def test_a_webhook_is_told_with_a_signature_that_it_can_check() -> None:
    with web_server(204) as (url, heard), outgoing() as client:
        assert post_webhook(client, url, "secret", NOTICE) == DeliveryOutcome("delivered")
    headers, body = heard[0]
    signed = headers["headland-timestamp"].encode() + b"." + body
    assert headers["headland-signature"] == "v1=" + hmac.new(b"secret", signed, hashlib.sha256).hexdigest()
    assert abs(int(headers["headland-timestamp"]) - time.time()) < 60
    assert (headers["headland-notice"], body.decode()) == (NOTICE.id, BODY)


@pytest.mark.parametrize(
    ("status", "result"), [(500, "later"), (503, "later"), (429, "later"), (302, "later"), (404, "refused")]
)
def test_a_webhook_that_says_no_is_refused_and_one_in_trouble_is_tried_again(status: int, result: str) -> None:
    with web_server(status) as (url, heard), outgoing() as client:
        outcome = post_webhook(client, url, "secret", NOTICE)
    assert (outcome.result, outcome.detail, len(heard)) == (result, f"the server responded with status {status}", 1)


def test_a_webhook_where_nobody_listens_is_tried_again(free_port: int) -> None:
    with outgoing() as client:
        outcome = post_webhook(client, f"http://127.0.0.1:{free_port}/", "secret", NOTICE)
    assert outcome == DeliveryOutcome("later", "ConnectError: no connection")


@pytest.mark.services("openssl")
def test_an_e_mail_goes_out_under_starttls_after_a_login(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca")
    with serve_mail(authority.issue("mail")) as server:
        url = f"smtp+starttls://farm:pass%20word@localhost:{server.port}?from=alarms@example.org&ca={authority.ca}"
        assert send_mail(parse_mail_url(url), LI, NOTICE) == DeliveryOutcome("delivered")
    text, secure = server.mails[0]
    mail = email.message_from_bytes(text, policy=email.policy.default)
    assert secure
    assert server.logins == ["farm pass word"]
    assert (mail["From"], mail["To"]) == ("alarms@example.org", "li@example.org")
    assert mail["Subject"] == "CRITICAL: frost at gh-1 - 棚内气温接近冰点"
    content = mail.get_body()
    assert content is not None
    assert "gh-1 (home): 1.2 °C" in content.get_content()


def test_a_mail_server_without_starttls_is_told_nothing_in_clear() -> None:
    with serve_mail() as server:
        outcome = send_mail(MailSettings("127.0.0.1", server.port, "a@example.org"), LI, NOTICE)
    assert (outcome.result, server.mails) == ("later", [])


@pytest.mark.parametrize(("answer", "result"), [("550 no such mailbox", "refused"), ("451 try later", "later")])
def test_a_mailbox_that_is_refused_for_good_is_not_tried_again(answer: str, result: str) -> None:
    with serve_mail() as server:
        server.answers["RCPT"] = answer
        outcome = send_mail(MailSettings("127.0.0.1", server.port, "a@example.org", "smtp"), LI, NOTICE)
    assert outcome.result == result


def test_a_mail_url_without_a_sender_is_refused_with_its_form() -> None:
    for url in ("smtp://host", "http://host?from=a@b", "smtp://:x?from=a@b", "smtp://host:99999?from=a@b"):
        with pytest.raises(SettingsError, match="write smtp"):
            parse_mail_url(url)


def test_an_mqtt_message_comes_to_who_listens_and_to_nobody_later(
    mosquitto: Broker, tmp_path: Path, wait_until: WaitUntil
) -> None:
    heard: list[tuple[str, bytes | bytearray, bool]] = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2, "siren", protocol=mqtt.MQTTv5)
    client.on_message = lambda _c, _u, message: heard.append((message.topic, message.payload, message.retain))
    subscribed: list[int] = []
    client.on_subscribe = lambda *_: subscribed.append(1)
    client.connect(mosquitto.host, mosquitto.port)
    client.loop_start()
    client.subscribe("headland/v1/alarm/+", qos=1)
    wait_until(lambda: subscribed)
    broker = IngestSettings(quarantine_path=tmp_path / "q", host=mosquitto.host, port=mosquitto.port)
    assert publish_notice(broker, "local", NOTICE) == DeliveryOutcome("delivered")
    wait_until(lambda: heard == [("headland/v1/alarm/local", BODY.encode(), False)])
    client.disconnect()
    client.loop_stop()


def test_a_broker_that_is_away_is_tried_again(free_port: int, tmp_path: Path) -> None:
    outcome = publish_notice(IngestSettings(quarantine_path=tmp_path / "q", port=free_port), "local", NOTICE)
    assert outcome.result == "later"


def test_waits_double_up_to_an_hour_and_in_the_end_a_notice_is_dead_and_kept() -> None:
    assert [retry_wait_s(attempts) for attempts in (1, 2, 3, 9, 10, 999)] == [10, 20, 40, 2560, 3600, 3600]
    notice, now_ms = NOTICE, 0
    for attempt in range(MOST_ATTEMPTS):
        assert notice.state is NoticeState.WAITING
        notice = record_attempt(notice, DeliveryOutcome("later", "away"), now_ms)
        assert notice.attempts == attempt + 1
        now_ms = notice.due_ms
    assert (notice.state, notice.error, notice.body) == (NoticeState.DEAD, "away", BODY)
    assert record_attempt(NOTICE, DeliveryOutcome("refused"), 0).state is NoticeState.DEAD
    assert record_attempt(NOTICE, DeliveryOutcome("delivered"), 5).delivered_ms == 5


@pytest.mark.parametrize(
    "title",
    [
        "Frost: =?utf-8?q?House=0ABcc:_victim@example.org?= at north",
        "Frost: =?utf-8?b?SG91c2UKQmNjOiB2aWN0aW1AZXhhbXBsZS5vcmc=?= at north",
        "Frost: =?utf-8?q?a=0A=0Abody?=",
        "Frost =?utf-8?q?=0D=0ABcc:_victim@example.org?==?utf-8?q?x?=",
        "Frost\r\nBcc: victim@example.org",
        "Frost\x0bBcc: victim@example.org\x85\u2028Bcc: victim@example.org",
        "棚内 =?utf-8?q?=0ABcc:_victim@example.org?= 气温",
        "x" * 900 + "=?utf-8?q?=0ABcc:_victim@example.org?=",
    ],
)
def test_a_name_in_a_title_adds_no_header_and_no_body(title: str) -> None:
    with serve_mail() as server:
        mail = MailSettings("127.0.0.1", server.port, "a@example.org", "smtp")
        body = json.dumps({"v": 1, "title": title, "text": "gh-1"})
        assert send_mail(mail, LI, msgspec.structs.replace(NOTICE, body=body)) == DeliveryOutcome("delivered")
    text = server.mails[0][0]
    head, _, content = text.partition(b"\r\n\r\n") if b"\r\n\r\n" in text else text.partition(b"\n\n")
    names = [line.partition(b":")[0].lower() for line in head.splitlines() if line[:1] not in (b" ", b"\t")]
    assert sorted(names) == sorted(
        [b"from", b"to", b"date", b"subject", b"message-id", b"auto-submitted", b"content-type",
         b"content-transfer-encoding", b"mime-version"]
    )  # fmt: skip
    # As a reader decodes it, encoded words and all, there is one line.
    unfolded = re.sub(r"\r?\n(?=[ \t])", "", email.message_from_bytes(text)["Subject"])
    decoded = str(email.header.make_header(email.header.decode_header(unfolded)))
    assert "\n" not in decoded
    assert "\r" not in decoded
    assert b"victim" not in content


def test_an_address_with_an_encoded_word_gets_no_mail() -> None:
    evil = AlarmRecipient(name="x", kind=RecipientKind.EMAIL, address="=?utf-8?q?a=0ABcc:b?=@example.org")
    with serve_mail() as server:
        assert (
            send_mail(MailSettings("127.0.0.1", server.port, "a@example.org", "smtp"), evil, NOTICE).result == "later"
        )
        assert server.mails == []
