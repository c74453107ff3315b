"""Settings of a Modbus TCP source: the `[[source]]` tables of type `modbus_tcp`."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from headland.contract.records import NAME

Name = Annotated[str, Meta(pattern=rf"^{NAME.pattern}\Z")]


class ModbusSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type", tag="modbus_tcp"
):
    """One device behind a Modbus TCP address.

    `registers` names the register map: a file beside edge.toml, else one of the maps that come with Headland.
    `timeout_s` bounds the wait for one response. `clock_speed` is how much faster than ours the device's clock runs,
    above 1 only for a simulator: the descriptor's interval is in the device's time.
    """

    name: Name
    host: Annotated[str, Meta(min_length=1, max_length=255)]
    port: Annotated[int, Meta(ge=1, le=65535)] = 502
    unit: Annotated[int, Meta(ge=0, le=255)] = 1
    device: Name
    kind: Name = "greenhouse"
    site: Name | None = None
    poll_s: Annotated[float, Meta(ge=0.05, le=3600)] = 1.0
    clock_speed: Annotated[float, Meta(ge=1, le=1000)] = 1.0
    timeout_s: Annotated[float, Meta(ge=0.05, le=10)] = 1.0
    registers: Annotated[str, Meta(min_length=1)]
    simulated: bool = False
    latitude_deg: Annotated[float, Meta(ge=-90, le=90)] | None = None
    longitude_deg: Annotated[float, Meta(ge=-180, le=180)] | None = None
    altitude_m: Annotated[float, Meta(ge=-500, le=9000)] | None = None
