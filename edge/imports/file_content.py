"""Kind of a log by its contents: what it is named like does not count where they tell.

Files reach people renamed, packed, cut and empty. Only their first 64 KiB are read here, or less.
"""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path
from typing import Final

from edge.imports.dataflash.reader import LogReader
from edge.imports.machine.layers import find_layers
from edge.imports.machine.task_folder import TASK_DATA, holds_task_data
from edge.imports.mavlink_log.tlog import is_credible_stamp
from edge.imports.sentences import Sentence
from edge.imports.table.loggers.weewx import SQLITE
from edge.sources.mavlink.protocol.decoder import FrameDecoder

_HEAD_BYTES: Final = 65_536
#: Enough to tell a log among a folder's other files, of which there may be thousands of photos.
GLANCE_BYTES: Final = 4096
_DATAFLASH_START: Final = b"\xa3\x95\x80"
_ULOG_START: Final = b"ULog\x01\x12\x35"
_DATAFLASH_LINE: Final = re.compile(rb"^[ \t]*FMT[ \t]*,[ \t]*\d+[ \t]*,[ \t]*\d+[ \t]*,[ \t]*\w+[ \t]*,", re.MULTILINE)
_ARCHIVES: Final = (
    (b"PK\x03\x04", "ZIP"),
    (b"PK\x05\x06", "ZIP"),
    (b"\x1f\x8b", "gzip"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"Rar!\x1a\x07", "RAR"),
    (b"\x04\x22\x4d\x18", "LZ4"),
)
#: A part that each document of an office suite has in its archive.
_DOCUMENT: Final = b"[Content_Types].xml"
_TAR_AT: Final = 257
_TAR: Final = b"ustar"
_WEB_PAGE: Final = re.compile(rb"\s*(<\?xml[^>]*>\s*)?<(!doctype html|html|head|body)\b", re.IGNORECASE)
_TASKS: Final = re.compile(rb"<ISO11783_TaskData\b")
#: DJI's app names its records so; since 2019 they are encrypted, and only programs with a key of DJI's read them.
_DJI_RECORD: Final = re.compile(r"DJIFlightRecord_.*\.txt", re.IGNORECASE)
_LFS_POINTER: Final = b"version https://git-lfs"
#: Of a stream's bytes less than this part is outside of frames; more is noise that looks like a frame here and there.
_MOST_JUNK: Final = 0.5
#: Control characters that texts have, and all that is none.
_TEXT_CONTROLS: Final = b"\t\n\r\f\x1b"
_PRINTED: Final = bytes(range(32, 127)) + bytes(range(128, 256))


class LogKind(Enum):
    """A kind of log."""

    TLOG = ".tlog"
    RAW = ".raw"
    DATAFLASH = ".bin"
    DATAFLASH_TEXT = ".log"
    ULOG = ".ulg"
    MACHINE = ".zip"
    TASKS = "TASKDATA.XML"


#: What a log is taken for where its contents do not tell; a text is DataFlash only where it looks like it.
KIND_BY_SUFFIX: Final = {
    ".rlog": LogKind.RAW,
    **{kind.value: kind for kind in LogKind if kind not in (LogKind.DATAFLASH_TEXT, LogKind.MACHINE, LogKind.TASKS)},
}


def kind_of(path: Path, head_bytes: int = _HEAD_BYTES) -> LogKind | Sentence | None:
    """Return the kind of log in a file, the sentence of what it is instead, or None where its contents do not tell.

    Raises OSError where it cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(head_bytes)
    found = _kind_of_bytes(head, path)
    return Sentence("dji_record", name=path.name) if found is None and _is_record_of_dji(path, head) else found


def _is_record_of_dji(path: Path, head: bytes) -> bool:
    return _DJI_RECORD.fullmatch(path.name) is not None and not _is_text(head)


def _kind_of_bytes(head: bytes, path: Path) -> LogKind | Sentence | None:
    name = path.name
    if not head:
        return Sentence("empty", name=name)
    if head.startswith(_ULOG_START):
        return LogKind.ULOG
    if head.startswith(_DATAFLASH_START):
        return LogKind.DATAFLASH
    archive = next((kind for start, kind in _ARCHIVES if head.startswith(start)), None)
    if archive is None and head[_TAR_AT:].startswith(_TAR):
        archive = "tar"
    if archive == "ZIP" and find_layers(path):
        return LogKind.MACHINE
    if archive == "ZIP" and holds_task_data(path):
        return LogKind.TASKS
    if archive == "ZIP" and _DOCUMENT in head:
        return Sentence("document", name=name)
    if archive is not None:
        return Sentence("archive", name=name, kind=archive)
    if not head.strip(b"\0"):
        return Sentence("only_zeros", name=name)
    if _is_text(head):
        return _kind_of_text(head, path)
    # A database that has bytes like a frame's is none of a link.
    link = None if head.startswith(SQLITE) else _kind_of_frames(head, path.suffix.lower())
    if link is not None:
        return link
    reader = LogReader()
    reader.read(b"" if head.startswith(SQLITE) else head)
    return LogKind.DATAFLASH if set(reader.kinds()) - {"FMT"} else None


def _is_text(head: bytes) -> bool:
    return not head.translate(None, _TEXT_CONTROLS).translate(None, _PRINTED)


def _kind_of_text(head: bytes, path: Path) -> LogKind | Sentence | None:
    if path.name.lower() == TASK_DATA and _TASKS.search(head):
        return LogKind.TASKS
    if _DATAFLASH_LINE.search(head):
        return LogKind.DATAFLASH_TEXT
    if _WEB_PAGE.match(head):
        return Sentence("web_page", name=path.name)
    if head.startswith(_LFS_POINTER):
        return Sentence("lfs_pointer", name=path.name)
    return Sentence("not_known", name=path.name) if path.suffix.lower() in KIND_BY_SUFFIX else None


def _kind_of_frames(head: bytes, suffix: str) -> LogKind | None:
    """Return whether MAVLink frames have a recorder's stamps, None where there are none.

    Stamps of a recorder without a clock (1970) date nothing: such a recording is read as the link's bytes.
    """
    decoder = FrameDecoder(stamped=True)
    stamps_us = [frame.stamp_us for frame in decoder.feed(head)]
    if not stamps_us or decoder.counters().get("junk_bytes", 0) > _MOST_JUNK * len(head):
        return None
    credible = sum(stamp_us is not None and is_credible_stamp(stamp_us) for stamp_us in stamps_us)
    if 2 * credible > len(stamps_us) or (credible and suffix == LogKind.TLOG.value):
        return LogKind.TLOG
    return LogKind.RAW
