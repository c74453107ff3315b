"""Validation of the targets that people name: URLs to post to, and mailboxes."""

from __future__ import annotations

from email.message import EmailMessage
from ipaddress import IPv4Address, ip_address

import sqlalchemy as sa

from headland.network.address_policy import AddressPolicy, is_forbidden_host
from headland.network.http_target import HttpTarget, check_mailbox, parse_target
from headland.network.service_address import check_service_url
from headland.registry.models.errors import InvalidTarget
from headland.registry.models.webhooks import Webhook


def check_url(url: str) -> HttpTarget:
    """Return the target of a URL to which notices are posted; raises InvalidTarget."""
    try:
        target = parse_target(url)
    except ValueError as error:
        raise InvalidTarget("bad-url", f"The URL cannot be used: {error}.") from error
    if is_forbidden_host(target.host):
        sentence = f"Nothing is sent to {target.host}, a link-local or other special address: use another host."
        raise InvalidTarget("inside-address", sentence)
    if target.login is not None:
        raise InvalidTarget("bad-url", "The URL must not contain a login: check the signature of the posts instead.")
    return target


def check_permitted(url: str, policy: AddressPolicy) -> None:
    """Raise InvalidTarget where a URL names an address that the policy does not permit; a name is looked up later."""
    target = check_url(url)
    try:
        is_permitted = policy.permits(ip_address(target.host))
    except ValueError:
        is_permitted = target.host.rstrip(".") != "localhost" or policy.permits(IPv4Address("127.0.0.1"))
    if not is_permitted:
        sentence = f"Nothing is sent to {target.host}, which is inside the network: use another host, or let the"
        raise InvalidTarget("inside-address", f"{sentence} operator permit it with HEADLAND_WEBHOOK_NETWORKS.")


def check_service(url: str) -> str:
    """Return the address of a message service; raises InvalidTarget for one that stays on this machine."""
    try:
        check_service_url(url)
    except ValueError as error:
        raise InvalidTarget("bad-service", f"The address of the service cannot be used: {error}.") from error
    return url


def check_mail_address(address: str) -> str:
    """Return a mailbox to which e-mail can be written; raises InvalidTarget."""
    try:
        check_mailbox(address)
        mail = EmailMessage()
        mail["To"] = address
        is_kept = [part.addr_spec for part in mail["To"].addresses] == [address]
        mail.as_bytes()
    except ValueError as error:
        raise InvalidTarget("bad-mailbox", f"The mailbox cannot be used: {error}.") from error
    except Exception as error:  # what this version of Python cannot write as an e-mail, whatever it raises
        raise InvalidTarget("bad-mailbox", "The mailbox cannot be used: write NAME@HOST in plain letters.") from error
    if not is_kept:
        raise InvalidTarget("bad-mailbox", "The mailbox cannot be used: write NAME@HOST in plain letters.")
    return address


def check_webhook(hook: Webhook, _connection: sa.Connection, _organisation: str) -> Webhook:
    """Validate the URL: it can be posted to, and has no login."""
    check_url(hook.url)
    return hook
