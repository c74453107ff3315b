"""Certificates on paper: the code reads back from every form, and a specimen says on each that it is one."""

from __future__ import annotations

import base64
import re
import zlib
from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import zxingcpp

from headland.registry.models.lots import CertificateBasis, Lot
from headland.reports.certificate.drawing import draw_certificate
from headland.reports.certificate.sheet import (
    FORMS,
    CertificateSheet,
    Form,
    make_specimen,
    public_address,
    quantity_text,
)

ADDRESS = public_address("https://farm.example/", "abcdefghij0123456789_-")
SHEET = CertificateSheet(
    number="20261127-0001",
    product="番茄（普罗旺斯）",
    quantity="1,250.5 kg",
    origin="湖北省武汉市黄陂区六指街道 绿源农场 1号温室 · 东区 " * 3,
    issued_on="2026-11-27",
    issuer="武汉绿源蔬菜种植专业合作社",
    contact="138 0000 0000",
    basis=(CertificateBasis.OWN_CONTROL,),
    tested="",
    lot="20261127-001",
    address=ADDRESS,
)


def content_of(pdf: bytes) -> str:
    """Return the drawing commands of a page."""
    streams = re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL)
    plain = [zlib.decompress(base64.a85decode(stream.strip(), adobe=False)) for stream in map(_cut, streams)]
    return "\n".join(each.decode("latin-1") for each in plain)


def _cut(stream: bytes) -> bytes:
    return stream.strip().removesuffix(b"~>")


def read_code(commands: str) -> str:
    """Return the text of the code, read by zxing-cpp from the filled squares, eight dots a millimetre."""
    squares = [tuple(map(float, found)) for found in re.findall(r"([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+) re f", commands)]
    left, low = min(square[0] for square in squares), min(square[1] for square in squares)
    dots = 8.0 * 25.4 / 72.0
    edges = [(x - left, y - low, x - left + w, y - low + h) for x, y, w, h in squares]
    pixels = np.round(np.array(edges) * dots).astype(int) + 20
    side = int(pixels.max()) + 20
    picture = np.full((side, side), 255, np.uint8)
    for west, south, east, north in pixels.tolist():
        picture[side - north : side - south, west:east] = 0
    found = zxingcpp.read_barcodes(picture)
    assert [code.format.name for code in found] == ["QRCode"]
    return str(found[0].text)


@pytest.mark.parametrize("form", FORMS)
def test_the_code_of_every_form_leads_to_the_public_page(form: Form) -> None:
    commands = content_of(draw_certificate(SHEET, form))
    assert read_code(commands) == ADDRESS
    # The words are there twice: above, and at the code. In the font's encoding they are UTF-16.
    words = "承诺达标合格证".encode("utf-16-be")
    assert sum(_texts(commands).count(each) for each in (words,)) == 2


def _texts(commands: str) -> bytes:
    """Return the texts of a page as bytes, with the escapes of PDF resolved."""
    texts = re.findall(r"\(((?:\\.|[^\\)])*)\) Tj", commands, re.DOTALL)
    simple = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}

    def resolve(match: re.Match[str]) -> str:
        code = match[1]
        return chr(int(code, 8)) if code[0].isdigit() else simple.get(code, code)

    return b"|".join(re.sub(r"\\([0-7]{1,3}|.)", resolve, text).encode("latin-1") for text in texts)


@pytest.mark.parametrize("form", FORMS)
def test_a_specimen_says_that_it_is_one_and_its_code_leads_nowhere(form: Form) -> None:
    lot = Lot(code="S-1", product="番茄", crop="tomato", time_ms=0, grams=12_500, simulated=True)
    zone = ZoneInfo("Asia/Shanghai")
    basis = (CertificateBasis.OWN_CONTROL,)
    sheet = make_specimen(lot, zone, 0, origin="武汉", issuer="Farm", contact="1", basis=basis)
    commands = content_of(draw_certificate(sheet, form))
    assert "http" not in read_code(commands)
    texts = _texts(commands)
    assert b"SPECIMEN" in texts
    assert "样张".encode("utf-16-be") in texts
    void = _texts(content_of(draw_certificate(replace(SHEET, is_void=True), form)))
    assert "作废".encode("utf-16-be") in void


def test_a_quantity_is_exact() -> None:
    assert [quantity_text(grams) for grams in (1, 350, 12_000, 1_250_500)] == [
        "0.001 kg",
        "0.35 kg",
        "12 kg",
        "1,250.5 kg",
    ]
