"""EPCIS events for tests, made at random: of every type, with every part of the standard and with fields of others."""

from __future__ import annotations

import random
from typing import Any

from headland.formats.epcis.events import make_document
from tests.formats.epcis.names import random_name

GTINS = ("09506000134352", "9506000134369", "95060001")
PLACES = ("urn:epc:id:sgln:4012345.00001.0", "https://id.gs1.org/414/4012345000016", "urn:headland:x:field:f1")
KINDS = ("ObjectEvent", "AggregationEvent", "TransformationEvent", "TransactionEvent", "AssociationEvent")
#: Namespaces of others in a document's context.
OTHERS = {"ext1": "http://example.com/ext1/", "ext2": "https://ns.example.org/two#"}
_STEPS = ("commissioning", "packing", "shipping", "transporting", "sensor_reporting")


def random_event(chance: random.Random, kind: str | None = None) -> dict[str, Any]:
    """Return an event of any kind, in the parts that lots are told in."""
    month, day, hour = chance.randrange(1, 10), chance.randrange(10, 20), chance.randrange(24)
    minute, ms = chance.randrange(60), chance.randrange(1000)
    event: dict[str, Any] = {
        "eventTime": f"2026-0{month}-{day}T{hour:02d}:{minute:02d}:00.{ms:03d}+08:00",
        "eventTimeZoneOffset": "+08:00",
        "bizStep": chance.choice(_STEPS[:4]),
    }
    if chance.random() < 0.7:
        event["readPoint"] = {"id": chance.choice(PLACES)}
    if chance.random() < 0.7:
        event["bizLocation"] = {"id": chance.choice(PLACES)}
    if chance.random() < 0.5:
        event["disposition"] = chance.choice(("active", "in_transit", "in_progress"))
    if chance.random() < 0.6:
        event["sensorElementList"] = [_sensors(chance) for _ in range(chance.randrange(1, 3))]
    event["type"] = kind or chance.choice(KINDS[:3])
    return event | _things(chance, event["type"])


def random_rich_event(chance: random.Random) -> dict[str, Any]:
    """Return an event of any kind with parts of the whole standard, fields of others, and names of any kind of key."""
    event = random_event(chance, chance.choice(KINDS))
    for name in ("epcList", "childEPCs", "outputEPCList", "inputEPCList"):
        if name in event:
            event[name] = [random_name(chance) for _ in event[name]]
    if "parentID" in event:
        event["parentID"] = random_name(chance)
    event["bizStep"] = chance.choice((*_STEPS, "urn:epcglobal:cbv:bizstep:receiving", "https://example.org/step/wash"))
    if chance.random() < 0.5:
        event["persistentDisposition"] = chance.choice(
            (
                {"set": ["completeness_verified"]},
                {"set": ["conformant", "available"], "unset": ["completeness_inferred"]},
            )
        )
    event["bizTransactionList"] = [_transaction(chance) for _ in range(chance.randrange(1, 4))]
    for name in ("source", "destination"):
        if chance.random() < 0.5:
            types = chance.sample(("owning_party", "possessing_party", "location"), chance.randrange(1, 3))
            event[f"{name}List"] = [{"type": each, name: random_name(chance)} for each in types]
    if chance.random() < 0.3:
        event["certificationInfo"] = [f"https://council.example.org/{n}" for n in range(chance.randrange(1, 3))]
    if chance.random() < 0.3:
        event["errorDeclaration"] = {"declarationTime": "2026-11-07T14:00:00.000+01:00", "reason": "incorrect_data"}
    for element in event.get("sensorElementList", ()):
        element["sensorMetadata"]["deviceID"] = random_name(chance)
        if chance.random() < 0.5:
            element["ext1:site"] = chance.choice(("north", "12", "urn:epc:id:giai:4000001.111"))
        element["sensorReport"].append(_rich_report(chance))
    for name in chance.sample(("ext1:a", "ext1:noteList", "ext2:b", "ext1:time"), chance.randrange(4)):
        event[name] = _own_value(chance)
    return event


def document(*events: dict[str, Any]) -> dict[str, Any]:
    """Return a document of events."""
    made = make_document(list(events), "2026-11-01T00:00:00.000Z")
    made["@context"].append(OTHERS)
    return made


def _things(chance: random.Random, kind: str) -> dict[str, Any]:
    if kind == "ObjectEvent":
        return {"action": "ADD", "epcList": _ids(chance), "quantityList": _quantities(chance), "ilmd": _ilmd(chance)}
    if kind == "TransactionEvent":
        return {
            "action": chance.choice(("ADD", "OBSERVE", "DELETE")),
            "bizTransactionList": [_transaction(chance)],
            "epcList": _ids(chance),
            "quantityList": _quantities(chance),
        }
    if kind in ("AggregationEvent", "AssociationEvent"):
        return {
            "action": chance.choice(("ADD", "OBSERVE")),
            "parentID": "urn:epc:id:sscc:4012345.0111111111",
            "childEPCs": _ids(chance),
            "childQuantityList": _quantities(chance),
        }
    return {
        "inputQuantityList": _quantities(chance),
        "outputQuantityList": _quantities(chance),
        "outputEPCList": _ids(chance),
        "ilmd": _ilmd(chance),
    }


def _transaction(chance: random.Random) -> dict[str, Any]:
    type_ = chance.choice(("po", "desadv", "inv", "urn:epcglobal:cbv:btt:bol"))
    return {
        "type": type_,
        "bizTransaction": chance.choice((f"http://t.acme.com/po/{chance.randrange(99)}", random_name(chance))),
    }


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
    values["headland:part"] = {"headland:b": "2", "headland:a": chance.choice(("x9", "10.0"))}
    return values


def _own_value(chance: random.Random) -> Any:
    plain = (" text ", "0012.50", 7, 2.50, True, "2013-06-08T14:58:56.591Z")
    inner = {"ext1:deep": {"ext2:x9": chance.choice(plain)}, "ext2:b": chance.choice(plain)}
    return chance.choice((*plain, inner, [chance.choice(plain), inner]))


def _rich_report(chance: random.Random) -> dict[str, Any]:
    more = {
        "exception": "ALARM_CONDITION",
        "deviceMetadata": "https://example.org/8004/401234599999",
        "rawData": "https://example.org/raw/1",
        "dataProcessingMethod": random_name(chance),
        "microorganism": "https://www.ncbi.nlm.nih.gov/taxonomy/1126011",
        "chemicalSubstance": "https://identifiers.org/inchikey:CZMRCDWAGMRECN-UGDNZRGBSA-N",
        "component": "latitude",
        "stringValue": "some text",
        "booleanValue": chance.choice((True, False)),
        "hexBinaryValue": "f0f0",
        "uriValue": "https://id.gs1.org/8004/4000001111",
        "sDev": 0.1,
        "percRank": 50,
        "percValue": 12.70,
        "coordinateReferenceSystem": "https://www.opengis.net/def/crs/EPSG/0/4326",
        "ext1:more": "far",
    }
    chosen = chance.sample(sorted(more), chance.randrange(1, 8))
    return {"type": "Temperature", "value": chance.choice((26, 26.20, -3)), "uom": "CEL"} | {n: more[n] for n in chosen}


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
