"""Settings of an SDI-12 source: the `[[source]]` tables of type `sdi12`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from msgspec import Meta

from edge.sources.connection.serial_or_tcp import LINK_URL, Parity, parse_link
from edge.sources.mapping.field_map import FieldSettings
from edge.sources.sdi12.message import ADDRESS, MEASURE
from edge.sources.settings import Name, PlaceSettings, SourceTable
from edge.toml.positions import TomlPath


class SensorSettings(PlaceSettings, frozen=True, kw_only=True):
    """One measurement of a sensor: a `[[source.node]]` table. `from` of its channels is the value's index, from 0.

    A sensor with several (`M` and `M1`) has a node for each, with the same `device`. `address` is the sensor's; `?`
    queries it, and works only where the sensor is alone on the line. `measure` is the command: `M` or `C` (concurrent:
    others are asked meanwhile), `M1`..`C9`, or `R0`..`R9` of a sensor that measures continuously.
    """

    device: Name
    address: Annotated[str, Meta(pattern=rf"{ADDRESS}|^\?\Z")]
    measure: Annotated[str, Meta(pattern=MEASURE)] = "M"
    crc: bool = False
    channel: Annotated[list[FieldSettings], Meta(min_length=1)]

    def __post_init__(self) -> None:
        """Refuse names instead of an index."""
        if not all(isinstance(field.key, int) for field in self.channel):
            raise ValueError("from must be the value's index, from 0")


class Sdi12Settings(SourceTable, frozen=True, kw_only=True, tag_field="type", tag="sdi12"):
    """Sensors on one SDI-12 line behind a serial adapter.

    `adapter`: `smart` makes breaks and timing itself and accepts commands as text; `transparent` is a level shifter,
    for which the gateway makes the break (it needs `serial:DEVICE:1200`, `parity = "even"`, `data_bits = 7`).
    `timeout_s` bounds the wait for one answer, `poll_s` is how often all sensors are measured, `clock_speed` how much
    faster than real time a simulator's clock runs: its waits and its interval are in its own time.
    """

    name: Name
    url: Annotated[str, Meta(pattern=LINK_URL)]
    parity: Parity = "none"
    data_bits: Literal[7, 8] = 8
    stop_bits: Literal[1, 2] = 1
    adapter: Literal["smart", "transparent"] = "smart"
    poll_s: Annotated[float, Meta(ge=0.05, le=86_400)] = 60.0
    clock_speed: Annotated[float, Meta(ge=1, le=1000)] = 1.0
    timeout_s: Annotated[float, Meta(ge=0.05, le=10)] = 1.0
    node: Annotated[list[SensorSettings], Meta(min_length=1)]

    def __post_init__(self) -> None:
        """Refuse a wrong link, two nodes with one measurement, and `?` beside other sensors."""
        parse_link(self.url)
        keys = [(node.address, node.measure) for node in self.node]
        if len(set(keys)) < len(keys):
            raise ValueError("address and measure must be unique; two nodes have the same")
        if len(self.node) > 1 and any(address == "?" for address, _ in keys):
            raise ValueError('address "?" works only where one sensor is alone on the line')

    def devices(self) -> Sequence[tuple[TomlPath, str]]:
        """Return each sensor once: a sensor with several measurements has a node for each."""
        first = {node.device: index for index, node in reversed(list(enumerate(self.node)))}
        return [(("node", index), device) for device, index in first.items()]
