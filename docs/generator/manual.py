"""Manual pages and completion of shells, made of the command line's own description."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Final

from typer.completion import get_completion_script  # type: ignore[attr-defined] # typer re-exports it without a list

from docs.generator.commands import default_of, meaning_of, type_of, usage_of, walk
from station.cli.exit_codes import EXIT_CODES

_PROGRAM: Final = "headland"
#: Where shells look for the completion of a command below `share`.
COMPLETIONS: Final = {
    "bash": Path("bash-completion/completions/headland"),
    "zsh": Path("zsh/site-functions/_headland"),
}
_ENVIRONMENT: Final = {
    "HEADLAND_DATA": "Folder of the farm where --data names none.",
    "HEADLAND_LOG": "Lowest level of the log: DEBUG, INFO, WARNING (the default), ERROR or CRITICAL.",
    "HEADLAND_LOG_FORMAT": "Format of the log: text (the default) or json.",
    "NO_COLOR": "Turns colours off.",
}


def write_manual(share: Path, version: str) -> list[Path]:
    """Write manual pages and completions into `share`, replacing what is there; return their paths in it."""
    shutil.rmtree(share, ignore_errors=True)
    texts = {Path("man/man1") / f"{name}.1": text for name, text in manual_pages(version).items()}
    texts |= {path: completion_script(shell) for shell, path in COMPLETIONS.items()}
    for path, text in texts.items():
        (share / path).parent.mkdir(parents=True, exist_ok=True)
        (share / path).write_text(text, encoding="utf-8")
    return sorted(texts)


def completion_script(shell: str) -> str:
    """Return the completion of a shell, which asks the command itself: it knows whatever the command knows."""
    script = get_completion_script(prog_name=_PROGRAM, complete_var=f"_{_PROGRAM.upper()}_COMPLETE", shell=shell)
    return f"{script}\n"


def manual_pages(version: str) -> dict[str, str]:
    """Return the text of each manual page by its name: one for the program, one for each command below it."""
    commands = dict(walk())
    root = commands.pop(_PROGRAM)
    names = [path for path in commands if path.count(" ") == 1]
    pages = {_PROGRAM: _root_page(version, root, [(name, commands[name]) for name in names])}
    for name in names:
        parts = [(path, command) for path, command in commands.items() if f"{path} ".startswith(f"{name} ")]
        pages[name.replace(" ", "-")] = _page(version, name, parts)
    return pages


def _root_page(version: str, root: Any, commands: list[tuple[str, Any]]) -> str:
    lines = [*_head(version, _PROGRAM, root), ".SH SYNOPSIS", f".B {_PROGRAM}", "COMMAND [OPTIONS]"]
    lines += [".SH DESCRIPTION", _text(root.help or ""), ".SH COMMANDS"]
    for name, command in commands:
        lines += [".TP", f".BR {_text(name.replace(' ', '-'))} (1)", _text(_first_line(command))]
    lines += [".SH OPTIONS", *_options(root), ".SH ENVIRONMENT"]
    for variable, meaning in _ENVIRONMENT.items():
        lines += [".TP", f".B {variable}", _text(meaning)]
    lines.append(".SH EXIT STATUS")
    for code, meaning in EXIT_CODES.items():
        lines += [".TP", f".B {code.value}", _text(meaning)]
    return "\n".join(lines) + "\n"


def _page(version: str, name: str, parts: list[tuple[str, Any]]) -> str:
    lines = [*_head(version, name, parts[0][1]), ".SH SYNOPSIS"]
    for index, (path, command) in enumerate((path, one) for path, one in parts if not getattr(one, "commands", {})):
        lines += [*([".br"] if index else []), f".B {_text(path)}", _text(_arguments(command))]
    lines.append(".SH DESCRIPTION")
    for path, command in parts:
        lines += [f".SS {_text(path)}"] if len(parts) > 1 else []
        lines += [*_paragraphs(command.help or ""), *_options(command)]
    return "\n".join([*lines, ".SH SEE ALSO", f".BR {_PROGRAM} (1)"]) + "\n"


def _head(version: str, name: str, command: Any) -> list[str]:
    page = name.replace(" ", "-")
    return [
        f'.TH "{_text(page.upper())}" "1" "" "Headland {_text(version)}" "Headland"',
        ".SH NAME",
        f"{_text(page)} \\- {_text(_first_line(command).rstrip('.'))}",
    ]


def _arguments(command: Any) -> str:
    named = [usage_of(one) for one in command.params if not one.opts[0].startswith("-")]
    return " ".join([*named, "[OPTIONS]"])


def _options(command: Any) -> list[str]:
    lines: list[str] = []
    for one in command.params:
        if not one.opts[0].startswith("-"):
            lines += [".TP", f".I {_text(usage_of(one))}", _text(one.help or "")]
        elif not one.hidden:
            names = ", ".join((*one.opts, *one.secondary_opts))
            default = f" Default: {default_of(one)}." if default_of(one) else ""
            lines += [".TP", f".B {_text(names)}", _text(f"{type_of(one)}. " if type_of(one) else "")]
            lines.append(_text(f"{meaning_of(one)}{default}"))
    return [line for line in lines if line]


def _paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a command's description, each after a break."""
    paragraphs = [" ".join(one.split()) for one in text.split("\n\n")]
    return [line for paragraph in paragraphs for line in (".PP", _text(paragraph))]


def _first_line(command: Any) -> str:
    """Return the first sentence of a command's description."""
    first = " ".join((command.help or "").split("\n\n")[0].split())
    return first.partition(". ")[0]


def _text(text: str) -> str:
    """Return text as roff prints it: no character of it is an instruction."""
    escaped = " ".join(text.split()).replace("`", "").replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped
