"""Confirmation numbers: eleven digits that catch slips."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.base.randomness import SeededRandomness
from ivr.payments.confirmation_numbers import draw_confirmation_number, is_valid

seeds = st.integers(0, 2**32).map(SeededRandomness)


class Lowest:
    def below(self, limit):
        return 0


class Highest:
    def below(self, limit):
        return limit - 1


def test_the_whole_range_has_eleven_digits_and_no_leading_zero():
    assert draw_confirmation_number(Lowest())[:9] == "100000000"
    assert draw_confirmation_number(Highest())[:9] == "999999999"


@given(seeds)
def test_what_is_drawn_is_valid(randomness):
    number = draw_confirmation_number(randomness)
    assert len(number) == 11
    assert number[0] != "0"
    assert int(number) % 97 == 1  # ISO 7064 mod 97-10, by its definition
    assert is_valid(number)


@given(seeds, st.integers(0, 10), st.integers(1, 9))
def test_one_wrong_digit_is_noticed(randomness, position, shift):
    number = draw_confirmation_number(randomness)
    wrong = str((int(number[position]) + shift) % 10)
    assert not is_valid(number[:position] + wrong + number[position + 1 :])


@given(seeds, st.integers(0, 10), st.integers(0, 10))
def test_two_digits_swapped_are_noticed(randomness, one, other):
    digits = list(draw_confirmation_number(randomness))
    digits[one], digits[other] = digits[other], digits[one]
    swapped = "".join(digits)
    assert is_valid(swapped) == (digits[one] == digits[other])


@pytest.mark.parametrize(
    "number", ["", "1", "01234567835", "1234567897", "123456789780", "1234567897x", "97" * 6]
)
def test_other_texts_are_not(number):
    assert not is_valid(number)


def test_a_known_number():
    assert is_valid("12345678978")
    assert not is_valid("\N{ARABIC-INDIC DIGIT ONE}2345678978")
