"""How a notice leaves the station: a signed POST, an e-mail, an MQTT message. Each says what became of the attempt."""

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

import httpx
import msgspec
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from headland.alarms.delivery_policy import NOTICE_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, Outcome, sign
from headland.contract.topics import alarm_topic
from headland.errors import SettingsError
from headland.registry.models.alarms import AlarmRecipient, Notice

if TYPE_CHECKING:
    from ingest.settings import IngestSettings

#: How long one attempt may take.
_WAIT_S: Final = 10.0
#: How often it is looked whether a message was confirmed.
_STEP_S: Final = 0.05
#: Of the answers that mean no, these may be a yes later.
_LATER: Final = frozenset((408, 409, 425, 429))
_PORTS: Final = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class MailSettings:
    """The mail server: `security` is smtp (in clear), smtp+starttls, or smtps."""

    host: str
    port: int
    sender: str
    security: str = "smtp+starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_path: str | None = None


def parse_mail_url(url: str) -> MailSettings:
    """Return what a URL says: smtp+starttls://USER:PASSWORD@HOST:PORT?from=NAME@HOST; raises SettingsError."""
    form = "write smtp+starttls://USER:PASSWORD@HOST:587?from=NAME@HOST, or smtps://, or smtp:// for one inside"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    asked = parse_qs(parts.query)
    sender = asked.get("from", [""])[0]
    if parts.scheme not in _PORTS or not parts.hostname or "@" not in sender or any(ord(c) < 33 for c in sender):
        raise SettingsError(f"The URL of the mail server cannot be used: {form}.")
    user = None if parts.username is None else unquote(parts.username)
    password = None if parts.password is None else unquote(parts.password)
    ca_path = asked.get("ca", [None])[0]
    return MailSettings(parts.hostname, port or _PORTS[parts.scheme], sender, parts.scheme, user, password, ca_path)


def post_webhook(client: httpx.Client, url: str, secret: str, notice: Notice) -> Outcome:
    """POST a notice's body with its signature to a URL; redirects are not followed."""
    body, now_s = notice.body.encode(), int(time.time())
    headers = {
        "Content-Type": "application/json",
        NOTICE_HEADER: notice.id,
        TIMESTAMP_HEADER: str(now_s),
        SIGNATURE_HEADER: sign(secret, now_s, body),
    }
    try:
        status = client.post(url, content=body, headers=headers, timeout=_WAIT_S).status_code
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Outcome("later", f"{type(error).__name__}: {error}")
    if 200 <= status < 300:
        return Outcome("delivered")
    is_refusal = 400 <= status < 500 and status not in _LATER
    return Outcome("refused" if is_refusal else "later", f"it answered {status}")


def send_mail(settings: MailSettings, recipient: AlarmRecipient, notice: Notice) -> Outcome:
    """Send a notice as plain text; what a server refuses for good (5xx) is not tried again."""
    try:
        with _open_mail(settings) as server:
            if settings.username is not None:
                server.login(settings.username, settings.password or "")
            server.send_message(mail_of(settings.sender, recipient, notice))
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        return Outcome("refused" if all(code >= 500 for code in codes) else "later", str(error))
    except smtplib.SMTPResponseException as error:
        return Outcome("refused" if error.smtp_code >= 500 else "later", str(error))
    except (OSError, smtplib.SMTPException, ValueError) as error:
        return Outcome("later", f"{type(error).__name__}: {error}")
    return Outcome("delivered")


def mail_of(sender: str, recipient: AlarmRecipient, notice: Notice) -> EmailMessage:
    """Return the e-mail of a notice."""
    told: dict[str, Any] = msgspec.json.decode(notice.body)
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Date"] = sender, recipient.address, formatdate(notice.created_ms / 1000)
    mail["Subject"] = " ".join(str(told["title"]).split())
    mail["Message-ID"] = f"<{notice.id}@headland>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(f"{told['title']}\n\n{told['text']}\n", cte="base64")  # not every server takes eight bits
    return mail


def publish_notice(broker: IngestSettings, organisation: str, notice: Notice) -> Outcome:
    """Publish a notice's body on the farm's own broker, QoS 1, not retained, in a session of its own."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"alarms-{organisation}", protocol=mqtt.MQTTv5)
    client.connect_timeout = _WAIT_S
    if broker.username is not None:
        client.username_pw_set(broker.username, broker.password)
    if broker.tls:
        client.tls_set(None if broker.tls_ca_path is None else str(broker.tls_ca_path))
    refused: list[str] = []
    answered: list[str] = []
    client.on_connect = lambda _c, _u, _f, reason, _p: refused.append(str(reason)) if reason.is_failure else None
    client.on_publish = lambda _c, _u, _m, reason, _p: answered.append(str(reason) if reason.is_failure else "")
    properties: Any = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call] # paho leaves it untyped
    properties.ContentType = "application/json"
    try:
        client.connect(broker.host, broker.port, broker.keepalive_s)
        client.loop_start()
        sent = client.publish(alarm_topic(organisation), notice.body.encode(), qos=1, properties=properties)
        deadline_s = time.monotonic() + _WAIT_S
        while not answered and not refused and time.monotonic() < deadline_s:
            sent.wait_for_publish(_STEP_S)
    except (OSError, ValueError, RuntimeError) as error:
        return Outcome("later", f"{type(error).__name__}: {error}")
    finally:
        client.disconnect()
        client.loop_stop()
    if answered == [""]:
        return Outcome("delivered")
    said = [*refused, *answered]
    return Outcome("later", f"the broker refused: {said[0]}" if said else "the broker did not confirm it")


def _open_mail(settings: MailSettings) -> smtplib.SMTP:
    trust: Callable[[], ssl.SSLContext] = lambda: ssl.create_default_context(cafile=settings.ca_path)  # noqa: E731
    if settings.security == "smtps":
        return smtplib.SMTP_SSL(settings.host, settings.port, timeout=_WAIT_S, context=trust())
    server = smtplib.SMTP(settings.host, settings.port, timeout=_WAIT_S)
    if settings.security == "smtp+starttls":
        try:
            server.starttls(context=trust())
        except BaseException:
            server.close()
            raise
    return server
