"""JSON of unknown shape: parsed, flattened to leaves by path, and read at JSON pointers (RFC 6901).

A path is a pointer without its first slash. Where a list has named values (`[{"id": "soil_t", "value": 18.6}]`), a step
names the element instead of its place, which differs from message to message: `data[id=soil_t]`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec

from headland.plain_numbers import is_digits

#: A document with more leaves, or deeper, is not from a sensor.
MOST_LEAVES: Final = 1000
_DEEPEST: Final = 16

#: Keys by which an element of a list is named, and those of its number, its unit and its name for people.
_NAME_KEYS: Final = (
    "id",
    "key",
    "code",
    "identifier",
    "sensorId",
    "sensor_id",
    "dataId",
    "register",
    "n",
    "name",
    "type",
)
_VALUE_KEYS: Final = ("value", "val", "v", "data", "reading")
_UNIT_KEYS: Final = ("unit", "units", "u", "uom", "unit_of_measurement", "unitOfMeasurement")
_LABEL_KEYS: Final = ("name", "title", "label", "desc", "description", "cn_name")
_SELECTED: Final = re.compile(r"(.*)\[([^\[\]=]{1,64})=([^\[\]]{0,128})\]", re.DOTALL)

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


class NamedElement(NamedTuple):
    """An element of a list of named values: its place (`data/0`), its name (`data[id=soil_t]`), and what it states."""

    place: str
    name: str
    value_key: str
    unit: str
    label: str


def find_named(tree: object) -> list[NamedElement]:
    """Return the elements of all lists of named values in a document."""
    return list(_find_named(tree, "", _DEEPEST))


def find_unit(tree: object, path: str) -> str:
    """Return the unit that is stated beside the number at a path: `{"value": 21.5, "unit": "°C"}`; "" for none."""
    parent, _, key = path.rpartition("/")
    try:
        beside = at_pointer(tree, parent) if parent else tree
    except KeyError:
        return ""
    if not isinstance(beside, dict):
        return ""
    name = key.replace("~1", "/").replace("~0", "~")
    keys = _UNIT_KEYS if name in _VALUE_KEYS else (f"{name}_unit", f"{name}_units", f"{name}Unit", f"{name}_uom")
    return next((text for unit in keys if isinstance(text := beside.get(unit), str)), "")


def at_pointer(tree: object, pointer: str) -> object:
    """Return the value in `tree` at `pointer`, with or without its first slash. Raises KeyError where there is none."""
    value = tree
    for step in pointer.removeprefix("/").split("/"):
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif (selected := _SELECTED.fullmatch(key)) is not None:
            value = _select(value, *selected.groups())
        elif isinstance(value, list) and is_digits(step, 9) and int(step) < len(value):
            value = value[int(step)]
        else:
            raise KeyError(pointer)
    return value


def _select(value: object, key: str, name_key: str, name: str) -> object:
    """Return the one element of the list at `key` that is so named. Raises KeyError."""
    held = value.get(key) if isinstance(value, dict) else value if not key else None
    elements = held if isinstance(held, list) else []
    named = [each for each in elements if isinstance(each, dict) and str(each.get(name_key)) == name]
    if len(named) != 1:
        raise KeyError(f"{key}[{name_key}={name}]")
    return named[0]


def _find_named(tree: object, path: str, depth: int) -> Iterator[NamedElement]:
    if depth == 0:
        return
    if isinstance(tree, dict):
        for key, child in tree.items():
            step = str(key).replace("~", "~0").replace("/", "~1")
            yield from _find_named(child, f"{path}/{step}" if path else step, depth - 1)
    elif isinstance(tree, list):
        named = _name_elements(tree, path)
        yield from named
        for index, child in enumerate(tree if not named else ()):
            yield from _find_named(child, f"{path}/{index}" if path else str(index), depth - 1)


def _name_elements(elements: list[object], path: str) -> list[NamedElement]:
    """Return the elements of a list where each has a number and a name of its own; else none."""
    tables = [each for each in elements if isinstance(each, dict)]
    if not tables or len(tables) != len(elements):
        return []
    value_key = next((key for key in _VALUE_KEYS if all(key in each for each in tables)), "")
    for name_key in _NAME_KEYS:
        names = [str(each[name_key]) for each in tables if isinstance(each.get(name_key), str | int)]
        if (
            value_key
            and len(set(names)) == len(tables)
            and all(re.fullmatch(r"[^\[\]/]{1,128}", name) for name in names)
        ):
            return [
                NamedElement(
                    f"{path}/{index}" if path else str(index),
                    f"{path}[{name_key}={name}]",
                    value_key,
                    next((text for key in _UNIT_KEYS if isinstance(text := each.get(key), str)), ""),
                    next((text for key in _LABEL_KEYS if isinstance(text := each.get(key), str)), ""),
                )
                for index, (name, each) in enumerate(zip(names, tables, strict=True))
            ]
    return []


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
