"""Spreadsheets: what a person wrote is a text in them, and what cannot be in one is left out, not passed on."""

from __future__ import annotations

import io
from decimal import Decimal

import openpyxl
import pytest

from headland.formats.tables.xlsx import Sheet, write_xlsx


def test_texts_are_texts_and_numbers_are_numbers() -> None:
    texts = ["=1+1", "+86 138", "-5", "@sum", "http://example.org", "007", "{=A1}", " 张三 ", "a\x00b\ud800"]
    rows = [[text, number] for text, number in zip(texts, [1, 2.5, Decimal("3.10"), None] * 3, strict=False)]
    data = write_xlsx([Sheet("户主", ["name", "amount"], rows), Sheet("户主", ["x"], [[float("nan")], [float("inf")]])])
    first, second = openpyxl.load_workbook(io.BytesIO(data)).worksheets
    assert (first.title, second.title) == ("户主", "户主 2")
    cells = list(first.iter_rows(min_row=2))
    assert [row[0].value for row in cells] == [*texts[:-1], "ab"]
    assert {row[0].data_type for row in cells} <= {"s", "inlineStr"}
    assert all(row[0].hyperlink is None for row in cells)
    assert [row[1].value for row in cells[:4]] == [1, 2.5, 3.1, None]
    assert first.freeze_panes == "A2"
    assert first["A1"].font.b
    assert [row[0].value for row in second.iter_rows(min_row=2)] in ([], [None, None])


def test_the_same_sheets_are_the_same_bytes() -> None:
    sheets = [Sheet("a", ["x"], [["y", 1]])]
    assert write_xlsx(sheets) == write_xlsx(sheets)


def test_a_text_longer_than_a_cell_says_that_it_is_cut() -> None:
    data = write_xlsx([Sheet("a", ["x"], [["z" * 40_000]])])
    text = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]["A2"].value
    assert (len(text), text[-2:]) == (32_767, "z…")


def test_no_sheet_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one sheet"):
        write_xlsx([])
