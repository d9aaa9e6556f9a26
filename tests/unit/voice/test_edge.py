"""A form is read as the library reads it."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.voice.edge import FIELDS_MAX, read_fields


@given(st.text(st.sampled_from("a=&;%+4É2c \x00"), max_size=40))
def test_every_form_is_read_as_the_library_reads_it(text):
    body = text.encode()
    library = parse_qsl(text, keep_blank_values=True) if text.isascii() else []
    assert read_fields(body) == library


@pytest.mark.parametrize("count", [FIELDS_MAX - 1, FIELDS_MAX, FIELDS_MAX + 1])
def test_a_form_of_too_many_fields_is_none(count):
    assert len(read_fields(b"&".join([b"a=1"] * count))) == (count if count <= FIELDS_MAX else 0)
