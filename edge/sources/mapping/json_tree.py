"""JSON of unknown shape: parsed, flattened to leaves by path, and read at JSON pointers (RFC 6901).

A path is a pointer without its first slash.
"""

from __future__ import annotations

from typing import Final

import msgspec

from headland.plain_numbers import is_digits

#: A document with more leaves, or deeper, is not from a sensor.
MOST_LEAVES: Final = 1000
_DEEPEST: Final = 16

#: Exceptions of decoding hostile text.
HOSTILE: Final = (msgspec.MsgspecError, ValueError, RecursionError, OverflowError)


def parse_json(payload: bytes | str) -> object:
    """Return the parsed JSON text. Raises ValueError where it is not JSON."""
    try:
        return msgspec.json.decode(payload)
    except HOSTILE as error:
        raise ValueError(str(error)[:200]) from error


def flatten(tree: object) -> dict[str, object]:
    """Return the leaves of `tree` by path (`SHT3X/Temperature`). Raises ValueError where there are too many."""
    leaves: dict[str, object] = {}
    _flatten(tree, "", leaves, _DEEPEST)
    return leaves


def at_pointer(tree: object, pointer: str) -> object:
    """Return the value in `tree` at `pointer`, with or without its first slash. Raises KeyError where there is none."""
    value = tree
    for step in pointer.removeprefix("/").split("/"):
        if isinstance(value, dict):
            value = value[step.replace("~1", "/").replace("~0", "~")]
        elif isinstance(value, list) and is_digits(step, 9) and int(step) < len(value):
            value = value[int(step)]
        else:
            raise KeyError(pointer)
    return value


def _flatten(tree: object, path: str, leaves: dict[str, object], depth: int) -> None:
    if isinstance(tree, dict):
        children = [(str(key).replace("~", "~0").replace("/", "~1"), child) for key, child in tree.items()]
    elif isinstance(tree, list):
        children = [(str(index), child) for index, child in enumerate(tree)]
    else:
        leaves[path] = tree
        if len(leaves) > MOST_LEAVES:
            raise ValueError(f"more than {MOST_LEAVES} values")
        return
    if depth == 0:
        raise ValueError(f"nested deeper than {_DEEPEST}")
    for key, child in children:
        _flatten(child, f"{path}/{key}" if path else key, leaves, depth - 1)
