"""A node of Sparkplug B as a foreign encoder writes it: payloads by google.protobuf from the field numbers of the spec.

Sparkplug 3.0.0, section 6.4.1, has the schema; here are the fields that nodes of greenhouses send.
"""

from __future__ import annotations

from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory  # type: ignore[import-untyped]

_KINDS: Final = {
    "uint64": 4, "uint32": 13, "bool": 8, "float": 2, "double": 1, "string": 9, "bytes": 12,
}  # fmt: skip
_SCHEMA: Final = {
    "PropertyValue": [("type", 1, "uint32"), ("is_null", 2, "bool"), ("int_value", 3, "uint32"),
                      ("long_value", 4, "uint64"), ("float_value", 5, "float"), ("double_value", 6, "double"),
                      ("boolean_value", 7, "bool"), ("string_value", 8, "string")],
    "PropertySet": [("keys", 1, "*string"), ("values", 2, "*.PropertyValue")],
    "Metric": [("name", 1, "string"), ("alias", 2, "uint64"), ("timestamp", 3, "uint64"), ("datatype", 4, "uint32"),
               ("is_historical", 5, "bool"), ("is_transient", 6, "bool"), ("is_null", 7, "bool"),
               ("properties", 9, ".PropertySet"), ("int_value", 10, "uint32"), ("long_value", 11, "uint64"),
               ("float_value", 12, "float"), ("double_value", 13, "double"), ("boolean_value", 14, "bool"),
               ("string_value", 15, "string")],
    "Payload": [("timestamp", 1, "uint64"), ("metrics", 2, "*.Metric"), ("seq", 3, "uint64"), ("uuid", 4, "string"),
                ("body", 5, "bytes")],
}  # fmt: skip
INT16: Final = 2
INT64: Final = 4
FLOAT: Final = 9
DOUBLE: Final = 10
BOOLEAN: Final = 11
STRING: Final = 12


def _payload_class() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="sparkplug_b.proto", package="sparkplug", syntax="proto2")
    for name, fields in _SCHEMA.items():
        message = file.message_type.add(name=name)
        for field, number, kind in fields:
            made = message.field.add(name=field, number=number, label=3 if kind.startswith("*") else 1)
            plain = kind.removeprefix("*")
            if plain.startswith("."):
                made.type, made.type_name = 11, f".sparkplug{plain}"
            else:
                made.type = _KINDS[plain]
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("sparkplug.Payload"))


PAYLOAD: Final = _payload_class()


def payload(*metrics: dict[str, Any], seq: int | None = None, time_ms: int = 1_790_000_000_000) -> bytes:
    """Return a payload; a metric's `unit` is its property `engUnit`, its `value` goes into the field of its type."""
    message = PAYLOAD(timestamp=time_ms)
    if seq is not None:
        message.seq = seq
    for given in metrics:
        metric = message.metrics.add(timestamp=given.get("time_ms", time_ms))
        for key in ("name", "alias", "datatype", "is_null"):
            if key in given:
                setattr(metric, key, given[key])
        if "unit" in given:
            metric.properties.keys.append("engUnit")
            metric.properties.values.add(type=STRING, string_value=given["unit"])
        if "value" in given:
            _set(metric, given["value"], given.get("datatype", FLOAT))
    return bytes(message.SerializeToString())


def _set(metric: Any, value: Any, datatype: int) -> None:
    if datatype == FLOAT:
        metric.float_value = value
    elif datatype == DOUBLE:
        metric.double_value = value
    elif datatype == BOOLEAN:
        metric.boolean_value = value
    elif datatype == STRING:
        metric.string_value = value
    elif datatype == INT64:
        metric.long_value = value & 0xFFFFFFFFFFFFFFFF
    else:
        metric.int_value = value & 0xFFFFFFFF


def metric(name: str, alias: int, value: Any, unit: str = "", datatype: int = FLOAT) -> dict[str, Any]:
    """Return a metric of a birth."""
    return {"name": name, "alias": alias, "datatype": datatype, "value": value, **({"unit": unit} if unit else {})}


def by_alias(alias: int, value: Any, datatype: int = FLOAT) -> dict[str, Any]:
    """Return a metric of data, which has no name."""
    return {"alias": alias, "datatype": datatype, "value": value}
