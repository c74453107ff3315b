"""Decoder of an MQTT source that another distribution provides, kept from ending the source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from edge.sources.mapping.field_map import Measurement
from edge.sources.mqtt.message import DecodedMessage, MessageRefusal, PlainDecoder
from headland.runtime.extensions import MQTT_DECODERS, ExtensionError, describe_failure, load_extension

#: Target of an entry point: topic, payload and time of arrival [ms] -> measurements, with a refusal of each bad part.
Decode = Callable[[str, bytes, int], Sequence[DecodedMessage | MessageRefusal] | MessageRefusal]


class ExtensionDecoder(PlainDecoder):
    """Decoder whose exceptions and answers of other types are refusals; `failure` is the last of them as a sentence."""

    def __init__(self, topics: Sequence[str], name: str, owner: str, decode: Decode) -> None:
        super().__init__(topics)
        self._name = name
        self._owner = owner
        self._decode = decode
        self.failure = ""

    def decode(
        self, topic: str, payload: bytes, now_ms: int
    ) -> Sequence[DecodedMessage | MessageRefusal] | MessageRefusal:
        """Return what the extension makes of a message, or `refused_decoder` where it fails."""
        try:
            answer: object = self._decode(topic, payload, now_ms)
        except (Exception, SystemExit) as error:  # whatever its code does
            return self._fail(describe_failure(error))
        if isinstance(answer, MessageRefusal):
            return answer
        # A generator would run its code outside the guard, and may have no end.
        if not isinstance(answer, list | tuple):
            return self._fail(f"it returned {type(answer).__name__}, which is no list")
        parts = cast("Sequence[DecodedMessage | MessageRefusal]", answer)
        wrong = [type(part).__name__ for part in parts if not _is_part(part)]
        if wrong:
            return self._fail(
                f"it returned {wrong[0]}, which is not an edge.plugins.DecodedMessage of the stated types"
            )
        return parts

    def _fail(self, reason: str) -> MessageRefusal:
        self.failure = f"MQTT decoder {self._name!r} of {self._owner} failed at a message: {reason}"
        return MessageRefusal.DECODER


def load_decoder(name: str, topic_filter: str) -> ExtensionDecoder:
    """Return the decoder that an installed distribution provides as `name`. Raises ExtensionError."""
    loaded = load_extension(MQTT_DECODERS, name)
    if loaded is None:
        raise ExtensionError(f"MQTT decoder {name!r} is not installed: install the distribution that provides it")
    if not callable(loaded.value):
        raise ExtensionError(f"MQTT decoder {name!r} of {loaded.owner} is no function of topic, payload and now_ms")
    return ExtensionDecoder([topic_filter], name, loaded.owner, cast("Decode", loaded.value))


def _is_part(part: object) -> bool:
    """Return whether a part has the types that the source relies on."""
    if isinstance(part, MessageRefusal):
        return True
    return (
        isinstance(part, DecodedMessage)
        and isinstance(part.name, str)
        and (part.time_ms is None or type(part.time_ms) is int)
        and isinstance(part.model, str)
        and isinstance(part.simulated, bool)
        and isinstance(part.aliases, list | tuple)
        and all(isinstance(alias, str) for alias in part.aliases)
        and isinstance(part.measurements, list | tuple)
        and all(
            isinstance(each, Measurement)
            and isinstance(each.name, str | int)
            and (each.unit is None or isinstance(each.unit, str))
            for each in part.measurements
        )
    )
