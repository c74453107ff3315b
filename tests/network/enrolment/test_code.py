"""One-time codes: typed by people, and what they sign and seal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headland.errors import SettingsError
from headland.network.enrolment.code import EnrolmentCode, make_code, read_code

CODE = EnrolmentCode("K7QF", "0123456789ABCDEF")


def test_a_code_is_read_as_people_type_it() -> None:
    assert CODE.text() == "K7QF0-12345-6789A-BCDEF"
    for typed in ("K7QF0-12345-6789A-BCDEF", "k7qfo i23456789abcdef", " K7QF0 L2345 6789A BCDEF\n"):
        assert read_code(typed) == CODE


@pytest.mark.parametrize("typed", ["", "K7QF0-12345-6789A-BCDE", "K7QF0-12345-6789A-BCDEU", "é" * 20, "K" * 21])
def test_what_is_no_code_is_refused_with_the_form_of_one(typed: str) -> None:
    with pytest.raises(SettingsError, match="four groups of five"):
        read_code(typed)


def test_new_codes_differ_and_are_read_back() -> None:
    codes = {make_code() for _ in range(50)}
    assert len(codes) == 50
    assert {read_code(code.text()) for code in codes} == codes


@given(st.binary(max_size=200), st.binary(min_size=1, max_size=200))
def test_only_the_same_code_opens_an_answer_and_only_for_its_request(request: bytes, answer: bytes) -> None:
    other = EnrolmentCode(CODE.id, "0123456789ABCDEG")
    sealed = CODE.seal(answer, request)
    assert CODE.open_sealed(sealed, request) == answer
    assert other.open_sealed(sealed, request) is None
    assert CODE.open_sealed(sealed, request + b"x") is None
    assert CODE.open_sealed(sealed[:-1] + bytes([sealed[-1] ^ 1]), request) is None
    assert CODE.has_signed(request, CODE.sign(request))
    assert not other.has_signed(request, CODE.sign(request))


def test_a_code_does_not_show_its_secret_in_logs() -> None:
    assert CODE.secret not in repr(CODE)
