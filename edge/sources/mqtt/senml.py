"""SenML JSON packs (RFC 8428) of devices that may have no clock: relative times are resolved on arrival."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from edge.sources.mapping.field_map import Measurement
from edge.sources.mqtt.message import DecodedMessage, MessageRefusal, PlainDecoder
from headland.contract.refusals import Reason, Refused
from headland.contract.senml.channel_names import split_name
from headland.contract.senml.records import ABSOLUTE_FROM_S, parse_records, resolve_records

_MOST_RECORDS: Final = 1000
_REFUSALS: Final = {Reason.NOT_JSON: MessageRefusal.JSON, Reason.TOO_LARGE: MessageRefusal.TOO_MANY}


class SenmlDecoder(PlainDecoder):
    """Decoder of packs whose names hold the device, up to the last `:` or `/`, and then the channel.

    Where the name has no such prefix, the device has the name of the topic's last level. Text values are left out.
    """

    def decode(
        self, topic: str, payload: bytes, now_ms: int
    ) -> Sequence[DecodedMessage | MessageRefusal] | MessageRefusal:
        """Return the measurements of each device and instant, and a refusal for each record without a usable value."""
        records = parse_records(payload, _MOST_RECORDS)
        if isinstance(records, Refused):
            return _REFUSALS.get(records.reason, MessageRefusal.SHAPE)
        measurements: dict[tuple[str, int | None], list[Measurement]] = {}
        refused: list[MessageRefusal] = []
        for record in resolve_records(records):
            if isinstance(record, Refused):
                refused.append(MessageRefusal.SHAPE)
                continue
            device, name = split_name(record.name)
            if isinstance(record.value, str) or not name:
                continue
            key = (device or topic.rpartition("/")[2], _resolve_ms(record.time_s, now_ms))
            measurements.setdefault(key, []).append(Measurement(name, record.value, record.unit or None))
        messages = [DecodedMessage(device, values, time_ms) for (device, time_ms), values in measurements.items()]
        return [*messages, *refused]


def _resolve_ms(time_s: float, now_ms: int) -> int | None:
    """Return the epoch ms of a time; a small one is relative to now (section 4.5.3), and 0 is now: no time at all."""
    if time_s == 0.0 or not abs(time_s) < 1e12:
        return None
    return round(time_s * 1000) + (0 if time_s >= ABSOLUTE_FROM_S else now_ms)
