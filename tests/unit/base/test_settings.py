"""Settings: every problem at once, as a sentence; the demo's own secrets, made once."""

import base64
import stat
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from support import environs
from support.environs import HASH_KEY, KEY

from ivr.base.errors import SettingsError
from ivr.base.settings import (
    forget_demo_secrets,
    load_call_settings,
    load_database_settings,
    load_house_settings,
    load_member_settings,
    load_notice_settings,
    load_origination_settings,
    load_phone_settings,
    load_replay_settings,
    load_settings,
    load_worker_settings,
)

OLD_KEY = base64.b64encode(bytes(range(32))).decode()
ZEROS = base64.b64encode(bytes(32)).decode()
DATABASE = {"DATABASE_URL": "postgresql://h/d"}
ORIGINATION = {**DATABASE, **environs.KEYS, **environs.BANK, **environs.PLAIN}
WHOLE = {
    **DATABASE,
    "PUBLIC_URL": "https://pay.example.org/",
    "TWILIO_ACCOUNT_SID": "AC" + "0a" * 16,
    "TWILIO_AUTH_TOKEN": "0123456789abcdef",
    "IVR_KEYS": f"new:{KEY}, old:{OLD_KEY}",
    "IVR_HASH_KEY": HASH_KEY,
    "IVR_SUPPORT_PHONE": "+1 (800) 555-0100",
    "IVR_SUPPORT_HOURS": "Mon-Fri 08:00-18:00",
    **environs.BANK,
    **environs.PLAIN,
}
REQUIRED = [name for name in WHOLE if name not in environs.PLAIN]


def problems(environ: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load_settings(environ)
    return tuple(caught.value.problems)


def test_a_whole_environment_is_read() -> None:
    settings = load_settings({**WHOLE, "PORT": "0", "IVR_LANGUAGES": "en-US, es-US", "IVR_CUTOFF": "16:30"})
    assert settings.public_url == "https://pay.example.org"
    assert settings.ivr_support_phone == "+18005550100"
    assert list(settings.ivr_keys) == ["new", "old"]
    assert (settings.ivr_host, settings.port) == ("127.0.0.1", 0)
    assert settings.ivr_languages == ("en-US", "es-US")
    assert settings.ivr_cutoff.isoformat() == "16:30:00"
    assert settings.ivr_agent_phone == ""
    assert settings.key_ring.open(settings.key_ring.seal(b"x", "place"), "place") == b"x"


@pytest.mark.parametrize("name", REQUIRED)
def test_each_missing_setting_is_a_sentence(name: str) -> None:
    environ = {key: value for key, value in WHOLE.items() if key != name}
    (sentence,) = problems(environ)
    assert sentence.startswith(f"{name} is missing: set it to ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUBLIC_URL", "pay.example.org"),
        ("PUBLIC_URL", "https://pay.example.org/ivr"),
        ("TWILIO_ACCOUNT_SID", "AC123"),
        ("TWILIO_AUTH_TOKEN", "short"),
        ("IVR_KEYS", "a:b"),
        ("IVR_KEYS", f"a:{KEY},a:{KEY}"),
        ("IVR_KEYS", KEY),
        ("IVR_HASH_KEY", base64.b64encode(b"short").decode()),
        ("IVR_SUPPORT_PHONE", "call us"),
        ("IVR_AGENT_PHONE", "7"),
        ("IVR_CUTOFF", "five"),
        ("IVR_LETTERS_PICKUP", "Sat-Sun 09:00"),
        ("IVR_LETTERS_PICKUP", "Mon-Fri 25:00"),
        ("IVR_LETTERS_PICKUP", "Mon 09:00-10:00; Tue 11:00"),
        ("IVR_TIMEZONE", "America/Nowhere"),
        ("IVR_TIMEZONE", "../etc/passwd"),
        ("IVR_DEMO", "maybe"),
        ("IVR_CONSENT", "silent"),
        ("IVR_ON_TIME", "mostly"),
        ("IVR_CLOSINGS", "2026-02-30"),
        ("IVR_RECORDING", "always"),
        ("IVR_HOST", "127.0.0.1 and 10.0.0.1"),
        ("PORT", "70000"),
        ("WEB_CONCURRENCY", "0"),
    ],
)
def test_each_wrong_setting_is_a_sentence_that_does_not_quote_it(name: str, value: str) -> None:
    (sentence,) = problems({**WHOLE, name: value})
    assert sentence.startswith(f"{name} is wrong: set it to ")
    assert value not in sentence


def test_all_problems_are_told_at_once() -> None:
    told = problems({**WHOLE, "PORT": "x", "IVR_HASH_KEY": "", "IVR_NOW": "2026-12-18T10:15-05:00"})
    assert [sentence.split()[0] for sentence in told] == ["IVR_NOW", "IVR_HASH_KEY", "PORT"]


def test_nothing_is_read_behind_the_callers_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVR_CUTOFF", "09:00")
    assert load_settings(WHOLE).ivr_cutoff.hour == 17


def test_the_environment_is_read_when_nothing_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://h/d")
    assert load_database_settings().database_url == "postgresql://h/d"


@pytest.mark.parametrize("setting", ["IVR_HASH_KEY", "IVR_KEYS", "TWILIO_AUTH_TOKEN", "DATABASE_URL"])
def test_no_secret_is_in_the_settings_text(setting: str) -> None:
    environ = {**WHOLE, "DATABASE_URL": "postgresql://account:pass@h/d"}
    assert environ[setting][-12:] not in repr(load_settings(environ))
    assert repr(base64.b64decode(HASH_KEY)) not in repr(load_settings(environ))


def test_looking_at_the_database_asks_for_no_secret() -> None:
    assert load_database_settings(DATABASE).ivr_var == Path("var")


def test_a_database_of_its_own_is_made_where_it_is_asked_for_only(tmp_path: Path) -> None:
    for load in (load_database_settings, load_member_settings, load_settings, load_house_settings):
        environ = {name: value for name, value in WHOLE.items() if name != "DATABASE_URL"}
        with pytest.raises(SettingsError, match=r"DATABASE_URL is missing: .*IVR_VAR.*IVR_DEMO") as caught:
            load(environ)
        assert len(caught.value.problems) == 1
        for asked in ({"IVR_VAR": str(tmp_path)}, {"IVR_DEMO": "yes", "IVR_VAR": str(tmp_path)}):
            assert load({**environ, **asked}).database_url == ""
    assert load_replay_settings({}).ivr_var == Path("var")


def test_loading_members_asks_for_the_hash_key_only() -> None:
    assert load_member_settings({**DATABASE, "IVR_HASH_KEY": HASH_KEY}).hashes.digest("a", "b")
    with pytest.raises(SettingsError, match="IVR_HASH_KEY is missing"):
        load_member_settings(DATABASE)


def test_the_demo_makes_its_secrets_once_and_for_its_owner_only(tmp_path: Path) -> None:
    environ = {"IVR_DEMO": "yes", "IVR_VAR": str(tmp_path / "var"), "PORT": "8765"}
    first, second = load_settings(environ), load_settings(environ)
    assert first.twilio_auth_token == second.twilio_auth_token
    assert first.ivr_keys == second.ivr_keys
    assert first.public_url == "http://127.0.0.1:8765"
    (file,) = (tmp_path / "var").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    forget_demo_secrets(tmp_path / "var")
    assert load_settings(environ).twilio_auth_token != first.twilio_auth_token


def test_what_is_given_wins_over_the_demos_own_values(tmp_path: Path) -> None:
    environ = {"IVR_DEMO": "yes", "IVR_VAR": str(tmp_path)}
    assert load_settings(environ).ivr_agent_phone
    assert load_settings({**environ, "IVR_AGENT_PHONE": ""}).ivr_agent_phone == ""
    assert load_settings({**environ, "TWILIO_AUTH_TOKEN": "x" * 20}).twilio_auth_token == "x" * 20


def test_a_var_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (sentence,) = problems({"IVR_DEMO": "yes", "IVR_VAR": str(tmp_path / "file" / "var")})
    assert sentence.startswith("IVR_VAR is not a folder this account can write")


def test_damaged_demo_secrets_are_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "demo-secrets.json").write_text("{")
    (sentence,) = problems({"IVR_DEMO": "yes", "IVR_VAR": str(tmp_path)})
    assert "demo-secrets.json is damaged" in sentence


def test_two_demos_that_start_at_once_agree_on_the_secrets(tmp_path: Path) -> None:
    code = "from ivr.base.settings import load_settings; print(load_settings().twilio_auth_token)"
    demos = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            stdout=subprocess.PIPE,
            env={"IVR_DEMO": "yes", "IVR_VAR": str(tmp_path / "var")},
        )
        for _ in range(3)
    ]
    tokens = {demo.communicate()[0].strip() for demo in demos}
    assert len(tokens) == 1
    assert len(tokens.pop()) == 32


def test_the_demos_clock_starts_where_it_is_told(tmp_path: Path) -> None:
    environ = {"IVR_DEMO": "yes", "IVR_VAR": str(tmp_path), "IVR_NOW": "2026-12-18T10:15-05:00"}
    shown = load_settings(environ).make_clock().now()
    assert timedelta(0) <= shown - datetime(2026, 12, 18, 15, 15, tzinfo=UTC) < timedelta(minutes=1)
    (sentence,) = problems({**environ, "IVR_NOW": "2026-12-18T10:15"})
    assert sentence.startswith("IVR_NOW is wrong")


def test_written_calls_run_under_the_same_settings_everywhere() -> None:
    here = load_replay_settings({"IVR_CUTOFF": "01:00", "DATABASE_URL": "postgresql://h/d", "IVR_VAR": "v"})
    assert here.database_url == "postgresql://h/d"
    assert here.ivr_var == Path("v")
    assert here.ivr_cutoff.hour == 17
    assert here.hashes.digest("a", "b") == load_replay_settings({}).hashes.digest("a", "b")


HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEfTp0k6b3o5cXN2d3h5ejAxMjM0NTY3ODkwYWJjZGVm bank"
SFTP = {
    **ORIGINATION,
    "IVR_ODFI_SFTP": "sftp://connector:p%40ss-word@files.bank.example:2222/in/ach",
    "IVR_ODFI_SFTP_HOST_KEY": HOST_KEY,
}


def origination_problems(environ: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load_origination_settings(environ)
    return tuple(caught.value.problems)


def test_what_the_banks_files_take_is_read_in_capitals() -> None:
    settings = load_origination_settings(ORIGINATION)
    assert settings.ivr_odfi_name == "FEDERAL RESERVE BANK"
    assert settings.ivr_odfi_destination == " 011000015"
    assert settings.ivr_odfi_origin == "1041234567"
    assert settings.ivr_company_name == "MA HLTH CONNECT"
    assert settings.ach_out == Path("var/ach/out")
    assert (settings.ivr_odfi_line_end, settings.ivr_odfi_final_newline) == ("lf", True)
    assert settings.ivr_retries == 0
    assert load_origination_settings({**ORIGINATION, "IVR_ACH_OUT": "/out"}).ach_out == Path("/out")


def test_a_line_that_takes_no_payments_needs_no_bank() -> None:
    without = {name: value for name, value in WHOLE.items() if name not in environs.BANK}
    assert load_call_settings({**without, "IVR_PAYMENTS": "off"}).ivr_payments == "off"
    for wrong in ("", "on", "OFF"):
        with pytest.raises(SettingsError, match="IVR_ODFI_ROUTING is missing"):
            load_call_settings({**without, "IVR_PAYMENTS": wrong})


@pytest.mark.parametrize("name", [name for name in REQUIRED if name in ORIGINATION and name != "IVR_KEYS"])
def test_each_missing_setting_of_the_bank_is_a_sentence(name: str) -> None:
    (sentence,) = origination_problems({key: value for key, value in ORIGINATION.items() if key != name})
    assert sentence.startswith(f"{name} is missing: set it to ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("IVR_ODFI_ROUTING", "011000016"),
        ("IVR_ODFI_ROUTING", "01100001"),
        ("IVR_ODFI_NAME", "A bank with a name of more than 23"),
        ("IVR_ODFI_NAME", "Banque Générale"),
        ("IVR_ODFI_DESTINATION", "01100001"),
        ("IVR_ODFI_ORIGIN", "10412345678"),
        ("IVR_COMPANY_NAME", "The Health Connector"),
        ("IVR_COMPANY_NAME", "   "),
        ("IVR_COMPANY_ID", "123"),
        ("IVR_COMPANY_HEALTH", "HEALTH PREMIUM"),
        ("IVR_COMPANY_HEALTH", "reversal"),
        ("IVR_COMPANY_DENTAL", "RETRY PYMT"),
        ("IVR_ODFI_LINE_END", "native"),
        ("IVR_RETRIES", "3"),
        ("IVR_RETRIES", "-1"),
        ("IVR_ODFI_FINAL_NEWLINE", "perhaps"),
        ("IVR_ACH_NAME", "debits.ach"),
        ("IVR_ACH_NAME", "{date}.ach"),
        ("IVR_ACH_NAME", "../{date}-{modifier}"),
        ("IVR_ACH_NAME", ".{date}-{modifier}"),
        ("IVR_ACH_NAME", "{date}-{modifier}-{modifier}"),
        ("IVR_ODFI_SFTP", "ftp://connector@bank.example/in"),
        ("IVR_ODFI_SFTP", "sftp://bank.example/in"),
        ("IVR_ODFI_SFTP", "sftp://connector@bank.example:port/in"),
        ("IVR_ODFI_SFTP_HOST_KEY", "SHA256:abc"),
        ("IVR_ODFI_SFTP_KEY", "/no/such/file"),
        ("IVR_CLOSINGS", "the 5th"),
    ],
)
def test_each_wrong_setting_of_the_bank_is_a_sentence_that_does_not_quote_it(name: str, value: str) -> None:
    (sentence,) = origination_problems({**ORIGINATION, name: value})
    assert sentence.startswith(f"{name} is wrong: set it to ")
    assert value not in sentence


def test_an_sftp_address_is_read_and_its_password_is_in_no_text() -> None:
    settings = load_origination_settings(SFTP)
    address = settings.ivr_odfi_sftp
    assert address is not None
    assert (address.account, address.host, address.port) == ("connector", "files.bank.example", 2222)
    assert (address.folder, address.password) == ("/in/ach", "p@ss-word")
    assert "ss-word" not in repr(settings)
    assert settings.ivr_odfi_sftp_host_key == (HOST_KEY,)
    at_home = {**SFTP, "IVR_ODFI_SFTP": "sftp://connector:x@bank.example/~/in"}
    assert load_origination_settings(at_home).ivr_odfi_sftp.folder == "in"


def test_a_server_without_a_host_key_or_anything_that_opens_it_is_refused(tmp_path: Path) -> None:
    without_host_key = {name: value for name, value in SFTP.items() if name != "IVR_ODFI_SFTP_HOST_KEY"}
    (sentence,) = origination_problems(without_host_key)
    assert sentence.startswith("IVR_ODFI_SFTP_HOST_KEY is missing")
    without_password = {**SFTP, "IVR_ODFI_SFTP": "sftp://connector@bank.example/in"}
    (sentence,) = origination_problems(without_password)
    assert sentence.startswith("IVR_ODFI_SFTP_KEY is missing")
    key = tmp_path / "key"
    key.write_text("a private key")
    settings = load_origination_settings({**without_password, "IVR_ODFI_SFTP_KEY": str(key)})
    assert settings.ivr_odfi_sftp_key == key


def test_the_demo_has_a_value_for_everything_the_bank_asks(tmp_path: Path) -> None:
    settings = load_origination_settings({"IVR_DEMO": "yes", "IVR_VAR": str(tmp_path)})
    assert settings.ivr_odfi_routing == "011000015"
    assert settings.ach_out == tmp_path / "ach" / "out"


def test_extra_closings_are_days_of_the_whole_line() -> None:
    settings = load_settings({**WHOLE, "IVR_CLOSINGS": "2026-12-24, 2027-01-04"})
    assert settings.ivr_closings == {date(2026, 12, 24), date(2027, 1, 4)}
    assert load_settings(WHOLE).ivr_closings == frozenset()


@pytest.mark.parametrize("choice", ["unset", "authorized", "settled"])
def test_which_day_counts_as_paid_is_a_choice(choice: str) -> None:
    assert load_settings({**WHOLE, "IVR_ON_TIME": choice}).ivr_on_time == choice


def test_calling_a_line_elsewhere_takes_its_account_only(tmp_path: Path) -> None:
    settings = load_phone_settings(
        {name: WHOLE[name] for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")}
    )
    assert settings.twilio_account_sid == WHOLE["TWILIO_ACCOUNT_SID"]
    with pytest.raises(SettingsError) as caught:
        load_phone_settings({})
    assert [problem.split()[0] for problem in caught.value.problems] == [
        "TWILIO_ACCOUNT_SID",
        "TWILIO_AUTH_TOKEN",
    ]
    demo = {"IVR_DEMO": "yes", "IVR_VAR": str(tmp_path)}
    assert load_phone_settings(demo).twilio_auth_token == load_settings(demo).twilio_auth_token


@pytest.mark.parametrize("load", [load_settings, load_worker_settings, load_house_settings])
def test_nobody_serves_without_a_bank_and_all_that_lacks_is_told_at_once(load, tmp_path: Path) -> None:
    bankless = {name: value for name, value in WHOLE.items() if name not in environs.BANK}
    with pytest.raises(SettingsError) as caught:
        load({**bankless, "IVR_SUPPORT_HOURS": ""})
    told = [sentence.split()[0] for sentence in caught.value.problems]
    assert sorted(told) == sorted([*environs.BANK, "IVR_SUPPORT_HOURS"])
    assert load(WHOLE).ivr_company_name == "MA HLTH CONNECT"
    assert load({"IVR_DEMO": "yes", "IVR_VAR": str(tmp_path)}).ivr_company_name == "MA HLTH CONNECT"


@pytest.mark.parametrize("load", [load_settings, load_notice_settings, load_house_settings])
@pytest.mark.parametrize(
    "hours", ["8-18", "Mon-Fri 18:00-08:00", "Mon 08:00-12:00; Mon 11:00-13:00", "x" * 201]
)
def test_hours_that_cannot_be_read_are_told_with_all_else_and_to_all_who_say_them(load, hours: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load({**WHOLE, "IVR_SUPPORT_HOURS": hours, "IVR_SUPPORT_PHONE": "911"})
    told = [" ".join(sentence.split()[:3]) for sentence in caught.value.problems]
    assert sorted(told) == ["IVR_SUPPORT_HOURS is wrong:", "IVR_SUPPORT_PHONE is wrong:"]


AGE_KEY = "age1kme04ux59eyf7y4cqdcsqc6606x9r8yup9e8jjyf00se0ja0mvtqz5un3f"


@pytest.mark.parametrize("load", [load_origination_settings, load_worker_settings, load_house_settings])
def test_no_readable_bank_file_stays_unless_somebody_says_so(load) -> None:
    unsaid = {name: value for name, value in WHOLE.items() if name != "IVR_ACH_PLAIN"}
    for said in ({}, {"IVR_ACH_PLAIN": "no"}):
        with pytest.raises(SettingsError) as caught:
            load(unsaid | said)
        (sentence,) = caught.value.problems
        assert sentence.startswith("IVR_ACH_RECIPIENT is missing: set it to the bank's public key")
    assert load({**unsaid, "IVR_ACH_RECIPIENT": AGE_KEY}).ivr_ach_recipient == (AGE_KEY,)
    assert load({**unsaid, **SFTP}).ivr_odfi_sftp is not None
    assert load({**WHOLE, "IVR_ACH_RECIPIENT": f"{AGE_KEY}, {AGE_KEY}"}).ivr_ach_recipient == (
        AGE_KEY,
        AGE_KEY,
    )
    with pytest.raises(SettingsError, match="IVR_ACH_RECIPIENT is wrong: set it to the bank's public key"):
        load({**WHOLE, "IVR_ACH_RECIPIENT": AGE_KEY[:-1] + "g"})


@pytest.mark.parametrize("load", [load_notice_settings, load_worker_settings, load_house_settings])
def test_no_notice_goes_without_the_operators_own(load) -> None:
    with pytest.raises(SettingsError) as caught:
        load({name: value for name, value in WHOLE.items() if name != "IVR_INSERTS"})
    (sentence,) = caught.value.problems
    assert sentence.startswith(
        "IVR_INSERTS is missing: set it to a folder with your notices of language help"
    )


def test_who_answers_calls_is_not_asked_for_what_only_the_worker_has() -> None:
    delivering = {"IVR_ODFI_SFTP": "sftp://connector@files.bank.example/in", "IVR_ODFI_SFTP_KEY": "/no/file"}
    assert load_settings({**WHOLE, **delivering}).ivr_odfi_routing == "011000015"
    with pytest.raises(SettingsError, match="IVR_ODFI_SFTP_KEY is wrong"):
        load_house_settings({**WHOLE, **delivering})


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"IVR_HASH_KEY": ZEROS}, "IVR_HASH_KEY is a key that anybody guesses: set it to base64"),
        (
            {"IVR_KEYS": f"new:{KEY},old:{ZEROS}"},
            "IVR_KEYS is a key that anybody guesses: set it to id:base64",
        ),
        ({"IVR_HASH_KEY": OLD_KEY}, "IVR_KEYS has one key for two purposes: set it to id:base64"),
        ({"IVR_KEYS": f"new:{KEY},old:{KEY}"}, "IVR_KEYS has one key for two purposes: set it to id:base64"),
    ],
)
def test_keys_that_protect_nothing_are_refused(keys: dict[str, str], sentence: str) -> None:
    (told,) = problems({**WHOLE, **keys})
    assert told.startswith(sentence)


@pytest.mark.parametrize(
    ("url", "open_to_readers"),
    [
        ("http://pay.example.org", True),
        ("http://127.0.0.1.example.org", True),
        ("http://10.0.0.1:8000", True),
        ("http://127.0.0.1:8000", False),
        ("http://localhost", False),
        ("https://pay.example.org:8443", False),
    ],
)
def test_what_callers_key_crosses_no_network_in_clear(
    url: str, *, open_to_readers: bool, tmp_path: Path
) -> None:
    for name, load in (("PUBLIC_URL", load_settings), ("TWILIO_API_URL", load_notice_settings)):
        if open_to_readers:
            with pytest.raises(SettingsError, match=f"^{name} is not encrypted: set it to [^:]*https://"):
                load({**WHOLE, name: url})
        else:
            load({**WHOLE, name: url})
    demo = {"IVR_DEMO": "yes", "IVR_VAR": str(tmp_path), "PUBLIC_URL": url}
    assert load_settings(demo).public_url == url


SID = "MG" + "0a" * 16


def test_a_line_without_carriers_has_letters() -> None:
    settings = load_notice_settings(WHOLE)
    assert settings.notice_channels == load_settings(WHOLE).notice_channels == ("letter",)
    assert settings.letters_out == Path("var/letters/out")
    assert load_replay_settings({}).notice_channels == ("sms", "email", "letter")


@pytest.mark.parametrize("sender", [SID, "+1 (617) 555-0198"])
def test_text_messages_come_from_a_number_or_a_service(sender: str) -> None:
    settings = load_notice_settings({**WHOLE, "IVR_SMS_FROM": sender})
    assert settings.notice_channels == ("sms", "letter")
    assert settings.ivr_sms_from in {SID, "+16175550198"}


@pytest.mark.parametrize(
    ("url", "port", "encrypted", "account", "password"),
    [
        ("smtp://mail.example", 587, False, "", ""),
        ("smtps://line%40b.example:p%3As@mail.example", 465, True, "line@b.example", "p:s"),
        ("smtp://line:secret@mail.example:2525/", 2525, False, "line", "secret"),
    ],
)
def test_a_mail_server_is_read(url: str, port: int, encrypted: bool, account: str, password: str) -> None:
    environ = {**WHOLE, "IVR_SMTP": url, "IVR_MAIL_FROM": "Payments <pay@b.example>", "IVR_LETTERS_OUT": "/x"}
    settings = load_notice_settings(environ)
    server = settings.ivr_smtp
    assert server is not None
    assert (server.host, server.port, server.encrypted) == ("mail.example", port, encrypted)
    assert (server.account, server.password) == (account, password)
    assert not password or password not in repr(settings)
    assert settings.letters_out == Path("/x")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("IVR_SMS_FROM", "call me"),
        ("IVR_SMS_FROM", "MG12"),
        ("IVR_SMTP", "mail.example"),
        ("IVR_SMTP", "http://mail.example"),
        ("IVR_SMTP", "smtp://line@mail.example"),
        ("IVR_SMTP", "smtp://mail.example/box"),
        ("IVR_SMTP", "smtp://mail.example:x"),
        ("IVR_MAIL_FROM", "nobody at all"),
        ("IVR_MAIL_FROM", "pay@b.example\r\nBcc: x@y.example"),
        ("TWILIO_API_URL", "twilio:443"),
    ],
)
def test_a_wrong_carrier_is_a_sentence_that_does_not_quote_it(name: str, value: str) -> None:
    environ = {**WHOLE, "IVR_MAIL_FROM": "pay@b.example", name: value}
    with pytest.raises(SettingsError) as caught:
        load_notice_settings(environ)
    (sentence,) = caught.value.problems
    assert sentence.startswith(f"{name} is wrong: set it to ")
    assert value not in sentence


def test_mail_from_nobody_is_a_sentence() -> None:
    (sentence,) = problems({**WHOLE, "IVR_SMTP": "smtp://mail.example"})
    assert sentence.startswith("IVR_MAIL_FROM is missing: set it to ")


@pytest.mark.parametrize(("name", "value"), [("IVR_SMS_FROM", SID), ("IVR_SMTP", "smtp://mail.example")])
def test_a_demo_refuses_a_carrier(name: str, value: str, tmp_path: Path) -> None:
    environ = {**WHOLE, "IVR_DEMO": "yes", "IVR_VAR": str(tmp_path), "IVR_MAIL_FROM": "pay@b.example"}
    (sentence,) = problems({**environ, name: value})
    assert sentence.startswith(f"{name} is not for the demo")
