"""Reference of the settings: each table of edge.toml and of the files beside it, with types, bounds and defaults."""

from __future__ import annotations

import ast
import dataclasses
import inspect
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import inspect as types

from api.auth.limits import Limits
from docs.generator.docstrings import docstring_to_markdown
from docs.generator.tables import table
from edge.agent.settings import EdgeSettings
from edge.imports.table.map import TableMap
from edge.pipeline.alarms.rule_tables import RuleFile
from edge.sources.modbus.registers import RegisterMap
from ingest.settings import IngestSettings
from station.cli import options

#: Tables whose settings are a file of their own.
FILES: Final = {"Register map": RegisterMap, "Alarm rule file": RuleFile, "Map of an imported table": TableMap}
_SIGNS: Final = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}


def to_markdown() -> str:
    """Return a section for each table of edge.toml, and for each file that it names."""
    parts = ["## edge.toml"]
    parts += _fields(types.type_info(EdgeSettings), "")
    for title, kind in FILES.items():
        parts += [f"## {title}", _text(kind), *_struct(types.type_info(kind), "")]
    return "\n\n".join(part for part in parts if part)


def ingest_to_markdown() -> str:
    """Return the table of the settings of ingest: default, and the bounds that its check enforces."""
    source = Path(inspect.getfile(IngestSettings)).read_text(encoding="utf-8")
    bounds = _checks(source, "_check")
    rows = [
        (f"`{field.name}`", _bounds(bounds.get(field.name)), _plain_default(field))
        for field in dataclasses.fields(IngestSettings)
    ]
    return table(["setting", "bounds", "default"], rows)


def limits_to_markdown() -> str:
    """Return the table of the API's limits that the environment changes: bounds and default."""
    source = Path(inspect.getfile(options)).read_text(encoding="utf-8")
    default = Limits()
    defaults = {
        options.REQUESTS_PER_S: default.requests.per_s,
        options.BODY_MB: default.body_bytes / 2**20,
        options.ANSWER_S: default.answer_s,
    }
    bounds = {getattr(options, name): value[1:] for name, value in _checks(source, "_number").items()}
    rows = [(f"`{name}`", _bounds(bounds[name]), f"`{value:g}`") for name, value in defaults.items()]
    return table(["variable", "bounds", "default"], rows)


def _checks(source: str, function: str) -> dict[str, list[str]]:
    """Return the further arguments of each call of a function that checks bounds, by its first one."""
    calls = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function
    ]
    return {
        str(ast.literal_eval(call.args[0]) if isinstance(call.args[0], ast.Constant) else ast.unparse(call.args[0])): [
            _number(argument) for argument in call.args[1:]
        ]
        for call in calls
    }


def _number(node: ast.expr) -> str:
    """Return a written number, or the expression with the names of other settings."""
    text = ast.unparse(node).replace("self.", "")
    try:
        value = eval(text, {})  # noqa: S307 - numbers of our own code
    except NameError:
        return text
    return str(value) if isinstance(value, int) else f"{value:g}"


def _bounds(bounds: list[str] | None) -> str:
    return "" if bounds is None else f"{bounds[-2]} to {bounds[-1]}"


def _plain_default(field: dataclasses.Field[Any]) -> str:
    if field.default is dataclasses.MISSING:
        return "**required**"
    if field.default in (None, "") or isinstance(field.default, frozenset):
        return ""
    return f"`{field.default}`"


def _fields(struct: Any, prefix: str) -> list[str]:
    """Return the sections of the tables within a table."""
    parts: list[str] = []
    for field in struct.fields:
        for kind, is_list in _tables(field.type):
            name = f"{prefix}{field.encode_name}"
            parts += _section(kind, name, is_list=is_list)
    return parts


def _section(struct: Any, name: str, *, is_list: bool) -> list[str]:
    title = f"[[{name}]]" if is_list else f"[{name}]"
    if struct.tag:
        title += f' type = "{struct.tag}"'
    return [f"### `{title}`", _text(struct.cls), *_struct(struct, f"{name}.")]


def _struct(struct: Any, prefix: str) -> list[str]:
    rows = [
        (f"`{field.encode_name}`", _type(field.type), _default(field))
        for field in struct.fields
        if not any(is_list for _, is_list in _tables(field.type))
    ]
    parts = [table(["setting", "type and bounds", "default"], rows)] if rows else []
    return [*parts, *_fields(struct, prefix)]


def _tables(kind: Any) -> list[tuple[Any, bool]]:
    """Return the structs that a setting's type permits, and whether it is a list of them."""
    if isinstance(kind, types.StructType):
        return [(kind, False)]
    if isinstance(kind, types.UnionType):
        return [each for member in kind.types for each in _tables(member)]
    if isinstance(kind, types.ListType | types.VarTupleType):
        return [(each, True) for each, _ in _tables(kind.item_type)]
    return []


def _type(kind: Any) -> str:
    if isinstance(kind, types.StructType):
        return "table, below"
    if isinstance(kind, types.UnionType):
        return " or ".join(_type(member) for member in kind.types if not isinstance(member, types.NoneType))
    if isinstance(kind, types.LiteralType):
        return ", ".join(f'`"{value}"`' if isinstance(value, str) else f"`{value}`" for value in kind.values)
    if isinstance(kind, types.EnumType):
        return ", ".join(f'`"{member.value}"`' for member in kind.cls)
    if isinstance(kind, types.ListType | types.VarTupleType | types.SetType):
        return f"list of {_type(kind.item_type)}"
    if isinstance(kind, types.TupleType):
        return "list of " + ", ".join(_type(item) for item in kind.item_types)
    if isinstance(kind, types.DictType):
        return f"table: {_type(kind.key_type)} = {_type(kind.value_type)}"
    if isinstance(kind, types.StrType):
        return _string(kind)
    if isinstance(kind, types.IntType | types.FloatType):
        text = "integer" if isinstance(kind, types.IntType) else "number"
        return " ".join([text, *(f"{sign} {getattr(kind, name):.12g}" for name, sign in _SIGNS.items()
                                 if getattr(kind, name) is not None)])  # fmt: skip
    names: dict[type, str] = {types.BoolType: "boolean", types.DateTimeType: "time with zone", types.AnyType: "any"}
    return names.get(type(kind), type(kind).__name__)


def _string(kind: Any) -> str:
    bounds = [f"≥ {kind.min_length}" if kind.min_length else "", f"≤ {kind.max_length}" if kind.max_length else ""]
    length = " and ".join(filter(None, bounds))
    text = f"text, length {length}" if length else "text"
    return f"{text}, `{kind.pattern}`" if kind.pattern else text


def _default(field: Any) -> str:
    if field.required:
        return "**required**"
    default = field.default
    if default is msgspec.NODEFAULT or isinstance(default, msgspec.Struct):
        return ""
    if default is None or default in ("", [], (), {}):
        return ""
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default:.12g}`" if isinstance(default, int | float) else f"`{default}`"


def _text(kind: type) -> str:
    return docstring_to_markdown(kind.__doc__)
