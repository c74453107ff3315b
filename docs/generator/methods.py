"""Reference of the methods: id, version and source of each `Method(...)` in the code.

The code is read, not run: a source is the text of its expression as far as constants, local variables, parameters and
loops over a written list determine it.
"""

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
import headland.reports
from docs.generator.tables import table

#: What stands in a text for a part that depends on the request.
UNKNOWN: Final = "{...}"
#: Packages whose code makes answers.
ANSWERING: Final = (headland.agronomy, headland.analysis, headland.reports)
#: What names stand for within a scope.
Binding = dict[str, ast.expr]


def to_markdown() -> str:
    """Return the table of all methods: id, version, source."""
    rows = sorted(set(methods()))
    return table(["method", "version", "source"], [(f"`{name}`", version, source) for name, version, source in rows])


def modules(package: ModuleType) -> Iterator[ModuleType]:
    """Yield all modules of a package."""
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not info.ispkg:
            yield importlib.import_module(info.name)


def methods() -> Iterator[tuple[str, str, str]]:
    """Yield id, version and source of each `Method(...)` in the code; `{...}` where a part depends on the request."""
    for package in ANSWERING:
        for module in modules(package):
            text = Path(inspect.getfile(module)).read_text(encoding="utf-8")
            if "Method(" in text:  # to read it as Python takes a hundred times as long
                yield from _methods_of(ast.parse(text), vars(module))


def _methods_of(tree: ast.Module, names: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    outer: dict[ast.AST, Binding] = {inner: _assignments(function) for function in functions for inner in function.body}
    for scope in [tree, *functions]:
        local = {**outer.get(scope, {}), **_assignments(scope)}
        for call in _calls(scope):
            for binding in [*_parameters(tree, scope), *_loop_variables(scope, call, local)]:
                name, version, source = (_text(part, names, {**local, **binding}) for part in call.args)
                if version.isdigit() and name != UNKNOWN:
                    yield name, version, source


def _parameters(tree: ast.Module, scope: ast.AST) -> list[Binding]:
    """Return what a module passes for a function's parameters, call by call; an empty binding without a call."""
    if not isinstance(scope, ast.FunctionDef):
        return [{}]
    names = [argument.arg for argument in scope.args.args]
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == scope.name
    ]
    return [dict(zip(names, call.args, strict=False)) for call in calls] or [{}]


def _loop_variables(scope: ast.AST, call: ast.Call, local: Binding) -> list[Binding]:
    """Return what the variables of the loops around a call are, turn by turn, for loops over a written list."""
    bindings: list[Binding] = []
    for node in ast.walk(scope):
        loops = [node] if isinstance(node, ast.For) else getattr(node, "generators", [])
        if not loops or call not in ast.walk(node):
            continue
        for loop in loops:
            values = local.get(loop.iter.id) if isinstance(loop.iter, ast.Name) else loop.iter
            if isinstance(values, ast.List | ast.Tuple) and isinstance(loop.target, ast.Tuple):
                names = [each.id for each in loop.target.elts if isinstance(each, ast.Name)]
                rows = [row.elts for row in values.elts if isinstance(row, ast.Tuple)]
                bindings += [dict(zip(names, row, strict=False)) for row in rows]
    return bindings


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


def _assignments(scope: ast.AST) -> Binding:
    if isinstance(scope, ast.Module):
        return {}
    return {
        node.targets[0].id: node.value
        for node in ast.walk(scope)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }


def _text(node: ast.expr, names: dict[str, Any], local: Binding, depth: int = 0) -> str:
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
