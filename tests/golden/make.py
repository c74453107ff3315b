"""Writes the golden vectors: `python -m tests.golden.make`. Run it only for a new version of the wire contract.

Each vector is the bytes as they cross the wire (`NAME.bin` deflated, `NAME.json` plain) and `NAME.expected.json`: what
they mean. Vectors once released never change.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from headland.contract.ack_keys import derive_ack_key
from headland.contract.codec import encode_batch, encode_record
from headland.contract.gateway_rules import encode_content, encode_rules
from headland.contract.records import (
    Ack,
    Batch,
    Block,
    ChannelInfo,
    Clock,
    Descriptor,
    Event,
    GatewayStatus,
    SpoolStatus,
)

FOLDER: Final = Path(__file__).parent

NATIVE: Final = Batch(
    gw="gw-1",
    epoch="0192f3c4",
    seq=42,
    v=1,
    blocks=[
        Block(
            device="gh-1",
            kind="greenhouse",
            site="home",
            clock=Clock.RTC,
            t0=1_790_000_000_000,
            dt=[0, 1000, 2000],
            c={"air_temperature_degc": [21.5, 21.53, None], "relative_humidity_pct": [68.0, 67.9, 101.2]},
            q={"relative_humidity_pct": [1, 1, 3]},
            simulated=True,
        ),
        Block(
            device="uav-484c53494d01",
            kind="drone",
            site="home",
            clock=Clock.GPS,
            t0=1_790_000_000_125,
            dt=[0, 200],
            c={"latitude_deg": [47.3977421, 47.3977512], "battery_voltage_v:1": [44.12, 44.11]},
        ),
    ],
    events=[
        Event(
            t=1_790_000_000_300,
            device="uav-484c53494d01",
            kind="mode",
            device_kind="drone",
            site="home",
            clock=Clock.GPS,
            data={"mode": "AUTO", "armed": True, "waypoint": 3, "note": None},
        )
    ],
)
DROPPED_RANGE: Final = Batch(gw="gw-1", epoch="0192f3c4", seq=90, first=43, v=1)
ACK: Final = Ack(epoch="0192f3c4", seq=42)
UNFOLLOWED_ACK: Final = Ack(epoch="0192f3c4", seq=43, followed=False)
STATUS: Final = GatewayStatus(
    gw="gw-1",
    online=True,
    t=1_790_000_001_000,
    software="headland 0.1.0",
    epoch="0192f3c4",
    acked_seq=42,
    spool=SpoolStatus(records=3, bytes=9216, oldest_ms=1_790_000_000_500, dropped_records=48, dropped_points=24_000),
)
LAST_WILL: Final = GatewayStatus(gw="gw-1", online=False, t=1_790_000_001_000)
DESCRIPTOR: Final = Descriptor(
    device="gh-1",
    kind="greenhouse",
    site="home",
    name="House 1",
    model="climate computer",
    software="2.4",
    latitude_deg=52.01,
    longitude_deg=4.41,
    altitude_m=-2.5,
    channels={
        "air_temperature_degc": ChannelInfo(unit="degC", interval_s=1.0, sensor="aspirated box"),
        "relative_humidity_pct": ChannelInfo(unit="%", interval_s=1.0),
    },
    simulated=True,
)
#: The content and the message of alarm rules, signed by `derive_ack_key("a secret of this farm", "gw-1")`.
RULES_KEY: Final = derive_ack_key("a secret of this farm", "gw-1")
RULES: Final = encode_content(
    [{"name": "frost", "kind": "greenhouse", "channel": "air_temperature_degc", "below": 3.0, "for_s": 300.0}],
    ["gh-2"],
    (30.6, 114.3),
)
#: A pack as a third party writes it, so not one of ours: base fields, relative offsets, a unit apart, text.
SENML: Final = b"""[
  {"bn":"urn:dev:ow:10e2073a01080063:","bt":1790000000,"n":"soil_temperature","u":"Cel","v":17.5},
  {"n":"soil_temperature","u":"Cel","t":60,"v":17.625},
  {"n":"substrate_moisture","u":"/100","v":41.5},
  {"n":"valve","vs":"open"}
]
"""


def main() -> None:
    """Write the bytes; the expected JSON beside them is what the inflated or plain bytes say."""
    for name, batch in (("native_batch", NATIVE), ("dropped_range", DROPPED_RANGE)):
        (FOLDER / f"{name}.bin").write_bytes(encode_batch(batch))
        _expect(name, msgspec.json.encode(batch))
    for name, record in (
        ("ack", ACK),
        ("unfollowed_ack", UNFOLLOWED_ACK),
        ("status", STATUS),
        ("last_will", LAST_WILL),
        ("descriptor", DESCRIPTOR),
    ):
        (FOLDER / f"{name}.json").write_bytes(encode_record(record))
        _expect(name, msgspec.json.encode(record))
    rules = encode_rules("gw-1", 7, RULES, RULES_KEY)
    (FOLDER / "gateway_rules.json").write_bytes(rules)
    _expect("gateway_rules", rules)
    (FOLDER / "senml_pack.json").write_bytes(SENML)


def _expect(name: str, body: bytes) -> None:
    (FOLDER / f"{name}.expected.json").write_bytes(msgspec.json.format(body, indent=2) + b"\n")


if __name__ == "__main__":
    main()
