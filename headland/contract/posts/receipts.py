"""Receipts of posts: what became of each, and their sums by the login that posts."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from headland.contract.posts.packs import PostedResult

#: Login of posts whose key is not valid: nobody knows whose they are.
NOBODY: Final = ""
#: Devices of a login that are named, the newest first.
MOST_DEVICES: Final = 20
_GATEWAY: Final = "http-"
_MAX_DETAIL: Final = 500
_Count = Annotated[int, Meta(ge=0, le=2**53)]


class PostReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one post, as its sender was told; without `gateway` its key was not valid.

    A receipt without any count only says that the login is there, and of which kind its sender is.
    """

    gateway: Annotated[str, Meta(max_length=128)]
    kind: Annotated[str, Meta(max_length=64)]
    time_ms: _Count
    posts: _Count = 0
    stored: _Count = 0
    repeated: _Count = 0
    conflicting: _Count = 0
    refused: _Count = 0
    devices: Annotated[tuple[str, ...], Meta(max_length=MOST_DEVICES)] = ()
    newest_ms: _Count | None = None
    reason: Annotated[str, Meta(max_length=64)] = ""
    detail: str = ""

    @property
    def is_accepted(self) -> bool:
        """Whether anything of the post was taken; an event without samples is."""
        return self.posts > 0 and (self.stored + self.repeated + self.conflicting > 0 or not self.refused)

    def counted(self, result: PostedResult) -> PostReceipt:
        """Return it with the counts of samples in a result."""
        return msgspec.structs.replace(
            self, stored=result.stored, repeated=result.duplicate, conflicting=result.conflicting
        )

    def encode(self) -> bytes:
        """Return it as MessagePack."""
        return msgspec.msgpack.encode(self)


def read_receipt(content: bytes) -> PostReceipt | None:
    """Return what `encode` wrote; None for anything else. Never raises."""
    try:
        return msgspec.msgpack.decode(content, type=PostReceipt)
    except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError):
        return None


def gateway_of_key(key: str) -> str:
    """Return the gateway in whose name a key posts: each key is one, as each login at the broker is."""
    return f"{_GATEWAY}{key}"


def shorten(detail: str) -> str:
    """Return a detail as a receipt has it."""
    return detail[:_MAX_DETAIL]


class ReceivedPosts(msgspec.Struct, frozen=True, kw_only=True):
    """The posts of a login since `since_ms`, by what their senders were told; they outlive the process."""

    gateway: Annotated[str, "Gateway in whose name its samples are stored; empty for posts without a valid key."]
    kind: Annotated[str, "Kind of its sender, as chosen or as it posted last."]
    since_ms: Annotated[int, "Since when these counts are."]
    posts: Annotated[int, "Posts that were answered for good: accepted, or refused."] = 0
    stored: Annotated[int, "Samples that were new, and are stored."] = 0
    repeated: Annotated[int, "Samples that were stored before with the same value."] = 0
    conflicting: Annotated[int, "Samples of which another value was stored before, in the conflict record."] = 0
    refused: Annotated[int, "Posts of which something was refused, or all."] = 0
    last_ms: Annotated[int | None, "When the last post came of which something was accepted."] = None
    devices: Annotated[tuple[str, ...], "Devices that it posts about, the newest first, at most 20."] = ()
    newest_ms: Annotated[int | None, "Time of the newest sample in the last post that had any."] = None
    refused_ms: Annotated[int | None, "When the last post came of which something was refused."] = None
    reason: Annotated[str, "Word of the last refusal: a term says it for people."] = ""
    detail: Annotated[str, "What was wrong then."] = ""
