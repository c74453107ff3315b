"""EPCIS events for tests, made at random within the subset that is captured."""

from __future__ import annotations

import random
from typing import Any

from headland.formats.epcis.events import make_document

GTINS = ("09506000134352", "9506000134369", "95060001")
PLACES = ("urn:epc:id:sgln:4012345.00001.0", "https://id.gs1.org/414/4012345000016", "urn:headland:x:field:f1")


def random_event(chance: random.Random) -> dict[str, Any]:
    """Return an event of any kind."""
    month, day, hour = chance.randrange(1, 10), chance.randrange(10, 20), chance.randrange(24)
    minute, ms = chance.randrange(60), chance.randrange(1000)
    event: dict[str, Any] = {
        "eventTime": f"2026-0{month}-{day}T{hour:02d}:{minute:02d}:00.{ms:03d}+08:00",
        "eventTimeZoneOffset": "+08:00",
        "bizStep": chance.choice(("commissioning", "packing", "shipping", "transporting")),
    }
    if chance.random() < 0.7:
        event["readPoint"] = {"id": chance.choice(PLACES)}
    if chance.random() < 0.7:
        event["bizLocation"] = {"id": chance.choice(PLACES)}
    if chance.random() < 0.5:
        event["disposition"] = chance.choice(("active", "in_transit", "in_progress"))
    if chance.random() < 0.6:
        event["sensorElementList"] = [_sensors(chance) for _ in range(chance.randrange(1, 3))]
    kind = chance.choice(("ObjectEvent", "AggregationEvent", "TransformationEvent"))
    event["type"] = kind
    if kind == "ObjectEvent":
        event |= {"action": "ADD", "epcList": _ids(chance), "quantityList": _quantities(chance), "ilmd": _ilmd(chance)}
    elif kind == "AggregationEvent":
        event |= {
            "action": chance.choice(("ADD", "OBSERVE")),
            "parentID": "urn:epc:id:sscc:4012345.0111111111",
            "childEPCs": _ids(chance),
            "childQuantityList": _quantities(chance),
        }
    else:
        event |= {
            "inputQuantityList": _quantities(chance),
            "outputQuantityList": _quantities(chance),
            "outputEPCList": _ids(chance),
            "ilmd": _ilmd(chance),
        }
    return event


def document(*events: dict[str, Any]) -> dict[str, Any]:
    """Return a document of events."""
    return make_document(list(events), "2026-11-01T00:00:00.000Z")


def _ids(chance: random.Random) -> list[str]:
    serials = chance.sample(range(10_000), chance.randrange(1, 4))
    return [
        chance.choice((f"urn:epc:id:sgtin:4012345.011111.{serial}", f"https://shop.test/01/{GTINS[0]}/21/S{serial}"))
        for serial in serials
    ]


def _quantities(chance: random.Random) -> list[dict[str, Any]]:
    batches = chance.sample(range(10_000), chance.randrange(1, 4))
    return [
        {
            "epcClass": chance.choice(
                (
                    f"https://id.gs1.org/01/{chance.choice(GTINS[:2])}/10/L-{batch}",
                    f"https://shop.test/x/01/{GTINS[0]}/10/L{batch}?t=abc",
                    f"urn:epc:class:lgtin:4012345.012345.{batch}A",
                    f"urn:headland:farm:lot:{batch}",
                )
            ),
            "quantity": chance.choice((1, 2.5, 120.0, 0.001, 1234.5678)),
            "uom": "KGM",
        }
        for batch in batches
    ]


def _ilmd(chance: random.Random) -> dict[str, Any]:
    names = chance.sample(("variety", "crop", "evidence", "zone", "Note", "grade"), 3)
    values: dict[str, Any] = {f"headland:{name}": chance.choice(("红颜", "A1", "0012.50", 7, 2.0)) for name in names}
    values["headland:part"] = {"headland:b": "2", "headland:a": chance.choice(("x", "10.0"))}
    return values


def _sensors(chance: random.Random) -> dict[str, Any]:
    reports = [
        {
            "type": "Temperature",
            "minValue": 12.0,
            "maxValue": chance.choice((31.25, 30)),
            "meanValue": 20,
            "uom": "CEL",
        },
        {"type": "RelativeHumidity", "meanValue": chance.choice((70.1, 65)), "uom": "P1"},
        {"type": "Illuminance", "value": 12000, "uom": "LUX", "time": "2026-08-01T00:00:00+08:00"},
    ]
    metadata = {"startTime": "2026-08-01T00:00:00Z", "endTime": "2026-08-08T00:00:00Z", "deviceID": "urn:headland:x:d1"}
    return {"sensorMetadata": metadata, "sensorReport": chance.sample(reports, chance.randrange(1, 4))}
