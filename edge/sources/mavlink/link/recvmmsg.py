"""Reading of many datagrams with one system call, where there is `recvmmsg` (Linux); one by one elsewhere.

Each message of a fleet is a datagram of its own, and one call for each costs nearly twice as much as one for all. The
kernel notes when each came in (Linux 5.1 and later), so that reading it later makes that no less exact.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import mmap
import os
import socket
import struct
import sys
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

#: A datagram may be as long as this, so none is cut off.
_DATAGRAM_BYTES: Final = 65536
#: A slot holds a frame. Slots are adjacent, so that 128 datagrams touch nine pages and not 128; the rest of a longer
#: datagram goes to a second buffer, of whole pages for each slot: that of a packet with several frames fits into one.
_SLOT_BYTES: Final = 288
_REST_BYTES: Final = _DATAGRAM_BYTES
_SLOTS: Final = 128
_SPLIT_SLOTS: Final = struct.Struct(f"{_SLOT_BYTES}s").iter_unpack
_DONT_WAIT: Final = 0x40  # MSG_DONTWAIT
#: SO_TIMESTAMPNS_NEW of Linux, which Python does not name: seconds and nanoseconds of 64 bits on every processor.
_STAMPS: Final = 64
#: A control message: `struct cmsghdr` (its length, level and type), then the arrival.
_HEADER_BYTES: Final = struct.calcsize("@Nii")
_CONTROL: Final = struct.Struct(f"={_HEADER_BYTES}xqq")
_MAX_ADDRESSES: Final = 1024

#: As `recvfrom` returns it.
Address = Any


class _Vector(ctypes.Structure):
    """`struct iovec`."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Message(ctypes.Structure):
    """`struct msghdr`."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("vectors", ctypes.c_void_p),
        ("vector_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Slot(ctypes.Structure):
    """`struct mmsghdr`: a message, and its number of bytes."""

    _fields_ = (("message", _Message), ("length", ctypes.c_uint))


class Datagrams:
    """Reads a non-blocking UDP socket until it is empty or about `limit` datagrams have come; groups them by sender.

    `arrivals_ms` says of those that were read last when each came in (UTC), where `has_arrivals`; else it is empty.
    """

    def __init__(self, endpoint: socket.socket, limit: int) -> None:
        self._socket = endpoint
        self._limit = limit
        self._kernel = _Kernel(endpoint) if _RECVMMSG is not None else None
        self.has_arrivals = self._kernel is not None and self._kernel.has_arrivals
        self.arrivals_ms: dict[Address, list[int]] = {}

    def read(self, *, with_arrivals: bool = True) -> dict[Address, list[bytes]]:
        """Return the datagrams by sender, in the order of the first of each."""
        if self._kernel is None:
            return self._read_each()
        by_sender, self.arrivals_ms = self._kernel.read(self._limit, with_arrivals=with_arrivals and self.has_arrivals)
        return by_sender

    def _read_each(self) -> dict[Address, list[bytes]]:
        by_sender: dict[Address, list[bytes]] = {}
        for _ in range(self._limit):
            try:
                data, sender = self._socket.recvfrom(_DATAGRAM_BYTES)
            except BlockingIOError:
                break
            except ConnectionError:
                continue  # a datagram that we sent was refused; others still send
            by_sender.setdefault(sender, []).append(data)
        return by_sender


class _Kernel:
    """The memory that the kernel fills: a slot for each datagram of one call."""

    def __init__(self, endpoint: socket.socket) -> None:
        self._socket = endpoint
        self._family = endpoint.family
        self._name_bytes = 28 if endpoint.family == socket.AF_INET6 else 16  # sockaddr_in6, sockaddr_in
        self._addresses: dict[bytes, Address] = {}
        self._data = bytearray(_SLOTS * _SLOT_BYTES)
        self._rests = _untouched(_SLOTS * _REST_BYTES)
        self._names = bytearray(_SLOTS * self._name_bytes)
        self._controls = bytearray(_SLOTS * _CONTROL.size)
        self.has_arrivals = _note_arrivals(endpoint)
        self._data_view, self._names_view = memoryview(self._data), memoryview(self._names)
        self._controls_view = memoryview(self._controls)
        self._split_names = struct.Struct(f"{self._name_bytes}s").iter_unpack
        self._slots = (_Slot * _SLOTS)()
        self._vectors = (_Vector * (2 * _SLOTS))()
        data_at, rests_at, names_at, controls_at = (
            ctypes.addressof(ctypes.c_char.from_buffer(buffer))
            for buffer in (self._data, self._rests, self._names, self._controls)
        )
        for at, slot in enumerate(self._slots):
            self._vectors[2 * at] = _Vector(data_at + at * _SLOT_BYTES, _SLOT_BYTES)
            self._vectors[2 * at + 1] = _Vector(rests_at + at * _REST_BYTES, _REST_BYTES)
            slot.message.name = names_at + at * self._name_bytes
            slot.message.name_length = self._name_bytes
            slot.message.vectors = ctypes.addressof(self._vectors[2 * at])
            slot.message.vector_count = 2
            if self.has_arrivals:
                slot.message.control = controls_at + at * _CONTROL.size
                slot.message.control_length = _CONTROL.size
        self._fresh = bytes(self._slots)  # the kernel overwrites the header of each message that it fills
        self._filled = 0
        words = memoryview(self._slots).cast("B").cast("I")
        self._lengths = words[_Slot.length.offset // words.itemsize :: ctypes.sizeof(_Slot) // words.itemsize]

    def read(self, limit: int, *, with_arrivals: bool) -> tuple[dict[Address, list[bytes]], dict[Address, list[int]]]:
        """Return about `limit` datagrams at the most, by sender, and when each came. Raises OSError for a lost socket.

        The times are empty without `with_arrivals`.
        """
        by_name: defaultdict[bytes, list[bytes]] = defaultdict(list)
        arrivals_ms: defaultdict[bytes, list[int]] | None = defaultdict(list) if with_arrivals else None
        for _ in range(0, limit, _SLOTS):
            count = self._receive()
            self._group(count, by_name, arrivals_ms)
            if count < _SLOTS:
                break
        return (
            {self._address(name): datagrams for name, datagrams in by_name.items()},
            {self._address(name): times_ms for name, times_ms in (arrivals_ms or {}).items()},
        )

    def _receive(self) -> int:
        """Fill the slots; return how many the kernel filled."""
        while True:
            ctypes.memmove(self._slots, self._fresh, self._filled * ctypes.sizeof(_Slot))
            self._filled = 0
            count = int(_RECVMMSG(self._socket.fileno(), self._slots, _SLOTS, _DONT_WAIT, None))
            if count >= 0:
                self._filled = count
                return count
            code = ctypes.get_errno()
            if code in (errno.EAGAIN, errno.EWOULDBLOCK):
                return 0
            if code not in (errno.ECONNREFUSED, errno.EINTR):  # a datagram that we sent was refused; others still send
                raise OSError(code, os.strerror(code))

    def _group(
        self, count: int, by_name: defaultdict[bytes, list[bytes]], arrivals_ms: defaultdict[bytes, list[int]] | None
    ) -> None:
        """Add the datagrams of the first slots, and when each came, by the sender's name."""
        lengths = self._lengths[:count].tolist()
        names = self._split_names(self._names_view[: count * self._name_bytes])
        slots: Iterable[tuple[bytes]] = _SPLIT_SLOTS(self._data_view[: count * _SLOT_BYTES])
        if count and max(lengths) > _SLOT_BYTES:
            slots = [(slot + self._rest(at, lengths[at]),) for at, (slot,) in enumerate(slots)]
        if arrivals_ms is not None:
            stamps = _CONTROL.iter_unpack(self._controls_view[: count * _CONTROL.size])
            for length, (name,), (slot,), (second, nanosecond) in zip(lengths, names, slots, stamps, strict=True):
                by_name[name].append(slot[:length])
                arrivals_ms[name].append(second * 1000 + nanosecond // 1_000_000)
        else:
            for length, (name,), (slot,) in zip(lengths, names, slots, strict=True):
                by_name[name].append(slot[:length])
        if count and max(lengths) > _SLOT_BYTES + mmap.PAGESIZE and hasattr(mmap, "MADV_DONTNEED"):
            self._rests.madvise(mmap.MADV_DONTNEED)  # no autopilot sends such ones: their pages are given back

    def _rest(self, slot: int, length: int) -> bytes:
        """Return the part of a datagram that did not fit into its slot."""
        at = slot * _REST_BYTES
        return bytes(self._rests[at : at + max(0, length - _SLOT_BYTES)])

    def _address(self, name: bytes) -> Address:
        """Return the address of a `sockaddr`."""
        known = self._addresses.get(name)
        if known is not None:
            return known
        port = int.from_bytes(name[2:4])
        address: Address = (socket.inet_ntop(socket.AF_INET, name[4:8]), port)
        if self._family == socket.AF_INET6:
            scope = int.from_bytes(name[24:28], sys.byteorder)
            address = (socket.inet_ntop(socket.AF_INET6, name[8:24]), port, int.from_bytes(name[4:8]), scope)
        if len(self._addresses) >= _MAX_ADDRESSES:
            self._addresses.clear()
        self._addresses[name] = address
        return address


def _note_arrivals(endpoint: socket.socket) -> bool:
    """Let the kernel note when each datagram comes in; return whether it can.

    It begins some milliseconds later where no other socket has asked for it: until then a datagram has the time of its
    reading.
    """
    if sys.platform != "linux":
        return False
    try:
        endpoint.setsockopt(socket.SOL_SOCKET, _STAMPS, 1)
    except OSError:  # Linux before 5.1
        return False
    return True


def _untouched(size: int) -> mmap.mmap:
    """Return memory of which only the pages that the kernel fills become resident: 8 MB for each link would be."""
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_NOHUGEPAGE"):  # else a byte makes 2 MB resident
        with contextlib.suppress(OSError):  # a kernel without such pages
            memory.madvise(mmap.MADV_NOHUGEPAGE)
    return memory


_RECVMMSG: Final[Any] = getattr(ctypes.CDLL(None, use_errno=True), "recvmmsg", None) if os.name == "posix" else None
