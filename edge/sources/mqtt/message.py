"""What a decoder makes of a message, and what a decoder is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from edge.sources.mapping.field_map import Measurement
from edge.sources.mapping.json_tree import flatten, parse_json


class Refusal(StrEnum):
    """Why a message says nothing; the name is its counter."""

    JSON = "refused_json"
    SHAPE = "refused_shape"
    TOPIC = "refused_topic"
    TEMPLATE = "refused_template"
    TOO_MANY = "refused_too_many"


class DecodedMessage(NamedTuple):
    """What one device said at one instant.

    `name` and `aliases` are what it is called; `time_ms` is its own time where the payload has one, not yet believed.
    """

    name: str
    measurements: Sequence[Measurement]
    time_ms: int | None = None
    aliases: Sequence[str] = ()
    model: str = ""
    simulated: bool = False


class Decoder(Protocol):
    """Pure: what it knows comes from the messages that it was given."""

    #: What to subscribe to at first.
    topics: Sequence[str]

    def describes(self, topic: str) -> bool:
        """Tell whether messages of a topic describe devices and say no values; such may be retained."""
        ...

    def learn(self, topic: str, payload: bytes) -> Sequence[str] | Refusal:
        """Take in a description; return further topics to subscribe to."""
        ...

    def decode(self, topic: str, payload: bytes, now_ms: int) -> Sequence[DecodedMessage | Refusal] | Refusal:
        """Return what a message says, with a refusal for each part of it that says nothing."""
        ...


class PlainDecoder:
    """Base of decoders that need no descriptions."""

    def __init__(self, topics: Sequence[str]) -> None:
        self.topics = topics

    def describes(self, topic: str) -> bool:
        """No topic does."""
        del topic
        return False

    def learn(self, topic: str, payload: bytes) -> Sequence[str] | Refusal:
        """Never called."""
        del topic, payload
        return ()


def read_object(payload: bytes) -> Mapping[str, Any] | Refusal:
    """Return the JSON object that a payload is."""
    try:
        tree = parse_json(payload)
    except ValueError:
        return Refusal.JSON
    return tree if isinstance(tree, dict) else Refusal.SHAPE


def measurements_of(tree: object, unit: str | None = None) -> list[Measurement] | Refusal:
    """Return every leaf of a JSON object by its path."""
    if not isinstance(tree, dict):
        return Refusal.SHAPE
    try:
        return [Measurement(path, leaf, unit) for path, leaf in flatten(tree).items()]
    except ValueError:
        return Refusal.SHAPE


def text_of(tree: object, *path: str) -> str:
    """Return the text that stands in nested objects at `path`, or an empty one."""
    here = tree
    for step in path:
        here = here.get(step) if isinstance(here, dict) else None
    return here if isinstance(here, str) else ""
