"""Names in a bank's letters."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.ach.letters import individual_name


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Jane Q Public", "JANE Q PUBLIC"),
        ("José Núñez", "JOSE NUNEZ"),
        ("Jose\N{COMBINING ACUTE ACCENT} Nuñez", "JOSE NUNEZ"),
        ("Nguyễn Thị Đức", "NGUYEN THI DUC"),
        ("Jan-Pyè Élizabèt", "JAN-PYE ELIZABET"),
        ("João Conceição", "JOAO CONCEICAO"),
        ("王小明", "WANGXIAOMING"),
        ("陳大文 (David)", "CHENDAWEN DAVID"),
        ("Weiß Søren Łukasz", "WEISS SOREN LUKASZ"),
        ("Æsa Þórsdóttir", "AESA THORSDOTTIR"),
        ("O\N{RIGHT SINGLE QUOTATION MARK}Brien", "O'BRIEN"),
        ("O'Brien, Jr.", "O'BRIEN, JR."),
        ("  Ann\t \n Lee\u00a0Ray ", "ANN LEE RAY"),
        ("Ann \N{GRINNING FACE} Lee", "ANN LEE"),
        ("Ann\x00\u200b Lee", "ANN LEE"),
        ("Smith & Sons; #1", "SMITH & SONS 1"),
        ("Maximiliana Wolfeschlegelstein", "MAXIMILIANA WOLFESCHLE"),
        ("Anna Maria Wolfeschlege Hausen", "ANNA MARIA WOLFESCHLEG"),
        ("Anna Maria Wolfeschle  X", "ANNA MARIA WOLFESCHLE"),
        ("", ""),
        ("123", ""),
        (" - ", ""),
        ("\N{GRINNING FACE}", ""),
    ],
)
def test_names(name, written):
    assert individual_name(name) == written


@given(st.text(max_size=60))
def test_whatever_a_name_is_it_fits(name):
    written = individual_name(name)
    assert re.fullmatch(r"|[A-Z0-9.,'&/-]([A-Z0-9 .,'&/-]{0,20}[A-Z0-9.,'&/-])?", written)
    assert individual_name(written) == written or not any(map(str.isalpha, written))
