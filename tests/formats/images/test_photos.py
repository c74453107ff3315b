"""Photos: what they are by their bytes, and that nothing remains in them but the picture."""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from headland.formats.images.photos import MOST_BYTES, PhotoError, read_photo
from tests.examples import examples

SECRETS = (b"Nanjing", b"<html><script>", b"119.17")


@cache
def plain(kind: str) -> bytes:
    return picture(kind)


def picture(kind: str, **options: object) -> bytes:
    """Return a picture of a red and a blue half, with a place, a camera and a text in it."""
    image = Image.new("RGB", (40, 20), "red")
    image.paste("blue", (20, 0, 40, 20))
    exif = Image.Exif()
    exif[0x010F] = "Nanjing"
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N119.17"
    out = io.BytesIO()
    image.save(out, kind, exif=exif, **options)
    return out.getvalue()


def pixels(data: bytes) -> bytes:
    return Image.open(io.BytesIO(data)).convert("RGB").tobytes()


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {"comment": b"<html><script>"}),
        ("JPEG", {"progressive": True, "quality": 90}),
        ("PNG", {}),
        ("WEBP", {"lossless": True, "xmp": b"<html><script>"}),
        ("WEBP", {"quality": 70}),
    ],
)
def test_a_photo_keeps_its_picture_and_nothing_else(kind: str, options: dict[str, object]) -> None:
    sent = picture(kind, **options)
    assert b"Nanjing" in sent
    photo = read_photo(sent + b"<html><script>")
    assert (photo.media, photo.width_px, photo.height_px) == (f"image/{kind.lower()}", 40, 20)
    assert pixels(photo.data) == pixels(sent)
    assert not any(secret in photo.data for secret in SECRETS)
    # What was read once is read again as it is: a photo that is sent twice is one photo.
    assert read_photo(photo.data) == photo


def test_a_photo_that_was_taken_upright_stays_upright() -> None:
    photo = read_photo(picture("JPEG"))
    exif = Image.open(io.BytesIO(photo.data)).getexif()
    assert dict(exif) == {0x0112: 6}
    assert exif.get_ifd(0x8825) == {}


def test_a_colour_profile_is_kept() -> None:
    profile = b"\0" * 128
    photo = read_photo(picture("JPEG", icc_profile=profile))
    assert Image.open(io.BytesIO(photo.data)).info["icc_profile"] == profile


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<html><script>alert(1)</script>",
        b"GIF89a\x01\x00\x01\x00",
        b"%PDF-1.7",
        b"\0\0\0\x18ftypheic",
        b"\xff\xd8\xff",
        b"RIFF\xff\xff\xff\xffWEBPVP8 ",
        b"RIFF\x04\0\0\0WEBP",
        b"\x89PNG\r\n\x1a\n",
    ],
)
def test_what_is_no_photo_is_refused(data: bytes) -> None:
    with pytest.raises(PhotoError):
        read_photo(data)


def test_a_picture_that_would_fill_the_memory_of_a_phone_is_refused() -> None:
    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    with pytest.raises(PhotoError, match="30000 x 30000"):
        read_photo(bomb)
    with pytest.raises(PhotoError, match="at most"):
        read_photo(bytes(MOST_BYTES + 1))


@settings(max_examples=examples(30))
@given(kind=st.sampled_from(("JPEG", "PNG", "WEBP")), share=st.floats(0, 1, exclude_max=True))
def test_a_photo_that_is_cut_off_is_refused(kind: str, share: float) -> None:
    sent = plain(kind)
    with pytest.raises(PhotoError):
        read_photo(sent[: int(share * len(sent))])


@settings(max_examples=examples(30))
@given(kind=st.sampled_from(("JPEG", "PNG", "WEBP")), changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255))))
def test_a_damaged_photo_is_read_or_refused(kind: str, changes: list[tuple[float, int]]) -> None:
    sent = bytearray(plain(kind))
    for share, value in changes:
        sent[int(share * (len(sent) - 1))] = value
    try:
        photo = read_photo(bytes(sent))
    except PhotoError:
        return
    assert len(photo.data) <= len(sent) + 64


@pytest.mark.parametrize(("profile", "is_kept"), [(bytes(3000), True), (bytes(100_000_000), False), (None, False)])
def test_a_colour_profile_that_unpacks_to_no_profiles_size_is_left_out(profile: bytes | None, is_kept: bool) -> None:
    packed = b"x" if profile is None else zlib.compress(profile, 9)
    body = b"iCCP" + b"sRGB\0\0" + packed
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    sent = plain("PNG")
    photo = read_photo(sent[:33] + chunk + sent[33:])  # after the signature and the header
    assert (b"iCCP" in photo.data) is is_kept
    assert pixels(photo.data) == pixels(sent)
