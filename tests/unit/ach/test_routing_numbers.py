"""Routing numbers: what is refused and with which hint."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.us import rtn

from ivr.ach.routing_numbers import routing_number_fault


def with_check_digit(eight: str) -> str:
    return eight + rtn.calc_check_digit(eight)


@pytest.mark.parametrize("digits", ["021000021", "011401533", "122105155", "211370545", "322271627"])
def test_numbers_of_real_banks_pass(digits):
    assert routing_number_fault(digits) is None


@pytest.mark.parametrize(
    ("digits", "fault"),
    [
        ("", "length"),
        ("02100002", "length"),
        ("0210000210", "length"),
        ("02100002a", "length"),
        ("02100002\N{ARABIC-INDIC DIGIT ONE}", "length"),
        ("02100 021", "length"),
        ("021000020", "check_digit"),
        ("120000021", "check_digit"),
        ("500000005", "deposit_slip"),
        ("512345678", "deposit_slip"),  # even with a wrong check digit: the hint helps more
        ("000000000", "prefix"),
        ("400000008", "prefix"),
    ],
)
def test_what_is_wrong_is_named(digits, fault):
    assert routing_number_fault(digits) == fault


def test_exactly_the_prefixes_given_out_pass():
    accepted = {
        prefix
        for prefix in range(100)
        if routing_number_fault(with_check_digit(f"{prefix:02d}123456")) is None
    }
    assert accepted == {*range(1, 13), *range(21, 33), *range(61, 73)}


@given(
    st.from_regex(r"(0[1-9]|1[0-2]|2[1-9]|3[0-2])[0-9]{6}", fullmatch=True),
    st.integers(0, 8),
    st.integers(1, 9),
)
def test_one_mistyped_digit_is_always_noticed(eight, position, shift):
    digits = with_check_digit(eight)
    wrong = str((int(digits[position]) + shift) % 10)
    assert routing_number_fault(digits) is None
    assert routing_number_fault(digits[:position] + wrong + digits[position + 1 :]) in {
        "check_digit",
        "deposit_slip",
    }
