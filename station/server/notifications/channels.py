"""Delivery channels of a notice: signed webhook, e-mail and MQTT. Each returns the outcome of the attempt."""

from __future__ import annotations

import smtplib
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
from paho.mqtt.packettypes import PacketTypes

from headland.alarms.notification.chat_robots import MOST_ANSWER_BYTES, robot_body, robot_of, robot_outcome
from headland.alarms.notification.delivery_policy import (
    NOTICE_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    DeliveryOutcome,
    sign,
)
from headland.contract.codec import MAX_TIME_MS
from headland.contract.topics import alarm_topic
from headland.errors import SettingsError
from headland.network.http_client import OutgoingClient
from headland.network.http_target import check_mailbox, parse_target
from headland.network.mqtt_client import make_properties
from headland.network.name_resolver import OutgoingError
from headland.registry.models.alarms import AlarmRecipient, Notice
from ingest.mqtt.broker_client import publish_once

if TYPE_CHECKING:
    from ingest.settings import IngestSettings

#: Time limit of one attempt.
_TIMEOUT_S: Final = 10.0
_OK: Final = 200
#: Client errors after which a later attempt may succeed.
_LATER: Final = frozenset((408, 409, 425, 429))
_PORTS: Final = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class MailSettings:
    """Settings of the mail server: `security` is smtp (unencrypted), smtp+starttls or smtps."""

    host: str
    port: int
    sender: str
    security: str = "smtp+starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_path: str | None = None


def parse_mail_url(url: str) -> MailSettings:
    """Parse smtp+starttls://USER:PASSWORD@HOST:PORT?from=NAME@HOST; raises SettingsError."""
    form = "write smtp+starttls://USER:PASSWORD@HOST:587?from=NAME@HOST, smtps:// or, on a local network, smtp://"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    parameters = parse_qs(parts.query)
    sender = parameters.get("from", [""])[0]
    if parts.scheme not in _PORTS or not parts.hostname or "@" not in sender or any(ord(c) < 33 for c in sender):
        raise SettingsError(f"The mail server's URL is not valid: {form}.")
    user = None if parts.username is None else unquote(parts.username)
    password = None if parts.password is None else unquote(parts.password)
    ca_path = parameters.get("ca", [None])[0]
    return MailSettings(parts.hostname, port or _PORTS[parts.scheme], sender, parts.scheme, user, password, ca_path)


def post_webhook(
    client: OutgoingClient, url: str, secret: str, notice: Notice, now_s: int | None = None
) -> DeliveryOutcome:
    """POST a notice's body with its signature to a URL, or a text to a chat robot; redirects are not followed.

    `now_s` is the time of the signature, by default the system's.
    """
    robot = robot_of(url)
    body = notice.body.encode() if robot is None else robot_body(robot, notice.body)
    now_s = int(time.time()) if now_s is None else now_s
    headers = {"Content-Type": "application/json" if robot is None else robot.content_type}
    if robot is None:
        headers |= {
            NOTICE_HEADER: notice.id,
            TIMESTAMP_HEADER: str(now_s),
            SIGNATURE_HEADER: sign(secret, now_s, body),
        }
    try:
        target = parse_target(url)
    except ValueError as error:
        return DeliveryOutcome("refused", f"the URL cannot be used: {error}")
    try:
        answer = client.post(target, body, headers, _TIMEOUT_S, 0 if robot is None else MOST_ANSWER_BYTES)
    except OutgoingError as error:
        return DeliveryOutcome("refused" if error.is_final else "later", str(error))
    status = answer.status
    if robot is not None and status == _OK:
        return robot_outcome(robot, answer.body)
    if 200 <= status < 300:
        return DeliveryOutcome("delivered")
    is_refusal = 400 <= status < 500 and status not in _LATER
    return DeliveryOutcome("refused" if is_refusal else "later", f"the server responded with status {status}")


def send_mail(settings: MailSettings, recipient: AlarmRecipient, notice: Notice) -> DeliveryOutcome:
    """Send a notice as plain text; after a permanent refusal (5xx) it is not tried again."""
    try:
        with _open_mail(settings) as server:
            if settings.username is not None:
                server.login(settings.username, settings.password or "")
            server.send_message(mail_of(settings.sender, recipient, notice))
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        return DeliveryOutcome("refused" if all(code >= 500 for code in codes) else "later", str(error))
    except smtplib.SMTPResponseException as error:
        return DeliveryOutcome("refused" if error.smtp_code >= 500 else "later", str(error))
    except (OSError, smtplib.SMTPException, ValueError) as error:
        return DeliveryOutcome("later", f"{type(error).__name__}: {error}")
    return DeliveryOutcome("delivered")


def mail_of(sender: str, recipient: AlarmRecipient, notice: Notice) -> EmailMessage:
    """Return the e-mail of a notice."""
    content: dict[str, Any] = msgspec.json.decode(notice.body)
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Date"] = sender, check_mailbox(recipient.address), formatdate(_date_s(notice))
    mail["Subject"] = _header_text(str(content["title"]))
    mail["Message-ID"] = f"<{notice.id}@headland>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(f"{content['title']}\n\n{content['text']}\n", cte="base64")  # not every server accepts eight bits
    return mail


def _header_text(text: str) -> str:
    """Return a text for a header: one line, in which nothing reads as an encoded word (RFC 2047).

    Python before 3.12.5 decoded such a word and wrote what it held, line ends included: a device's name was a header.
    """
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line.replace("=?", "= ?").replace("?=", "? =")


def _date_s(notice: Notice) -> float:
    return min(max(0, notice.created_ms), MAX_TIME_MS) / 1000


def publish_notice(broker: IngestSettings, organisation: str, notice: Notice) -> DeliveryOutcome:
    """Publish a notice's body on the farm's own broker, QoS 1, not retained, in a session of its own."""
    properties = make_properties(PacketTypes.PUBLISH, ContentType="application/json")
    body = notice.body.encode()
    error = publish_once(broker, f"alarms-{organisation}", alarm_topic(organisation), body, properties=properties)
    return DeliveryOutcome("later", error) if error else DeliveryOutcome("delivered")


def _open_mail(settings: MailSettings) -> smtplib.SMTP:
    trust: Callable[[], ssl.SSLContext] = lambda: ssl.create_default_context(cafile=settings.ca_path)  # noqa: E731
    if settings.security == "smtps":
        return smtplib.SMTP_SSL(settings.host, settings.port, timeout=_TIMEOUT_S, context=trust())
    server = smtplib.SMTP(settings.host, settings.port, timeout=_TIMEOUT_S)
    if settings.security == "smtp+starttls":
        try:
            server.starttls(context=trust())
        except BaseException:
            server.close()
            raise
    return server
