"""Ways that docs/explanation tells step by step, and the check of one against a run that is traced."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from types import CodeType, FrameType
from typing import Final

from tests.floors.modules import ROOT

PAGE: Final = ROOT / "docs" / "explanation" / "index.md"
_PARTS: Final = ("api", "edge", "headland", "ingest", "station")
_PRODUCT: Final = tuple(f"{ROOT}/{part}/" for part in _PARTS)
#: Frames below every thread's work, which no datum's way names.
_SHELL: Final = "headland/runtime/"


@dataclass(frozen=True, slots=True)
class Step:
    """A row of a way's table: functions and methods (`Class` for any method of it), all in one file."""

    functions: tuple[str, ...]
    file: str

    def has(self, function: str, file: str) -> bool:
        """Tell whether a function is one of the step's."""
        return file == self.file and any(function == name or function.startswith(f"{name}.") for name in self.functions)


@dataclass(frozen=True, slots=True)
class Way:
    """Steps in their order, and the files in between that the text beside the table names."""

    steps: tuple[Step, ...]
    between: frozenset[str]


def read_names() -> list[str]:
    """Return the names of the page's ways, but for that of a sample, which is a drawing."""
    names = re.findall(r"^## The way of (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return [name for name in names if name != "a sample"]


def read_way(name: str) -> Way:
    """Return a way of the page."""
    section = PAGE.read_text(encoding="utf-8").partition(f"## The way of {name}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| \d+ [^|]+\| ([^|]+) \| `([^`]+)` \|$", section, re.MULTILINE)
    steps = tuple(Step(tuple(re.findall(r"`([\w.]+)`", functions)), file) for functions, file in rows)
    prose = "\n".join(line for line in section.splitlines() if not line.startswith("|"))
    return Way(steps, frozenset(re.findall(r"`([\w/]+\.py)`", prose)))


@dataclass(frozen=True, slots=True)
class _Entry:
    """First call of a function: when, and the files of the product below it on the stack, from the outermost."""

    number: int
    function: str
    file: str
    below: tuple[str, ...]


class Trace:
    """First calls of the product's functions in their order.

    They begin with that call of a way's first step which led to the second. A first step that finds nothing, as a
    poll of an idle link, begins no way.
    """

    def __init__(self, way: Way) -> None:
        self._first, self._second = way.steps[:2]
        self._entries: dict[CodeType, _Entry] = {}
        self.has_begun = False

    def note(self, code: CodeType, below: Callable[[], tuple[str, ...]]) -> None:
        """Note a call with the files that it stands on."""
        if code in self._entries and self.has_begun:
            return
        function, file = _name_of(code), _file_of(code)
        if not self.has_begun:
            if self._first.has(function, file):
                self._entries.clear()
            elif code in self._entries or not self._entries:
                return
            self.has_begun = self._second.has(function, file)
        self._entries[code] = _Entry(len(self._entries), function, file, below())

    def first(self, function: str, file: str) -> _Entry | None:
        """Return the first call of a function, or of any method of a class; None where nothing called it."""
        step = Step((function,), file)
        found = (entry for entry in self._entries.values() if step.has(entry.function, entry.file))
        return min(found, key=lambda entry: entry.number, default=None)


class WayTracer:
    """Profiler of all threads that start after it; it notes calls only within `tracing`."""

    def __init__(self) -> None:
        self._trace: Trace | None = None

    def __call__(self, frame: FrameType, event: str, _value: object) -> None:
        trace, code = self._trace, frame.f_code
        if trace is None or event != "call" or not code.co_filename.startswith(_PRODUCT):
            return
        if code.co_name not in ("__init__", "<module>"):
            trace.note(code, lambda: _files_below(frame))

    @contextmanager
    def installed(self) -> Iterator[WayTracer]:
        """Trace this thread, and those that start within the block."""
        before = threading.getprofile(), sys.getprofile()
        threading.setprofile(self)
        sys.setprofile(self)
        try:
            yield self
        finally:
            threading.setprofile(before[0])
            sys.setprofile(before[1])

    @contextmanager
    def tracing(self, way: Way) -> Iterator[Trace]:
        """Yield the trace of the block, from the way's first step on."""
        self._trace = trace = Trace(way)
        try:
            yield trace
        finally:
            self._trace = None


def check_way(way: Way, trace: Trace) -> list[str]:
    """Return what is wrong with a way by a run: a step not entered, or not in its order; a file that it leaves out.

    A file is left out where it is on the stack of a step, above what the first step stands on: the datum went through
    it. Files that the text names as in between must be on a stack.
    """
    faults = []
    entries: list[_Entry] = []
    for step in way.steps:
        for function in step.functions:
            entry = trace.first(function, step.file)
            if entry is None:
                faults.append(f"{function} of {step.file} is not entered")
                continue
            if entries and entry.number <= entries[-1].number:
                faults.append(f"{function} of {step.file} is entered before the step before it")
            entries.append(entry)
    told = {step.file for step in way.steps}
    shell = entries[0].below if entries else ()
    passed = {file for entry in entries for file in _above(entry.below, shell) if not file.startswith(_SHELL)}
    faults += [f"{file} is left out" for file in sorted(passed - told - way.between)]
    faults += [f"{file} is not passed" for file in sorted(way.between - passed - set(shell))]
    return faults


def _above(below: tuple[str, ...], shell: tuple[str, ...]) -> tuple[str, ...]:
    """Return the files of a stack without those that it begins with as another does."""
    shared = takewhile(lambda pair: pair[0] == pair[1], zip(below, shell, strict=False))
    return below[sum(1 for _ in shared) :]


def _name_of(code: CodeType) -> str:
    """Return a function's name within its module, as the page has it."""
    return code.co_qualname.replace(".<locals>", "")


def _file_of(code: CodeType) -> str:
    return code.co_filename.removeprefix(f"{ROOT}/")


def _files_below(frame: FrameType) -> tuple[str, ...]:
    """Return the product's files on the stack of a call, from the outermost."""
    below = []
    caller = frame.f_back
    while caller is not None:
        if caller.f_code.co_filename.startswith(_PRODUCT):
            below.append(_file_of(caller.f_code))
        caller = caller.f_back
    return tuple(reversed(below))
