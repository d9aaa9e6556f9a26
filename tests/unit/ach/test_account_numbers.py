"""Account numbers: length only, and what looks like a card."""

import pytest

from ivr.ach.account_numbers import account_number_fault, card_number_like


@pytest.mark.parametrize("digits", ["0000", "1234", "00012345678901234", "9" * 17])
def test_four_to_seventeen_digits_are_an_account(digits):
    assert account_number_fault(digits) is None


@pytest.mark.parametrize("digits", ["", "123", "1" * 18, "12a4", "12-345", "١٢٣٤"])
def test_anything_else_is_not(digits):
    assert account_number_fault(digits) == "length"


@pytest.mark.parametrize(
    "digits",
    [
        "4111111111111111",
        "5555555555554444",
        "6011111111111117",
        "378282246310005",
        "341111111111111",
        "4222222222222",
        "4000000000000000006",
    ],
)
def test_cards_are_recognized(digits):
    assert card_number_like(digits)


@pytest.mark.parametrize(
    "digits",
    [
        "4111111111111112",  # check digit
        "411111111116",  # twelve digits
        "40000000000000000002",  # twenty digits
        "3530111333300000",  # passes Luhn; no prefix of ours
        "1111111111111117",
        "411111111111111x",
        "٤111111111111111",
        "",
    ],
)
def test_other_numbers_are_not(digits):
    assert not card_number_like(digits)
