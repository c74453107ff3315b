"""Logins by which senders post samples: what the receipts say of each, with the newest values of its devices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from headland.analysis.inputs.scope import OrgScope
from headland.clock.station_clock.record import trusted_limits
from headland.contract.delivery import Quarantined
from headland.contract.indices import unit_of
from headland.contract.posts.consoles import SenderMap
from headland.contract.posts.receipts import ReceivedPosts, gateway_of_key
from headland.registry.auth.api_keys import sender_of_address
from headland.registry.models.models import ApiKey, Scope
from headland.store.port import Latest

_PAGE: Final = 1000
_MOST_VALUES: Final = 4
_INSTANT: Final = Meta(extra_json_schema={"example": 1_795_507_200_000})

Newest = Mapping[str, Mapping[str, Latest]]


class LoginValue(msgspec.Struct, frozen=True, kw_only=True):
    """The newest value of a channel of a device that a sender posts about."""

    device: Annotated[str, Meta(extra_json_schema={"example": "bed-1"}), "Device that was measured."]
    channel: Annotated[str, Meta(extra_json_schema={"example": "air_temperature_degc"}), "Its channel."]
    value: Annotated[float, Meta(extra_json_schema={"example": 21.4}), "Value in `unit`."]
    unit: Annotated[str, Meta(extra_json_schema={"example": "degC"}), "Unit of the value."]
    time_ms: Annotated[int, _INSTANT, "Time of the sample."]


class SampleLogin(msgspec.Struct, frozen=True, kw_only=True):
    """A login of a sender, and what it has posted: `received` outlives a start of the station."""

    id: Annotated[str, "Id of its key, by which it is revoked."]
    name: Annotated[str, "Name of its key."]
    prefix: Annotated[str, "Readable beginning of its key."]
    scope: Annotated[str, "Scope of its key; to post it needs `samples`, which `write` and `admin` include."]
    expires_ms: Annotated[int | None, "When its key ends; null for never."]
    received: Annotated[ReceivedPosts, "What it has posted."]
    map: Annotated[SenderMap | None, "What is kept of its bodies, so that no address has to say it."]
    quarantined: Annotated[int, "Its messages among the newest 1000 in quarantine."]
    ahead_s: Annotated[
        float | None,
        "By how much the newest sample of its last post was ahead of the station's clock, where that is more than the "
        "station takes for the present: such samples are stored, flagged as failed, and are never the newest.",
    ]
    latest: Annotated[tuple[LoginValue, ...], "Newest values of its devices, the newest first, at most 4."]
    messages: Annotated[tuple[Quarantined, ...], "Its newest messages in quarantine, at most 20; empty in a list."] = ()


class SampleLogins(msgspec.Struct, frozen=True, kw_only=True):
    """Logins of senders in order of creation; `next` is the cursor of the next page, null on the last."""

    items: Annotated[list[SampleLogin], "Keys of senders, addresses, and other keys that have posted."]
    next: Annotated[str | None, "Cursor of the next page."]
    without_key: Annotated[
        ReceivedPosts | None,
        "Posts without a valid key, of which nothing is stored; null where there were none. Those of an address that "
        "is refused for too many of them are not counted.",
    ] = None


def list_keys(scope: OrgScope, received: Mapping[str, ReceivedPosts], after: str, limit: int) -> list[ApiKey]:
    """Return keys, not revoked, that have posted or are a sender's, by id; at most `limit`."""
    found: list[ApiKey] = []
    while len(found) < limit:
        keys = scope.repositories.keys.list(after=after, limit=_PAGE)
        found += [key for key in keys if gateway_of_key(key.id) in received or is_senders(key)]
        if len(keys) < _PAGE:
            break
        after = keys[-1].id
    return found[:limit]


def is_senders(key: ApiKey) -> bool:
    """Tell whether a key can do nothing but post samples."""
    return key.scope is Scope.SAMPLES or sender_of_address(key.prefix) is not None


def login_of(
    key: ApiKey, received: ReceivedPosts | None, quarantined: int, newest: Newest, messages: Sequence[Quarantined] = ()
) -> SampleLogin:
    """Return the login of a key; without receipts it has posted nothing since it was made."""
    kind = sender_of_address(key.prefix) or key.sender or ""
    known = received or ReceivedPosts(gateway=gateway_of_key(key.id), kind=kind, since_ms=key.created_ms)
    names = {name: getattr(key, name) for name in ("id", "name", "prefix", "expires_ms", "map")}
    return SampleLogin(
        **names,
        scope=key.scope.value,
        received=known,
        quarantined=quarantined,
        ahead_s=_ahead_s(known),
        latest=_latest_of(known.devices, newest),
        messages=tuple(messages),
    )


def _ahead_s(received: ReceivedPosts) -> float | None:
    """Return by how much the last samples were ahead of the station's clock [s]; None where they were not."""
    if received.newest_ms is None or received.last_ms is None:
        return None
    is_ahead = received.newest_ms > trusted_limits(received.last_ms).flag_after_ms
    return (received.newest_ms - received.last_ms) / 1000 if is_ahead else None


def _latest_of(devices: Sequence[str], newest: Newest) -> tuple[LoginValue, ...]:
    samples = [each for device in devices for each in newest.get(device, {}).values() if not each.key.simulated]
    samples.sort(key=lambda each: (-each.time_ms, each.key.device, each.key.channel))
    return tuple(
        LoginValue(
            device=each.key.device,
            channel=each.key.channel,
            value=each.value,
            unit=unit_of(each.key.channel) or "",
            time_ms=each.time_ms,
        )
        for each in samples[:_MOST_VALUES]
    )
