"""Channel of message services by Apprise, an optional library: SMS gateways, mailboxes and others, one process each."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from importlib.util import find_spec
from typing import Any, Final

import msgspec

from headland.alarms.notification.delivery_policy import DeliveryOutcome
from headland.network.address_policy import AddressPolicy
from headland.registry.models.alarms import Notice
from station.server.notifications.service_process import ServiceOrder, ServiceResult

#: Time limit of one attempt, with the start of its process.
WITHIN_S: Final = 30.0
_LOOK_EVERY_S: Final = 0.1
_MOST_BYTES: Final = 2000
_LATER: Final = frozenset((408, 409, 425, 429))
_KEYS: Final = frozenset((401, 403))
NOT_INSTALLED: Final = "apprise is not installed: run pip install 'headland[notify]' and start the station again"


def has_apprise() -> bool:
    """Tell whether Apprise is installed."""
    return find_spec("apprise") is not None


def post_service(
    url: str, notice: Notice, policy: AddressPolicy, stopping: threading.Event, within_s: float = WITHIN_S
) -> DeliveryOutcome:
    """Give a notice to the service of an address; `policy` has the addresses to which it may connect."""
    if not has_apprise():
        return DeliveryOutcome("refused", NOT_INSTALLED)
    content: dict[str, Any] = msgspec.json.decode(notice.body)
    order = ServiceOrder(
        url=url,
        title=str(content["title"]),
        text=str(content["text"]).encode()[:_MOST_BYTES].decode(errors="ignore"),
        networks=",".join(map(str, policy.inside)),
        trust=os.environ.get("SSL_CERT_FILE", ""),
    )
    answer = _run(msgspec.json.encode(order), stopping, within_s)
    if answer is None:
        return DeliveryOutcome("later", f"there was no answer within {within_s:g} s")
    try:
        return service_outcome(msgspec.json.decode(answer, type=ServiceResult))
    except msgspec.DecodeError:
        return DeliveryOutcome("later", "the attempt failed in the station; its log has the cause")


def service_outcome(result: ServiceResult) -> DeliveryOutcome:
    """Return what the result of an attempt says of a message."""
    if result.is_taken:
        return DeliveryOutcome("delivered")
    if result.is_unknown:
        return DeliveryOutcome("refused", "no service has an address like this: correct it")
    if result.is_inside:
        sentence = "its host is in a network to which nothing is sent: the operator can permit it"
        return DeliveryOutcome("refused", f"{sentence} with HEADLAND_WEBHOOK_NETWORKS")
    sentence = f"the service did not take the message ({result.said or 'no reason'})"
    status = result.status
    if status in _KEYS:
        return DeliveryOutcome("refused", f"{sentence}: check its key and password")
    if status is not None and 400 <= status < 500 and status not in _LATER:
        return DeliveryOutcome("refused", f"{sentence}: check its address")
    return DeliveryOutcome("later", sentence)


def _run(order: bytes, stopping: threading.Event, within_s: float) -> bytes | None:
    """Return what the process wrote; None where it took too long, or the station stops."""
    # Of the station's environment, which has its secrets, nothing is handed on.
    trust = os.environ.get("SSL_CERT_FILE")
    environment = {"LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", "HOME": "/nonexistent"}
    if trust:
        environment |= {"SSL_CERT_FILE": trust, "REQUESTS_CA_BUNDLE": trust}
    command = [sys.executable, "-m", "station.server.notifications.service_process"]
    process = subprocess.Popen(  # noqa: S603 - ours
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    )
    try:
        until_s = time.monotonic() + within_s
        given: bytes | None = order
        while time.monotonic() < until_s and not stopping.is_set():
            try:
                return process.communicate(given, timeout=_LOOK_EVERY_S)[0]
            except subprocess.TimeoutExpired:
                given = None
        return None
    finally:
        process.kill()
        process.communicate()
