"""Place of a spool: the machine and the file. A copy is in another place, wherever the copy was made."""

from __future__ import annotations

import ctypes
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from headland.contract.records import EpochReason

Facts = Mapping[str, Sequence[str]]

_ROOT: Final = Path("/")
#: Where each fact of the machine may be read; the first file that has one counts. Containers often have none of them.
_MACHINE_FILES: Final = {
    "machine_id": ("etc/machine-id", "var/lib/dbus/machine-id"),
    "board": ("proc/device-tree/serial-number", "sys/firmware/devicetree/base/serial-number"),
}
#: Facts of a disk, relative to its folder in /sys: of an SD card, and of other disks.
_DISK_FILES: Final = {"card": ("device/cid",), "disk": ("device/wwid", "wwid"), "disk_serial": ("device/serial",)}
#: /sys/class/net/*/addr_assign_type of an address that is the adapter's own (include/uapi/linux/netdevice.h).
_PERMANENT: Final = "0"
#: statx(2): the request for the time of birth, and where it is in the answer.
_AT_FDCWD: Final = -100
_STATX_BTIME: Final = 0x800
_STATX_BYTES: Final = 256
_BTIME_OFFSET: Final = 80


class FileId(msgspec.Struct, frozen=True, omit_defaults=True):
    """Identity of a file on its disk. `born_ns` is the time of its creation, where the file system records one."""

    inode: int = 0
    born_ns: int | None = None

    def is_same(self, other: FileId) -> bool:
        """Return whether both may be one file; an inode counts only without a time of birth: some are made up anew."""
        if self.born_ns is not None and other.born_ns is not None:
            return self.born_ns == other.born_ns
        return self.inode == other.inode


class SpoolPlace(msgspec.Struct, frozen=True, omit_defaults=True):
    """Machine and file. A fact is a list of digests; it is absent where the machine does not have it."""

    facts: Facts = {}
    file: FileId = FileId()


def compare_places(before: SpoolPlace, now: SpoolPlace) -> tuple[EpochReason, str] | None:
    """Return why `now` is another place than `before`, or None. Pure.

    A fact that only one of them has says nothing, as after an upgrade of the system. A fact with several values, such
    as the addresses of network adapters, differs where none is common to both.
    """
    for name in sorted(before.facts.keys() & now.facts.keys()):
        if not set(before.facts[name]) & set(now.facts[name]):
            return EpochReason.MOVED, f"the spool was last used on another machine or disk ({name})"
    if not before.file.is_same(now.file):
        return EpochReason.COPIED, "the spool is a copy of the file that was used last"
    return None


def read_facts(path: Path, root: Path = _ROOT) -> Facts:
    """Return the facts of this machine and of the disk with the file `path`; each value is a digest."""
    facts = {name: _first(root, names) for name, names in _MACHINE_FILES.items()}
    facts["network"] = list(_addresses(root))
    disk = _disk(path, root)
    if disk is not None:
        facts |= {name: _first(disk, names) for name, names in _DISK_FILES.items()}
    return {name: [_digest(value) for value in sorted(values)] for name, values in facts.items() if values}


def read_file_id(path: Path) -> FileId:
    """Return the identity of a file. Raises OSError."""
    return FileId(path.stat().st_ino, _born_ns(path))


def _first(folder: Path, names: Sequence[str]) -> list[str]:
    texts = (_text(folder / name) for name in names)
    return [text for text in texts if text][:1]


def _text(path: Path) -> str:
    """Return what is in a small file, without blanks and zero bytes; empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            text = file.read(1024).decode("utf-8", "replace").strip("\0 \r\n\t")
    except OSError:
        return ""
    return "" if text in ("uninitialized", "None", "0000000000000000") else text


def _addresses(root: Path) -> Iterator[str]:
    """Yield the permanent addresses of the network adapters that are hardware."""
    folder = root / "sys/class/net"
    try:
        adapters = sorted(folder.iterdir())
    except OSError:
        return
    for adapter in adapters:
        if (adapter / "device").exists() and _text(adapter / "addr_assign_type") == _PERMANENT:
            address = _text(adapter / "address")
            if address.strip("0:"):
                yield address


def _disk(path: Path, root: Path) -> Path | None:
    """Return the folder in /sys of the disk with `path`; None where the file system is on none."""
    try:
        device = path.stat().st_dev
        folder = (root / f"sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve(strict=True)
        for _ in range(4):  # a volume of LVM or dm-crypt is on another device
            below = sorted((folder / "slaves").iterdir()) if (folder / "slaves").is_dir() else []
            if not below:
                break
            folder = below[0].resolve(strict=True)
    except OSError:
        return None
    return folder.parent if (folder / "partition").exists() else folder


def _digest(value: str) -> str:
    """Return a digest: a machine's id is not to be handed on."""
    return hashlib.sha256(f"headland spool {value}".encode()).hexdigest()[:16]


def _born_ns(path: Path) -> int | None:
    """Return when the file was created; None where the system or the file system does not say."""
    statx = getattr(_LIBC, "statx", None)
    if statx is None:
        return None
    answer = ctypes.create_string_buffer(_STATX_BYTES)
    if statx(_AT_FDCWD, os.fsencode(path), 0, _STATX_BTIME, answer) != 0:
        return None
    mask = ctypes.c_uint32.from_buffer(answer, 0).value
    born = ctypes.c_int64.from_buffer(answer, _BTIME_OFFSET).value
    nanoseconds = ctypes.c_uint32.from_buffer(answer, _BTIME_OFFSET + 8).value
    return born * 1_000_000_000 + nanoseconds if mask & _STATX_BTIME and (born or nanoseconds) else None


def _load_libc() -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(None)
    except (OSError, TypeError):
        return None


_LIBC: Final = _load_libc()
