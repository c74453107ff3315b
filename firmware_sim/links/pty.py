"""Pseudo-terminal as a serial line: the simulator has one end, a program opens the other by its link."""

from __future__ import annotations

import array
import asyncio
import fcntl
import os
import termios
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Final

from headland.errors import SettingsError

_CHUNK: Final = 4096
#: More unread bytes than this mean that no program reads: a real line would have lost them.
_UNREAD_MAX: Final = 2048


class PtyLink:
    """A pty whose far end is at the symbolic link `link`; `received` gets incoming bytes in the loop's thread."""

    def __init__(self, link: Path, received: Callable[[bytes], None]) -> None:
        self._link = link
        self._received = received
        self._near, self._far = -1, -1
        #: Bytes that were lost because no program read them.
        self.overrun_bytes = 0
        if link.exists() and not link.is_symlink():
            raise SettingsError(f"{link} is a file: choose a path for the link of the serial port.")

    def open(self) -> None:
        """Create the pty and its link; raises SettingsError where that fails."""
        self._near, self._far = os.openpty()
        tty.setraw(self._far)
        os.set_blocking(self._near, False)
        temporary = self._link.with_name(self._link.name + ".new")
        try:
            temporary.unlink(missing_ok=True)
            temporary.symlink_to(os.ttyname(self._far))
            temporary.replace(self._link)
        except OSError as error:
            self._close_ends()
            raise SettingsError(
                f"The link {self._link} of the serial port cannot be created: {error.strerror}."
            ) from error
        asyncio.get_running_loop().add_reader(self._near, self._read)

    def send(self, data: bytes) -> None:
        """Send bytes; bytes that no program reads are lost, as on a real line."""
        if self._near < 0:
            return
        unread = array.array("i", [0])
        fcntl.ioctl(self._far, termios.FIONREAD, unread)
        if unread[0] > _UNREAD_MAX:
            self.overrun_bytes += unread[0]
            termios.tcflush(self._far, termios.TCIFLUSH)
        try:
            sent = os.write(self._near, data)
        except BlockingIOError:
            sent = 0
        self.overrun_bytes += len(data) - sent

    def reconnect(self) -> None:
        """Replace the pty: a program that has it open gets an error and can open the new one."""
        self.close()
        self.open()

    def close(self) -> None:
        """Remove the link and close the pty; a second call does nothing."""
        if self._near < 0:
            return
        asyncio.get_running_loop().remove_reader(self._near)
        if self._link.is_symlink() and str(self._link.readlink()) == os.ttyname(self._far):
            self._link.unlink()
        self._close_ends()

    def _close_ends(self) -> None:
        os.close(self._near)
        os.close(self._far)
        self._near, self._far = -1, -1

    def _read(self) -> None:
        try:
            chunk = os.read(self._near, _CHUNK)
        except BlockingIOError:
            return
        self._received(chunk)
