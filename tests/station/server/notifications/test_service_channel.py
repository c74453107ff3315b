"""A notice goes out by a message service in a process of its own: a gateway of SMS, a mailbox, and what is refused."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from headland.network.address_policy import PUBLIC_ONLY, parse_networks
from headland.registry.models.alarms import Notice
from station.server.notifications.service_channel import post_service, service_outcome
from station.server.notifications.service_process import NotPermittedError, ProcessRules, ServiceResult
from tests.station.smtp_peer import serve_mail

INSIDE = parse_networks("127.0.0.0/8")
KEY, PHONE = "SMSKEY-12345", "+8613800001111"
NOTICE = Notice(
    id="01k9v4k8r0q3m8x5w7t2n6y4c1", recipient="1", rule="frost", what="raised", about=("a",),
    body=json.dumps({"v": 1, "title": "紧急：一号温室 霜冻", "text": "气温 1.2 ℃"}), created_ms=0, due_ms=0,
)  # fmt: skip


@contextmanager
def sms_gateway(status: int = 200, answer: object = None) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield the address of a gateway that speaks as an SMSEagle, and the requests that came."""
    heard: list[dict[str, Any]] = []
    said = json.dumps({"result": {"message_id": 7, "status": "ok"}} if answer is None else answer).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), name="test-sms", daemon=True)
        thread.start()
        try:
            yield f"smseagle://{KEY}@127.0.0.1:{server.server_address[1]}/{PHONE}", heard
        finally:
            server.shutdown()
            thread.join(120)


def test_an_sms_gateway_gets_the_text_and_nothing_is_taken_for_a_persons_word() -> None:
    with sms_gateway() as (url, heard):
        outcome = post_service(url, NOTICE, INSIDE, threading.Event())
    assert (outcome.result, outcome.detail) == ("delivered", "")
    (order,) = heard
    assert (order["method"], order["params"]["to"]) == ("sms.send_sms", PHONE)
    assert "紧急：一号温室 霜冻" in order["params"]["message"]
    assert "气温 1.2 ℃" in order["params"]["message"]


def test_a_gateway_that_refuses_the_key_says_so_without_the_key() -> None:
    with sms_gateway(401, {"result": f"key {KEY} of {PHONE} is not valid"}) as (url, _):
        outcome = post_service(url, NOTICE, INSIDE, threading.Event())
    assert outcome.result == "refused"
    assert outcome.detail.endswith("check its key and password")
    assert KEY not in outcome.detail
    assert PHONE not in outcome.detail


def test_nothing_goes_to_a_network_inside_that_nobody_permits() -> None:
    with sms_gateway() as (url, heard):
        outcome = post_service(url, NOTICE, PUBLIC_ONLY, threading.Event())
    assert (outcome.result, "HEADLAND_WEBHOOK_NETWORKS" in outcome.detail, heard) == ("refused", True, [])


def test_a_service_that_never_answers_ends_at_the_deadline_and_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"smseagle://{KEY}@127.0.0.1:{silent.getsockname()[1]}/{PHONE}"
        # Earlier than the library's own limit, 4 s from its connection.
        outcome = post_service(url, NOTICE, INSIDE, threading.Event(), within_s=2)
    assert (outcome.result, outcome.detail) == ("later", "there was no answer within 2 s")


def test_a_mailbox_of_a_person_sends_the_alarm_by_its_own_server() -> None:
    with serve_mail() as server:
        url = f"mailto://li:pass-word@127.0.0.1:{server.port}/?from=li@example.org&to=wang@example.org&mode=insecure"
        outcome = post_service(url, NOTICE, INSIDE, threading.Event())
    assert (outcome.result, outcome.detail) == ("delivered", "")
    assert server.logins == ["li pass-word"]
    ((mail, _),) = server.mails
    assert b"wang@example.org" in mail


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("subprocess.Popen", ("/bin/sh", [], None, None)),
        ("os.system", (b"true",)),
        ("socket.connect", (None, ("10.0.0.1", 80))),
        ("socket.connect", (None, ("169.254.169.254", 80))),
        ("socket.connect", (None, ("::ffff:127.0.0.1", 80, 0, 0))),
        ("socket.connect", (None, "/var/run/docker.sock")),
        ("socket.connect", (None, ("nobody.looked.up", 80))),
        ("socket.sendto", (None, ("192.168.1.1", 514))),
        ("open", ("/tmp/x", "w", 0)),
        ("open", ("/tmp/x", None, 1)),
        ("open", ("/etc/passwd", "r", 0)),
    ],
)
def test_the_code_of_a_service_may_do_nothing_on_this_machine(event: str, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(NotPermittedError):
        ProcessRules(PUBLIC_ONLY, "")(event, arguments)


def test_the_internet_and_pythons_own_files_are_permitted() -> None:
    guard = ProcessRules(PUBLIC_ONLY, "")
    guard("socket.connect", (None, ("1.1.1.1", 443)))
    guard("open", (json.__file__, "r", 0))
    guard("open", (str(Path("/etc/ssl/certs/ca-certificates.crt")), "r", 0))


@pytest.mark.parametrize(
    ("status", "result"), [(400, "refused"), (404, "refused"), (429, "later"), (503, "later"), (None, "later")]
)
def test_a_status_says_whether_it_is_tried_again(status: int | None, result: str) -> None:
    assert service_outcome(ServiceResult(is_taken=False, said="no", status=status)).result == result
