"""Decoded messages, and the protocol of decoders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple, Protocol, runtime_checkable

from edge.sources.mapping.field_map import Measurement
from edge.sources.mapping.json_tree import flatten, parse_json


class MessageRefusal(StrEnum):
    """Reason why a message is refused; the value is its counter."""

    JSON = "refused_json"
    SHAPE = "refused_shape"
    TOPIC = "refused_topic"
    TEMPLATE = "refused_template"
    TOO_MANY = "refused_too_many"
    ALIAS = "refused_alias"
    DECODER = "refused_decoder"


class DecodedMessage(NamedTuple):
    """Measurements of one device at one instant.

    `name` and `aliases` are its names; `time_ms` is its own time where the payload has one, not yet checked.
    """

    name: str
    measurements: Sequence[Measurement]
    time_ms: int | None = None
    aliases: Sequence[str] = ()
    model: str = ""
    simulated: bool = False


class Decoder(Protocol):
    """Decoder of a format; its only state comes from the messages it received."""

    #: Topics of the first subscription.
    topics: Sequence[str]

    def describes(self, topic: str) -> bool:
        """Return whether messages of a topic describe devices and hold no values; they may be retained."""
        ...

    def read_description(self, topic: str, payload: bytes) -> Sequence[str] | MessageRefusal:
        """Read a description; return further topics to subscribe to."""
        ...

    def decode(
        self, topic: str, payload: bytes, now_ms: int
    ) -> Sequence[DecodedMessage | MessageRefusal] | MessageRefusal:
        """Return the measurements in a message, with a refusal for each unusable part."""
        ...


@runtime_checkable
class AskingDecoder(Protocol):
    """Decoder of a format whose devices say what they are when they are asked."""

    def restart(self) -> None:
        """Forget what may be outdated after a connection that was lost."""
        ...

    def take_requests(self, now_ms: int) -> Sequence[tuple[str, bytes]]:
        """Return topic and payload of what must be published now."""
        ...


class PlainDecoder:
    """Base of decoders without descriptions."""

    def __init__(self, topics: Sequence[str]) -> None:
        self.topics = topics

    def describes(self, topic: str) -> bool:
        """Return False: no topic describes devices."""
        del topic
        return False

    def read_description(self, topic: str, payload: bytes) -> Sequence[str] | MessageRefusal:
        """Return nothing; never called."""
        del topic, payload
        return ()


def read_object(payload: bytes) -> Mapping[str, Any] | MessageRefusal:
    """Return the payload as a JSON object."""
    try:
        tree = parse_json(payload)
    except ValueError:
        return MessageRefusal.JSON
    return tree if isinstance(tree, dict) else MessageRefusal.SHAPE


def measurements_of(tree: object, unit: str | None = None) -> list[Measurement] | MessageRefusal:
    """Return every leaf of a JSON object by its path."""
    if not isinstance(tree, dict):
        return MessageRefusal.SHAPE
    try:
        return [Measurement(path, leaf, unit) for path, leaf in flatten(tree).items()]
    except ValueError:
        return MessageRefusal.SHAPE


def text_of(tree: object, *path: str) -> str:
    """Return the text at `path` in nested objects, or an empty one."""
    value = tree
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""
