"""Many datagrams with one call to the kernel, where it has `recvmmsg` (Linux); one by one elsewhere.

Each message of a fleet is a datagram of its own, and asking for each costs nearly twice as much as for all at once.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import sys
from typing import Any, Final

#: A datagram may be as long as this, so none is cut off; pages that nothing came to are never touched.
_DATAGRAM_BYTES: Final = 65536
#: Slots are no power of two apart: they would share the same few lines of the processor's cache.
_SLOT_BYTES: Final = _DATAGRAM_BYTES + 192
_SLOTS: Final = 128
_DONT_WAIT: Final = 0x40  # MSG_DONTWAIT
_MOST_ADDRESSES: Final = 1024

#: As `recvfrom` says it.
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
    """`struct mmsghdr`: a message, and how many bytes came."""

    _fields_ = (("message", _Message), ("length", ctypes.c_uint))


class Datagrams:
    """Reads a non-blocking UDP socket until nothing is there or some `most` have come, and gathers them by sender."""

    def __init__(self, endpoint: socket.socket, most: int) -> None:
        self._socket = endpoint
        self._most = most
        self._kernel = _Kernel(endpoint) if _RECVMMSG is not None else None

    def read(self) -> dict[Address, list[bytes | bytearray]]:
        """Return what has come, by sender in the order of their first."""
        found: dict[Address, list[bytes | bytearray]] = {}
        if self._kernel is None:
            return self._read_each(found)
        for _ in range(0, self._most, _SLOTS):
            if not self._kernel.read(found):
                break
        return found

    def _read_each(self, found: dict[Address, list[bytes | bytearray]]) -> dict[Address, list[bytes | bytearray]]:
        for _ in range(self._most):
            try:
                data, sender = self._socket.recvfrom(_DATAGRAM_BYTES)
            except BlockingIOError:
                break
            except ConnectionError:
                continue  # an answer of ours was refused; others still send
            found.setdefault(sender, []).append(data)
        return found


class _Kernel:
    """What the kernel writes into: a slot for each datagram of one call."""

    def __init__(self, endpoint: socket.socket) -> None:
        self._socket = endpoint
        self._family = endpoint.family
        self._name_bytes = 28 if endpoint.family == socket.AF_INET6 else 16  # sockaddr_in6, sockaddr_in
        self._addresses: dict[bytes, Address] = {}
        self._data = bytearray(_SLOTS * _SLOT_BYTES)
        self._names = bytearray(_SLOTS * self._name_bytes)
        self._slots = (_Slot * _SLOTS)()
        data_at, names_at = (ctypes.addressof(ctypes.c_char.from_buffer(one)) for one in (self._data, self._names))
        vectors = [_Vector(data_at + at * _SLOT_BYTES, _DATAGRAM_BYTES) for at in range(_SLOTS)]
        self._vectors = (_Vector * _SLOTS)(*vectors)
        for at, slot in enumerate(self._slots):
            slot.message.name = names_at + at * self._name_bytes
            slot.message.name_length = self._name_bytes
            slot.message.vectors = ctypes.addressof(self._vectors[at])
            slot.message.vector_count = 1
        self._fresh = bytes(self._slots)  # the kernel writes into each message what it found
        words = memoryview(self._slots).cast("B").cast("I")
        self._lengths = words[_Slot.length.offset // words.itemsize :: ctypes.sizeof(_Slot) // words.itemsize]

    def read(self, found: dict[Address, list[bytes | bytearray]]) -> bool:
        """Add one call's datagrams; tell whether there may be more. Raises OSError where the socket is lost."""
        ctypes.memmove(self._slots, self._fresh, len(self._fresh))
        count = _RECVMMSG(self._socket.fileno(), self._slots, _SLOTS, _DONT_WAIT, None) if _RECVMMSG is not None else 0
        if count < 0:
            code = ctypes.get_errno()
            if code in (errno.EAGAIN, errno.EWOULDBLOCK):
                return False
            if code in (errno.ECONNREFUSED, errno.EINTR):
                return True  # an answer of ours was refused; others still send
            raise OSError(code, os.strerror(code))
        data, names, name_bytes, addresses = self._data, self._names, self._name_bytes, self._addresses
        data_at = name_at = 0
        for length in self._lengths[:count].tolist():
            name = bytes(names[name_at : name_at + name_bytes])
            sender = addresses.get(name) or self._meet(name)
            datagram = data[data_at : data_at + length]
            if sender in found:
                found[sender].append(datagram)
            else:
                found[sender] = [datagram]
            data_at += _SLOT_BYTES
            name_at += name_bytes
        return bool(count == _SLOTS)

    def _meet(self, name: bytes) -> Address:
        """Return the address that a `sockaddr` means."""
        port = int.from_bytes(name[2:4])
        address: Address = (socket.inet_ntop(socket.AF_INET, name[4:8]), port)
        if self._family == socket.AF_INET6:
            scope = int.from_bytes(name[24:28], sys.byteorder)
            address = (socket.inet_ntop(socket.AF_INET6, name[8:24]), port, int.from_bytes(name[4:8]), scope)
        if len(self._addresses) >= _MOST_ADDRESSES:
            self._addresses.clear()
        self._addresses[name] = address
        return address


_RECVMMSG: Final[Any] = getattr(ctypes.CDLL(None, use_errno=True), "recvmmsg", None) if os.name == "posix" else None
