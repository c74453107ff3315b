"""Weather consoles of Fine Offset (Ecowitt, Ambient Weather, Froggit and others) that upload to a server. Pure.

A console uploads in one of two protocols, whatever its own display shows: Ecowitt's, a form with `PASSKEY`, and that of
Weather Underground, a query with `ID` and `PASSWORD`. Both are in °F, inHg, mph and inches, and their time is UTC.
Their fields are in `maps`, each with where its unit is stated.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import parse_qsl

from edge.posts.mapped_values import body_of, field_of, fields_of_map, map_values, tell_unmapped
from edge.sources.devices.nodes import name_device
from edge.sources.mapping.field_map import Measurement
from headland.contract.posts.packs import PostedBody
from headland.contract.refusals import Reason, Refused

_MOST_FIELDS: Final = 512
#: Letters of the device's name that are made of a PASSKEY, which is a secret towards Ecowitt's own service.
_SHOWN: Final = 12
#: What a console sends in place of a number that it has not.
_MISSING: Final = (-9999.0,)
_TIME: Final = "%Y-%m-%d %H:%M:%S"

#: Fields about the console, which are no measurements. `lightning_time` is that of the last stroke.
_PASSED_OVER: Final = frozenset({
    "passkey", "id", "password", "action", "dateutc", "stationtype", "softwaretype", "model", "freq", "realtime",
    "rtfreq", "runtime", "interval", "heap", "lightning_time", "ws90_ver",
})  # fmt: skip

#: Parameter of the address that maps a further field.
_CHANNEL: Final = "channel"


def read_weather_console(text: bytes, channels: Sequence[str]) -> PostedBody:
    """Return the records of an upload, converted to the units of their channels, and the fields that have none.

    `text` is the form, or the query. `channels` are `CHANNEL,UNIT,NAME` of further fields, and count before the known
    ones. `dateutc` `now` is the time of receipt. Raises SettingsError where one of `channels` cannot be used.
    """
    given = [field_of(each) for each in channels]
    try:
        pairs = parse_qsl(text.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        return _refused(Reason.WRONG_SHAPE, f"it is no form of at most {_MOST_FIELDS} fields: {error}"[:200])
    pairs = [(key, value) for key, value in pairs if key != _CHANNEL]
    form = dict(pairs)
    if len(form) < len(pairs):
        return _refused(Reason.WRONG_SHAPE, "a field is there twice")
    if form.get("PASSKEY"):
        protocol, name = "ecowitt", hashlib.sha256(form["PASSKEY"].encode()).hexdigest()[:_SHOWN]
    elif form.get("ID"):
        protocol, name = "wunderground", form["ID"]
    else:
        return _refused(
            Reason.WRONG_SHAPE, "it has neither PASSKEY nor ID: choose the Ecowitt or Wunderground protocol"
        )
    device = name_device(protocol, name)
    time_ms = _read_time_ms(form.get("dateutc", "now"))
    if isinstance(time_ms, Refused):
        return PostedBody((), (time_ms,), device=device)
    measured = [Measurement(key, value) for key, value in form.items() if key.lower() not in _PASSED_OVER]
    mapped = map_values(measured, [*fields_of_map(protocol, invalid=_MISSING), *given])
    return body_of(device, time_ms, mapped.values, tell_unmapped(mapped))


def _read_time_ms(text: str) -> int | Refused | None:
    """Return a time in UTC as epoch ms; None for the time of receipt."""
    if text.strip().lower() == "now":
        return None
    try:
        return round(datetime.strptime(text.strip(), _TIME).replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        return Refused(Reason.BAD_TIME, f"dateutc {text[:40]!r} is neither YYYY-MM-DD HH:MM:SS nor now")


def _refused(reason: Reason, detail: str) -> PostedBody:
    return PostedBody((), (Refused(reason, detail),))
