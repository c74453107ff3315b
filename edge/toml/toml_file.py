"""A TOML file read into a checked structure; a mistake is reported as `file:line: sentence`."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import msgspec
from msgspec import inspect

from edge.toml.positions import TomlPath, find_lines, nearest_line
from headland.contract.records import NAME
from headland.errors import SettingsError

T = TypeVar("T")

_WHERE: Final = re.compile(r"^(?P<what>.*?)(?: - at `(?P<path>\$[^`]*)`)?$", re.DOTALL)
_STEP: Final = re.compile(r"\.([A-Za-z0-9_]+)|\[([0-9]+)\]|\[\.\.\.\]")
_QUOTED: Final = re.compile(r"field `([^`]*)`")
_SECRETS: Final = frozenset({"password"})
_NAME_WORDS: Final = "a name of letters, digits, dots, underscores and dashes, at most 64"


class TomlFile(Generic[T]):
    """A file that was read and not yet checked: `raw` and `kind` may be replaced before `convert` checks it.

    `overrides` contains, for a path in `raw`, the environment variable that replaced the file's value.
    """

    def __init__(self, path: Path, kind: type[T]) -> None:
        self.kind = kind
        self.name = path.name
        self.overrides: dict[TomlPath, str] = {}
        try:
            text = path.read_bytes().decode()
        except OSError as error:
            raise SettingsError(f"{path} cannot be read: {error.strerror or error}") from error
        except UnicodeDecodeError as error:
            raise SettingsError(
                f"{path} is not UTF-8 text: byte {error.start} is {error.object[error.start]:#x}"
            ) from error
        try:
            self.raw: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise SettingsError(_describe_syntax_error(self.name, text, error)) from error
        self._lines = find_lines(text)

    def override(self, path: tuple[str, ...], value: object, variable: str) -> None:
        """Replace a value of the file; an error will name `variable`."""
        table = self.raw
        for key in path[:-1]:
            inner = table.setdefault(key, {})
            if not isinstance(inner, dict):
                return  # the file's own mistake, which `convert` reports
            table = inner
        table[path[-1]] = value
        self.overrides[path] = variable

    def convert(self) -> T:
        """Return the checked structure. Raises SettingsError with the line of the first mistake."""
        try:
            return msgspec.convert(self.raw, self.kind)
        except msgspec.ValidationError as error:
            raise self._explain(str(error)) from None

    def error(self, path: TomlPath, sentence: str) -> SettingsError:
        """Return the error with `sentence` at the line of `path`."""
        return SettingsError(f"{self.name}:{nearest_line(self._lines, path)}: {sentence}")

    def _explain(self, message: str) -> SettingsError:
        match = _WHERE.match(message)
        what, where = (match["what"], match["path"] or "$") if match is not None else (message, "$")
        path = _split_path(where)
        field = _QUOTED.search(what)
        if what.startswith("Object missing required field") and field is not None:
            path = (*path, field[1])
            return self.error(path, f"{_dotted(path)} is missing")
        if what.startswith("Object contains unknown field") and field is not None:
            known = _field_names(_type_at(self.kind, self.raw, path))
            close = difflib.get_close_matches(field[1], known, 1)
            hint = f"did you mean {close[0]}?" if close else f"known here: {', '.join(sorted(known))}"
            path = (*path, field[1])
            return self.error(path, f"{_dotted(path)} is not known; {hint}")
        value = _value_at(self.raw, path)
        wanted = _wanted(_type_at(self.kind, self.raw, path), value)
        if wanted is None or not what.startswith(("Expected", "Invalid")):
            return self.error(path, f"{_dotted(path)}: {what}" if path else what)
        shown = "" if path and path[-1] in _SECRETS else f", not {_format(value)}"
        variable = self.overrides.get(path)
        if variable is not None:
            return SettingsError(f"{variable} must be {wanted}{shown}")
        return self.error(path, f"{_dotted(path)} must be {wanted}{shown}")


def _describe_syntax_error(name: str, text: str, error: tomllib.TOMLDecodeError) -> str:
    message = str(error)
    match = re.search(r" \(at line (\d+), column (\d+)\)$", message)
    if match is None:
        return (
            f"{name}:{text.count(chr(10)) + 1}: {message.removesuffix(' (at end of document)')} at the end of the file"
        )
    return f"{name}:{match[1]}: {message[: match.start()]} (column {match[2]})"


def _split_path(where: str) -> TomlPath:
    steps: list[str | int] = []
    for match in _STEP.finditer(where):
        if match[1] is not None:
            steps.append(match[1])
        elif match[2] is not None:
            steps.append(int(match[2]))
    return tuple(steps)


def _dotted(path: TomlPath) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _value_at(raw: object, path: TomlPath) -> object:
    for step in path:
        if (isinstance(raw, dict) and step in raw) or (isinstance(raw, list) and isinstance(step, int)):
            raw = raw[step]  # type: ignore[index] # a list takes the int that the line above asked for
        else:
            return None
    return raw


def _alternatives(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    if isinstance(kind, inspect.UnionType):
        return tuple(option for option in kind.types if not isinstance(option, inspect.NoneType))
    return (kind,)


def _type_at(kind: type, raw: object, path: TomlPath) -> tuple[inspect.Type, ...]:
    """Return the types that are allowed at `path`; of tagged structures the one with the file's tag."""
    types = _alternatives(inspect.type_info(kind))
    for depth, step in enumerate(path):
        inner: list[inspect.Type] = []
        for kind_here in _picked(types, _value_at(raw, path[:depth])):
            if isinstance(kind_here, inspect.StructType):
                for field in kind_here.fields:
                    inner += _alternatives(field.type) if field.encode_name == step else ()
                if step == kind_here.tag_field:
                    inner.append(inspect.LiteralType((kind_here.tag,)))
            elif isinstance(kind_here, inspect.ListType):
                inner += _alternatives(kind_here.item_type)
        types = tuple(inner)
    return _picked(types, _value_at(raw, path))


def _picked(types: tuple[inspect.Type, ...], value: object) -> tuple[inspect.Type, ...]:
    if not isinstance(value, Mapping):
        return types
    picked = tuple(
        kind
        for kind in types
        if isinstance(kind, inspect.StructType) and kind.tag_field and value.get(kind.tag_field) == kind.tag
    )
    return picked or types


def _field_names(types: tuple[inspect.Type, ...]) -> set[str]:
    names: set[str] = set()
    for kind in types:
        if isinstance(kind, inspect.StructType):
            names |= {field.encode_name for field in kind.fields} | ({kind.tag_field} if kind.tag_field else set())
    return names


def _wanted(types: tuple[inspect.Type, ...], value: object) -> str | None:
    """Return the allowed values in words, or None where there are none."""
    words = [word for kind in types if (word := _word(kind, value)) is not None]
    return " or ".join(words) if words else None


def _word(kind: inspect.Type, value: object) -> str | None:
    match kind:
        case inspect.IntType():
            bounds = _bounds(kind)
            return bounds if bounds and type(value) is int else f"a whole number{bounds and f' ({bounds})'}"
        case inspect.FloatType():
            bounds = _bounds(kind)
            return bounds if bounds and type(value) in (int, float) else f"a number{bounds and f' ({bounds})'}"
        case inspect.BoolType():
            return "true or false"
        case inspect.StrType() if isinstance(value, str) and kind.pattern:
            return _NAME_WORDS if NAME.pattern in kind.pattern else f"text like {kind.pattern}"
        case inspect.StrType() if isinstance(value, str) and kind.min_length:
            return f"text of at least {kind.min_length} characters"
        case inspect.StrType():
            return "text in quotes"
        case inspect.LiteralType():
            return _alternatives_text(kind.values)
        case inspect.EnumType():
            return _alternatives_text(member.value for member in kind.cls)
        case inspect.ListType():
            return "a list"
        case inspect.StructType():
            return "a table"
    return None


def _alternatives_text(values: Iterable[object]) -> str:
    return " or ".join(f'"{value}"' if isinstance(value, str) else str(value) for value in values)


def _bounds(kind: inspect.IntType | inspect.FloatType) -> str:
    low = kind.ge if kind.ge is not None else kind.gt
    high = kind.le if kind.le is not None else kind.lt
    if low is not None and high is not None:
        return f"{low}..{high}"
    if low is not None:
        return f"{low} or more" if kind.ge is not None else f"more than {low}"
    if high is not None:
        return f"{high} or less" if kind.le is not None else f"less than {high}"
    return ""


def _format(value: object) -> str:
    if isinstance(value, str):
        return f'"{value[:60]}"'
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list):
        return "a list"
    return str(value).lower() if isinstance(value, bool) else str(value)
