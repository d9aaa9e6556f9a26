"""`ivr staff`: who may log in."""

from __future__ import annotations

import base64

import pytest


@pytest.fixture(autouse=True)
def _console_key(monkeypatch, environ):
    monkeypatch.setenv("IVR_CONSOLE_KEY", base64.b64encode(bytes(range(9, 41))).decode())


def test_a_log_in_is_added_listed_and_disabled(ivr):
    added = ivr("staff", "add", "ada", "--role", "ops", "--role", "money", "--password", "a long password")
    assert added.status == 0, added.err
    assert added.out.startswith("ada may log in as ops, money. The authenticator app takes this, once:\n")
    assert "otpauth://totp/Payment%20line:ada?secret=" in added.out
    assert ivr("staff", "list").out.split()[:1] == ["ada"]
    assert ivr("staff", "disable", "ada").out == "ada may log in no more.\n"
    assert '"disabled_at": "20' in ivr("staff", "list", "--json").out


def test_what_is_wrong_is_refused(ivr):
    assert ivr("staff", "add", "ada", "--role", "boss", "--password", "a long password").status == 2
    short = ivr("staff", "add", "ada", "--role", "ops", "--password", "short")
    assert (short.status, short.err) == (1, "A password has 12 to 128 characters.\n")
    nobody = ivr("staff", "disable", "bob")
    assert nobody.status == 1
    assert nobody.err.startswith("No log-in that may be used is called bob: see `ivr staff list`.")
