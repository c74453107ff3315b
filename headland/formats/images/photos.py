"""Photos of people: their type by their bytes, their size, and what is in them beside the picture removed. Pure.

JPEG (ITU-T T.81, JFIF, Exif 2.32), PNG (RFC 2083) and WebP (RFC 9649). A place, a time, a camera and a thumbnail that a
phone writes into a file are removed, and so is whatever follows the picture. Kept are the picture, its colour profile,
and the orientation of a JPEG, in a new Exif block that contains nothing else.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from headland.errors import HeadlandError

#: A photo of a phone that a page has made smaller has about 400 kB.
MOST_BYTES: Final = 4 * 1024 * 1024
#: A small file can be a picture that fills the memory of a phone.
MOST_PIXELS: Final = 50_000_000
_MOST_PARTS: Final = 20_000

JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
WEBP: Final = "image/webp"
#: The types that are accepted, and served as nothing else.
MEDIA_TYPES: Final = (JPEG, PNG, WEBP)

_PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
#: Unpacked bytes of a colour profile: those of cameras have some hundred kB, of printers some MB.
_MOST_PROFILE_BYTES: Final = 4 * 1024 * 1024
_PNG_KEPT: Final = frozenset((b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"sRGB", b"gAMA", b"cHRM", b"iCCP"))
_WEBP_PICTURES: Final = frozenset((b"VP8 ", b"VP8L", b"ANMF"))
_WEBP_KEPT: Final = frozenset((b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ICCP", b"ANIM", b"ANMF"))
#: Bits of VP8X that announce Exif and XMP.
_WEBP_METADATA: Final = 0x0C
_EXIF: Final = b"Exif\0\0"
_ORIENTATION: Final = 0x0112
_APP0, _APP1, _APP2, _APP14, _APP15, _COMMENT = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE
_SOI, _EOI, _SCAN = 0xD8, 0xD9, 0xDA
#: Beginnings of frames: all of them but the tables of Huffman codes, of arithmetic coding, and one that is reserved.
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
#: The next marker in coded data: neither a stuffed byte nor a restart.
_NEXT_MARKER: Final = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")


class PhotoError(HeadlandError):
    """The bytes are no photo that is accepted; the text says what to send."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo as it is stored."""

    media: str
    width_px: int
    height_px: int
    data: bytes


def read_photo(data: bytes) -> Photo:
    """Return a photo without what is in it beside the picture; raises PhotoError."""
    if len(data) > MOST_BYTES:
        raise PhotoError(f"The photo has {len(data):,} bytes: send at most {MOST_BYTES:,}.")
    try:
        photo = _read(data)
    except (struct.error, IndexError, zlib.error) as error:
        raise PhotoError("The photo is cut off or damaged: take it again.") from error
    if not 0 < photo.width_px * photo.height_px <= MOST_PIXELS:
        raise PhotoError(f"The photo has {photo.width_px} x {photo.height_px} pixels: send at most {MOST_PIXELS:,}.")
    return photo


def _read(data: bytes) -> Photo:
    if data.startswith(b"\xff\xd8\xff"):
        return _read_jpeg(data)
    if data.startswith(_PNG_SIGNATURE):
        return _read_png(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _read_webp(data)
    raise PhotoError("The file is neither JPEG, PNG nor WebP: send one of these.")


def _read_jpeg(data: bytes) -> Photo:
    size: tuple[int, int] | None = None
    orientation = 1
    is_scanned = is_whole = False
    kept: list[bytes] = []
    for marker, part in _jpeg_parts(data):
        if marker == _EOI:
            is_whole = is_scanned
            break
        if marker == _APP1 and part[4:].startswith(_EXIF):
            orientation = _orientation_of(part[10:]) or orientation
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", part, 5)
            size = width, height
        is_scanned = is_scanned or marker == _SCAN
        if _is_kept(marker, part):
            kept.append(part)
    if size is None or not is_whole:
        raise PhotoError("The photo is cut off or damaged: take it again.")
    head = [b"\xff\xd8", *([] if orientation == 1 else [_exif_of(orientation)])]
    return Photo(JPEG, *size, b"".join([*head, *kept, b"\xff\xd9"]))


def _jpeg_parts(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the segments of a JPEG after its begin, with their markers; a scan with its coded data."""
    place = 2
    for _ in range(_MOST_PARTS):
        while data[place] == 0xFF and data[place + 1] == 0xFF:
            place += 1
        if data[place] != 0xFF or data[place + 1] in (0x00, 0x01, _SOI):
            raise PhotoError("The photo is cut off or damaged: take it again.")
        marker = data[place + 1]
        if marker == _EOI:
            yield marker, data[place : place + 2]
            return
        (length,) = struct.unpack_from(">H", data, place + 2)
        end = place + 2 + length
        if length < 2 or end > len(data):
            raise IndexError
        if marker == _SCAN:
            found = _NEXT_MARKER.search(data, end)
            if found is None:
                raise IndexError
            end = found.start()
        yield marker, data[place:end]
        place = end
    raise PhotoError("The photo has too many parts: take it again.")


def _is_kept(marker: int, part: bytes) -> bool:
    """Tell whether a segment belongs to the picture: JFIF, Adobe's transform and the colour profile, no other data."""
    if marker == _APP0:
        return part[4:].startswith(b"JFIF\0")
    if marker == _APP2:
        return part[4:].startswith(b"ICC_PROFILE\0")
    if marker == _APP14:
        return part[4:].startswith(b"Adobe")
    return not (_APP0 <= marker <= _APP15 or marker == _COMMENT)


def _orientation_of(tiff: bytes) -> int | None:
    """Return the orientation in an Exif block, 1 to 8; None where it has none that can be read."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 8:
        return None
    try:
        (place,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, place)
        for entry in range(min(count, 200)):
            tag, kind, number, value = struct.unpack_from(f"{order}HHIH", tiff, place + 2 + 12 * entry)
            if (tag, kind, number) == (_ORIENTATION, 3, 1):
                return value if 1 <= value <= 8 else None
    except struct.error:
        return None
    return None


def _exif_of(orientation: int) -> bytes:
    """Return an Exif segment that has the orientation and nothing else."""
    tiff = struct.pack(">2sHIHHHIHHI", b"MM", 42, 8, 1, _ORIENTATION, 3, 1, orientation, 0, 0)
    return struct.pack(">BBH", 0xFF, _APP1, 2 + len(_EXIF) + len(tiff)) + _EXIF + tiff


def _read_png(data: bytes) -> Photo:
    place, kept, has_picture = len(_PNG_SIGNATURE), [_PNG_SIGNATURE], False
    width = height = 0
    for number in range(_MOST_PARTS):
        length, name = struct.unpack_from(">I4s", data, place)
        end = place + 12 + length
        chunk = data[place:end]
        if len(chunk) != 12 + length or struct.unpack(">I", chunk[-4:])[0] != zlib.crc32(chunk[4:-4]):
            raise IndexError
        if (number == 0) != (name == b"IHDR"):
            raise IndexError
        if number == 0:
            width, height = struct.unpack_from(">II", chunk, 8)
        has_picture = has_picture or name == b"IDAT"
        if name in _PNG_KEPT and (name != b"iCCP" or _is_small_profile(chunk[8:-4])):
            kept.append(chunk)
        if name == b"IEND":
            if not has_picture:
                raise IndexError
            return Photo(PNG, width, height, b"".join(kept))
        place = end
    raise PhotoError("The photo has too many parts: take it again.")


def _is_small_profile(content: bytes) -> bool:
    """Return whether a packed colour profile unpacks to a size that profiles have; a picture is whole without it."""
    _, _, packed = content.partition(b"\0")
    inflater = zlib.decompressobj()
    try:
        return len(inflater.decompress(packed[1:], _MOST_PROFILE_BYTES + 1)) <= _MOST_PROFILE_BYTES and inflater.eof
    except zlib.error:
        return False


def _read_webp(data: bytes) -> Photo:
    (length,) = struct.unpack_from("<I", data, 4)
    if length + 8 > len(data) or length < 4:
        raise IndexError
    place = 12
    kept: list[bytes] = []
    size = (0, 0)
    has_picture = False
    while place + 8 <= length + 8:
        name, count = struct.unpack_from("<4sI", data, place)
        end = place + 8 + count + count % 2
        if end > length + 8 or len(kept) > _MOST_PARTS:
            raise IndexError
        chunk = data[place:end]
        if size == (0, 0):
            size = _webp_size(name, chunk[8:])
        if name == b"VP8X":
            chunk = chunk[:8] + bytes((chunk[8] & ~_WEBP_METADATA,)) + chunk[9:]
        has_picture = has_picture or name in _WEBP_PICTURES
        if name in _WEBP_KEPT:
            kept.append(chunk)
        place = end
    if not has_picture:
        raise IndexError
    body = b"WEBP" + b"".join(kept)
    return Photo(WEBP, *size, b"RIFF" + struct.pack("<I", len(body)) + body)


def _webp_size(name: bytes, content: bytes) -> tuple[int, int]:
    """Return width and height by the first chunk of a WebP."""
    if name == b"VP8X":
        return 1 + int.from_bytes(content[4:7], "little"), 1 + int.from_bytes(content[7:10], "little")
    if name == b"VP8L" and content[0] == 0x2F:
        (bits,) = struct.unpack_from("<I", content, 1)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if name == b"VP8 " and content[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", content, 6)
        return width & 0x3FFF, height & 0x3FFF
    raise IndexError
