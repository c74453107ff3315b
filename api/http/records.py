"""Records in requests and answers: written as JSON, read from it, and described in the OpenAPI document.

A record is a dataclass or a `msgspec.Struct`, of the library where its shape is the answer's. A text beside the type of
a field is its description: `area_m2: Annotated[float, "Treated ground."]`.
"""

# No `from __future__ import annotations` here: FastAPI reads the annotations of `_JsonBody.__call__`.

import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from functools import wraps
from inspect import iscoroutinefunction
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Final, Generic, TypeVar, get_args, get_origin, get_type_hints

import msgspec
import numpy as np
import orjson
from fastapi import Depends, Request
from starlette.responses import Response

from api.http.problems import ProblemError
from api.http.query_windows import written_instant
from headland.units_of_time import read_foreign_instant

T = TypeVar("T")
#: A boundary of 100,000 positions has about 4 MB.
MOST_BYTES: Final = 32 * 1024 * 1024
#: An instant in a JSON body by its name, which ends in `_ms`; a quote within a text is never one without a backslash.
#: The registry sets the time of a record's entry and of its change itself.
_NAMED: Final = re.compile(rb'"(?!created_ms|changed_ms)(\w+_ms)"\s*:\s*([0-9]{9,19})\b')
_REFERENCE: Final = "#/components/schemas/"


class RecordPage(msgspec.Struct, Generic[T], frozen=True):
    """A page of records, and the cursor of the next one; null on the last."""

    items: list[T]
    next: str | None = None


def encode(value: object) -> bytes:
    """Return records, and containers of records, as JSON; numpy columns are written as they are, NaN as null."""
    return msgspec.json.encode(value, enc_hook=_encode_numpy)


def _encode_numpy(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return msgspec.Raw(orjson.dumps(np.ascontiguousarray(value), option=orjson.OPT_SERIALIZE_NUMPY))
    if isinstance(value, np.generic):
        return value.item()
    raise NotImplementedError(type(value).__name__)


def is_record(kind: object) -> bool:
    """Tell whether a type is that of records."""
    return isinstance(kind, type) and (issubclass(kind, msgspec.Struct) or dataclasses.is_dataclass(kind))


def records_in(kind: object) -> tuple[Any, ...]:
    """Return the types of an answer that is one of several records; none for another type."""
    kinds = get_args(kind) if isinstance(kind, UnionType) else (kind,)
    return kinds if all(is_record(get_origin(each) or each) for each in kinds) else ()


async def read_body(request: Request) -> bytes:
    """Return the body of a request; raises ProblemError (413) beyond the largest record."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            sentence = f"Send at most {MOST_BYTES // 1024 // 1024} MB."
            raise ProblemError(413, "too-large", "Request body too large", sentence)
    return bytes(body)


BodyOf = Annotated[bytes, Depends(read_body)]


def check_instants(body: bytes) -> None:
    """Raise ProblemError (422) where an instant of a JSON body is in seconds, micro- or nanoseconds."""
    for name, digits in _NAMED.findall(body):
        if (found := read_foreign_instant(int(digits))) is not None:
            unit, time_ms = found
            raise ProblemError(
                422,
                "bad-body",
                "Invalid request body",
                f"{name.decode()} is {int(digits)}, which counts {unit} ({written_instant(time_ms)}): "
                f"write it in milliseconds, {time_ms}.",
            )


def decode_body(body: bytes, kind: type[T]) -> T:
    """Return a body as a type; raises ProblemError (422)."""
    check_instants(body)
    try:
        try:
            return msgspec.json.decode(body, type=kind, dec_hook=_decode_other)
        except msgspec.ValidationError:
            # JSON has one type of number: 61.0 is an integer, too.
            return msgspec.convert(whole_numbers(msgspec.json.decode(body)), kind, dec_hook=_decode_other)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProblemError(422, "bad-body", "Invalid request body", f"Correct the body: {error}.") from error


def _decode_other(kind: Any, value: Any) -> Any:
    """Return a value of a type that says itself how JSON writes it: `read` and `json_schema`."""
    return kind.read(value)


def whole_numbers(value: Any) -> Any:
    """Return a decoded JSON value with 61.0 as 61: JSON has one type of number."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [whole_numbers(item) for item in value]
    return {key: whole_numbers(item) for key, item in value.items()} if isinstance(value, dict) else value


class JsonBody:
    """The body of a request as a record, read in a worker thread; of `Order | None` it may be empty."""

    def __init__(self, kind: Any) -> None:
        kinds = [each for each in get_args(kind) if each is not NoneType]
        self.kind: Final = kinds[0] if kinds else kind
        self.is_required: Final = not kinds

    def __call__(self, body: BodyOf) -> Any:
        """Return the record, or the problem of the body: the route raises it where path and query are right."""
        try:
            return decode_body(body, self.kind) if body or self.is_required else None
        except ProblemError as error:
            return error

    def describe(self) -> dict[str, Any]:
        """Return the OpenAPI entry of the body; `EXAMPLE` of the record is its example."""
        content = content_of(self.kind)
        if not self.is_required:
            content["application/json"]["schema"] = {"anyOf": [content["application/json"]["schema"], {"type": "null"}]}
        if hasattr(self.kind, "EXAMPLE"):
            content["application/json"]["example"] = self.kind.EXAMPLE
        return {"content": content, **({"required": True} if self.is_required else {})}


if TYPE_CHECKING:
    #: A parameter of an endpoint that is the request's body: `order: Sent[AccountOrder]`.
    Sent = Annotated[T, JsonBody]
else:

    class Sent:
        """A parameter of an endpoint that is the request's body: `order: Sent[AccountOrder]`."""

        def __class_getitem__(cls, kind: Any) -> Any:
            """Return the annotation of such a parameter."""
            return Annotated[kind, Depends(JsonBody(kind))]


def speak_records(endpoint: Callable[..., Any], status: int, *, writes: bool) -> Callable[..., Any]:
    """Return an endpoint that refuses a body that is no record, and whose record is written as JSON if it `writes`."""

    def write(found: Any) -> Any:
        if not writes or isinstance(found, Response):
            return found
        return Response(encode(found), status, media_type="application/json")

    @wraps(endpoint)
    def answer(**values: Any) -> Any:
        _refuse_problems(values)
        return write(endpoint(**values))

    @wraps(endpoint)
    async def answer_later(**values: Any) -> Any:
        _refuse_problems(values)
        return write(await endpoint(**values))

    return answer_later if iscoroutinefunction(endpoint) else answer


def _refuse_problems(values: dict[str, Any]) -> None:
    for value in values.values():
        if isinstance(value, ProblemError):
            raise value


def content_of(*kinds: Any) -> dict[str, Any]:
    """Return the OpenAPI content of a body of one of several types, which the application's document describes."""
    schemas = [_schema_of(kind) for kind in kinds]
    return {"application/json": {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas}}}


def _schema_of(kind: Any) -> dict[str, Any]:
    if get_origin(kind) is not RecordPage:
        return {"$ref": _REFERENCE + key_of(kind)}
    listed = {"type": "array", "items": _schema_of(get_args(kind)[0])}
    return {
        "type": "object",
        "properties": {"items": listed, "next": {"type": ["string", "null"]}},
        "required": ["items", "next"],
    }


def key_of(kind: Any) -> str:
    """Return the name of a type's schema before the application gives it the published one.

    That of an enumeration is final: parameters have the same one.
    """
    return kind.__name__ if issubclass(kind, Enum) else f"{kind.__module__}.{kind.__qualname__}"


def describe_records(kinds: Iterable[Any], sent: Iterable[Any] = ()) -> dict[str, Any]:
    """Return the JSON schemas of records and of all that they hold, by `key_of`; of bodies only if they are `sent`."""
    bodies = {each for kind in sent for each in _classes_in(kind)}
    classes = list(dict.fromkeys((*(each for kind in kinds for each in _classes_in(kind)), *bodies)))
    references, schemas = msgspec.json.schema_components(classes, ref_template="{name}", schema_hook=_schema_of_other)
    keys = {reference["$ref"]: key_of(kind) for reference, kind in zip(references, classes, strict=True)}
    described = {}
    for kind, (name, key) in zip(classes, keys.items(), strict=True):
        described[key] = schema = schemas[name]
        _point_to(schema, keys)
        if dataclasses.is_dataclass(kind):
            # It is an answer only: each field is there, also one with a default.
            schema["required"] = list(schema["properties"])
            for about in schema["properties"].values():
                about.pop("default", None)
        if kind in bodies:
            # Whoever takes a default as always given would have to send null.
            for about in schema.get("properties", {}).values():
                if about.get("default", "") is None:
                    del about["default"]
        hints = {} if issubclass(kind, Enum) else get_type_hints(kind, include_extras=True)
        for field, hint in hints.items():
            texts = [text for text in getattr(hint, "__metadata__", ()) if isinstance(text, str)]
            if texts and field in schema.get("properties", {}):
                schema["properties"][field]["description"] = texts[0]
        tag = getattr(getattr(kind, "__struct_config__", None), "tag_field", None)
        if tag is not None and tag in schema.get("properties", {}):
            schema["properties"][tag]["description"] = "Word that tells this shape from the others."
    return described


def _point_to(node: Any, keys: dict[str, str]) -> None:
    """Name the components in the references, the type of texts, and that any object may have any names."""
    if isinstance(node, list):
        for item in node:
            _point_to(item, keys)
    elif isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            node["$ref"] = f"{_REFERENCE}{keys[node['$ref']]}"
        if isinstance(mapping := node.get("mapping"), dict) and "propertyName" in node:
            node["mapping"] = {value: f"{_REFERENCE}{keys[name]}" for value, name in mapping.items()}
        if isinstance(node.get("enum"), list) and all(isinstance(each, str) for each in node["enum"]):
            node["type"] = "string"
        if node.get("type") == "object" and not {"properties", "additionalProperties"} & node.keys():
            node["additionalProperties"] = True
        for item in node.values():
            _point_to(item, keys)


def _schema_of_other(kind: Any) -> dict[str, Any]:
    # What an array holds stands beside its type.
    schema: dict[str, Any] = {} if kind is np.ndarray else kind.json_schema()
    return schema


def _classes_in(kind: Any, seen: frozenset[Any] = frozenset()) -> Iterator[Any]:
    """Yield the types with a schema of their own: records and enumerations."""
    if isinstance(kind, type) and issubclass(kind, Enum):
        yield kind
    elif is_record(kind):
        if kind not in seen:
            yield kind
            for hint in get_type_hints(kind, include_extras=True).values():
                yield from _classes_in(hint, seen | {kind})
    else:
        for part in get_args(kind):
            yield from _classes_in(part, seen)
