"""Methods of a port, by the signatures of its protocol class: what each takes and returns."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import cache
from typing import Any, get_type_hints

import msgspec

from headland.runtime.remote.wire import ENCODER, decode_other


@dataclass(frozen=True, slots=True)
class PortMethod:
    """A method of a port: its arguments and its result as messages."""

    signature: inspect.Signature
    arguments: msgspec.msgpack.Decoder[Any]
    result: msgspec.msgpack.Decoder[Any]

    def encode_arguments(self, positional: tuple[Any, ...], named: dict[str, Any]) -> bytes:
        """Return the arguments of a call as a message."""
        bound = self.signature.bind(None, *positional, **named)
        bound.apply_defaults()
        return ENCODER.encode(dict(list(bound.arguments.items())[1:]))

    def decode_arguments(self, message: bytes | memoryview) -> dict[str, Any]:
        """Return the arguments in a message, by name."""
        return _fields_of(self.arguments.decode(message))

    def decode_result(self, message: bytes | memoryview) -> Any:
        """Return the result in a message."""
        return self.result.decode(message)


@cache
def methods_of(port: type) -> dict[str, PortMethod]:
    """Return the methods of a protocol class by name."""
    found = {}
    for name, function in inspect.getmembers(port, inspect.isfunction):
        if name.startswith("_"):
            continue
        hints = get_type_hints(function)
        result = hints.pop("return")
        taken = msgspec.defstruct(f"{name}_arguments", list(hints.items()))
        found[name] = PortMethod(
            inspect.signature(function),
            msgspec.msgpack.Decoder(taken, dec_hook=decode_other),
            msgspec.msgpack.Decoder(result, dec_hook=decode_other),
        )
    return found


def _fields_of(struct: Any) -> dict[str, Any]:
    return {name: getattr(struct, name) for name in struct.__struct_fields__}
