"""Shelly devices, which say values in the address of an action, and the conditions of a WeatherLink Live. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

from edge.posts.mapped_values import body_of, field_of, fields_of_map, map_values, tell_unmapped
from edge.sources.devices.nodes import name_device
from edge.sources.mapping.field_map import Measurement
from edge.sources.mqtt.message import MessageRefusal, read_object
from headland.contract.posts.packs import PostedBody, PostedRecord
from headland.contract.refusals import Reason, Refused

_MOST_FIELDS: Final = 64
_MOST_CONDITIONS: Final = 64
#: Depth of rain of one count by `rain_size`; of 0 nothing is known.
_RAIN_MM: Final = {1: 0.254, 2: 0.2, 3: 0.1, 4: 0.0254}
_RAIN: Final = "rainfall_"
#: Fields of a WeatherLink's record that are about it, not measured; times and rates of rain have no channel.
_ABOUT: Final = frozenset({"lsid", "data_structure_type", "txid", "rain_size", "rx_state"})


def read_shelly(query: bytes, channels: Sequence[str]) -> PostedBody:
    """Return the records of the query of an action: `id` names the device, the time is that of the receipt.

    `channels` are `CHANNEL,UNIT,NAME` of further values. Raises SettingsError for a wrong one.
    """
    given = [field_of(each) for each in channels]
    try:
        pairs = parse_qsl(query.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        return _refused(Reason.WRONG_SHAPE, f"it is no query of at most {_MOST_FIELDS} values: {error}"[:200])
    pairs = [(key, value) for key, value in pairs if key != "channel"]
    values = dict(pairs)
    name = values.pop("id", "")
    if not name or len(values) + 1 < len(pairs):
        return _refused(Reason.WRONG_SHAPE, "a value is there twice" if name else "it has no `id` of the device")
    mapped = map_values([Measurement(*pair) for pair in values.items()], [*fields_of_map("shelly"), *given])
    return body_of(name_device("shelly", name), None, mapped.values, tell_unmapped(mapped))


def read_weatherlink(body: bytes, channels: Sequence[str]) -> PostedBody:
    """Return the records of current conditions: of the console `weatherlink.DID`, and `-TXID` of each transmitter.

    `channels` are `CHANNEL,UNIT,NAME` of further fields. Raises SettingsError for a wrong one.
    """
    given = [field_of(each) for each in channels]
    document = read_object(body)
    if isinstance(document, MessageRefusal):
        why = Reason.NOT_JSON if document is MessageRefusal.JSON else Reason.WRONG_SHAPE
        return _refused(why, "the body is no JSON object")
    data = document.get("data") if isinstance(document.get("data"), dict) else document
    did, time_s, conditions = (data.get(name) for name in ("did", "ts", "conditions")) if data else (None, None, None)
    if not isinstance(did, str) or not did or not isinstance(time_s, int) or isinstance(time_s, bool):
        return _refused(
            Reason.WRONG_SHAPE, "the conditions have no `did` and no `ts`: post them as the device says them"
        )
    if not isinstance(conditions, list) or len(conditions) > _MOST_CONDITIONS:
        return _refused(Reason.WRONG_SHAPE, f"`conditions` is no list of at most {_MOST_CONDITIONS} records")
    records: list[PostedRecord] = []
    told: list[str] = []
    for record in conditions:
        if not isinstance(record, dict):
            told.append("a record of `conditions` is no object")
            continue
        txid = record.get("txid")
        device = name_device("weatherlink", did if txid is None else f"{did}-{txid}")
        fields = fields_of_map("weatherlink", str(record.get("data_structure_type")))
        mapped = map_values(_measured(record), [*fields, *given])
        read = body_of(device, time_s * 1000, mapped.values, ())
        records += read.records
        told += tell_unmapped(mapped)
    whole = body_of(name_device("weatherlink", did), None, {}, told)
    return PostedBody(records, (), whole.unmapped, whole.device) if records else whole


def _measured(record: dict[str, Any]) -> Iterator[Measurement]:
    """Yield the numbers of a record, rain as mm; a count of a collector whose size is not known has no unit."""
    size_mm = _RAIN_MM.get(record["rain_size"]) if isinstance(record.get("rain_size"), int) else None
    for name, value in record.items():
        is_rain = name.startswith(_RAIN) and isinstance(value, int | float) and not isinstance(value, bool)
        if name in _ABOUT or value is None:
            continue
        if is_rain and size_mm is None:
            yield Measurement(f"{name} in counts", value)
        else:
            yield Measurement(name, value * size_mm if is_rain and size_mm else value)


def _refused(reason: Reason, detail: str) -> PostedBody:
    return PostedBody((), (Refused(reason, detail),))
