"""The plant-protection register as CSV: the sample, Chinese headings, encodings, and each sort of fault."""

from __future__ import annotations

import pytest

from headland.formats.plant_protection.register_csv import HEADINGS, read_register, sample_csv
from headland.i18n.sentences import translate_sentence


def test_the_sample_is_read_and_marked_as_one() -> None:
    file = read_register(sample_csv(), is_sample=True)
    assert file.faults == []
    assert [len(product.uses) for product in file.products] == [2, 1, 1]
    assert all(product.is_sample for product in file.products)
    assert [part.name for part in file.products[1].active_ingredients] == ["tebuconazole", "azoxystrobin"]
    assert file.products[0].uses[1].pre_harvest_interval_days == 3


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_sheet_with_chinese_headings_is_read(encoding: str, delimiter: str) -> None:
    names = ["登记证号", "名称", "单位", "有效成分", "作物", "安全间隔期(天)"]
    row = ["PD2026001", "嘧菌酯", "升", "嘧菌酯 250 克/升", "番茄", "5"]
    file = read_register("\r\n".join([delimiter.join(names), delimiter.join(row)]).encode(encoding))
    assert file.faults == []
    product = file.products[0]
    assert (product.unit, product.active_ingredients[0].unit) == ("l", "g_l")
    assert (product.uses[0].crop, product.uses[0].pre_harvest_interval_days) == ("番茄", 5)
    assert product.uses[0].most_dose_ha is None


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("P1,A,l,x 10 %,", "crop is empty"),
        ("P1,A,gallon,x 10 %,tomato", "'gallon' is not known"),
        ("P1,A,l,x much,tomato", "is not written like"),
        ("P1,A,l,x 10 %,tomato,-1", "out of range"),
        ("P1,A,l,x 10 %,tomato,7 days", "write a number alone"),
        ("P1,A,l,x 10 %,tomato,7\nP1,B,l,x 10 %,rice,7", "another name"),
    ],
)
def test_a_fault_has_its_row_and_a_sentence_in_both_languages(row: str, says: str) -> None:
    text = "registration_number,name,unit,active_ingredients,crop,pre_harvest_interval_days\n" + row
    file = read_register(text.encode())
    assert [fault.row for fault in file.faults] == [1 + len(row.splitlines())]
    assert says in file.faults[0].sentence
    assert translate_sentence(file.faults[0].sentence, "zh") is not None


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"a,b\n1,2", ",".join(HEADINGS).encode(), b"\0\0"])
def test_what_is_no_register_is_refused_with_a_sentence(content: bytes) -> None:
    file = read_register(content)
    assert file.products == []
    assert translate_sentence(file.faults[0].sentence, "zh") is not None
