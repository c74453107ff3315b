"""Task data of ISO 11783-10 (TASKDATA.XML): machines with their elements, and the time logs of tasks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from enum import IntEnum
from typing import Final, Literal
from xml.etree import ElementTree as ET
from xml.sax.saxutils import quoteattr

Version = Literal[3, 4]

#: A farm's task data with all its fields has some megabytes.
_MOST_BYTES: Final = 50_000_000
_MOST_EXTERNAL: Final = 1000
_ZONE: Final = re.compile(r"(Z|[+-]\d{2}:?\d{2})$")


class RefusedTimeLog(ValueError):  # noqa: N818 - it names the input
    """Task data or a header that is none, or a header that describes no binary record."""


class ElementKind(IntEnum):
    """Kind of a device element."""

    DEVICE = 1
    FUNCTION = 2
    BIN = 3
    SECTION = 4
    UNIT = 5
    CONNECTOR = 6
    NAVIGATION = 7


@dataclass(frozen=True, slots=True)
class TaskMachine:
    """A machine of the task data: its designator, and its NAME on the bus (64 bits as hex digits), which is its own."""

    id: str
    designator: str
    name: str


@dataclass(frozen=True, slots=True)
class Element:
    """An element of a machine, such as a boom or one of its sections; `kind` is None for an unknown number."""

    id: str
    kind: ElementKind | None
    machine: str


@dataclass(frozen=True, slots=True)
class TaskSpan:
    """When a task ran, as its terminal wrote it: epoch ms, the local time as if it were UTC where it has no zone.

    `offset_ms` is local time less UTC where a zone was written, 0 for Z: a terminal may write Z and log local times.
    """

    start_ms: int
    end_ms: int | None
    offset_ms: int | None


@dataclass(frozen=True, slots=True)
class NamedLog:
    """A time log that a task names: its file name without ending, the task, and the spans beside it."""

    name: str
    task: str
    designator: str
    spans: tuple[TaskSpan, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskData:
    """The logs that task data names, and the machines and elements of which they are.

    `unreadable` are files that it refers to and that are damaged, by name and reason.
    """

    logs: tuple[NamedLog, ...] = ()
    machines: Mapping[str, TaskMachine] = field(default_factory=dict)
    elements: Mapping[str, Element] = field(default_factory=dict)
    unreadable: tuple[tuple[str, str], ...] = ()


def parse_xml(data: bytes, most_bytes: int = _MOST_BYTES) -> ET.Element:
    """Return the root of a document without entities; raises RefusedTimeLog."""
    if len(data) > most_bytes or b"<!DOCTYPE" in data[:4096].upper():
        raise RefusedTimeLog("the XML is too large, or has a document type")
    try:
        return ET.fromstring(data)  # noqa: S314 - without a document type there are no entities
    except (ET.ParseError, LookupError, ValueError) as error:  # no XML, or in an encoding that does not exist
        raise RefusedTimeLog(f"it is not XML: {error}") from error


def read_task_data(data: bytes, external: Callable[[str], bytes | None] = lambda _: None) -> TaskData:
    """Return what a TASKDATA.XML says of logs and machines; raises RefusedTimeLog where it is none.

    `external` returns a file that the task data refers to by its name without ending (XFR), None where there is none;
    what is damaged of these is `unreadable`.
    """
    root = parse_xml(data)
    if root.tag != "ISO11783_TaskData":
        raise RefusedTimeLog("the file is no ISO11783_TaskData")
    roots, unreadable = [root], []
    for reference in root.findall("XFR")[:_MOST_EXTERNAL]:
        name = reference.get("A", "")
        found = external(name)
        if found is not None:
            try:
                roots.append(parse_xml(found))
            except RefusedTimeLog as error:
                unreadable.append((name, str(error)))
    machines, elements = {}, {}
    for device in (each for part in roots for each in part.iter("DVC")):
        machine = TaskMachine(device.get("A", ""), device.get("B", ""), device.get("D", ""))
        machines[machine.id] = machine
        for element in device.iter("DET"):
            elements[element.get("A", "")] = Element(element.get("A", ""), _kind(element.get("C", "")), machine.id)
    tasks = (task for part in roots for task in part.iter("TSK"))
    logs = tuple(log for task in tasks for log in _logs_of(task))
    return TaskData(logs, machines, elements, tuple(unreadable))


def write_task_data(data: TaskData, version: Version) -> bytes:
    """Return a TASKDATA.XML of version 3.3 or 4.3 with machines, elements, and the logs of tasks with their spans.

    The version makes one difference: a log of version 4 names its kind.
    """
    machines = "".join(_machine_xml(machine, data.elements.values()) for machine in data.machines.values())
    tasks: dict[tuple[str, str], list[NamedLog]] = {}
    for log in data.logs:
        tasks.setdefault((log.task, log.designator), []).append(log)
    lines, kind = [], ' C="1"' if version == 4 else ""
    for (task, designator), logs in tasks.items():
        inner = "".join(f"{''.join(map(_span_xml, log.spans))}<TLG A={quoteattr(log.name)}{kind}/>" for log in logs)
        lines.append(f'  <TSK A={quoteattr(task)} B={quoteattr(designator)} G="4">{inner}</TSK>\n')
    head = (
        f'<ISO11783_TaskData VersionMajor="{version}" VersionMinor="3" ManagementSoftwareManufacturer="Headland" '
        'ManagementSoftwareVersion="1" TaskControllerManufacturer="" TaskControllerVersion="" DataTransferOrigin="1">\n'
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}{machines}{"".join(lines)}</ISO11783_TaskData>\n'.encode()


def _machine_xml(machine: TaskMachine, elements: Iterable[Element]) -> str:
    parts = "".join(
        f'<DET A={quoteattr(each.id)} B="{number}" C="{each.kind or ElementKind.DEVICE}" E="{number}" F="0"/>'
        for number, each in enumerate((each for each in elements if each.machine == machine.id), 1)
    )
    name = f" D={quoteattr(machine.name)}" if machine.name else ""
    return f"  <DVC A={quoteattr(machine.id)} B={quoteattr(machine.designator)}{name}>{parts}</DVC>\n"


def _span_xml(span: TaskSpan) -> str:
    ends = (("A", span.start_ms), ("B", span.end_ms))
    texts = (f'{name}="{_instant_text(ms, span.offset_ms)}"' for name, ms in ends if ms is not None)
    return f'<TIM {" ".join(texts)} D="4"/>'


def _instant_text(instant_ms: int, offset_ms: int | None) -> str:
    zone = timezone(timedelta(milliseconds=offset_ms or 0))
    text = datetime.fromtimestamp(instant_ms / 1000, zone).isoformat(timespec="milliseconds")
    if offset_ms:
        return text
    return text.removesuffix("+00:00") + ("" if offset_ms is None else "Z")


def _logs_of(task: ET.Element) -> list[NamedLog]:
    """Return the logs of a task, each with the spans next to it: terminals write a log before or after its span."""
    logs = []
    parts = [part for part in task if part.tag in ("TLG", "TIM")]
    for at, part in enumerate(parts):
        if part.tag != "TLG":
            continue
        beside = (parts[index] for index in (at - 1, at + 1) if 0 <= index < len(parts) and parts[index].tag == "TIM")
        spans = tuple(span for span in map(_span, beside) if span is not None)
        logs.append(NamedLog(part.get("A", ""), task.get("A", ""), task.get("B", ""), spans))
    return logs


def _span(part: ET.Element) -> TaskSpan | None:
    start, end = _instant(part.get("A", "")), _instant(part.get("B", ""))
    return None if start is None else TaskSpan(start[0], None if end is None else end[0], start[1])


def _instant(text: str) -> tuple[int, int | None] | None:
    """Return epoch ms and the offset of the zone, None where the text has none."""
    zone = _ZONE.search(text)
    try:
        instant = datetime.fromisoformat(text if zone else f"{text}Z")
    except ValueError:
        return None
    offset = instant.utcoffset()
    offset_ms = None if zone is None or offset is None else round(offset.total_seconds() * 1000)
    return round(instant.timestamp() * 1000), offset_ms


def _kind(text: str) -> ElementKind | None:
    try:
        return ElementKind(int(text))
    except ValueError:
        return None
