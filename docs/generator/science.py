"""Reference of quantities, methods and formulas."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import headland.agronomy
import headland.analysis
from docs.generator.docstrings import docstring_to_markdown
from docs.generator.tables import table
from headland.agronomy.climate.disease import VALIDITY
from headland.contract.quantities import QUANTITIES, UNIT_BY_SUFFIX

#: What stands in a text for a part that depends on the request.
UNKNOWN: Final = "{...}"
#: Packages whose code makes answers.
ANSWERING: Final = (headland.agronomy, headland.analysis)


def endings_to_markdown() -> str:
    """Return the table of the endings of channel names and their units."""
    return table(["ending", "unit"], [(f"`{ending}`", unit) for ending, unit in UNIT_BY_SUFFIX.items()])


def quantities_to_markdown() -> str:
    """Return the table of all quantities."""
    rows = [
        (f"`{each.name}`", each.unit, _number(each.low), _number(each.high), each.kind, each.meaning)
        for each in QUANTITIES.values()
    ]
    return table(["name", "unit", "low", "high", "kind", "meaning"], rows)


def methods_to_markdown() -> str:
    """Return the table of all methods: id, version, source."""
    rows = sorted(set(methods()))
    return table(["method", "version", "source"], [(f"`{name}`", version, source) for name, version, source in rows])


def validity_to_markdown() -> str:
    """Return the table of what each disease index is valid for."""
    return table(["index", "validity"], [(f"`{name}`", text) for name, text in VALIDITY.items()])


def formulas_to_markdown() -> str:
    """Return a section for each module of the science: its text with the sources, and each public function."""
    return "\n\n".join(_module(module) for module in modules(headland.agronomy))


def modules(package: ModuleType) -> Iterator[ModuleType]:
    """Yield all modules of a package."""
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not info.ispkg:
            yield importlib.import_module(info.name)


def methods() -> Iterator[tuple[str, str, str]]:
    """Yield id, version and source of each `Method(...)` in the code; `{...}` where a part depends on the request."""
    for package in ANSWERING:
        for module in modules(package):
            tree = ast.parse(Path(inspect.getfile(module)).read_text(encoding="utf-8"))
            yield from _methods_of(tree, vars(module))


def _methods_of(tree: ast.Module, names: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    outer: dict[ast.AST, dict[str, ast.expr]] = {
        inner: _assignments(function) for function in functions for inner in function.body
    }
    for scope in [tree, *functions]:
        local = {**outer.get(scope, {}), **_assignments(scope)}
        for call in _calls(scope):
            bindings = _bindings(tree, scope) if isinstance(scope, ast.FunctionDef) else [{}]
            for binding in bindings:
                name, version, source = (_text(part, names, {**local, **binding}) for part in call.args)
                if version.isdigit() and name != UNKNOWN:
                    yield name, version, source


def _bindings(tree: ast.Module, function: ast.FunctionDef) -> list[dict[str, ast.expr]]:
    """Return what a module passes for a function's parameters, call by call; one empty binding without a call."""
    parameters = [argument.arg for argument in function.args.args]
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function.name
    ]
    return [dict(zip(parameters, call.args, strict=False)) for call in calls] or [{}]


def _calls(scope: ast.AST) -> list[ast.Call]:
    """Return the calls of `Method` directly within a scope, not those of functions inside it."""
    found: list[ast.Call] = []
    waiting = list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef):
            continue
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Method":
            found.append(node)
        waiting += ast.iter_child_nodes(node)
    return [call for call in found if len(call.args) == 3]


def _assignments(scope: ast.AST) -> dict[str, ast.expr]:
    if isinstance(scope, ast.Module):
        return {}
    return {
        node.targets[0].id: node.value
        for node in ast.walk(scope)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }


def _text(node: ast.expr, names: dict[str, Any], local: dict[str, ast.expr], depth: int = 0) -> str:
    """Return the text of an expression as far as the module alone determines it, `{...}` for the rest."""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part, names, local, depth) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return _text(node.value, names, local, depth)
    if isinstance(node, ast.Name) and node.id not in names and node.id in local and depth < 5:
        return _text(local[node.id], names, local, depth + 1)
    try:
        value = eval(compile(ast.Expression(node), "<method>", "eval"), dict(names))  # noqa: S307 - our own code
    except Exception:
        return UNKNOWN
    return f"{value:g}" if isinstance(value, float) else str(value)


def _module(module: ModuleType) -> str:
    name = module.__name__.removeprefix("headland.")
    parts = [f"### {name}", docstring_to_markdown(module.__doc__)]
    for function in vars(module).values():
        if (
            inspect.isfunction(function)
            and function.__module__ == module.__name__
            and not function.__name__.startswith("_")
        ):
            signature = ", ".join(inspect.signature(function).parameters)
            parts += [f"**`{function.__name__}({signature})`**", docstring_to_markdown(function.__doc__)]
    return "\n\n".join(part for part in parts if part)


def _number(value: float) -> str:
    return f"{value:g}" if abs(value) < 1e6 else str(int(value))
